//! What is said about the last action, and what came of itself and must be read as well.

use std::collections::VecDeque;
use std::time::Duration;

use super::Model;

/// A notice about an action stays so long.
const NOTICE_FOR: Duration = Duration::from_secs(6);

/// News that nobody asked for is not wiped away by a key before it has stood so long.
const READ_AFTER: Duration = Duration::from_secs(2);
/// So many of them wait at the most; more than that nobody reads.
const WAITING: usize = 8;

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It is done.
    Good,
    /// It was refused or went wrong.
    Bad,
    /// Nobody knows whether it was done.
    Unknown,
    /// It was not known, and now it is: it was done.
    WasDone,
    /// It was not known, and now it is: it was not done.
    WasNotDone,
    /// For information.
    Plain,
}

/// A word about an action, in the bottom line for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What is said.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
    /// Until when it stays, by the console's clock.
    pub until: Duration,
    /// It is no answer to a key, and so comes at a moment when somebody may be typing.
    pub is_news: bool,
}

/// News that wait for the line to be free, the next one first.
#[derive(Debug, Clone, Default)]
pub struct Notices(VecDeque<(Tone, String)>);

impl Model {
    /// Says something in the bottom line for a while.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        if let Some(unread) = self.notice.take().filter(|notice| notice.is_news && !self.is_read_by_now(notice)) {
            self.notices.0.push_front((unread.tone, unread.text));
        }
        self.notice = Some(Notice { text: text.into(), tone, until: self.now + NOTICE_FOR, is_news: false });
    }

    /// Says what nobody has asked for, after what of that kind stands there already.
    pub fn say_too(&mut self, tone: Tone, text: impl Into<String>) {
        self.notices.0.push_back((tone, text.into()));
        self.notices.0.truncate(WAITING);
        if self.notice.as_ref().is_none_or(|notice| !notice.is_news) {
            self.next_notice();
        }
    }

    /// Takes the notice away, unless it is news that nobody can have read; the next one that waits comes in its place.
    pub fn clear_notice(&mut self) {
        if self.notice.as_ref().is_none_or(|notice| !notice.is_news || self.is_read_by_now(notice)) {
            self.next_notice();
        }
    }

    /// Takes away what has stood for long enough.
    pub fn age_notice(&mut self) {
        // News that a box hides begins to age when that is closed.
        let is_hidden = !self.layers.is_empty() || self.map.carry.is_some();
        if let Some(notice) = self.notice.as_mut().filter(|notice| notice.is_news && is_hidden) {
            notice.until = self.now + NOTICE_FOR;
        }
        if self.notice.as_ref().is_some_and(|notice| self.now >= notice.until) {
            self.next_notice();
        }
    }

    fn next_notice(&mut self) {
        let until = self.now + NOTICE_FOR;
        let next = self.notices.0.pop_front();
        self.notice = next.map(|(tone, text)| Notice { text, tone, until, is_news: true });
    }

    fn is_read_by_now(&self, notice: &Notice) -> bool {
        self.now + NOTICE_FOR >= notice.until + READ_AFTER
    }
}
