//! Whole frames as snapshots, and what must hold at any size.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::draw;
use crate::console::fixtures::Desk;
use crate::console::message::{Link, News};
use crate::console::model::Depth;

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
fn an_old_picture_says_so() {
    let mut desk = Desk::in_town(100, 30);
    desk.news(News::Link(Link::Away("connection refused".to_owned())));
    desk.wait(Duration::from_secs(12));
    let text = text(&desk);
    assert!(text.contains("12 s old") && text.contains("away"), "{text}");
    assert!(text.contains("The picture stands still and nothing can be changed: connection refused"), "{text}");
}

#[test]
fn without_notifications_the_screen_says_so() {
    let mut desk = Desk::in_town(100, 30);
    desk.news(News::Link(Link::Polling("CONFIG is forbidden".to_owned())));
    assert!(text(&desk).contains("No notifications, so everything is read once a second: CONFIG is forbidden"));
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
            for key in ["?", "esc", "S", "esc", "c"] {
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
