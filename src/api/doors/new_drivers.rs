//! How many new drivers a client may bring in. A driver is new if neither this process nor Redis knows it.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::clients::Client;
use super::rate::Limiter;
use super::{Rate, Refusal};
use crate::domain::DriverId;

/// How many known drivers are remembered, at 9 to 18 bytes each. Beyond that the memory starts anew, and Redis is asked again.
const MAX_KNOWN: usize = 1_000_000;

/// Bounds the new drivers of each client, and remembers which drivers are known.
pub(in crate::api) struct NewDrivers {
    pub(super) limiter: Limiter,
    /// Hashes of the known drivers' ids, so that long ids take no more room than short ones.
    known: Mutex<HashSet<u64>>,
    /// With a secret of this process: nobody can choose an id that has the hash of another.
    hasher: RandomState,
    max_known: usize,
}

impl NewDrivers {
    pub(super) fn new(rate: Rate) -> Self {
        Self { limiter: Limiter::new(rate), known: Mutex::default(), hasher: RandomState::new(), max_known: MAX_KNOWN }
    }

    /// Those of these drivers that this process does not know, each once.
    pub(in crate::api) fn unknown<'a>(&self, drivers: impl Iterator<Item = &'a DriverId>) -> Vec<DriverId> {
        let (known, mut listed) = (self.lock(), HashSet::new());
        drivers.filter(|driver| !known.contains(&self.hash(driver)) && listed.insert(*driver)).cloned().collect()
    }

    /// Remembers drivers that Redis knows.
    pub(in crate::api) fn remember<'a>(&self, drivers: impl Iterator<Item = &'a DriverId>) {
        let mut known = self.lock();
        for driver in drivers {
            if known.len() >= self.max_known {
                known.clear();
            }
            known.insert(self.hash(driver));
        }
    }

    /// Counts these new drivers against the client's rate, and remembers those that are allowed. The others are the rest from
    /// an index on.
    pub(in crate::api) fn admit(&self, client: Client, new: &[DriverId]) -> Result<(), (usize, Refusal)> {
        let counted = self.limiter.count_up_to(&client, new.len());
        let allowed = counted.err().map_or(new.len(), |(allowed, _)| allowed);
        self.remember(new.iter().take(allowed));
        counted.map_err(|(allowed, seconds)| (allowed, Refusal::NewDrivers(self.limiter.rate, seconds)))
    }

    fn hash(&self, driver: &DriverId) -> u64 {
        self.hasher.hash_one(driver.as_bytes())
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drivers(ids: &[&str]) -> Vec<DriverId> {
        ids.iter().map(|id| id.parse().unwrap()).collect()
    }

    #[test]
    fn an_allowed_driver_is_known_and_a_refused_one_stays_new() {
        let new_drivers = NewDrivers::new("2/m".parse().unwrap());
        let client = Client::at([192, 0, 2, 1].into());
        let all = drivers(&["a", "b", "a", "c"]);
        let unknown = new_drivers.unknown(all.iter());
        assert_eq!(unknown, drivers(&["a", "b", "c"]), "each once");
        let (allowed, refusal) = new_drivers.admit(client, &unknown).unwrap_err();
        assert!(allowed == 2 && matches!(refusal, Refusal::NewDrivers(..)), "{allowed} {refusal:?}");
        assert_eq!(new_drivers.unknown(all.iter()), drivers(&["c"]));
        assert_eq!(new_drivers.admit(Client::at([192, 0, 2, 2].into()), &drivers(&["c"])), Ok(()));
        assert_eq!(new_drivers.unknown(all.iter()), []);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let new_drivers = NewDrivers { max_known: 3, ..NewDrivers::new("1/m".parse().unwrap()) };
        let all = drivers(&["a", "b", "c", "d"]);
        new_drivers.remember(all.iter());
        assert_eq!(new_drivers.unknown(all.iter()), drivers(&["a", "b", "c"]));
        assert_eq!(new_drivers.lock().len(), 1);
    }
}
