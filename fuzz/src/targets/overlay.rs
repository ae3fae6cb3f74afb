//! `GeoJSON` under the drivers.

use cabstand::console::overlay::{MOST_POINTS, Overlay};
use cabstand::domain::Bounds;

use crate::safe::assert_safe;

/// Reads a file of streets and zones.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    match Overlay::parse(&String::from_utf8_lossy(bytes)) {
        Ok(overlay) => {
            assert!(!overlay.is_empty());
            let mut points = 0;
            for line in &overlay.lines {
                assert_safe(&line.name);
                assert!(!line.pieces.is_empty());
                for piece in &line.pieces {
                    points += piece.points.len();
                    assert!(piece.points.len() >= 2);
                    assert!(piece.points.iter().all(|place| piece.bounds.contains(*place)));
                    assert!(line.bounds.meets(piece.bounds) && Bounds::EARTH.meets(piece.bounds));
                }
            }
            // Pieces share their ends.
            assert!(points <= 2 * MOST_POINTS);
        }
        Err(error) => assert_safe(&error.to_string()),
    }
}
