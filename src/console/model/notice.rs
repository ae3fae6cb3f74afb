//! What is said about the last action.

use std::time::Duration;

use super::Model;

/// A notice about an action stays so long.
const NOTICE_FOR: Duration = Duration::from_secs(6);

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It is done.
    Good,
    /// It was refused or went wrong.
    Bad,
    /// Nobody knows whether it was done.
    Unknown,
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
}

impl Model {
    /// Says something in the bottom line for a while.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), tone, until: self.now + NOTICE_FOR });
    }
}
