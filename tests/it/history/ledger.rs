//! What the test itself knows of what happened: when a driver can have become available, and whose deadline was meddled with.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use cabstand::domain::UnixMs;

/// A span of Redis' time, both ends included, in which a driver became available.
#[derive(Debug, Clone, Copy)]
pub struct Between {
    pub begun: UnixMs,
    pub done: UnixMs,
}

#[derive(Default)]
pub struct Ledger {
    available: Mutex<HashMap<String, Vec<Between>>>,
    opened: Mutex<HashSet<u64>>,
    meddled: Mutex<HashSet<u64>>,
}

impl Ledger {
    pub fn note_available(&self, driver: &str, between: Between) {
        self.available.lock().unwrap().entry(driver.to_owned()).or_default().push(between);
    }

    /// In the order in which they were begun; each driver does one thing after the other.
    pub fn available(&self, driver: &str) -> Vec<Between> {
        self.available.lock().unwrap().get(driver).cloned().unwrap_or_default()
    }

    pub fn availabilities(&self) -> usize {
        self.available.lock().unwrap().values().map(Vec::len).sum()
    }

    pub fn note_opened(&self, id: u64) {
        self.opened.lock().unwrap().insert(id);
    }

    pub fn opened(&self) -> HashSet<u64> {
        self.opened.lock().unwrap().clone()
    }

    pub fn note_meddled(&self, id: u64) {
        self.meddled.lock().unwrap().insert(id);
    }

    pub fn was_meddled_with(&self, id: u64) -> bool {
        self.meddled.lock().unwrap().contains(&id)
    }
}
