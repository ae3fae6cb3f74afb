//! How long a failed message waits for its next try: longer each time, and not all for the same time, or a receiver that
//! comes back would be met by everything at once.

use std::time::Duration;

/// No pause is longer by itself.
const LONGEST: Duration = Duration::from_mins(5);
/// No receiver puts us off for longer.
const LONGEST_PUT_OFF: Duration = Duration::from_hours(1);

/// The pause after so many tries. `luck`, from 0 to 1, chooses it between none and the ceiling, which begins with `first`
/// and doubles; what the receiver itself asked for comes on top of it.
pub(super) fn pause(first: Duration, tries: u64, luck: f64, asked_for: Option<Duration>) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX);
    let ceiling = first.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST.max(first));
    asked_for.unwrap_or_default().min(LONGEST_PUT_OFF) + ceiling.mul_f64(luck.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_ceiling_doubles_up_to_five_minutes() {
        let ceilings: Vec<u64> = (1..=11).map(|tries| pause(SECOND, tries, 1.0, None).as_secs()).collect();
        assert_eq!(ceilings, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn a_receiver_that_asks_for_time_gets_it_within_reason() {
        assert_eq!(pause(SECOND, 1, 0.5, Some(SECOND * 30)), Duration::from_millis(30_500));
        assert_eq!(pause(SECOND, 1, 0.0, Some(Duration::MAX)), LONGEST_PUT_OFF);
    }

    proptest! {
        #[test]
        fn a_pause_is_between_none_and_its_ceiling(first_ms in 1_u64..1_000_000, tries in 0_u64.., luck in 0.0..=1.0) {
            let first = Duration::from_millis(first_ms);
            let drawn = pause(first, tries, luck, None);
            prop_assert!(drawn <= pause(first, tries, 1.0, None));
            prop_assert!(drawn <= LONGEST.max(first));
            prop_assert_eq!(pause(first, tries, 0.0, None), Duration::ZERO);
            prop_assert!(pause(first, tries, 1.0, None) <= pause(first, tries.saturating_add(1), 1.0, None));
        }
    }
}
