//! Lists over the panes: the drivers whom a search can be given, and what became of an action on several.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::layers::centred;
use super::{boxed, text};
use crate::console::action::{Action, Direction};
use crate::console::keymap::Context;
use crate::console::model::{Choose, Model, Results, Tone};
use crate::console::theme::Theme;
use crate::console::wording;
use crate::domain::{Near, UnixMs, format_distance};

/// The drivers around a search, nearest first.
pub(super) fn choose(model: &Model, choose: &Choose, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    let row = model.searches.get(choose.request);
    let radius = row.and_then(|row| row.search.radius_m());
    let now = model.picture_now().unwrap_or_default();
    let still_near = |near: &Near| {
        let nearest = model.detail.around(choose.request).map(|around| &around.nearest);
        nearest.is_none_or(|nearest| nearest.iter().any(|other| other.candidate.driver.id == near.candidate.driver.id))
    };
    let lines: Vec<String> = match choose.candidates.as_deref() {
        None => vec!["looking around ...".to_owned()],
        Some([]) => vec!["no driver within 100 km".to_owned()],
        Some(all) => {
            let widest = all.iter().map(|near| near.candidate.driver.id.as_str().width()).max().unwrap_or(0);
            all.iter().map(|near| candidate(near, radius, now, widest, still_near(near))).collect()
        }
    };
    let title = format!(" A driver for request {} ", choose.request);
    let key = |action| model.options.keymap.key_for(Context::Choose, action);
    let foot = format!(" {}: give it this one   {}: leave it ", key(Action::Accept), key(Action::Dismiss));
    let area = list(&title, lines.iter().map(String::as_str), &foot, screen, buffer, theme);
    let offset = choose.chosen.saturating_sub(usize::from(area.height).saturating_sub(1));
    for (y, (i, line)) in (area.y..area.bottom()).zip(lines.iter().enumerate().skip(offset)) {
        let at = Rect { y, height: 1, ..area };
        text::put(buffer, at, &format!("  {line}"), theme.text(), theme);
        if i == choose.chosen && choose.driver().is_some() {
            text::put(buffer, at, theme.signs.row, theme.strong(), theme);
            buffer.set_style(at, theme.row_selected());
        }
    }
}

/// A driver in the list; its id takes as many columns as the widest.
fn candidate(near: &Near, radius: Option<f64>, now: UnixMs, widest: usize, still_near: bool) -> String {
    let candidate = &near.candidate;
    let id = candidate.driver.id.as_str();
    let outside = radius.is_some_and(|radius| candidate.distance_m > radius);
    let age = near.seen.map_or("never reported".to_owned(), |at| format!("reported {}", wording::since(now.since(at))));
    let notes: Vec<&str> = [(near.stale, "stale"), (outside, "outside the radius"), (!still_near, "not near any more")]
        .into_iter()
        .filter_map(|(holds, note)| holds.then_some(note))
        .collect();
    let gap = " ".repeat(widest.saturating_sub(id.width()));
    format!("{id}{gap}  {:>7}  {age:<19} {}", format_distance(candidate.distance_m), notes.join(", "))
        .trim_end()
        .to_owned()
}

/// What became of each.
pub(super) fn results(model: &Model, results: &Results, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    let words = |tone| match tone {
        Tone::Good | Tone::WasDone => ("done", theme.good()),
        Tone::Bad | Tone::WasNotDone => ("not done", theme.bad()),
        Tone::Unknown => ("not known", theme.warning()),
        Tone::Plain => ("tried", theme.text()),
    };
    let lines: Vec<String> =
        results.lines.iter().map(|line| format!("{:<10} {}", words(line.tone).0, line.text)).collect();
    let title = format!(" {} ", results.summary);
    let key = |action| model.options.keymap.key_for(Context::Help, action);
    let (up, down) = (key(Action::Move(Direction::Up)), key(Action::Move(Direction::Down)));
    let foot = format!(" {up}, {down}: more   {}: close ", key(Action::Dismiss));
    let area = list(&title, lines.iter().map(String::as_str), &foot, screen, buffer, theme);
    let offset = usize::from(results.scrolled).min(lines.len().saturating_sub(usize::from(area.height)));
    let shown = lines.iter().zip(&results.lines).skip(offset);
    for (y, (text, line)) in (area.y..area.bottom()).zip(shown) {
        text::put(buffer, Rect { y, height: 1, ..area }, text, words(line.tone).1, theme);
    }
}

/// A box for these lines with a title and a foot, as large as it needs to be; answers its inside.
pub(super) fn list<'a>(
    title: &str,
    lines: impl ExactSizeIterator<Item = &'a str>,
    foot: &str,
    screen: Rect,
    buffer: &mut Buffer,
    theme: Theme,
) -> Rect {
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let widest = lines.map(UnicodeWidthStr::width).max().unwrap_or(0) + 2;
    let area = centred(screen, widest.max(title.width()).max(foot.width()) + 4, height.max(4));
    boxed(area, theme.border(true), buffer, theme);
    let head = Rect { x: area.x + 2, width: area.width.saturating_sub(4), height: 1, ..area };
    text::put(buffer, head, title, theme.border(true), theme);
    text::put(buffer, Rect { y: area.bottom() - 1, ..head }, foot, theme.faint(), theme);
    Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: area.height.saturating_sub(2) }
}
