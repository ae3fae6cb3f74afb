//! The map's layers in whole frames.

use std::sync::Arc;
use std::time::Duration;

use crate::console::fixtures::{Desk, START, ended, id, place, sighting, waiting};
use crate::console::layout;
use crate::console::message::News;
use crate::console::overlay::Overlay;
use crate::console::theme::Theme;
use crate::console::view::tests::{frame, text};
use crate::domain::geohash::Cell;
use crate::domain::{Around, Block, Bounds, Candidate, FleetView, Near, Record, Search, Sighting, State};

const STREETS: &str = include_str!("../../../../assets/santiago.geojson");

/// The small city on Santiago's streets.
fn on_streets(columns: u16, rows: u16) -> Desk {
    let mut desk = Desk::in_town(columns, rows);
    desk.model.options.overlay = Arc::new(Overlay::parse(STREETS).unwrap());
    desk.press("3");
    desk
}

/// A reading of the fleet with these drivers alone.
fn fleet(drivers: Vec<Sighting>) -> News {
    let total = drivers.len() as u64;
    News::Fleet(FleetView { drivers, blocks: Vec::new(), total, took: Duration::ZERO })
}

#[test]
fn streets_lie_under_the_drivers() {
    let mut desk = on_streets(120, 40);
    desk.press("+");
    insta::assert_snapshot!(text(&desk));
}

