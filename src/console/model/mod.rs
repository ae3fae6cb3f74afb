//! All that the screen shows. `update` changes it, `view` reads it, and neither does anything else.

mod alarms;
mod armed;
mod bookmarks;
mod clock;
mod density;
mod detail;
mod drag;
mod drivers;
mod events;
mod filter;
mod held;
mod help;
mod layer;
mod lines;
mod look;
mod map;
mod marks;
mod notice;
mod numbers;
mod options;
mod order;
mod outages;
mod palette;
mod pins;
mod room;
mod row;
mod searches;
mod standstill;
mod tables;
mod tabs;
mod target;
mod trails;
mod undo;
mod why;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::action::Action;
use super::keymap::Context;
use super::memory::Memory;
use super::message::{Glance, Link, MOST_WAITING, Unsettled};
use crate::domain::{Event, Point, RequestId, StreamId, UnixMs, Vitals};
pub use alarms::{Alarm, AlarmRules, Alarms};
pub use armed::Armed;
pub use bookmarks::{Bookmark, Bookmarks};
pub use clock::CLOCK_SLACK;
pub use density::{Density, STEPS};
pub use detail::{Detail, Subject, taken_by};
pub use drag::Drag;
pub use drivers::{Contact, Drivers};
pub use filter::{Filter, Moment};
pub use held::Held;
pub use help::HELP_LEGEND;
pub use layer::{Choose, Confirm, Field, Form, FormKind, Layer, ResultLine, Results};
pub use look::{Depth, Look, NoSuchTheme, ThemeName};
pub use map::{Carry, MapModel};
pub use notice::{Notice, Notices, Tone};
pub use numbers::{Column, Figures, Numbers, Span};
pub use options::Options;
pub use order::{DriverColumn, Orders, SearchColumn, SortOrder};
pub use outages::{Missed, Outages};
pub use palette::{Choice, Palette};
pub use pins::{Pin, Pins};
pub use row::Row;
pub use searches::Searches;
pub use standstill::Standstill;
pub use tabs::Tab;
pub use target::Target;
pub use trails::Trails;
pub use undo::{Act, Found, Undo, Undoable, way_back};
pub use why::{Reason, Surroundings, nearest_outside, why_not_found, wider};

/// The panes that can have the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The map.
    Map,
    /// The table of searches.
    Searches,
    /// The table of drivers.
    Drivers,
    /// The events.
    Events,
}

/// The whole state of the console.
pub struct Model {
    /// How it was started.
    pub options: Options,
    /// The console's own clock: the time since it started. It never jumps.
    pub now: Duration,
    /// Redis' clock: what it said, and when by ours that was.
    clock: Option<(Duration, UnixMs)>,
    /// When, by our clock, the picture was last known to be true.
    pub true_at: Option<Duration>,
    /// How changes reach us.
    pub link: Link,
    /// How that was so far.
    pub outages: Outages,
    /// The figures of the header.
    pub vitals: Option<Vitals>,
    /// The table of searches.
    pub searches: Searches,
    /// The table of drivers.
    pub drivers: Drivers,
    /// What both tables show.
    filter: Filter,
    /// The filter holds on the map, too.
    pub filter_map: bool,
    /// The moment at which the tables were last settled, and where distances began then.
    settled_at: Option<Moment>,
    distances_from: Option<Point>,
    /// The map.
    pub map: MapModel,
    /// Who waits where.
    pub pins: Pins,
    /// What happened, oldest first.
    pub events: VecDeque<Event>,
    /// What happened lately, in figures.
    pub numbers: Numbers,
    /// Who is about to be lost.
    pub alarms: Alarms,
    /// How many events the pane is scrolled back by.
    pub events_back: usize,
    /// The pane that has the keys.
    pub focus: Pane,
    /// The table that had them last, [`Pane::Searches`] or [`Pane::Drivers`]: where there is room for one, it is shown.
    pub table: Pane,
    /// What lies over the panes; the last is on top and sees keys first.
    pub layers: Vec<Layer>,
    /// What the detail pane tells of, as far as it was read.
    pub detail: Detail,
    /// What goes along with the mouse; none while its button is up.
    pub drag: Option<Drag>,
    /// What comes in while the picture is stopped; none while it goes on.
    pub held: Option<Held>,
    /// What this operator did and can undo.
    pub undo: Undo,
    /// What this operator asked for and nobody knows yet whether it was done.
    pub unsettled: Vec<Unsettled>,
    /// The newest event that is known, however the picture stands; before all others where there was none.
    pub newest_event: Option<StreamId>,
    /// Requests of which it will never be known whether an action of this operator was done: it is told how they stand.
    pub unsure: BTreeSet<RequestId>,
    /// Whether changes are let through.
    pub armed: Armed,
    /// A word about the last action.
    pub notice: Option<Notice>,
    /// What is to be said after it.
    pub notices: Notices,
    /// What was pressed while the console stood still comes now.
    pub standstill: Option<Standstill>,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// What the feed was last told that is in sight.
    pub glance: Glance,
    /// A snapshot has been taken in: an empty table means that nobody waits.
    pub loaded: bool,
    /// Why something could not be read since the last snapshot, though Redis answers.
    pub unreadable: Option<String>,
    /// Which key is of another type than it should be, in words: as long as it is, not all can be read.
    pub misshapen: Option<String>,
    /// What is remembered from one run to the next.
    pub memory: Memory,
    /// As much of it as has been given away to be kept.
    pub remembered: Memory,
}

