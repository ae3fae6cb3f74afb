//! Whether a handle may change anything: how it was connected, and the switch that an operator turns while it is in use.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::{Store, StoreError};
use crate::uptime::Uptime;

/// What a handle on Redis may do when it is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading and changing.
    Full,
    /// Reading alone, until it is armed.
    ReadOnly,
}

/// Whether a handle lets changes through now. It is asked in every function that changes something, so no key map can get
/// around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Armed {
    /// It does.
    Always,
    /// It does until then, however long the machine sleeps meanwhile.
    Until(Uptime),
    /// It does not.
    Never,
}

impl Armed {
    /// Whether changes are let through at this moment.
    #[must_use]
    pub fn is_armed(self, now: Uptime) -> bool {
        match self {
            Self::Always => true,
            Self::Until(end) => now < end,
            Self::Never => false,
        }
    }
}

/// The switch that a handle and its clones share.
#[derive(Debug, Clone)]
pub(super) struct Switch(Arc<RwLock<Armed>>);

impl Switch {
    pub(super) fn new(access: Access) -> Self {
        let armed = match access {
            Access::Full => Armed::Always,
            Access::ReadOnly => Armed::Never,
        };
        Self(Arc::new(RwLock::new(armed)))
    }

    /// How it stands; one whose time is up is off.
    pub(super) fn armed(&self) -> Armed {
        let armed = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        if armed.is_armed(Uptime::now()) { armed } else { Armed::Never }
    }

    /// Whether something may be changed.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.armed() == Armed::Never { Err(StoreError::ReadOnly) } else { Ok(()) }
    }

    fn set(&self, armed: Armed) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = armed;
    }
}

impl Store {
    /// Lets changes through for so long, by this handle and its clones; also where they were let through always.
    pub fn arm(&self, span: Duration) {
        self.switch.set(Armed::Until(Uptime::now() + span));
    }

    /// Lets no change through any more, by this handle and its clones.
    pub fn disarm(&self) {
        self.switch.set(Armed::Never);
    }

    /// Whether changes are let through, and until when.
    #[must_use]
    pub fn armed(&self) -> Armed {
        self.switch.armed()
    }

    /// The same handle with a switch of its own, which stands as the shared one does now: for one in the same process who is not
    /// to be held up when an operator turns the other.
    #[must_use]
    pub fn with_own_switch(self) -> Self {
        let switch = Switch(Arc::new(RwLock::new(self.armed())));
        Self { switch, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lets_changes_through_for_so_long_and_no_longer() {
        let (now, span) = (Uptime::now(), Duration::from_secs(10));
        let armed = Armed::Until(now + span);
        assert!(armed.is_armed(now) && armed.is_armed(now + Duration::from_millis(9_999)));
        assert!(!armed.is_armed(now + span));
        assert!(Armed::Always.is_armed(now) && !Armed::Never.is_armed(now));
    }

    #[test]
    fn a_switch_whose_time_is_up_is_off() {
        let switch = Switch::new(Access::ReadOnly);
        assert!(matches!(switch.check(), Err(StoreError::ReadOnly)));
        switch.set(Armed::Until(Uptime::now() + Duration::from_mins(1)));
        assert!(switch.clone().check().is_ok(), "clones share it");
        switch.set(Armed::Until(Uptime::now()));
        assert_eq!(switch.armed(), Armed::Never);
        assert!(switch.check().is_err());
    }
}
