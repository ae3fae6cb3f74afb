//! All that an operator can mean by a key.

use super::model::Pane;

/// One of the four ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// North on the map, up in a table.
    Up,
    /// South on the map, down in a table.
    Down,
    /// West.
    Left,
    /// East.
    Right,
}

/// What a key means where it is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// On to the next pane.
    NextPane,
    /// Pan the map, select a row, carry a driver.
    Move(Direction),
    /// The same in great steps.
    MoveFar(Direction),
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Look closer.
    ZoomIn,
    /// See more.
    ZoomOut,
    /// Show all drivers and searches.
    FitAll,
    /// Centre the map on the selection.
    Centre,
    /// Select the driver before this one.
    PreviousDriver,
    /// Select the driver after this one.
    NextDriver,
    /// Open a search at the map's cursor.
    SearchHere,
    /// Open a search by a form.
    SearchForm,
    /// Take the selected driver up.
    Grab,
    /// Set a new driver at the cursor.
    NewDriver,
    /// Take the selected driver off the map.
    RemoveDriver,
    /// Cancel the selected search.
    Cancel,
    /// Expire the selected search now.
    Expire,
    /// Give the selected search more time.
    ExtendTime,
    /// Attempt the selected search now.
    Retry,
    /// Choose a driver for the selected search by hand.
    Assign,
    /// Let the driver of the selected search be farther away.
    Widen,
    /// Mark the selected row, or take the mark off.
    Mark,
    /// Mark all rows from the last marked one to this one.
    MarkRange,
    /// Mark every row that the filter shows, or take all marks off.
    MarkAll,
    /// Undo the last action.
    Undo,
    /// Sort by the next column.
    Sort,
    /// Turn the order round.
    SortReverse,
    /// Show only what matches.
    Filter,
    /// Show only what matches on the map, too, or everything.
    FilterMap,
    /// Choose any action by its name.
    Palette,
    /// Type a place or an id to go to.
    GoTo,
    /// The next theme.
    Theme,
    /// Stop the picture, or let it go on.
    Pause,
    /// Copy the id or the place.
    Copy,
    /// Give a pane the keys.
    Pane(Pane),
    /// The alarms have been seen.
    Acknowledge,
    /// Show where drivers came from, or not.
    Trails,
    /// Measure a distance from here, or stop.
    Measure,
    /// Show what the signs of the map mean, or not.
    Legend,
    /// Remember the place under the cursor.
    SetBookmark,
    /// To the next place that is remembered.
    NextBookmark,
    /// The numbers over the next span of time.
    NumbersSpan,
    /// Show the keys.
    Help,
    /// Leave.
    Quit,
    /// Give the terminal back to the shell until `fg`.
    Suspend,
    /// Yes: do it, take it, drop it here.
    Accept,
    /// No: leave it, put it back.
    Dismiss,
    /// To the next field of a form.
    NextField,
}

/// Where the help tells of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// What is done to searches.
    Searches,
    /// What is done to drivers.
    Drivers,
    /// What part of the earth the map shows, and what is on it.
    Map,
    /// The panes, their rows, and the console itself.
    Screen,
}

impl Group {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Searches, Self::Drivers, Self::Map, Self::Screen];

    /// The head over its lines.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Searches => "Searches",
            Self::Drivers => "Drivers",
            Self::Map => "Map",
            Self::Screen => "Screen",
        }
    }
}

impl Action {
    /// Where the help tells of it.
    #[must_use]
    pub fn group(self) -> Group {
        use Action::{
            Acknowledge, Assign, Cancel, Centre, Expire, ExtendTime, FilterMap, FitAll, GoTo, Grab, Legend, Measure,
            NewDriver, NextBookmark, NextDriver, PreviousDriver, RemoveDriver, Retry, SearchForm, SearchHere,
            SetBookmark, Trails, Widen, ZoomIn, ZoomOut,
        };
        match self {
            SearchHere | SearchForm | Cancel | Expire | ExtendTime | Retry | Assign | Widen | Acknowledge => {
                Group::Searches
            }
            PreviousDriver | NextDriver | Grab | NewDriver | RemoveDriver => Group::Drivers,
            ZoomIn | ZoomOut | FitAll | Centre | GoTo | FilterMap | Trails | Measure | Legend | SetBookmark
            | NextBookmark => Group::Map,
            _ => Group::Screen,
        }
    }

    /// Whether it leads to a change in Redis.
    #[must_use]
    pub fn changes_something(self) -> bool {
        use Action::{
            Assign, Cancel, Expire, ExtendTime, Grab, NewDriver, RemoveDriver, Retry, SearchForm, SearchHere, Undo,
            Widen,
        };
        matches!(
            self,
            SearchHere
                | SearchForm
                | Grab
                | NewDriver
                | RemoveDriver
                | Cancel
                | Expire
                | ExtendTime
                | Retry
                | Assign
                | Widen
                | Undo
        )
    }
}
