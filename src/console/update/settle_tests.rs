//! Deeds whose answers did not come: they are found out about, told as they went, and undone only once they are known.

use std::time::Duration;

use crate::console::fixtures::{Desk, ended, event, id, options, place, seal, waiting};
use crate::console::message::{Deed, Effect, Errand, Link, Message, Mishap, News, Outcome, Settled, Unsettled};
use crate::console::model::{Model, Tone};
use crate::domain::{Event, EventKind, Metres, Seal, State, StreamId};

/// The errands among the effects.
fn errands(effects: &[Effect]) -> Vec<Errand> {
    let errand = |effect: &Effect| match effect {
        Effect::Do(errand, _) => Some(errand.clone()),
        _ => None,
    };
    effects.iter().filter_map(errand).collect()
}

/// Asks for something on the first search, whose answer does not come.
fn ask_in_vain(desk: &mut Desk, keys: &[&str]) -> Unsettled {
    let effects: Vec<Effect> = keys.iter().flat_map(|key| desk.press(key)).collect();
    lose(desk, &errands(&effects).remove(0))
}

fn lose(desk: &mut Desk, errand: &Errand) -> Unsettled {
    let deed = errand.deeds[0].clone();
    let lost = vec![Err(Mishap::Unknown("no answer in time".to_owned(), seal(1)))];
    let effects = desk.send(Message::Done(errand.clone(), lost));
    let unsettled = Unsettled { deed, seal: seal(1) };
    assert_eq!(effects, [Effect::Settle(vec![unsettled.clone()])]);
    assert_eq!(desk.model.unsettled, std::slice::from_ref(&unsettled));
    unsettled
}

fn find_out(desk: &mut Desk, unsettled: Unsettled, settled: Settled) -> Vec<Effect> {
    let effects = desk.send(Message::Settled(vec![(unsettled, settled)]));
    assert!(desk.model.unsettled.is_empty());
    effects
}

fn said(desk: &Desk) -> (Tone, &str) {
    desk.model.notice.as_ref().map(|notice| (notice.tone, notice.text.as_str())).unwrap()
}

fn town() -> Desk {
    let mut desk = Desk::in_town(120, 40);
    desk.press("down");
    assert_eq!(desk.selected(), Some(1));
    desk
}

#[test]
fn what_was_done_is_told_and_can_be_undone() {
    let mut desk = town();
    let unsettled = ask_in_vain(&mut desk, &["c", "y"]);
    assert_eq!(said(&desk), (Tone::Unknown, "cancelling request 1 (no answer in time)"));
    assert!(errands(&desk.press("u")).is_empty());
    let why = "cancelling request 1 can't be undone yet: it is being found out whether it was done";
    assert_eq!(desk.notice(), why);
    let told = Settled::Done(vec![event(9, EventKind::Cancelled, Some(1), None)]);
    assert!(find_out(&mut desk, unsettled, told).is_empty());
    assert_eq!(said(&desk), (Tone::WasDone, "request 1 cancelled"));
    assert_eq!(errands(&desk.press("u")), [Errand { deeds: vec![Deed::Reopen(id(1))], undoing: true }]);
}

#[test]
fn what_was_not_done_is_told_and_forgotten() {
    let mut desk = town();
    let effects = desk.press("e");
    desk.send(Message::Done(errands(&effects).remove(0), vec![Ok(Outcome::Done)]));
    let unsettled = ask_in_vain(&mut desk, &["c", "y"]);
    find_out(&mut desk, unsettled, Settled::NotDone);
    assert_eq!(said(&desk), (Tone::WasNotDone, "cancelling request 1; nothing was changed"));
    let undo = errands(&desk.press("u")).remove(0);
    assert_eq!(undo.deeds, [Deed::Extend(id(1), -60_000)], "the one before it");
    let unsettled = lose(&mut desk, &undo);
    find_out(&mut desk, unsettled, Settled::NotDone);
    assert_eq!(errands(&desk.press("u")), [undo], "an undo that was not done can be tried again");
}

#[test]
fn what_cannot_be_known_any_more_is_said_with_how_it_stands() {
    let mut desk = town();
    let unsettled = ask_in_vain(&mut desk, &["c", "y"]);
    assert_eq!(find_out(&mut desk, unsettled, Settled::Lost), [Effect::Ask(vec![id(1)])]);
    let text = "cancelling request 1; it can't be known any more: the events of that time are gone";
    desk.wait(Duration::from_secs(3));
    assert_eq!(said(&desk), (Tone::Unknown, text));
    let again = desk.news(News::Snapshot(vec![waiting(2, 10, 230)]));
    assert!(again.contains(&Effect::Ask(vec![id(1)])), "the question may have been lost as well: {again:?}");
    desk.news(News::Searches(vec![ended(1, State::Cancelled, 0)]));
    desk.wait(Duration::from_secs(6));
    assert_eq!(
        said(&desk),
        (Tone::Plain, "read again: request 1 is cancelled by ana@desk"),
        "after what is read still"
    );
    desk.press("u");
    assert!(desk.notice().contains("can't be undone: it can't be known any more whether it was done"));
}

