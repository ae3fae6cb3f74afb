//! All that can happen to the console, and all that it can want done.

use std::time::Duration;

use crossterm::event::KeyEvent;

use super::memory::Memory;
use crate::domain::{
    Bounds, Candidate, Driver, DriverId, Event, FleetView, Point, RequestId, Search, UserId, View, Vitals,
};

/// So many waiting requests are read for the table at the most, those that are due first.
pub const MOST_WAITING: usize = 5_000;

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// Time went on.
    Tick,
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The feed brings news from Redis.
    News(News),
    /// What was to be remembered could not be kept, for this reason.
    NotKept(String),
    /// An effect was carried out, or was not. A search that was opened has a number.
    Done(Deed, Result<Option<RequestId>, Mishap>),
}

/// News from Redis.
#[derive(Debug)]
pub enum News {
    /// How the link is now.
    Link(Link),
    /// The figures of the header. The first is when, by the console's own clock, the answer was taken.
    Vitals(Duration, Vitals),
    /// Requests as they stand; the answer to a question, or what a notification told of.
    Searches(Vec<Search>),
    /// All that waits with a record, and what ended lately: whatever else waits in the table must be asked about.
    Snapshot(Vec<Search>),
    /// The drivers in the view.
    Fleet(FleetView),
    /// The nearest driver to each of these searches.
    Nearest(Vec<(RequestId, Option<Candidate>)>),
    /// What happened lately, oldest first.
    Events(Vec<Event>),
    /// The rectangle around all drivers, none where there are none; or why it cannot be told.
    Extent(Result<Option<Bounds>, String>),
    /// Redis answers, but something could not be read, for this reason.
    Unreadable(String),
}

/// How changes in Redis reach the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Not connected yet.
    Connecting,
    /// Notifications arrive.
    Live,
    /// Notifications do not arrive, for this reason; everything is read once a second.
    Polling(String),
    /// Redis is away, for this reason.
    Away(String),
}

/// Why an action has no good end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mishap {
    /// It was not done, for this reason.
    Refused(String),
    /// The answer did not come, for this reason: it may have been done all the same.
    Unknown(String),
}

/// Something that an operator wants changed in Redis.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Open a search there.
    Open(Point, Option<UserId>),
    /// Cancel it.
    Cancel(RequestId),
    /// Expire it.
    Expire(RequestId),
    /// Set a new driver on the map.
    Place(Driver),
    /// Move a driver.
    Move(Driver),
    /// Take a driver off the map.
    Remove(DriverId),
}

/// Something to be done outside the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Change something in Redis.
    Do(Deed),
    /// Read these requests.
    Ask(Vec<RequestId>),
    /// Tell the extent of the fleet.
    AskExtent,
    /// The screen shows something else now.
    Look(Glance),
    /// Keep this for the next run.
    Remember(Memory),
    /// Give the terminal back until `fg`.
    Suspend,
    /// Leave.
    Quit,
}

/// What of Redis the screen shows: all that the feed needs to read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Glance {
    /// The part of the earth on the map; none before the first fit.
    pub view: Option<View>,
    /// The waiting searches whose rows are in sight, with their places and radii in metres.
    pub rows: Vec<(RequestId, Point, f64)>,
}
