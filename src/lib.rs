//! cabstand.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::dbg_macro,
    clippy::todo,
    clippy::allow_attributes
)]
pub mod api;
pub mod cli;
pub mod config;
pub mod console;
pub mod domain;
pub mod private_redis;
pub mod rider;
pub mod simulation;
pub mod store;
pub mod worker;
