//! All that can happen to the console, and all that it can want done.

use std::collections::HashSet;
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseEvent};

use super::memory::Memory;
use crate::domain::{
    Around, Bounds, Candidate, Driver, DriverId, Event, FleetView, Metres, Point, RequestId, Seal, Search, StreamId,
    UnixMs, UserId, View, Vitals,
};

/// So many waiting requests stand in the table at the most.
pub const MOST_WAITING: usize = 200_000;

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// Time went on.
    Tick,
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The console was stopped, or its machine slept, for so long. What was pressed meanwhile comes now.
    StoodStill(Duration),
    /// The feed brings news from Redis.
    News(News),
    /// What was to be remembered could not be kept, for this reason.
    NotKept(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// An errand is over: what became of each of its deeds, in their order.
    Done(Errand, Vec<Result<Outcome, Mishap>>),
    /// It was found out what became of deeds whose answers did not come.
    Settled(Vec<(Unsettled, Settled)>),
}

/// News from Redis.
#[derive(Debug)]
pub enum News {
    /// How the link is now.
    Link(Link),
    /// That Redis takes no changes though it can be read; or that it takes them.
    Refusing(Option<Refusing>),
    /// The connection that listens was cut: what happened since then was not heard.
    Deafened,
    /// The figures of the header. The first is when, by the console's own clock, the answer was taken.
    Vitals(Duration, Vitals),
    /// Requests as they stand; the answer to a question, or what a notification told of.
    Searches(Vec<Search>),
    /// All that waits with a record, and what ended lately: whatever else waits in the table must be asked about.
    Snapshot(Vec<Search>),
    /// So many wait that they came in one after the other. It is over: since that time, by Redis' clock, all that waits with a
    /// record has been told, and it was these.
    AllTold(HashSet<RequestId>, UnixMs),
    /// The drivers in the view.
    Fleet(FleetView),
    /// The nearest driver to each of these searches.
    Nearest(Vec<(RequestId, Option<Candidate>)>),
    /// Who is near the selected search.
    Around(RequestId, Around),
    /// All that has happened to the selected search, oldest first.
    Life(RequestId, Vec<Event>),
    /// What happened lately, oldest first.
    Events(Vec<Event>),
    /// What happened before that, oldest first: all since this time. The pages come in turn, the newest first.
    Past(Vec<Event>, UnixMs),
    /// More has happened than is told: the events that come next do not join on to those before, and the past is read anew.
    Missed,
    /// The rectangle around all drivers, none where there are none; or why it cannot be told.
    Extent(Result<Option<Bounds>, String>),
    /// Redis answers, but something could not be read, for this reason.
    Unreadable(String),
    /// A key is of another type than it should be, as it is said here; nothing where all are well by now.
    Misshapen(Option<String>),
}

/// How changes in Redis reach the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Not connected yet.
    Connecting,
    /// Notifications arrive.
    Live,
    /// Nothing speaks against it, but nothing has arrived yet, for this reason; everything is read every few seconds, too.
    Unproven(String),
    /// Notifications do not arrive, for this reason; everything is read once a second.
    Polling(String),
    /// Redis is away, for this reason.
    Away(String),
}

/// Why Redis takes no changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusing {
    /// What ails it; it follows the name of a Redis: `is a replica and takes no changes`.
    pub ailment: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

/// Why an action has no good end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mishap {
    /// It was not done, for this reason.
    Refused(String),
    /// The answer did not come, for this reason: it may have been done all the same.
    Unknown(String, Seal),
}

/// A deed of which it is not known whether it was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsettled {
    /// What was asked for.
    pub deed: Deed,
    /// By what it is known again.
    pub seal: Seal,
}

/// What became of such a deed.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// It was done: these events tell of it, oldest first.
    Done(Vec<Event>),
    /// It was not done, and will not be.
    NotDone,
    /// It cannot be known any more.
    Lost,
}

/// When something was asked for, as far as Redis' time is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// By Redis' clock.
    pub at: UnixMs,
    /// The newest event that was known then; before all others where the stream was known to be empty.
    pub after: Option<StreamId>,
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
    /// Give it so many milliseconds more, or take them back.
    Extend(RequestId, i64),
    /// Let its driver be so far away; if a radius is given, only where it is still that.
    Widen(RequestId, Metres, Option<Metres>),
    /// Attempt it now.
    Retry(RequestId),
    /// Give it this driver.
    Assign(RequestId, DriverId),
    /// Bring it back after it was cancelled, with the time that it had left.
    Reopen(RequestId),
    /// Set a new driver on the map.
    Place(Driver),
    /// Move a driver; if a place is given, only one who still stands there.
    Move(Driver, Option<Point>),
    /// Take a driver off the map; if a place is given, only one who still stands there.
    Remove(DriverId, Option<Point>),
}

impl Deed {
    /// The request that it is done to; none where it is done to a driver, or makes a new request.
    #[must_use]
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Cancel(id)
            | Self::Expire(id)
            | Self::Extend(id, _)
            | Self::Widen(id, ..)
            | Self::Retry(id)
            | Self::Assign(id, _)
            | Self::Reopen(id) => Some(*id),
            Self::Open(..) | Self::Place(_) | Self::Move(..) | Self::Remove(..) => None,
        }
    }

    /// The driver that it is done to.
    #[must_use]
    pub fn driver(&self) -> Option<&DriverId> {
        match self {
            Self::Place(driver) | Self::Move(driver, _) => Some(&driver.id),
            Self::Remove(id, _) => Some(id),
            _ => None,
        }
    }
}

/// What was done, as far as it is news to the one who asked for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Just that.
    Done,
    /// The search that was opened.
    Opened(RequestId),
    /// The search ends then.
    Until(UnixMs),
    /// The radius was this before.
    RadiusWas(Metres),
    /// The search has found this driver, so many metres away.
    Found(DriverId, f64),
    /// The search was attempted, and there is no driver for it.
    NobodyFound,
    /// The driver stood there before.
    StoodAt(Point),
}

/// Deeds that were asked for together, and are answered together.
#[derive(Debug, Clone, PartialEq)]
pub struct Errand {
    /// In their order.
    pub deeds: Vec<Deed>,
    /// They undo what was done before, and are not undone in their turn.
    pub undoing: bool,
}

/// Something to be done outside the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Change something in Redis that was asked for then.
    Do(Errand, Asked),
    /// Find out what became of these.
    Settle(Vec<Unsettled>),
    /// Read these requests.
    Ask(Vec<RequestId>),
    /// Tell the extent of the fleet.
    AskExtent,
    /// Ask which key is of another type than it should be.
    AskMisshapen,
    /// The screen shows something else now.
    Look(Glance),
    /// Let changes through for so long, or no more where there is no time given.
    Arm(Option<Duration>),
    /// Put this text into the terminal's clipboard.
    Copy(String),
    /// Ring the terminal's bell.
    Ring,
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
    /// The waiting searches whose rows are in sight, or a step away from it. These are read in full, also where so many wait that
    /// the others are not.
    pub near: Vec<RequestId>,
    /// The filter or the order asks for what stands in the records of all.
    pub whole: bool,
    /// The search of which all is shown, with its place and radius in metres while it waits.
    pub selected: Option<(RequestId, Option<(Point, f64)>)>,
}