impl Model {
    /// A console that knows nothing yet, on a terminal of this size.
    #[must_use]
    pub fn new(options: Options, size: (u16, u16)) -> Self {
        let armed = if options.read_only { Armed::Never } else { Armed::Always };
        let mut model = Self {
            options,
            now: Duration::ZERO,
            clock: None,
            true_at: None,
            link: Link::Connecting,
            outages: Outages::default(),
            vitals: None,
            searches: Searches::default(),
            drivers: Drivers::default(),
            filter: Filter::default(),
            filter_map: false,
            settled_at: None,
            distances_from: None,
            map: MapModel::default(),
            pins: Pins::default(),
            events: VecDeque::new(),
            numbers: Numbers::default(),
            alarms: Alarms::default(),
            events_back: 0,
            focus: Pane::Searches,
            table: Pane::Searches,
            layers: Vec::new(),
            detail: Detail::default(),
            drag: None,
            held: None,
            undo: Undo::default(),
            unsettled: Vec::new(),
            newest_event: None,
            unsure: BTreeSet::new(),
            armed,
            notice: None,
            notices: Notices::default(),
            standstill: None,
            size,
            glance: Glance::default(),
            loaded: false,
            unreadable: None,
            misshapen: None,
            memory: Memory::default(),
            remembered: Memory::default(),
        };
        model.resize(size);
        model
    }

    /// Takes in what was remembered.
    pub fn recall(&mut self, memory: Memory) {
        self.set_orders(memory.orders);
        self.remembered = memory.clone();
        self.memory = memory;
    }

    /// What is to be remembered after this run, where that is not what was given away last.
    pub fn new_memory(&mut self) -> Option<Memory> {
        self.memory.orders = self.orders();
        (self.memory != self.remembered).then(|| {
            self.remembered = self.memory.clone();
            self.memory.clone()
        })
    }

    /// How many requests wait now. The table knows at once and exactly, unless more wait than it holds.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        let (waiting, foreign) = self.newest_searches().waiting();
        let counted = self.vitals.map_or(0, |vitals| vitals.waiting) + foreign as u64;
        let all_are_here = waiting < MOST_WAITING && (self.loaded || !self.is_read());
        if all_are_here { waiting as u64 } else { counted.max(waiting as u64) }
    }

    /// Whether it is known who waits: everybody has been read, or they are so many that they come in one after the other.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.loaded || self.newest_searches().unread() > 0
    }

    /// Whether the rider of this row is about to be lost.
    #[must_use]
    pub fn is_alarming(&self, row: &Row) -> Option<Alarm> {
        self.alarms.rider(row.search.id)
    }

    /// The bound on those who wait, where it is passed.
    #[must_use]
    pub fn is_crowded(&self) -> Option<(u64, Alarm)> {
        let bound = self.options.alarms.waiting.filter(|bound| self.waiting() > *bound);
        bound.zip(self.alarms.crowd())
    }

    /// What keys mean at the moment.
    #[must_use]
    pub fn context(&self) -> Context {
        match self.layers.last() {
            Some(Layer::Help(_) | Layer::Results(_) | Layer::Link) => Context::Help,
            Some(Layer::Choose(_)) => Context::Choose,
            Some(Layer::Confirm(_)) => Context::Confirm,
            Some(Layer::Form(_)) => Context::Form,
            Some(Layer::Filter(_)) => Context::Filter,
            Some(Layer::Palette(_)) => Context::Palette,
            None if self.map.carry.is_some() => Context::Carry,
            None => match self.focus {
                Pane::Map => Context::Map,
                Pane::Searches => Context::Searches,
                Pane::Drivers => Context::Drivers,
                Pane::Events => Context::Events,
            },
        }
    }

    /// What to press for an action of the panes: its first key, or its name in the palette.
    #[must_use]
    pub fn key_for(&self, action: Action) -> String {
        self.options.keymap.key_for(Context::Map, action)
    }
}
