//! Whole frames as snapshots, and what must hold at any size.

mod tables;

use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Style;

use super::draw;
use crate::console::fixtures::{Desk, START, driver, event, id, waiting};
use crate::console::keymap::Keymap;
use crate::console::message::{Link, News};
use crate::console::model::{Armed, Depth, Look, Span};
use crate::console::theme::Theme;
use crate::domain::{Around, Candidate, Event, EventKind, Near, StreamId, Vitals};

pub(super) fn frame(desk: &Desk) -> Buffer {
    let (columns, rows) = desk.model.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw(&desk.model, frame)).unwrap();
    terminal.backend().buffer().clone()
}

pub(super) fn text(desk: &Desk) -> String {
    let buffer = frame(desk);
    let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..buffer.area.height).map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_town_at_80x24() {
    insta::assert_snapshot!(text(&Desk::in_town(80, 24)));
}

#[test]
fn a_town_at_120x40() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("down");
    desk.press("]");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn a_town_at_200x60() {
    let mut desk = Desk::in_town(200, 60);
    desk.press("down");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn a_town_in_ascii() {
    let mut desk = Desk::in_town(100, 30);
    desk.model.options.look.ascii = true;
    desk.model.options.look.depth = Depth::None;
    desk.press("down");
    let text = text(&desk);
    assert!(text.is_ascii(), "{}", text.chars().filter(|c| !c.is_ascii()).collect::<String>());
    insta::assert_snapshot!(text);
}

#[test]
fn an_empty_redis_says_what_to_press() {
    let mut desk = Desk::new(100, 30);
    desk.news(News::Snapshot(Vec::new()));
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn a_question() {
    let mut desk = Desk::in_town(80, 24);
    desk.press("c");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn a_form_with_an_error() {
    let mut desk = Desk::in_town(80, 24);
    desk.press("n");
    desk.press("tab");
    desk.type_text("x");
    desk.press("enter");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn the_help() {
    let mut desk = Desk::in_town(100, 40);
    desk.press("?");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn the_help_at_80x24_is_scrolled_to_its_end() {
    let mut desk = Desk::in_town(80, 24);
    desk.press("?");
    insta::assert_snapshot!("the_help_at_80x24", text(&desk));
    for _ in 0..200 {
        desk.press("down");
    }
    let end = text(&desk);
    assert!(end.contains("a request that is a key alone"), "{end}");
    desk.press("up");
    assert_ne!(text(&desk), end, "no key is lost beyond the end");
}

#[test]
fn the_palette_at_80x24() {
    let mut desk = Desk::in_town(80, 24);
    desk.press(":");
    desk.type_text("ext");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn the_palette_with_arguments_at_120x40() {
    let mut desk = Desk::in_town(120, 40);
    desk.press(":");
    desk.type_text("move ");
    desk.press("down");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn an_empty_palette_at_120x40_follows_the_choice() {
    let mut desk = Desk::in_town(120, 40);
    desk.press(":");
    for _ in 0..20 {
        desk.press("down");
    }
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn a_line_that_cannot_be_run_says_why() {
    let mut desk = Desk::in_town(80, 24);
    desk.press(":");
    desk.type_text("search 95,0");
    desk.press("enter");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn an_old_picture_says_so() {
    let mut desk = Desk::in_town(100, 30);
    desk.news(News::Link(Link::Away("connection refused".to_owned())));
    desk.wait(Duration::from_secs(1));
    assert!(text(&desk).contains("1 s old"), "it is not called fresh for a moment: {}", text(&desk));
    desk.wait(Duration::from_secs(11));
    let text = text(&desk);
    assert!(text.contains("12 s old") && text.contains("away"), "{text}");
    assert!(text.contains("Redis is away since 14:03:00 (12 s), nothing can be changed: connection refused"), "{text}");
}

#[test]
fn without_notifications_the_screen_says_so() {
    let mut desk = Desk::in_town(100, 30);
    desk.news(News::Link(Link::Polling("CONFIG is forbidden".to_owned())));
    assert!(text(&desk).contains("Polling once a second since 14:03:00 (0 ms); CONFIG is forbidden"));
}

#[test]
fn below_the_smallest_size_it_asks_for_room() {
    assert!(text(&Desk::in_town(59, 20)).contains("at least 60x16, this is 59x20"));
    let _ = frame(&Desk::in_town(1, 1));
}

#[test]
fn a_countdown_shows_what_is_left() {
    let mut desk = Desk::in_town(120, 40);
    assert!(text(&desk).contains("searching   3:12"));
    desk.wait(Duration::from_millis(11_999));
    assert!(text(&desk).contains("searching   3:01"), "a second that has begun counts");
    desk.wait(Duration::from_millis(1));
    assert!(text(&desk).contains("searching   3:00"));
    desk.wait(Duration::from_secs(59));
    assert!(text(&desk).contains("0:00 ?"), "at zero it is asked, not claimed:\n{}", text(&desk));
}

#[test]
fn no_size_breaks_the_frame() {
    for columns in (1..=220).step_by(13) {
        for rows in (1..=70).step_by(9) {
            let mut desk = Desk::in_town(columns, rows);
            desk.press("]");
            desk.press("m");
            let _ = frame(&desk);
            desk.press("esc");
            for key in ["?", "esc", "S", "esc", ":", "down", "esc", "c"] {
                desk.press(key);
                let _ = frame(&desk);
            }
        }
    }
}

#[test]
fn nothing_is_told_by_colour_alone() {
    let colours = Desk::in_town(120, 40);
    let mut plain = Desk::in_town(120, 40);
    plain.model.options.look.depth = Depth::None;
    assert_eq!(text(&colours), text(&plain));
}

/// A town in which much has happened in the last minutes, with two riders about to be lost.
fn a_busy_town(columns: u16, rows: u16) -> Desk {
    let mut desk = Desk::in_town(columns, rows);
    let happened = |n: u64| {
        let kind = match n % 10 {
            0 => EventKind::Expired,
            1..4 => EventKind::Found,
            4 => EventKind::Cancelled,
            _ => EventKind::Opened,
        };
        let id = StreamId { at: START - Duration::from_millis(n * n * 11), seq: 0 };
        Event { id, waited_ms: Some(n % 23 * 700), ..event(0, kind, Some(100 + n), Some("17")) }
    };
    desk.news(News::Past((1..240).rev().map(happened).collect(), START - Span::longest()));
    desk.news(News::Searches(vec![waiting(5, 225, 15), waiting(6, 215, 25)]));
    desk
}

#[test]
fn numbers_and_alarms_at_120x40() {
    insta::assert_snapshot!(text(&a_busy_town(120, 40)));
}

#[test]
fn numbers_and_alarms_at_200x60() {
    let mut desk = a_busy_town(200, 60);
    desk.press("i");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn numbers_and_alarms_in_ascii() {
    let mut desk = a_busy_town(80, 50);
    desk.model.options.look = Look { ascii: true, depth: Depth::None, ..desk.model.options.look };
    let text = text(&desk);
    assert!(text.is_ascii(), "{}", text.chars().filter(|c| !c.is_ascii()).collect::<String>());
    insta::assert_snapshot!(text);
}

#[test]
fn an_alarm_stands_out_until_it_is_noted() {
    let mut desk = a_busy_town(120, 40);
    let styled = |desk: &Desk, style: Style| {
        let buffer = frame(desk);
        let same = |cell: &&Cell| Some(cell.fg) == style.fg && cell.modifier == style.add_modifier;
        buffer.content().iter().filter(same).map(Cell::symbol).collect::<String>()
    };
    let theme = Theme::new(desk.model.options.look);
    let loud = styled(&desk, theme.alarm());
    assert!(loud.contains("! 2 about to be lost") && loud.contains("0:25"), "{loud}");
    assert!(text(&desk).contains(" A note the alarm"), "{}", text(&desk));
    desk.press("A");
    desk.wait(Duration::from_secs(7));
    assert!(!text(&desk).contains("note the alarm"));
    let loud = styled(&desk, theme.alarm());
    assert!(!loud.contains("lost") && !loud.contains("0:18"), "{loud}");
    let calm = styled(&desk, theme.acknowledged());
    assert!(calm.contains("! 2 about to be lost") && calm.contains("0:18"), "{calm}");
}

#[test]
fn the_numbers_say_how_much_they_know() {
    let mut desk = Desk::new(120, 40);
    assert!(text(&desk).contains("Nothing has happened in 5 min."));
    desk.news(News::Missed);
    assert!(text(&desk).contains("Reading …"));
    desk.news(News::Past(Vec::new(), START - Duration::from_mins(2)));
    assert!(text(&desk).contains("Nothing has happened since 14:01:00."));
    desk.news(News::Events(vec![event(0, EventKind::Found, Some(3), Some("17"))]));
    let shown = text(&desk);
    assert!(shown.contains("last 5 min · since 14:01:00 ─") && shown.contains("found 1 (100%)"), "{shown}");
    assert!(!shown.contains("found 100%"), "the header tells only what is whole:\n{shown}");
    desk.wait(Duration::from_mins(3));
    assert!(text(&desk).contains("found 100%  p50 12 s"), "three minutes later it is:\n{}", text(&desk));
}

#[test]
fn too_many_who_wait_and_nobody_who_looks_are_told_loudly() {
    let mut desk = a_busy_town(120, 40);
    desk.model.options.alarms.waiting = Some(4);
    desk.vitals(7);
    assert_eq!(text(&desk).matches("! waiting 5 > 4").count(), 3, "header, map and table\n{}", text(&desk));
    let vitals =
        Vitals { now: START, latency: Duration::ZERO, drivers: 7, stale: 0, waiting: 2, workers: 0, misshapen: false };
    desk.news(News::Vitals(desk.at, vitals));
    assert!(text(&desk).contains("! no worker"), "{}", text(&desk));
}

#[test]
fn only_what_is_let_through_is_offered() {
    let mut desk = Desk::in_town(120, 40);
    let offers = |desk: &Desk| text(desk).lines().last().unwrap().contains("c cancel");
    assert!(offers(&desk));
    for (line, offered) in [("disarm", false), ("arm 10m", true)] {
        desk.press(":");
        desk.type_text(line);
        desk.press("enter");
        // What is said about it would stand there.
        desk.model.notice = None;
        assert_eq!(offers(&desk), offered, "{line}");
    }
}

#[test]
fn lists_name_the_keys_as_they_are_bound() {
    let table = [("no", "F8"), ("next-driver", "F9"), ("drivers", "F10")];
    let table = table.map(|(name, key)| (name.to_owned(), vec![key.to_owned()])).into();
    let keymap = Arc::new(Keymap::rebound(&table).unwrap());
    let mut desk = Desk::in_town(120, 40);
    desk.model.options.keymap = Arc::clone(&keymap);
    desk.press("down");
    desk.press("a");
    assert!(text(&desk).contains("F8: leave it"), "{}", text(&desk));
    let mut nobody = Desk::new(200, 60);
    nobody.model.options.keymap = keymap;
    assert!(text(&nobody).contains("a driver with F9 or in the table of drivers, F10"), "{}", text(&nobody));
}

/// The line at the bottom.
fn hints(desk: &Desk) -> String {
    text(desk).lines().last().unwrap_or_default().to_owned()
}

#[test]
fn only_what_would_do_something_is_hinted_at() {
    let mut desk = Desk::new(160, 45);
    for word in ["extend", "retry", "assign", "widen", "undo", "cancel", "mark"] {
        assert!(!hints(&desk).contains(word), "{word}: {}", hints(&desk));
    }
    desk.news(News::Snapshot(vec![waiting(1, 10, 200)]));
    for word in ["extend", "retry", "assign", "widen", "cancel", "mark"] {
        assert!(hints(&desk).contains(word), "{word}: {}", hints(&desk));
    }
    desk.model.armed = Armed::Never;
    assert!(!hints(&desk).contains("extend"), "{}", hints(&desk));
    desk.model.options.read_only = true;
    desk.model.armed = Armed::Until(Duration::from_mins(1));
    assert!(hints(&desk).contains("extend"), "{}", hints(&desk));
}

#[test]
fn no_key_of_the_detail_is_cut() {
    for (columns, rows) in [(60, 16), (80, 24), (120, 40)].into_iter().chain((112..190).map(|columns| (columns, 45))) {
        let mut desk = Desk::in_town(columns, rows);
        desk.press("down");
        let candidate = Candidate { driver: driver("17", -33.4, -70.6), distance_m: 16_200.0, geohash: 0 };
        let nearest = vec![Near { candidate, seen: Some(START), stale: false }; 6];
        desk.news(News::Around(id(1), Around { free: 0, stale: 3, nearest }));
        let frame = text(&desk);
        let cut = frame.lines().filter(|line| line.contains('[') && line.contains('…')).collect::<Vec<_>>();
        assert!(cut.is_empty(), "{columns}x{rows}: {cut:?}");
    }
}
