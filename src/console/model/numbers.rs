//! What happened lately, in figures: how many came, how they ended, how long the found ones waited; over 1, 5 or 15 minutes.
//!
//! Events are counted in buckets of five seconds by Redis' clock, so the memory is bounded however much happens. What
//! happened before the console began comes page by page, the newest first; the figures say from when on they are whole.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::domain::{Event, EventKind, StreamId, UnixMs};

/// The length of a bucket, in milliseconds.
const BUCKET_MS: i64 = 5_000;
/// So many buckets are kept: the longest span.
const KEPT: i64 = Span::Fifteen.buckets();
/// Waits are told to so many digits.
const DIGITS: u8 = 2;
/// A longer wait than a day counts as one, in milliseconds: it bounds the memory of a bucket.
const LONGEST_WAIT_MS: u64 = 86_400_000;

/// The time that the figures are about, up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Span {
    /// One minute.
    One,
    /// Five minutes.
    #[default]
    Five,
    /// Fifteen minutes.
    Fifteen,
}

impl Span {
    /// How many minutes it has.
    #[must_use]
    pub const fn minutes(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Five => 5,
            Self::Fifteen => 15,
        }
    }

    /// The longest: so far back the past is read.
    #[must_use]
    pub const fn longest() -> Duration {
        Duration::from_mins(Self::Fifteen.minutes() as u64)
    }

    const fn next(self) -> Self {
        match self {
            Self::One => Self::Five,
            Self::Five => Self::Fifteen,
            Self::Fifteen => Self::One,
        }
    }

    const fn buckets(self) -> i64 {
        self.minutes() as i64 * 60_000 / BUCKET_MS
    }
}

/// The figures of some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// How many requests were opened.
    pub arrivals: u64,
    /// How many found a driver.
    pub found: u64,
    /// How many expired.
    pub expired: u64,
    /// How many were cancelled.
    pub cancelled: u64,
    /// How long half of the found ones waited at the most.
    pub median: Option<Duration>,
    /// How long 95 of 100 found ones waited at the most.
    pub p95: Option<Duration>,
}

impl Figures {
    /// How many of those who came to an end found a driver, in per cent, rounded down: 100 are all.
    #[must_use]
    pub fn found_share(&self) -> Option<u64> {
        (self.found * 100).checked_div(self.found + self.expired + self.cancelled)
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arrivals + self.found + self.expired + self.cancelled == 0
    }
}

/// A column of a sparkline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// What happened in its time.
    pub figures: Figures,
    /// Whether that is all that happened.
    pub whole: bool,
}

#[derive(Debug, Clone, Default)]
struct Bucket {
    figures: Figures,
    /// Milliseconds of the found ones; none where none was found.
    waits: Option<Histogram<u32>>,
}

/// What happened lately.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    span: Span,
    /// By the how-manieth five seconds since 1970 they are.
    buckets: BTreeMap<i64, Bucket>,
    /// The first and the last event that were counted: all between them were.
    counted: Option<(StreamId, StreamId)>,
    whole_from: Option<UnixMs>,
}

impl Numbers {
    /// The time that the figures are about.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The next longer span, or the shortest again.
    pub fn next_span(&mut self) {
        self.span = self.span.next();
    }

    /// Counts what has just happened.
    pub fn add(&mut self, event: &Event) {
        match &mut self.counted {
            Some((_, last)) if event.id <= *last => return,
            Some((_, last)) => *last = event.id,
            None => self.counted = Some((event.id, event.id)),
        }
        self.count(event);
        let first_kept = bucket_of(event.id.at) - KEPT + 1;
        if self.buckets.first_key_value().is_some_and(|(first, _)| *first < first_kept) {
            self.buckets = self.buckets.split_off(&first_kept);
        }
    }

    /// Counts what happened before all that is counted; these are all since `from`.
    pub fn add_past(&mut self, events: &[Event], from: UnixMs) {
        for event in events.iter().rev() {
            match &mut self.counted {
                Some((first, _)) if event.id >= *first => continue,
                Some((first, _)) => *first = event.id,
                None => self.counted = Some((event.id, event.id)),
            }
            self.count(event);
        }
        self.whole_from = Some(from);
    }

    /// Something happened that nobody told of: it is begun anew.
    pub fn forget(&mut self) {
        *self = Self { span: self.span, ..Self::default() };
    }

    /// The figures of the span up to `now`; none before anything is known.
    #[must_use]
    pub fn figures(&self, now: UnixMs) -> Option<Figures> {
        self.whole_from?;
        Some(self.sum(self.window(now)))
    }

    /// Since when all is known, where that is not the whole span.
    #[must_use]
    pub fn only_since(&self, now: UnixMs) -> Option<UnixMs> {
        let from = self.whole_from?;
        (bucket_of(from) > *self.window(now).start()).then_some(from)
    }

