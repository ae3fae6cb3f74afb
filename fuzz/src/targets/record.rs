//! A request as Redis has it: its key and its record.

use cabstand::console::model::Row;
use cabstand::domain::{Record, RequestId, Search, Standing, UnixMs};
use cabstand::rider::Told;
use cabstand::store::fuzzing;

use super::{fields, first_line};
use crate::safe::assert_safe;

/// Reads `ID WORD PTTL NOW` in the first line, then lines of `name=value`.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let (head, lines) = first_line(bytes);
    let head = String::from_utf8_lossy(head);
    let mut words = head.split(' ');
    let mut next = || words.next().unwrap_or_default();
    let (id, word) = (next().parse().unwrap_or(RequestId::FIRST), next());
    let (pttl, now) = (next().parse().unwrap_or(-1), UnixMs(next().parse().unwrap_or(1_714_572_180_000)));
    let fields = fields(lines);
    let is_empty = fields.is_empty();
    let search = fuzzing::search(id, word, pttl, fields, now);
    assert_eq!(search.record == Record::Foreign, is_empty);
    hold_search(&search);
}

/// What holds for a request, however it was read.
///
/// # Panics
/// Where a law is broken.
pub fn hold_search(search: &Search) {
    let row = Row::of(search.clone());
    assert_eq!(matches!(row.standing, Standing::Waiting(_)), row.is_waiting());
    assert_eq!(row.is_waiting(), row.ended_at.is_none());
    assert_safe(row.rider());
    if let Record::Damaged(word) | Record::Newer(word) = &search.record {
        assert_safe(word);
    }
    let Some(request) = search.request() else { return };
    assert!(request.radius_m > 0.0 && request.radius_m <= 2e7);
    assert!(request.distance_m.is_none_or(|metres| metres.is_finite() && metres >= 0.0));
    assert!(request.expires_at.is_none_or(|deadline| request.next_attempt_at() <= deadline));
    [Some(request.user_id.as_str()), request.ended_by.as_deref()].into_iter().flatten().for_each(assert_safe);
    let json = serde_json::to_string(request).expect("a request is written as JSON");
    serde_json::from_str::<serde_json::Value>(&json).expect("what is written is JSON");
    if let Some(told) = Told::of_request(request) {
        assert_safe(&told.message);
    }
}
