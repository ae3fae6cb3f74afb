//! The line at the top: how healthy the link is, how old the picture is, and the figures. What there is no room for is left
//! out as a whole, the least needed first.
//!
//! ```text
//!  cabstand  127.0.0.1:6379/0  ● live 0.4 ms  now │ drivers 1 204 │ waiting 17 │ found 92%  p50 3 s │ workers 2    14:03:22
//! ```

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::text;
use crate::console::message::Link;
use crate::console::model::{Alarm, Armed, Held, Model};
use crate::console::theme::Theme;
use crate::console::wording;
use crate::domain::{format_span, format_wait};

/// A picture that is older than this is marked as old.
const FRESH: Duration = Duration::from_secs(3);

/// How soon each part is left out where room is short: the highest first. What stands elsewhere on the screen as well goes before
/// what does not, and never go the link, the picture's age, the alarms and how many wait.
const NAME: u8 = 10;
const NUMBERS: u8 = 9;
const ADDRESS: u8 = 8;
const LATENCY: u8 = 7;
const HELD_BACK: u8 = 6;
const NO_CHANGES: u8 = 5;
const NOT_KNOWN: u8 = 4;
const WORKERS: u8 = 3;
const DRIVERS: u8 = 2;
const LAST: u8 = 1;
const NEVER: u8 = 0;

/// A part of the line.
struct Part {
    text: String,
    style: Style,
    /// How soon it is left out, by the numbers above.
    spare: u8,
    /// A line stands between it and the part before.
    apart: bool,
}

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer, theme: Theme) {
    let clock = clock(model);
    let mut rest = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    text::put_right(buffer, rest, &clock, theme.text(), theme);
    rest.width = rest.width.saturating_sub(u16::try_from(clock.width()).unwrap_or(0) + 1);
    let room = usize::from(rest.width);
    let mut parts = parts(model, theme);
    // The name goes first, then the air between the parts, then what else can be spared.
    let mut airy = true;
    while width(&parts, airy) > room {
        let most = parts.iter().map(|part| part.spare).max().unwrap_or(0);
        if airy && most < NAME {
            airy = false;
        } else if most > 0 {
            parts.retain(|part| part.spare != most);
        } else {
            break;
        }
    }
    for (i, part) in parts.iter().enumerate() {
        let between = if i == 0 { String::new() } else { between(part, airy, theme) };
        for (text, style) in [(between.as_str(), theme.faint()), (part.text.as_str(), part.style)] {
            let used = text::put(buffer, rest, text, style, theme);
            rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
        }
    }
}

/// What stands before a part.
fn between(part: &Part, airy: bool, theme: Theme) -> String {
    match (part.apart, airy) {
        (true, true) => format!(" {} ", theme.signs.split),
        (true, false) => theme.signs.split.to_owned(),
        (false, true) => "  ".to_owned(),
        (false, false) => " ".to_owned(),
    }
}

fn width(parts: &[Part], airy: bool) -> usize {
    let between = |part: &Part| usize::from(airy) + if part.apart && airy { 2 } else { 1 };
    let all: usize = parts.iter().map(|part| part.text.width() + between(part)).sum();
    all - parts.first().map_or(0, between)
}