    /// The span up to `now` in as many columns as fit into `most`, the oldest first. A column has the same buckets as long as
    /// it lives, so with the time they move to the left and do not flicker.
    #[must_use]
    pub fn columns(&self, now: UnixMs, most: u16) -> Vec<Column> {
        let window = self.window(now);
        let (first, last) = (*window.start(), *window.end());
        let (buckets, most) = (last - first + 1, i64::from(most.max(2)));
        // So many columns the span touches at the most, wherever it begins.
        let count = |each: i64| if each == 1 { buckets } else { (buckets - 2) / each + 2 };
        let each = (1..buckets).find(|each| count(*each) <= most).unwrap_or(buckets);
        let newest = last.div_euclid(each);
        let column = |at: i64| {
            let (from, to) = (at * each, at * each + each - 1);
            let figures = self.sum(from.max(first)..=to.min(last));
            Column { figures, whole: self.whole_from.is_some_and(|whole| bucket_of(whole) <= to) }
        };
        (newest - count(each) + 1..=newest).map(column).collect()
    }

    fn count(&mut self, event: &Event) {
        let bucket = bucket_of(event.id.at);
        let newest = self.counted.map_or(event.id.at, |(_, last)| last.at);
        let counts = matches!(event.kind, EventKind::Opened) || event.kind.end().is_some();
        if counts && bucket > bucket_of(newest) - KEPT {
            self.buckets.entry(bucket).or_default().count(event);
        }
    }

    /// The buckets of the span. Our reckoning of Redis' clock may be a little behind its events.
    fn window(&self, now: UnixMs) -> RangeInclusive<i64> {
        let now = self.counted.map_or(now, |(_, last)| last.at.max(now));
        let last = bucket_of(now);
        last - self.span.buckets() + 1..=last
    }

    fn sum(&self, buckets: RangeInclusive<i64>) -> Figures {
        let mut sum = Figures::default();
        let mut waits: Option<Histogram<u32>> = None;
        if buckets.is_empty() {
            return sum;
        }
        for bucket in self.buckets.range(buckets).map(|(_, bucket)| bucket) {
            sum.arrivals += bucket.figures.arrivals;
            sum.found += bucket.figures.found;
            sum.expired += bucket.figures.expired;
            sum.cancelled += bucket.figures.cancelled;
            match (&mut waits, &bucket.waits) {
                // They grow with what they are given, so one always fits into the other.
                (Some(waits), Some(more)) => waits.add(more).unwrap_or_default(),
                (None, Some(first)) => waits = Some(first.clone()),
                (_, None) => {}
            }
        }
        let at = |part: f64| waits.as_ref().map(|waits| Duration::from_millis(waits.value_at_quantile(part)));
        Figures { median: at(0.5), p95: at(0.95), ..sum }
    }
}

impl Bucket {
    fn count(&mut self, event: &Event) {
        match event.kind {
            EventKind::Opened => self.figures.arrivals += 1,
            EventKind::Expired => self.figures.expired += 1,
            EventKind::Cancelled => self.figures.cancelled += 1,
            EventKind::Found => {
                self.figures.found += 1;
                if let Some(ms) = event.waited_ms {
                    self.waits = self.waits.take().or_else(|| Histogram::new(DIGITS).ok());
                    if let Some(waits) = &mut self.waits {
                        // It grows to whatever it is given.
                        waits.record(ms.min(LONGEST_WAIT_MS)).unwrap_or_default();
                    }
                }
            }
            _ => {}
        }
    }
}

