//! How long the help is, so that it is scrolled to its end and no farther.

use super::Model;
use crate::console::action::Group;

/// How many signs the help explains, below the keys.
pub const HELP_LEGEND: usize = 9;

impl Model {
    /// How many lines the help has: each group with its head and the line below it, and the legend.
    #[must_use]
    pub fn help_lines(&self) -> usize {
        let lines = |group| self.options.keymap.help(group).count() + 2;
        Group::ALL.into_iter().map(lines).sum::<usize>() + HELP_LEGEND + 1
    }

    /// How many of them are in sight at once.
    #[must_use]
    pub fn help_height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(4)).min(self.help_lines())
    }
}