fn parts(model: &Model, theme: Theme) -> Vec<Part> {
    let (sign, word, style) = theme.link(&model.link);
    let part = |text: String, style, spare, apart| Part { text, style, spare, apart };
    let mut parts = vec![
        part("cabstand".to_owned(), theme.brand(), NAME, false),
        part(model.options.address.clone(), theme.text(), ADDRESS, false),
        part(format!("{sign} {word}"), style, NEVER, false),
    ];
    if let (Some(vitals), false) = (&model.vitals, matches!(model.link, Link::Away(_))) {
        parts.push(part(format_wait(vitals.latency), theme.text(), LATENCY, false));
    }
    if let Some((text, style)) = armed(model, theme) {
        parts.push(part(text, style, LAST, false));
    }
    // What is asked for would be refused, and why stands in the line at the bottom.
    if model.outages.refusing.is_some() {
        parts.push(part(format!("{} no changes", theme.signs.alarm), theme.warning(), NO_CHANGES, false));
    }
    if !model.unsettled.is_empty() {
        parts.push(part(format!("? {} not known", model.unsettled.len()), theme.warning(), NOT_KNOWN, false));
    }
    if let Some(held) = &model.held {
        let (paused, back) = held_back(model, held, theme);
        parts.push(part(paused, theme.held(), NEVER, false));
        parts.push(part(back, theme.held(), HELD_BACK, false));
    } else {
        let (text, style) = age(model, theme);
        parts.push(part(text, style, NEVER, false));
    }
    parts.extend(alarm(model, theme).map(|(text, style)| part(text, style, NEVER, true)));
    if let Some(vitals) = &model.vitals {
        let waiting = if model.is_read() { wording::count(model.waiting()) } else { "?".to_owned() };
        let unknown = vitals.misshapen && vitals.drivers == 0;
        let drivers = if unknown { "?".to_owned() } else { wording::count(vitals.drivers) };
        parts.push(part(format!("drivers {drivers}"), theme.text(), DRIVERS, true));
        let (text, style) = crowd(model, theme).unwrap_or_else(|| (format!("waiting {waiting}"), theme.strong()));
        parts.push(part(text, style, NEVER, true));
        parts.extend(numbers(model).into_iter().map(|(text, apart)| part(text, theme.text(), NUMBERS, apart)));
        // Riders wait, and nobody looks for a driver for them.
        let (text, style, spare) = match vitals.workers {
            0 if model.waiting() > 0 => (format!("{} no worker", theme.signs.alarm), theme.alarm(), LAST),
            0 => ("no worker".to_owned(), theme.warning(), WORKERS),
            n => (format!("workers {n}"), theme.text(), WORKERS),
        };
        parts.push(part(text, style, spare, true));
    }
    parts
}

/// The riders who are about to be lost.
fn alarm(model: &Model, theme: Theme) -> Option<(String, Style)> {
    let (count, alarm) = model.alarms.riders()?;
    let text = format!("{} {} about to be lost", theme.signs.alarm, wording::count(count as u64));
    Some((text, alarm_style(alarm, theme)))
}

fn alarm_style(alarm: Alarm, theme: Theme) -> Style {
    match alarm {
        Alarm::Loud => theme.alarm(),
        Alarm::Acknowledged => theme.acknowledged(),
    }
}

/// How many find a driver, and how long half of them wait for it; each with whether a line stands before it. Nothing where not
/// the whole span is known.
fn numbers(model: &Model) -> Vec<(String, bool)> {
    let whole = model.newest_now().filter(|now| model.numbers.only_since(*now).is_none());
    let Some(figures) = whole.and_then(|now| model.numbers.figures(now)) else { return Vec::new() };
    let found = figures.found_share().map(|share| format!("found {share}%"));
    let wait = figures.median.map(|wait| format!("p50 {}", format_wait(wait)));
    found.map(|text| (text, true)).into_iter().chain(wait.map(|text| (text, false))).collect()
}

/// That more wait than they should; none where they are not too many.
pub(super) fn crowd(model: &Model, theme: Theme) -> Option<(String, Style)> {
    let (bound, alarm) = model.is_crowded()?;
    let waiting = wording::count(model.waiting());
    let text = format!("{} waiting {waiting} > {}", theme.signs.alarm, wording::count(bound));
    Some((text, alarm_style(alarm, theme)))
}

/// Whether changes are let through, where that is not a matter of course.
fn armed(model: &Model, theme: Theme) -> Option<(String, Style)> {
    match model.armed.left(model.now) {
        Some(left) => Some((format!("armed {}", format_span(left)), theme.armed())),
        None if model.armed == Armed::Never => Some(("read-only".to_owned(), theme.warning())),
        None => None,
    }
}

/// How long the picture has stood still, and how much is held back meanwhile.
fn held_back(model: &Model, held: &Held, theme: Theme) -> (String, String) {
    let (searches, events) = held.counts();
    let span = model.redis_now().map(|now| format_span(now.since(held.since))).unwrap_or_default();
    let back = format!("{}, {}", wording::many(searches as u64, "change"), wording::many(events as u64, "event"));
    (format!("{} paused {span}", theme.signs.held), format!("{back} held back"))
}

fn age(model: &Model, theme: Theme) -> (String, Style) {
    match model.age() {
        None => ("no picture yet".to_owned(), theme.faint()),
        Some(age) if age < FRESH && !matches!(model.link, Link::Away(_)) => ("now".to_owned(), theme.text()),
        Some(age) => (format!("{} old", format_wait(age)), theme.bad()),
    }
}

/// The time of Redis' clock in the operator's zone.
fn clock(model: &Model) -> String {
    model.redis_now().map_or_else(|| "--:--:--".to_owned(), |now| wording::time_of_day(now, model.options.timezone))
}
