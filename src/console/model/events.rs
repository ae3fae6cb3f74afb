//! What happened: each event once, in the order of the stream, and how far the pane is scrolled back.

use super::{Held, Model};
use crate::console::layout;
use crate::domain::{Event, RequestId};

/// So many events are kept for the pane.
const EVENTS_KEPT: usize = 500;

impl Model {
    /// Scrolls the events back by so many lines, or forth where negative, but not past the oldest in a full pane.
    pub fn scroll_events(&mut self, lines: isize) {
        let height = self.areas().map_or(0, |areas| usize::from(layout::inside(areas.events).height));
        let most = self.events.len().saturating_sub(height);
        self.events_back = self.events_back.saturating_add_signed(lines).min(most);
    }

    /// Takes in all that has happened to a search, oldest first. What has happened to it since that was read was told already, and
    /// belongs to it as well.
    pub fn take_life(&mut self, id: RequestId, life: Vec<Event>) {
        self.detail.take_life(id, life);
        let held = self.held.as_ref().map(Held::happened).unwrap_or_default();
        for event in self.events.iter().chain(&held) {
            self.detail.add(event);
        }
    }

    /// Adds events, each once, in the order of the stream.
    pub fn add_events(&mut self, events: Vec<Event>) {
        for event in events {
            self.detail.add(&event);
            if self.events.back().is_none_or(|last| last.id < event.id) {
                self.numbers.add(&event);
                self.events.push_back(event);
                if self.events_back > 0 {
                    self.events_back += 1;
                }
            }
        }
        let surplus = self.events.len().saturating_sub(EVENTS_KEPT);
        self.events.drain(..surplus);
        self.scroll_events(0);
    }
}
