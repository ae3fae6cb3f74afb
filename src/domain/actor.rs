//! Who did something: the name that stands in the `actor` field of an event.

use std::fmt;

use super::clean;

/// A cleaned name: `alice@laptop` for an operator, `http` for the service's callers, a worker's id for its attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// An actor of this name, cleaned as all text from outside is.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(clean(name.as_bytes()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
