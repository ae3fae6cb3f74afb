//! The line at the top: how healthy the link is, how old the picture is, and the figures.
//!
//! ```text
//!  cabstand  127.0.0.1:6379/0 ● live 0.4 ms │ now │ drivers 1 204 · waiting 17 │ workers 2 │ 14:03:22
//! ```

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text;
use crate::console::message::Link;
use crate::console::model::Model;
use crate::console::theme::Theme;
use crate::console::wording;

/// A picture that is older than this is marked as old.
const FRESH: Duration = Duration::from_secs(3);

/// From so many columns on there is room for the program's name, and for air between the parts.
const WIDE: u16 = 100;

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let clock = clock(model);
    let room_for_clock = u16::try_from(clock.len()).unwrap_or(0) + 1;
    let mut rest = Rect { x: area.x + 1, width: area.width.saturating_sub(1 + room_for_clock), ..area };
    for (part, style) in parts(model, area.width >= WIDE, theme) {
        let used = text::put(buffer, rest, &part, style, theme);
        rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
    }
    let right = Rect { width: area.width.saturating_sub(1), ..area };
    text::put_right(buffer, right, &clock, theme.text(), theme);
}

fn parts(model: &Model, wide: bool, theme: Theme) -> Vec<(String, Style)> {
    let (sign, word, style) = theme.link(&model.link);
    let apart = |sign: &str| if wide { format!(" {sign} ") } else { sign.to_owned() };
    let split = || (apart(theme.signs.split), theme.faint());
    let mut parts = Vec::new();
    if wide {
        parts.push(("cabstand  ".to_owned(), theme.brand()));
    }
    parts.push((format!("{} ", model.options.address), theme.text()));
    parts.push((format!("{sign} {word}"), style));
    if let (Some(vitals), false) = (&model.vitals, matches!(model.link, Link::Away(_))) {
        parts.push((format!(" {}", wording::span(vitals.latency)), theme.text()));
    }
    if model.options.read_only {
        parts.push((" read-only".to_owned(), theme.warning()));
    }
    parts.push(split());
    parts.push(age(model, theme));
    if let Some(vitals) = &model.vitals {
        let waiting = model.waiting();
        let style = if waiting > 0 { theme.strong() } else { theme.text() };
        parts.push(split());
        let drivers = format!("drivers {}{}", wording::count(vitals.drivers), apart(theme.signs.between));
        parts.push((drivers, theme.text()));
        parts.push((format!("waiting {}", wording::count(waiting)), style));
        parts.push(split());
        let style = if vitals.workers == 0 { theme.warning() } else { theme.text() };
        let workers = if vitals.workers == 0 { "no worker".to_owned() } else { format!("workers {}", vitals.workers) };
        parts.push((workers, style));
    }
    parts
}

fn age(model: &Model, theme: Theme) -> (String, Style) {
    match model.age() {
        None => ("no picture yet".to_owned(), theme.faint()),
        Some(age) if age < FRESH => ("now".to_owned(), theme.text()),
        Some(age) => (format!("{} old", wording::span(age)), theme.bad()),
    }
}

/// The time of Redis' clock in the operator's zone.
fn clock(model: &Model) -> String {
    model.redis_now().map_or_else(|| "--:--:--".to_owned(), |now| super::events::time_of_day(model, now))
}
