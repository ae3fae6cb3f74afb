//! What left a bounded stream before it was delivered: it is counted in Redis, so that it is never lost in silence.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use super::groups::Group;
use super::scripts::{ERRORS, Script};
use super::{Store, StoreError};
use crate::domain::UnixMs;

/// The stream of ends keeps at least this many entries, as `ENDS_KEPT` in `assets/lua/lib.lua` says.
pub const ENDS_KEPT: u64 = 100_000;

static TRIMMED: LazyLock<Script> =
    LazyLock::new(|| Script::new("trimmed", &[ERRORS, include_str!("../../assets/lua/trimmed.lua")]));

/// How many entries were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// At least one. Redis 6.2 does not count further.
    Some,
    /// This many.
    Count(u64),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Some => f.write_str("some"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

impl Lost {
    fn from_redis(count: i64) -> Option<Self> {
        match u64::try_from(count) {
            Ok(0) => None,
            Ok(count) => Some(Self::Count(count)),
            Err(_) => Some(Self::Some),
        }
    }
}

/// What was lost since the counts were last deleted, and when the last of it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// How many.
    pub lost: Lost,
    /// When it was noticed.
    pub at: UnixMs,
}

/// All that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// Ends that the webhook's group did not read in time.
    pub webhook: Option<Loss>,
    /// Ends that the riders' group did not read in time.
    pub riders: Option<Loss>,
    /// Dead letters that made room for newer ones.
    pub dead_letters: Option<Loss>,
}

impl Store {
    /// Counts the ends that were trimmed since the last call, before this group read them; `None` if there are none.
    /// `deleted` is the number of those that a member had taken, and `is_new` is true for a group that was just made.
    pub(super) async fn count_trimmed(
        &self,
        group: Group,
        deleted: usize,
        is_new: bool,
    ) -> Result<Option<Lost>, StoreError> {
        let mut call = TRIMMED.call(&[&self.keys.ends, &self.keys.delivery]);
        call.arg(group.name()).arg(deleted).arg(u8::from(is_new)).arg(ENDS_KEPT);
        self.run(&call).await.map(Lost::from_redis)
    }

    /// The key of the hash with these counts.
    #[must_use]
    pub fn delivery_key(&self) -> &str {
        &self.keys.delivery
    }

    /// What was lost.
    ///
    /// # Errors
    /// If Redis cannot be read.
    pub async fn losses(&self) -> Result<Losses, StoreError> {
        let names =
            ["webhook", "riders", "dead"].map(|name| [format!("lost_{name}"), format!("lost_{name}_at")]).concat();
        // Bytes, since external writers may put anything there.
        let values: Vec<Option<Vec<u8>>> = self.query(redis::cmd("HMGET").arg(&self.keys.delivery).arg(&names)).await?;
        let fields: HashMap<String, Vec<u8>> =
            names.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?))).collect();
        let number = |name: &str| -> Option<i64> { std::str::from_utf8(fields.get(name)?).ok()?.parse().ok() };
        let loss = |name: &str| {
            let lost = Lost::from_redis(number(&format!("lost_{name}"))?).unwrap_or(Lost::Some);
            let at = u32::try_from(number(&format!("lost_{name}_at"))?).ok()?;
            Some(Loss { lost, at: UnixMs(0) + Duration::from_secs(at.into()) })
        };
        Ok(Losses { webhook: loss("webhook"), riders: loss("riders"), dead_letters: loss("dead") })
    }
}
