//! Values and rules, and nothing else: no I/O and no clock. Where a rule needs the time, `now` is an argument.

mod actor;
mod around;
mod deed;
mod driver;
mod event;
mod fleet;
pub mod geohash;
mod ids;
mod point;
mod request;
mod text;
mod time;
mod units;
mod vitals;

pub use actor::Actor;
pub use around::{Around, Near};
pub use deed::{DeedId, ParseDeedIdError, Seal};
pub use driver::{Candidate, Driver, Freshness};
pub use event::{Event, EventKind, StreamId};
pub use fleet::{Block, FleetView, Sighting, View};
pub use ids::{DriverId, InvalidId, RequestId, UserId};
pub use point::{Bounds, EARTH_RADIUS_M, MAX_LAT, MAX_LNG, Point, PointError};
pub use request::{Key, Listed, Record, Request, Search, Standing, State};
pub use text::{clean, is_harmful, unescaped};
pub use time::UnixMs;
pub use units::{Metres, ParseMetresError, format_distance, format_more, format_span, format_wait, parse_span};
pub use vitals::Vitals;
