//! All that an operator can mean by a key.

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
    /// Show only what matches.
    Filter,
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

impl Action {
    /// Whether it leads to a change in Redis.
    #[must_use]
    pub fn changes_something(self) -> bool {
        use Action::{Cancel, Expire, Grab, NewDriver, RemoveDriver, SearchForm, SearchHere};
        matches!(self, SearchHere | SearchForm | Grab | NewDriver | RemoveDriver | Cancel | Expire)
    }
}
