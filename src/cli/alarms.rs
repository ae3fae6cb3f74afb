//! When the console raises an alarm: `--warn-left`, `--warn-waiting`, `--bell`.

use std::time::Duration;

use crate::console::model::AlarmRules;
use crate::domain::parse_span;

/// Options of the alarms.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Alarms {
    /// A rider who waits with less time left than this is about to be lost: that is an alarm
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_span)]
    warn_left: Duration,
    /// It is an alarm, too, when more riders wait than this; off where it is not given
    #[arg(long, value_name = "COUNT")]
    warn_waiting: Option<u64>,
    /// Ring the terminal's bell for a new alarm
    #[arg(long)]
    bell: bool,
}

impl Alarms {
    pub(super) fn rules(&self) -> AlarmRules {
        AlarmRules { left: self.warn_left, waiting: self.warn_waiting, bell: self.bell }
    }
}
