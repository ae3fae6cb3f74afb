//! cabstand.
pub mod api;
pub mod cli;
pub mod config;
pub mod domain;
pub mod private_redis;
pub mod rider;
pub mod store;
pub mod worker;