/// However finely it was measured and however far away it is: it is made of pieces, and each leaves a dot.
#[test]
fn a_line_of_many_points_is_seen_from_afar() {
    let mut desk = Desk::in_town(120, 40);
    let before = text(&desk);
    let points = (0..20_000).map(|n| format!("[{:.6},-33.43]", -70.70 + f64::from(n) * 0.000_005));
    let line = format!(r#"{{"type":"LineString","coordinates":[{}]}}"#, points.collect::<Vec<_>>().join(","));
    desk.model.options.overlay = Arc::new(Overlay::parse(&line).unwrap());
    let solid = |text: &str| text.lines().map(|row| row.matches(['⠉', '⠒', '⠤', '⣀']).count()).max();
    let added = text(&desk)
        .lines()
        .zip(before.lines())
        .filter(|(now, before)| now != before)
        .map(|(now, _)| now.to_owned())
        .collect::<Vec<_>>();
    assert_eq!(added.len(), 1, "{added:?}");
    assert!(solid(&added[0]) > Some(25), "{added:?}");
}

#[test]
fn the_nearest_drivers_are_joined_to_the_search() {
    let mut desk = on_streets(120, 40);
    desk.press("1");
    desk.press("down");
    let near = |driver: &Sighting| Near {
        candidate: Candidate { driver: driver.driver(), distance_m: 1_000.0, geohash: 0 },
        seen: driver.seen,
        stale: driver.stale,
    };
    let nearest = ["34", "17", "33", "21"].map(|id| near(desk.model.map.driver(&id.parse().unwrap()).unwrap()));
    desk.news(News::Around(id(1), Around { free: 4, stale: 0, nearest: nearest.to_vec() }));
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn streets_in_ascii() {
    let mut desk = on_streets(120, 40);
    desk.model.options.look.ascii = true;
    desk.press("T");
    let text = text(&desk);
    assert!(text.is_ascii(), "{}", text.chars().filter(|c| !c.is_ascii()).collect::<String>());
    insta::assert_snapshot!(text);
}

#[test]
fn a_distance_is_measured_to_the_cursor() {
    let mut desk = on_streets(120, 40);
    desk.press("M");
    for key in ["l", "l", "l", "k", "k"] {
        desk.press(key);
    }
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn trails_and_the_legend_tell_what_is_there() {
    let mut desk = on_streets(150, 44);
    desk.press("T");
    for step in 0..20 {
        let east = f64::from(step) * 0.004;
        let old = Sighting { seen: Some(START - Duration::from_mins(1)), ..sighting("33", -33.41, -70.66) };
        let silent = Sighting { stale: true, ..sighting("21", -33.48, -70.58) };
        let foreign = Sighting { seen: None, ..sighting("40", -33.50, -70.64) };
        desk.news(fleet(vec![sighting("17", -33.46, -70.70 + east), silent, old, foreign]));
    }
    desk.press("B");
    desk.news(News::Searches(vec![waiting(5, 200, 20), waiting(6, 160, 80)]));
    let text = text(&desk);
    for told in ["driver", "silent for 30 s", "stale", "never reported", "about to be lost", "ends soon", "came from"] {
        assert!(text.contains(told), "{told}:\n{text}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_legend_can_be_hidden_and_shown() {
    let mut desk = on_streets(200, 60);
    assert!(text(&desk).contains(" legend "));
    desk.press("#");
    assert!(!text(&desk).contains(" legend "));
    desk.press("#");
    assert!(text(&desk).contains(" legend "));
    let mut small = on_streets(80, 24);
    assert!(!text(&small).contains(" legend "), "there is no room for it");
    small.press("#");
    assert!(text(&small).contains(" legend "), "unless it is wanted");
    small.press("l");
    assert!(text(&small).contains('┼'), "but never at the cost of the cursor:\n{}", text(&small));
}

/// The middle of the town thick with drivers, and ever fewer of them to its edge.
fn crowds(most: u64) -> News {
    let middle = place(-33.445, -70.64);
    let cells = (-12_i32..12).flat_map(|x| (-12_i32..12).map(move |y| (x, y)));
    let block = |(x, y): (i32, i32)| {
        let at = place(middle.lat() + 0.004 * f64::from(y), middle.lng() + 0.006 * f64::from(x));
        Block { cell: Cell::containing(at, 16), count: (most >> (x.unsigned_abs() + y.unsigned_abs())).max(3) }
    };
    let blocks: Vec<Block> = cells.map(block).collect();
    let total = blocks.iter().map(|block| block.count).sum();
    News::Fleet(FleetView { drivers: Vec::new(), blocks, total, took: Duration::ZERO })
}

#[test]
fn crowds_thin_out_and_the_legend_tells_the_numbers() {
    let mut desk = on_streets(150, 44);
    desk.news(crowds(60_000));
    let thick = text(&desk);
    for sign in ["░", "▒", "▓", "█"] {
        assert!(thick.matches(sign).count() > 10, "{sign}:\n{thick}");
    }
    insta::assert_snapshot!(thick);
    desk.model.options.look.ascii = true;
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn no_line_hides_a_driver_or_a_rider() {
    let mut desk = on_streets(120, 40);
    // A driver and a rider on the Alameda itself.
    let (alameda, beside) = (place(-33.4440, -70.6507), place(-33.4511, -70.6790));
    let mut search = waiting(1, 10, 230);
    if let Record::Whole(request) = &mut search.record {
        request.pickup = beside;
    }
    desk.news(News::Extent(Ok(Bounds::around([alameda, beside]))));
    desk.news(fleet(vec![sighting("17", alameda.lat(), alameda.lng())]));
    desk.news(News::Searches(vec![
        Search { read_at: START + Duration::from_secs(1), ..search },
        ended(2, State::Found, 1),
    ]));
    desk.press("M");
    desk.press("l");
    let frame = frame(&desk);
    let theme = Theme::new(desk.model.options.look);
    let at = |place| {
        let (column, row) = desk.model.map.projection.to_cell(place);
        let map = layout::inside(desk.model.areas().unwrap().map);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in sight")]
        frame[(map.x + column as u16, map.y + row as u16)].clone()
    };
    assert_eq!(at(alameda).style().fg, theme.driver().fg);
    assert_eq!(at(beside).symbol(), theme.signs.pins[0]);
}

#[test]
fn of_few_drivers_none_is_hidden_by_a_label_or_the_scale() {
    let mut desk = Desk::in_town(120, 40);
    let map = layout::inside(desk.model.areas().unwrap().map);
    let (left, right) = (0.5, f64::from(map.width) - 6.5);
    let rows = || (0..map.height).map(f64::from);
    let places = rows().flat_map(|row| [left, right].map(|column| (column, row + 0.5)));
    for (column, row) in places {
        let at = desk.model.map.projection.to_place(column, row);
        desk.news(fleet(vec![sighting("9", at.lat(), at.lng())]));
        assert!(text(&desk).contains(|c| ('⠁'..='⣿').contains(&c)), "{column} {row}\n{}", text(&desk));
    }
}

#[test]
fn of_two_riders_in_one_cell_the_older_is_named() {
    let mut desk = Desk::in_town(120, 40);
    // All of them stand where request 1 does.
    desk.news(News::Searches((1..40).map(|n| waiting(n * 1_000 + 1, 10, 230)).collect()));
    assert!(text(&desk).contains("◆1 "), "{}", text(&desk));
}

/// Where a text begins in the frame, in columns and rows.
fn position(frame: &str, wanted: &str) -> Option<(usize, usize)> {
    frame.lines().enumerate().find_map(|(y, line)| {
        let (before, _) = line.split_once(wanted)?;
        Some((before.chars().count(), y))
    })
}

/// The place under a cell of the screen.
fn place_under(desk: &Desk, (x, y): (usize, usize)) -> crate::domain::Point {
    let map = layout::inside(desk.model.areas().unwrap().map);
    let cell = |at: usize, from: u16| f64::from(u16::try_from(at).unwrap() - from) + 0.5;
    desk.model.map.projection.to_place(cell(x, map.x), cell(y, map.y))
}

#[test]
fn a_street_name_gives_way_as_a_whole() {
    let mut desk = on_streets(120, 40);
    desk.news(fleet(Vec::new()));
    let (x, y) = position(&text(&desk), "Alameda").expect("there is room for its name");
    let there = place_under(&desk, (x + 3, y));
    desk.news(fleet(vec![sighting("1", there.lat(), there.lng())]));
    let with_driver = text(&desk);
    assert!(!with_driver.contains("Ala") && !with_driver.contains("eda"), "{with_driver}");
}

#[test]
fn half_a_latitude_is_not_shown() {
    let mut desk = Desk::in_town(120, 40);
    let (x, y) = position(&text(&desk), "│-33.4").unwrap();
    let there = place_under(&desk, (x + 3, y));
    let mut search = waiting(7, 0, 240);
    if let Record::Whole(request) = &mut search.record {
        request.pickup = there;
    }
    desk.news(News::Searches(vec![search]));
    let row = text(&desk).lines().nth(y).unwrap().to_owned();
    assert!(row.contains("◆7") && !row.contains("-33"), "{row}");
}

#[test]
fn the_legend_goes_to_a_corner_where_nobody_waits() {
    let mut desk = Desk::in_town(160, 45);
    desk.model.map.legend = Some(true);
    let map = layout::inside(desk.model.areas().unwrap().map);
    let right = |desk: &Desk| position(&text(desk), " legend ").unwrap().0 > usize::from(map.x + map.width / 2);
    assert!(right(&desk));
    let there = place_under(&desk, (usize::from(map.right()) - 8, usize::from(map.y) + 2));
    let mut search = waiting(7, 0, 240);
    if let Record::Whole(request) = &mut search.record {
        request.pickup = there;
    }
    desk.news(News::Searches(vec![search]));
    assert!(text(&desk).contains("◆7"), "{}", text(&desk));
    assert!(!right(&desk));
}