#[test]
fn how_it_went_is_told_by_its_events() {
    let from = |kind, change: fn(&mut Event)| {
        let mut told = event(9, kind, Some(1), None);
        change(&mut told);
        vec![told]
    };
    let found = event(9, EventKind::Found, Some(1), Some("17"));
    let retried = vec![event(9, EventKind::Retried, Some(1), None), found.clone()];
    let there = place(-33.45, -70.63);
    for (deed, events, words) in [
        (Deed::Open(there, None), from(EventKind::Opened, |_| {}), "request 1 opened at"),
        (
            Deed::Extend(id(1), 60_000),
            from(EventKind::Extended, |event| event.expires_at = Some(event.id.at)),
            "request 1 has 60 s more, until 14:03:09",
        ),
        (Deed::Retry(id(1)), retried, "request 1 has driver 17, 812 m away"),
        (Deed::Retry(id(1)), from(EventKind::Retried, |_| {}), "request 1 was attempted: no driver yet"),
        (Deed::Assign(id(1), "17".parse().unwrap()), vec![found], "request 1 has driver 17, 812 m away"),
        (
            Deed::Widen(id(1), Metres(8_000.0), None),
            from(EventKind::Widened, |event| event.from_radius_m = Some(5_000.0)),
            "request 1 looks as far as 8",
        ),
        (Deed::Remove("17".parse().unwrap(), None), from(EventKind::Removed, |_| {}), "driver 17 taken off the map"),
    ] {
        let mut desk = town();
        let unsettled = lose(&mut desk, &Errand { deeds: vec![deed.clone()], undoing: false });
        find_out(&mut desk, unsettled, Settled::Done(events));
        assert!(desk.notice().starts_with(words), "{deed:?}: {}", desk.notice());
    }
    let mut desk = town();
    let widened = Errand { deeds: vec![Deed::Widen(id(1), Metres(8_000.0), None)], undoing: false };
    let unsettled = lose(&mut desk, &widened);
    let told = from(EventKind::Widened, |event| event.from_radius_m = Some(5_000.0));
    find_out(&mut desk, unsettled, Settled::Done(told));
    let back = Deed::Widen(id(1), Metres(5_000.0), Some(Metres(8_000.0)));
    assert_eq!(errands(&desk.press("u"))[0].deeds, [back], "with what was before");
}

#[test]
fn of_several_each_is_told_and_none_is_lost_under_another_or_a_key() {
    let mut desk = town();
    let deeds = vec![Deed::Cancel(id(1)), Deed::Cancel(id(2)), Deed::Cancel(id(7))];
    let seals = [seal(1), seal(2), seal(3)];
    let lost = |seal: Seal| Err(Mishap::Unknown("no answer in time".to_owned(), seal));
    desk.press("/");
    desk.send(Message::Done(Errand { deeds: deeds.clone(), undoing: false }, seals.map(lost).to_vec()));
    desk.type_text("req");
    assert!(!desk.model.filter().is_empty(), "whoever types goes on typing");
    let of = |n: usize| Unsettled { deed: deeds[n].clone(), seal: seals[n] };
    desk.send(Message::Settled(vec![(of(0), Settled::Done(Vec::new())), (of(1), Settled::NotDone)]));
    desk.send(Message::Settled(vec![(of(2), Settled::Done(Vec::new()))]));
    for key in ["x", "enter", "esc"] {
        desk.press(key);
    }
    assert!(desk.model.layers.is_empty(), "what became of them is read and closed");
    assert_eq!(said(&desk), (Tone::WasDone, "request 1 cancelled"), "no key wipes away what nobody can have read");
    desk.wait(Duration::from_secs(6));
    assert_eq!(said(&desk).0, Tone::WasNotDone);
    desk.wait(Duration::from_secs(6));
    assert_eq!(said(&desk), (Tone::WasDone, "request 7 cancelled"));
    let act = desk.model.undo.take_last().unwrap();
    assert_eq!(act.back, Ok(vec![Deed::Reopen(id(1)), Deed::Reopen(id(7))]));
}

#[test]
fn a_deed_goes_with_the_time_and_the_newest_event_of_its_asking() {
    let mut desk = town();
    let newest = desk.model.newest_event;
    assert_eq!(newest, desk.model.events.back().map(|event| event.id));
    desk.wait(Duration::from_secs(2));
    let now = desk.model.redis_now().unwrap();
    let asked = |effects: &[Effect]| match effects.iter().find(|effect| matches!(effect, Effect::Do(..))) {
        Some(Effect::Do(_, asked)) => *asked,
        _ => panic!("{effects:?}"),
    };
    let first = asked(&desk.press("e"));
    assert_eq!((first.at, first.after), (now, newest));
    desk.press("p");
    desk.news(News::Events(vec![event(30, EventKind::Moved, None, Some("17"))]));
    assert_eq!(asked(&desk.press("e")).after, desk.model.newest_event, "however the picture stands");
    assert_ne!(desk.model.newest_event, newest);
    let mut empty = Desk::new(120, 40);
    empty.news(News::Events(Vec::new()));
    assert_eq!(empty.model.newest_event, Some(StreamId::default()), "known to be none");
}

#[test]
fn before_redis_has_told_its_time_nothing_is_sent() {
    let mut desk = Desk::new(120, 40);
    desk.model = Model::new(options(), (120, 40));
    desk.news(News::Link(Link::Connecting));
    assert!(errands(&desk.press("s")).is_empty());
    assert_eq!(desk.notice(), "nothing was sent: Redis has not answered yet");
}
