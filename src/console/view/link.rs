//! How the link is, and how it was so far: since when, what was missed, what no notification told of.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::lists::list;
use super::text;
use crate::console::action::Action;
use crate::console::keymap::Context;
use crate::console::message::Link;
use crate::console::model::Model;
use crate::console::theme::Theme;
use crate::console::wording::{self, many};
use crate::domain::format_wait;

pub(super) fn draw(model: &Model, screen: Rect, buffer: &mut Buffer, theme: Theme) {
    let lines = lines(model, theme);
    let room = usize::from(screen.width.saturating_sub(10));
    let lines: Vec<String> = lines.iter().flat_map(|line| text::wrap(line, room)).collect();
    let foot = format!(" {}: close ", model.options.keymap.key_for(Context::Help, Action::Dismiss));
    let area = list(" The link to Redis ", lines.iter().map(String::as_str), &foot, screen, buffer, theme);
    for (y, line) in (area.y..area.bottom()).zip(&lines) {
        text::put(buffer, Rect { y, height: 1, ..area }, line, theme.text(), theme);
    }
}

fn lines(model: &Model, theme: Theme) -> Vec<String> {
    let outages = &model.outages;
    let (_, word, _) = theme.link(&model.link);
    let why = match &model.link {
        Link::Connecting | Link::Live => String::new(),
        Link::Polling(reason) => format!(": everything is read once a second; {reason}"),
        Link::Unproven(reason) | Link::Away(reason) => format!(": {reason}"),
    };
    let changes = match outages.refusing {
        Some((refusing, at)) => {
            format!("changes: Redis {} {}; {}", refusing.ailment, since(model, at), refusing.advice)
        }
        None if !model.armed.lets_through(model.now) => "changes: none, this console only looks".to_owned(),
        None => "changes: taken, as far as is known".to_owned(),
    };
    let last = outages.last.as_ref().map(|(span, why)| format!("; the last took {} ({why})", format_wait(*span)));
    let unknown = model.unsettled.len() as u64;
    let mut lines = vec![
        format!("{word} {}{why}", since(model, outages.since)),
        changes,
        format!("away so far: {}{}", many(outages.count, "time"), last.unwrap_or_default()),
        format!("missed meanwhile, and read since: {}", outages.missed.words()),
        format!("the connection that listens was cut: {}", many(outages.cuts, "time")),
        format!("told by no notification, and found by reading: {}", many(outages.drift, "change")),
    ];
    if unknown > 0 {
        lines.push(format!("not known whether they were done: {}", many(unknown, "action")));
    }
    lines
}

/// `since 14:03:12 (12 s)`.
pub(super) fn since(model: &Model, at: std::time::Duration) -> String {
    let (span, time) = model.since(at);
    let span = format_wait(span);
    match time {
        Some(time) => format!("since {} ({span})", wording::time_of_day(time, model.options.timezone)),
        None => format!("for {span}"),
    }
}
