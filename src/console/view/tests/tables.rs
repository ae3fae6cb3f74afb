//! The tables: heads, marks, what the filter lets through.

use std::time::Duration;

use super::text;
use crate::console::fixtures::{Desk, START, id, listed, sighting, waiting};
use crate::console::message::News;
use crate::console::model::Depth;
use crate::domain::{Block, Bounds, FleetView, Record, Sighting, geohash::Cell};

/// A desk in a town of drivers who report, are silent, or never did, with some in crowds.
fn among_drivers(columns: u16, rows: u16) -> Desk {
    let mut desk = Desk::in_town(columns, rows);
    let ago = |seconds| Some(START - Duration::from_secs(seconds));
    let drivers = vec![
        Sighting { seen: ago(0), ..sighting("2", -33.47, -70.70) },
        Sighting { seen: ago(12), ..sighting("17", -33.42, -70.60) },
        Sighting { seen: ago(95), stale: true, ..sighting("21", -33.48, -70.58) },
        Sighting { seen: ago(400), stale: true, ..sighting("33", -33.41, -70.66) },
        Sighting { seen: None, ..sighting("kilo", -33.44, -70.73) },
    ];
    desk.news(News::Fleet(FleetView { drivers, total: 1_204, ..FleetView::default() }));
    desk.vitals(1_204);
    desk
}

#[test]
fn drivers_at_120x40() {
    let mut desk = among_drivers(120, 40);
    desk.press("down");
    desk.press("2");
    desk.press("down");
    desk.press("down");
    desk.press(" ");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn a_filter_that_is_typed_at_120x40() {
    let mut desk = among_drivers(120, 40);
    desk.press("V");
    desk.press("o");
    desk.press("O");
    desk.press("/");
    desk.type_text("!found !2 !900");
    insta::assert_snapshot!(text(&desk));
}

#[test]
fn a_filter_that_cannot_be_read_is_told_of() {
    let mut desk = among_drivers(120, 40);
    desk.press("/");
    assert!(text(&desk).contains("text  !not  state:found"), "{}", text(&desk));
    desk.type_text("left:<x");
    assert!(text(&desk).contains("filter: left:<x"), "{}", text(&desk));
    assert!(text(&desk).contains("left: is written like left:<30s or left:>2m"));
}

#[test]
fn hidden_marks_are_told_of_at_any_width() {
    for (columns, said) in [(80, "5 marked, 3 of them hidden by the filter"), (112, "5 marked, 3 hidden")] {
        let mut desk = among_drivers(columns, 40);
        desk.press("V");
        desk.model.set_filter("!requestor_1 state:waiting");
        assert!(text(&desk).contains(said), "{}", text(&desk));
        assert!(text(&desk).contains("no marks"), "Esc drops them");
    }
}

#[test]
fn heads_and_marks_have_signs_in_ascii() {
    let mut desk = among_drivers(120, 40);
    desk.model.options.look.ascii = true;
    desk.model.options.look.depth = Depth::None;
    desk.press(" ");
    let text = text(&desk);
    assert!(
        text.contains("left^") && text.contains("by deadline ^") && text.contains("|>") && text.contains("| *900"),
        "{text}"
    );
}

#[test]
fn an_empty_table_of_drivers_says_what_to_press() {
    let empty = |fleet: FleetView, drivers: u64, filter: &str| {
        let mut desk = Desk::in_town(120, 40);
        desk.press("2");
        desk.news(News::Fleet(fleet));
        desk.vitals(drivers);
        desk.model.set_filter(filter);
        text(&desk)
    };
    assert!(empty(FleetView::default(), 0, "").contains("n sets one at the map's cursor"));
    assert!(empty(FleetView::default(), 9, "").contains("f shows all, - sees more"));
    let crowd = Block { cell: Cell::containing(crate::console::fixtures::place(-33.45, -70.63), 12), count: 900 };
    let crowded = empty(FleetView { blocks: vec![crowd], ..FleetView::default() }, 900, "");
    assert!(crowded.contains("+ looks closer") && crowded.contains("+ 900 in crowds: zoom in"), "{crowded}");
    let drivers = vec![sighting("2", -33.47, -70.70)];
    let hidden = empty(FleetView { drivers, ..FleetView::default() }, 9, "zzz");
    assert!(hidden.contains("No driver matches the filter.") && hidden.contains("0 of 1 match /zzz"), "{hidden}");
}

#[test]
fn of_many_it_is_told_how_far_their_reading_is() {
    let mut desk = Desk::new(200, 60);
    desk.model.vitals.as_mut().unwrap().waiting = 12_000;
    desk.news(News::Searches((1..=30).map(|n| listed(n, 0, 100 + n)).collect()));
    assert!(text(&desk).contains("Searches 12 000 waiting, 30 of them here"), "{}", text(&desk));
    desk.news(News::AllTold((1..=30).map(id).collect(), START));
    assert!(text(&desk).contains("Searches 30 waiting · by deadline"), "{}", text(&desk));
    desk.news(News::Searches(vec![waiting(7, 0, 107)]));
    desk.press("/");
    desk.type_text("requestor");
    assert!(text(&desk).contains("Searches 30 waiting, 1 read so far"), "{}", text(&desk));
}

#[test]
fn of_very_many_each_cell_has_the_most_urgent_pin() {
    let mut desk = Desk::new(120, 40);
    let at = listed(1, 0, 200).pickup().unwrap();
    desk.news(News::Extent(Ok(Bounds::around([at]))));
    let here = |n: u64, left: u64| {
        let mut search = listed(n, 300 - left, left);
        if let Record::Listed(listed) = &mut search.record {
            listed.pickup = at;
        }
        search
    };
    desk.news(News::Searches((1..=6_000).map(|n| here(n, 200)).collect()));
    desk.wait(Duration::from_secs(1));
    let pins = |desk: &Desk| desk.model.pins.iter().map(|pin| pin.id).collect::<Vec<_>>();
    assert_eq!(pins(&desk), [id(1)], "of two alike the older");
    desk.news(News::Searches(vec![here(6_001, 20)]));
    desk.wait(Duration::from_secs(1));
    assert_eq!(pins(&desk), [id(6_001)]);
    assert_eq!(desk.model.pins.count_of_all(), None);
}
