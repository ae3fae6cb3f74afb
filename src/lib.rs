//! cabstand.
pub mod cli;
pub mod config;
pub mod domain;
pub mod private_redis;
pub mod store;
