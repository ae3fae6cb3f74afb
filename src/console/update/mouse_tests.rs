//! The mouse: what it hits, and what it does there.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::console::fixtures::{Desk, id};
use crate::console::layout::inside;
use crate::console::message::{Deed, Effect, Message};
use crate::console::model::{Pane, Subject};
use crate::domain::Point;

const PRESS: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const RELEASE: MouseEventKind = MouseEventKind::Up(MouseButton::Left);

fn mouse(desk: &mut Desk, kind: MouseEventKind, (column, row): (u16, u16)) -> Vec<Effect> {
    desk.send(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
}

/// The cell of the screen in which a place of the map stands.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in sight")]
fn cell(desk: &Desk, place: Point) -> (u16, u16) {
    let map = inside(desk.model.areas().unwrap().map);
    let (column, row) = desk.model.map.projection.to_cell(place);
    (map.x + column as u16, map.y + row as u16)
}

fn driver_cell(desk: &Desk, name: &str) -> (u16, u16) {
    let driver = desk.model.map.driver(&name.parse().unwrap()).unwrap();
    cell(desk, driver.place)
}

#[test]
fn a_click_on_the_map_selects_who_stands_there() {
    let mut desk = Desk::in_town(120, 40);
    let there = driver_cell(&desk, "kilo");
    mouse(&mut desk, PRESS, there);
    mouse(&mut desk, RELEASE, there);
    assert_eq!(desk.model.map.selected_driver().unwrap().id.as_str(), "kilo");
    assert_eq!((desk.model.focus, desk.model.detail.subject), (Pane::Map, Subject::Driver));
    let pickup = desk.model.searches.get(id(2)).unwrap().search.request().unwrap().pickup;
    let there = cell(&desk, pickup);
    mouse(&mut desk, PRESS, there);
    assert_eq!((desk.selected(), desk.model.detail.subject), (Some(2), Subject::Search));
}

#[test]
fn a_drag_of_the_map_keeps_the_place_under_the_mouse() {
    let mut desk = Desk::in_town(120, 40);
    let map = inside(desk.model.areas().unwrap().map);
    let (from, to) = ((map.x + 1, map.y + 1), (map.x + 9, map.y + 4));
    let place = desk.model.map.projection.to_place(1.5, 1.5);
    mouse(&mut desk, PRESS, from);
    mouse(&mut desk, DRAG, to);
    mouse(&mut desk, RELEASE, to);
    assert!(desk.model.map.projection.to_place(9.5, 4.5).distance_m(place) < 1.0);
    assert!(desk.model.drag.is_none());
}

#[test]
fn a_drag_of_a_driver_carries_it_and_letting_go_drops_it() {
    let mut desk = Desk::in_town(120, 40);
    let from = driver_cell(&desk, "17");
    let to = (from.0 - 5, from.1 + 2);
    mouse(&mut desk, PRESS, from);
    assert!(desk.model.map.carry.is_none(), "a click is no drag");
    mouse(&mut desk, DRAG, to);
    assert!(desk.model.map.carry.is_some());
    let effects = mouse(&mut desk, RELEASE, to);
    let deeds = effects.iter().filter_map(|effect| match effect {
        Effect::Do(errand, _) => errand.deeds.first().cloned(),
        _ => None,
    });
    let deeds: Vec<Deed> = deeds.collect();
    let [Deed::Move(moved, None)] = deeds.as_slice() else { panic!("{effects:?}") };
    assert_eq!((moved.id.as_str(), cell(&desk, moved.place)), ("17", to));
}

#[test]
fn a_console_that_only_looks_carries_nobody() {
    let mut desk = Desk::in_town(120, 40);
    desk.model.armed = crate::console::model::Armed::Never;
    let from = driver_cell(&desk, "17");
    mouse(&mut desk, PRESS, from);
    mouse(&mut desk, DRAG, (from.0 + 3, from.1));
    assert!(desk.model.map.carry.is_none());
    assert!(desk.notice().contains("only looks"), "{}", desk.notice());
}

#[test]
fn the_wheel_zooms_about_the_mouse_and_scrolls_the_lists() {
    let mut desk = Desk::in_town(120, 40);
    let map = inside(desk.model.areas().unwrap().map);
    let (scale, place) = (desk.model.map.projection.metres_per_column, desk.model.map.projection.to_place(3.5, 2.5));
    mouse(&mut desk, MouseEventKind::ScrollUp, (map.x + 3, map.y + 2));
    assert!(desk.model.map.projection.metres_per_column < scale);
    assert!(desk.model.map.projection.to_place(3.5, 2.5).distance_m(place) < 1.0);
    desk.press("?");
    let scale = desk.model.map.projection.metres_per_column;
    mouse(&mut desk, MouseEventKind::ScrollUp, (map.x + 3, map.y + 2));
    assert!((desk.model.map.projection.metres_per_column - scale).abs() < f64::EPSILON, "the help lies over it");
}

#[test]
fn a_click_in_a_table_selects_a_row_and_on_a_head_sorts() {
    let mut desk = Desk::in_town(120, 40);
    let table = inside(desk.model.areas().unwrap().searches);
    mouse(&mut desk, PRESS, (table.x + 5, table.y + 2));
    assert_eq!(desk.selected(), Some(1), "the second row");
    let before = desk.rows();
    mouse(&mut desk, PRESS, (table.x + 2, table.y));
    assert_ne!(desk.rows(), before, "by id now");
    assert_eq!(desk.selected(), Some(1));
}

#[test]
fn a_click_is_no_answer_to_a_question() {
    let mut desk = Desk::in_town(120, 40);
    desk.press("c");
    let table = inside(desk.model.areas().unwrap().searches);
    mouse(&mut desk, PRESS, (table.x + 5, table.y + 2));
    assert_eq!(desk.selected(), Some(900));
    assert_eq!(desk.model.layers.len(), 1);
}

#[test]
fn tabs_are_clicked_on_a_small_screen() {
    let mut desk = Desk::in_town(60, 16);
    let tabs = desk.model.areas().unwrap().tabs;
    let tab = desk.model.tabs().into_iter().find(|tab| tab.pane == Pane::Map).unwrap();
    mouse(&mut desk, PRESS, (tabs.x + tab.column + 2, tabs.y));
    assert_eq!(desk.model.focus, Pane::Map);
}
