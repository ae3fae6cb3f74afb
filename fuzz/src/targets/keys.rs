//! The names of keys that notifications tell of.

use cabstand::domain::{RequestId, State};
use cabstand::store::{Region, fuzzing};

/// Reads `REGION` in the first line, which may be empty, and the name of a key in the next.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let (region, key) = super::first_line(bytes);
    let (region, key) = (String::from_utf8_lossy(region), String::from_utf8_lossy(key));
    let region: Option<Region> = region.parse().ok();
    if let Some(ours) = fuzzing::our_name(region.as_ref(), &key) {
        assert_eq!(ours, key, "no name leads to another key");
    }
    if let Ok(id) = key.parse::<RequestId>() {
        assert_eq!(id.to_string(), key);
        assert_eq!(RequestId::new(id.number()), Ok(id));
    }
    if let Some(state) = State::parse(&key) {
        assert_eq!(state.as_str(), key);
    }
}
