//! What a pressed mouse button holds.

use ratatui::layout::Position;

/// What goes along with the mouse while its button is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drag {
    /// The map, from where the mouse was last.
    Map {
        /// The cell of the screen.
        at: Position,
    },
    /// A driver who will be carried if the mouse moves on from there.
    Driver {
        /// The cell of the screen.
        from: Position,
    },
    /// A driver who is carried.
    Carry,
}
