//! Whether a handle may change anything.

use super::StoreError;

/// What a handle on Redis may do. It is asked in every function that changes something, so no key map can get around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading and changing.
    Full,
    /// Reading alone.
    ReadOnly,
}

impl Access {
    pub(super) fn check(self) -> Result<(), StoreError> {
        match self {
            Self::Full => Ok(()),
            Self::ReadOnly => Err(StoreError::ReadOnly),
        }
    }
}
