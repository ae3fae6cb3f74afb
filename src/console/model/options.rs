//! How the console was started.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::FixedOffset;

use super::alarms::AlarmRules;
use super::look::Look;
use crate::console::keymap::Keymap;
use crate::console::overlay::Overlay;

/// How the console was started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address of Redis as it is shown.
    pub address: String,
    /// Destructive actions do not ask first.
    pub yes: bool,
    /// Nothing may be changed.
    pub read_only: bool,
    /// What the terminal can show, and the theme.
    pub look: Look,
    /// When there is an alarm.
    pub alarms: AlarmRules,
    /// The zone of the clock.
    pub timezone: FixedOffset,
    /// What keys mean.
    pub keymap: Arc<Keymap>,
    /// Streets and zones under the drivers.
    pub overlay: Arc<Overlay>,
    /// Where the console's memory is kept; none where it keeps none.
    pub memory_file: Option<PathBuf>,
}
