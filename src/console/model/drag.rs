//! What a pressed mouse button holds.

use ratatui::layout::Position;

use crate::domain::Point;

/// What goes along with the mouse while its button is down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drag {
    /// The map, by this place.
    Map {
        /// It stays under the mouse.
        place: Point,
    },
    /// A driver who will be carried if the mouse moves on from there.
    Driver {
        /// The cell of the screen.
        from: Position,
    },
    /// A driver who is carried.
    Carry,
}
