//! How old the places of single drivers are. Most stand where they stood, and their ages are asked again at a slow beat.

use std::time::{Duration, Instant};

use redis::RedisResult;

use super::super::server::unix_ms;
use super::super::{Store, StoreError};
use super::chart::{Chart, Known};
use crate::domain::View;

/// So long what is known of the age of a driver's place is good enough, if the driver has not moved.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// So many of those for whom it no longer is are asked at once: the next refresh asks the others.
const MOST_RENEWED: usize = 256;
/// Of so many drivers at once it is asked how old their places are.
const MEMBERS_AT_ONCE: usize = 256;

impl Store {
    /// Asks when those in sight were last seen who have moved or were not asked for a while, and who of them is stale. Where a
    /// foreign hand has spoilt what tells that, nothing is known of it, and the drivers are shown all the same.
    pub(super) async fn ask_ages(&self, chart: &mut Chart, view: View, any_stale: bool) -> Result<(), StoreError> {
        let now = Instant::now();
        let mut renewed = 0;
        let mut due: Vec<&mut Known> = chart
            .known_in_mut(view)
            .filter(|known| match known.asked {
                None => true,
                Some(asked) if now.duration_since(asked) > GOOD_FOR && renewed < MOST_RENEWED => {
                    renewed += 1;
                    true
                }
                Some(_) => false,
            })
            .collect();
        for chunk in due.chunks_mut(MEMBERS_AT_ONCE) {
            let ids: Vec<&[u8]> = chunk.iter().map(|known| known.sighting.id.as_bytes()).collect();
            let mut ages = redis::pipe();
            for set in [&self.keys.seen, &self.keys.stale].into_iter().take(1 + usize::from(any_stale)) {
                ages.cmd("ZMSCORE").arg(set).arg(&ids);
            }
            let ages: Vec<RedisResult<Vec<Option<f64>>>> = self.query_all(ages.ignore_errors()).await?;
            let mut ages = ages.into_iter().map(Result::unwrap_or_default);
            let (seen, stale) = (ages.next().unwrap_or_default(), ages.next().unwrap_or_default());
            for (i, known) in chunk.iter_mut().enumerate() {
                known.sighting.seen = seen.get(i).copied().flatten().map(unix_ms);
                // Another place than that of its last report was given to it by another hand.
                known.sighting.stale = stale.get(i).copied().flatten() == Some(known.score);
                known.asked = Some(now);
            }
        }
        Ok(())
    }
}
