//! Alarms and the numbers: what begins and ends with time and news, and what the keys for them do.

use crate::console::message::{Effect, Link};
use crate::console::model::{Held, Model, Tone};
use crate::console::wording;

/// Looks for alarms: the bell rings where one is new. Before everything has been read, and while Redis is away, nobody knows.
pub(super) fn look(model: &mut Model) -> Option<Effect> {
    if !model.loaded || matches!(model.link, Link::Away(_)) {
        return None;
    }
    let (rules, now, waiting) = (model.options.alarms, model.redis_now()?, model.waiting());
    // A picture that stands still holds up no alarm.
    let searches = model.held.as_ref().map_or(&model.searches, Held::searches);
    let new = model.alarms.look(rules, now, searches, waiting);
    (new && rules.bell).then_some(Effect::Ring)
}

pub(super) fn acknowledge(model: &mut Model) {
    let text = match model.alarms.acknowledge() {
        0 => "there is no alarm to take note of".to_owned(),
        alarms => format!("{} noted; a new one is loud again", wording::many(alarms as u64, "alarm")),
    };
    model.say(Tone::Plain, text);
}

pub(super) fn next_span(model: &mut Model) {
    model.numbers.next_span();
    // Where the strip is shown it says so itself.
    if model.areas().is_none_or(|areas| areas.numbers.is_empty()) {
        let minutes = model.numbers.span().minutes();
        model.say(Tone::Plain, format!("the numbers of the header are those of the last {minutes} min"));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::console::fixtures::{Desk, START, foreign, id, waiting};
    use crate::console::message::News;
    use crate::console::model::{Alarm, AlarmRules};
    use crate::domain::{Key, RequestId, Search};

    /// A desk with a bell, on a city in which request 900 has 70 seconds left, and others have minutes.
    fn with_bell(waiting: Option<u64>) -> Desk {
        let mut desk = Desk::in_town(120, 40);
        desk.model.options.alarms = AlarmRules { left: Duration::from_secs(30), waiting, bell: true };
        desk
    }

    fn alarm(desk: &Desk, id: RequestId) -> Option<Alarm> {
        desk.model.is_alarming(desk.model.searches.get(id).unwrap())
    }

    fn rings(effects: &[Effect]) -> usize {
        effects.iter().filter(|effect| **effect == Effect::Ring).count()
    }

    /// Request 900 with so many milliseconds left, as read at this moment.
    fn read(desk: &Desk, left: u64) -> Search {
        let read_at = START + desk.at;
        Search { key: Key::Active(Some(Duration::from_millis(left))), read_at, ..foreign(900, 0) }
    }

    #[test]
    fn a_rider_about_to_be_lost_rings_once() {
        let mut desk = with_bell(None);
        assert_eq!(desk.model.alarms.next(), Some(START + Duration::from_secs(40)), "the loop wakes then");
        assert_eq!(rings(&desk.wait(Duration::from_secs(40))), 0, "30 seconds are left, not less");
        assert_eq!(alarm(&desk, id(900)), None);
        assert_eq!(rings(&desk.wait(Duration::from_millis(1))), 1);
        assert_eq!(alarm(&desk, id(900)), Some(Alarm::Loud));
        assert_eq!(alarm(&desk, id(1)), None);
        assert_eq!(rings(&desk.wait(Duration::from_secs(1))), 0, "not with every tick");
        assert_eq!(desk.model.alarms.next(), Some(START + Duration::from_secs(162)), "request 1 is the next");
        desk.model.options.alarms.bell = false;
        assert_eq!(rings(&desk.wait(Duration::from_secs(125))), 0, "the bell is off");
        assert_eq!(alarm(&desk, id(1)), Some(Alarm::Loud));
    }

    #[test]
    fn two_readings_of_one_deadline_are_one_alarm() {
        let mut desk = with_bell(None);
        desk.wait(Duration::from_millis(40_001));
        assert_eq!(rings(&desk.news(News::Searches(vec![read(&desk, 30_003)]))), 0);
        assert_eq!(alarm(&desk, id(900)), Some(Alarm::Loud));
        assert_eq!(rings(&desk.wait(Duration::from_millis(10))), 0);
    }

    #[test]
    fn an_alarm_ends_with_its_search_or_with_more_time() {
        let mut desk = with_bell(None);
        desk.wait(Duration::from_secs(41));
        desk.news(News::Searches(vec![read(&desk, 90_000)]));
        assert_eq!(alarm(&desk, id(900)), None);
        assert_eq!(rings(&desk.wait(Duration::from_secs(61))), 1, "it is a new alarm when that is up, too");
        let cancelled = Search { key: Key::Cancelled, ..read(&desk, 0) };
        desk.news(News::Searches(vec![cancelled]));
        assert_eq!(alarm(&desk, id(900)), None);
        assert_eq!(desk.model.alarms.riders(), None);
    }

    #[test]
    fn what_is_noted_stays_marked_and_a_new_one_is_loud() {
        let mut desk = with_bell(None);
        desk.press("A");
        assert_eq!(desk.notice(), "there is no alarm to take note of");
        desk.wait(Duration::from_secs(41));
        desk.press("A");
        assert_eq!(desk.notice(), "1 alarm noted; a new one is loud again");
        assert_eq!(alarm(&desk, id(900)), Some(Alarm::Acknowledged));
        assert_eq!(desk.model.alarms.riders(), Some((1, Alarm::Acknowledged)));
        let soon = Search { read_at: START + desk.at, ..waiting(7, 220, 20) };
        assert_eq!(rings(&desk.news(News::Searches(vec![soon]))), 1);
        assert_eq!(alarm(&desk, id(900)), Some(Alarm::Acknowledged));
        assert_eq!(desk.model.alarms.riders(), Some((2, Alarm::Loud)));
    }

    #[test]
    fn nobody_knows_of_alarms_while_redis_is_away() {
        let mut desk = with_bell(None);
        desk.news(News::Link(Link::Away("connection refused".to_owned())));
        assert_eq!(rings(&desk.wait(Duration::from_secs(50))), 0);
        assert_eq!(alarm(&desk, id(900)), None);
        assert_eq!(rings(&desk.news(News::Link(Link::Live))), 1);
        assert_eq!(alarm(&desk, id(900)), Some(Alarm::Loud));
    }

    #[test]
    fn nobody_knows_of_alarms_before_everything_was_read() {
        let mut desk = Desk::new(120, 40);
        desk.model.options.alarms.bell = true;
        assert_eq!(rings(&desk.news(News::Searches(vec![waiting(1, 230, 10)]))), 0);
        assert_eq!(rings(&desk.news(News::Snapshot(vec![waiting(1, 230, 10), waiting(2, 230, 10)]))), 1, "one for all");
    }

    #[test]
    fn too_many_who_wait_are_an_alarm() {
        let mut desk = with_bell(Some(10));
        let more = |from, to| News::Searches((from..to).map(|n| waiting(n, 0, 240)).collect());
        assert_eq!(rings(&desk.news(more(10, 17))), 0, "ten wait");
        assert_eq!(desk.model.is_crowded(), None);
        assert_eq!(rings(&desk.news(more(17, 18))), 1);
        assert_eq!(desk.model.is_crowded(), Some((10, Alarm::Loud)));
        desk.press("A");
        assert_eq!(desk.model.is_crowded(), Some((10, Alarm::Acknowledged)));
        let end = |n| Search { key: Key::Cancelled, read_at: START + Duration::from_secs(1), ..waiting(n, 0, 240) };
        desk.news(News::Searches(vec![end(10)]));
        assert_eq!(desk.model.is_crowded(), None);
        assert_eq!(rings(&desk.news(more(18, 19))), 0, "to and fro about the bound is one alarm");
        desk.news(News::Searches(vec![end(11), end(12)]));
        assert_eq!(rings(&desk.news(more(19, 21))), 1, "after it was over it is a new one");
    }

    #[test]
    fn the_span_goes_round() {
        let mut desk = Desk::in_town(120, 40);
        for minutes in [15, 1, 5] {
            desk.press("i");
            assert_eq!(desk.model.numbers.span().minutes(), minutes);
            assert_eq!(desk.notice(), "", "the strip says it");
        }
        let mut small = Desk::in_town(80, 24);
        small.press("i");
        assert_eq!(small.notice(), "the numbers of the header are those of the last 15 min");
    }
}
