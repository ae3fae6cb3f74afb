//! Read-only listings: aligned text for people, one JSON object a line for programs.

mod drivers;
mod events;
mod requests;

pub(super) use drivers::Drivers;
pub(super) use events::{Events, local_time};
pub(super) use requests::Requests;
