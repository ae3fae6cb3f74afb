//! What there is around a place where somebody waits: why no driver is found there, and whom an operator could send.

use super::{Candidate, UnixMs};

/// The drivers around a place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Around {
    /// How many within the radius could be had, counted up to 100.
    pub free: u64,
    /// How many within the radius are passed over since they are stale, counted up to 100.
    pub stale: u64,
    /// The nearest, nearest first, the stale among them, also beyond the radius.
    pub nearest: Vec<Near>,
}

/// A driver near a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// Who, where, and how far away.
    pub candidate: Candidate,
    /// When it last reported; none where it never did.
    pub seen: Option<UnixMs>,
    /// Whether it has been silent for so long that no request is given to it.
    pub stale: bool,
}
