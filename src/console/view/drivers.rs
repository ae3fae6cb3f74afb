//! The table of drivers: the single ones in sight of the map.
//!
//! ```text
//!   ID        state   last seen      from 42 place
//! ▸ 17        fresh   12 s           1.2 km  -33.4200, -70.6000
//!  ■kilo      stale   4 min          6.2 km  -33.4400, -70.7300
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::table::{self, Head, Part};
use super::{pane, text};
use crate::console::action::Action;
use crate::console::columns::{self, Column, DriverField};
use crate::console::model::{Contact, Model, Pane};
use crate::console::theme::Theme;
use crate::console::wording;
use crate::domain::{Sighting, format_distance};

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let inside = pane(&title(model, area, theme), Pane::Drivers, model, area, buffer, theme);
    let columns = columns::of_drivers(inside.width, model.drivers.name_width());
    let from = match model.origin() {
        (_, Some(id)) => format!("from {id}"),
        (_, None) => "from cursor".to_owned(),
    };
    let order = model.drivers.sorted();
    for column in &columns {
        let distance = column.field == DriverField::Distance;
        let head = Head {
            text: if distance { &from } else { column.head },
            at: table::cell(inside, column.x, column.width),
            right: distance,
            sorted: (column.field.sorts_by() == Some(order.by)).then_some(order.descending),
        };
        head.draw(buffer, theme);
    }
    if model.drivers.shown() == 0 {
        table::empty(&why_empty(model), inside, buffer, theme);
    }
    let selected = model.map.selected.as_ref();
    for (y, driver) in (inside.y + 1..inside.bottom()).zip(model.drivers_in_sight()) {
        let line = Rect { y, height: 1, ..inside };
        draw_row(model, driver, &columns, line, buffer, theme);
        table::signs(line, selected == Some(&driver.id), model.drivers.is_marked(&driver.id), buffer, theme);
    }
    table::foot(model.drivers.hidden(), None, area, buffer, theme);
}

fn title(model: &Model, area: Rect, theme: Theme) -> String {
    let fleet = &model.map.fleet;
    let total = model.vitals.map_or(fleet.total, |vitals| vitals.drivers);
    let name = format!("Drivers {} in sight of {}", wording::count(fleet.drivers.len() as u64), wording::count(total));
    let crowds = in_crowds(model);
    let order = model.drivers.sorted();
    let parts = [
        table::marked(model.marked_drivers_count(), "not in the table"),
        (crowds > 0).then(|| Part::new(format!("+ {} in crowds: zoom in", wording::count(crowds)))),
        table::matching(model, (model.drivers.shown(), fleet.drivers.len()), theme),
        Some(table::sorted(order.by.as_str(), order.descending, theme)),
    ];
    table::title(name, parts.into_iter().flatten(), area, theme)
}

/// How many drivers in sight of the map are counted in crowds, not told one by one.
fn in_crowds(model: &Model) -> u64 {
    model.map.fleet.blocks.iter().map(|block| block.count).sum()
}

fn draw_row(
    model: &Model,
    driver: &Sighting,
    columns: &[Column<DriverField>],
    line: Rect,
    buffer: &mut Buffer,
    theme: Theme,
) {
    let (origin, _) = model.origin();
    for column in columns {
        let area = table::cell(line, column.x, column.width);
        match column.field {
            DriverField::Id => {
                text::put(buffer, area, driver.id.as_str(), theme.text(), theme);
            }
            DriverField::State => {
                let contact = Contact::of(driver);
                text::put(buffer, area, contact.as_str(), style(contact, theme), theme);
            }
            DriverField::Age => {
                let ago = driver.seen.zip(model.picture_now()).map(|(seen, now)| wording::ago(now.since(seen)));
                text::put(buffer, area, &ago.unwrap_or_else(|| "-".to_owned()), theme.text(), theme);
            }
            DriverField::Distance => {
                let text = format_distance(driver.place.distance_m(origin));
                text::put_right(buffer, area, &text, theme.text(), theme);
            }
            DriverField::Place => {
                text::put(buffer, area, &driver.place.to_string(), theme.faint(), theme);
            }
        }
    }
}

fn style(contact: Contact, theme: Theme) -> Style {
    match contact {
        Contact::Fresh => theme.good(),
        Contact::Stale => theme.warning(),
        Contact::Unknown => theme.faint(),
    }
}

fn why_empty(model: &Model) -> Vec<String> {
    let fleet = &model.map.fleet;
    let key = |action| model.key_for(action);
    if !fleet.drivers.is_empty() {
        vec!["No driver matches the filter.".to_owned(), format!("{} shows all.", key(Action::Dismiss))]
    } else if in_crowds(model) > 0 {
        vec![
            "There are too many in sight to tell them one by one.".to_owned(),
            format!("{} looks closer at the map's cursor.", key(Action::ZoomIn)),
        ]
    } else if !model.loaded || !model.map.fitted {
        vec!["Reading ...".to_owned()]
    } else if model.vitals.is_some_and(|vitals| vitals.drivers > 0) {
        vec![
            "No driver is in sight of the map.".to_owned(),
            format!("{} shows all, {} sees more.", key(Action::FitAll), key(Action::ZoomOut)),
        ]
    } else {
        vec![
            "There are no drivers.".to_owned(),
            format!("{} sets one at the map's cursor, {} tells all keys.", key(Action::NewDriver), key(Action::Help)),
        ]
    }
}