fn bucket_of(at: UnixMs) -> i64 {
    at.0.div_euclid(BUCKET_MS)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::console::fixtures::{START, event};

    fn at(seconds: u64, kind: EventKind) -> Event {
        event(seconds, kind, Some(1), None)
    }

    fn known() -> Numbers {
        let mut numbers = Numbers::default();
        numbers.add_past(&[], START - Span::longest());
        numbers
    }

    fn after(seconds: u64) -> UnixMs {
        START + Duration::from_secs(seconds)
    }

    #[test]
    fn what_happened_in_the_span_is_counted_and_nothing_else() {
        let mut numbers = known();
        let kinds = [EventKind::Opened, EventKind::Found, EventKind::Expired, EventKind::Cancelled, EventKind::Moved];
        for (second, kind) in (0..).zip(kinds) {
            numbers.add(&at(second, kind));
        }
        let figures = numbers.figures(after(4)).unwrap();
        assert_eq!((figures.arrivals, figures.found, figures.expired, figures.cancelled), (1, 1, 1, 1));
        assert_eq!(figures.found_share(), Some(33), "of all who came to an end");
        assert_eq!(numbers.figures(after(299)).unwrap(), figures);
        assert!(numbers.figures(after(300)).unwrap().is_empty(), "five minutes are over");
        numbers.next_span();
        assert_eq!(numbers.figures(after(300)).unwrap(), figures, "fifteen are not");
    }

    #[test]
    fn nothing_is_counted_twice() {
        let mut numbers = Numbers::default();
        let events: Vec<Event> = (0..40).map(|second| at(second, EventKind::Opened)).collect();
        events[20..].iter().for_each(|event| numbers.add(event));
        assert_eq!(numbers.figures(after(40)), None, "nothing is claimed before the past was read");
        numbers.add_past(&events[10..25], after(10));
        events[30..].iter().for_each(|event| numbers.add(event));
        assert_eq!(numbers.figures(after(40)).unwrap().arrivals, 30);
        assert_eq!(numbers.only_since(after(40)), Some(after(10)));
        numbers.add_past(&events[..12], START - Span::longest());
        assert_eq!(numbers.figures(after(40)).unwrap().arrivals, 40);
        assert_eq!(numbers.only_since(after(40)), None);
    }

    #[test]
    fn what_was_missed_is_not_passed_over() {
        let mut numbers = known();
        numbers.add(&at(0, EventKind::Opened));
        numbers.next_span();
        numbers.forget();
        assert_eq!(numbers.figures(after(1)), None);
        assert_eq!(numbers.span(), Span::Fifteen, "what the operator chose stays");
    }

    #[test]
    fn columns_before_all_is_known_say_so() {
        let mut numbers = Numbers::default();
        numbers.add_past(&[], START - Duration::from_mins(2));
        let whole: Vec<bool> = numbers.columns(START, 60).iter().map(|column| column.whole).collect();
        assert_eq!(whole.iter().filter(|whole| **whole).count(), 25, "two minutes and the bucket that has begun");
        assert!(whole.is_sorted());
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut numbers = known();
        for second in 0..10_000 {
            numbers.add(&at(second, EventKind::Found));
        }
        assert_eq!(numbers.buckets.len(), usize::try_from(KEPT).unwrap());
    }

    proptest! {
        /// Whatever comes, in however many pages: the same as counting and sorting everything.
        #[test]
        fn figures_are_those_of_all_events(
            steps in vec((0_u64..40_000, 0_usize..5, 0_u64..300_000), 1..120),
            begin in 0_usize..120,
            page in 1_usize..30,
            later in 0_u64..400_000,
            turns in 0_u8..3,
            most in 2_u16..200,
        ) {
            let kinds = [EventKind::Opened, EventKind::Found, EventKind::Expired, EventKind::Cancelled, EventKind::Attempted];
            let mut time = START;
            let mut seq = 0;
            let events: Vec<Event> = steps.iter().map(|(step, kind, wait)| {
                time = time + Duration::from_millis(*step);
                seq += 1;
                let id = StreamId { at: time, seq };
                Event { id, waited_ms: Some(*wait), ..event(0, kinds[*kind].clone(), Some(1), None) }
            }).collect();
            let begin = begin.min(events.len());
            let mut numbers = Numbers::default();
            events[begin..].iter().for_each(|event| numbers.add(event));
            for page in events[..begin].rchunks(page) {
                numbers.add_past(page, page[0].id.at);
            }
            numbers.add_past(&[], START - Span::longest());
            (0..turns).for_each(|_| numbers.next_span());

            let now = time + Duration::from_millis(later);
            let minutes = i64::from(numbers.span().minutes());
            let first = (now.0.div_euclid(5_000) - minutes * 12 + 1) * 5_000;
            let inside: Vec<&Event> = events.iter().filter(|event| event.id.at.0 >= first).collect();
            let count = |kind: &EventKind| inside.iter().filter(|event| event.kind == *kind).count() as u64;
            let figures = numbers.figures(now).unwrap();
            prop_assert_eq!(
                [figures.arrivals, figures.found, figures.expired, figures.cancelled],
                [count(&kinds[0]), count(&kinds[1]), count(&kinds[2]), count(&kinds[3])]
            );
            let mut waits: Vec<u64> =
                inside.iter().filter(|event| event.kind == EventKind::Found).filter_map(|event| event.waited_ms).collect();
            waits.sort_unstable();
            for (told, hundredths) in [(figures.median, 50), (figures.p95, 95)] {
                let true_wait = (waits.len() * hundredths).div_ceil(100).checked_sub(1).map(|at| waits[at]);
                prop_assert_eq!(told.is_some(), true_wait.is_some());
                if let (Some(told), Some(true_wait)) = (told, true_wait) {
                    let told = u64::try_from(told.as_millis()).unwrap();
                    prop_assert!(told.abs_diff(true_wait) * 100 <= true_wait + 100, "{} for {}", told, true_wait);
                }
            }

            let columns = numbers.columns(now, most);
            prop_assert!(columns.len() <= usize::from(most));
            prop_assert_eq!(columns.iter().map(|column| column.figures.arrivals).sum::<u64>(), figures.arrivals);
            prop_assert_eq!(columns.len(), numbers.columns(now + Duration::from_secs(5), most).len(), "columns do not jump");
        }
    }
}
