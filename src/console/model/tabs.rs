//! The names of the panes, on a screen that shows one at a time: where each of them stands.

use unicode_width::UnicodeWidthStr;

use super::{Model, Pane};
use crate::console::action::Action;

/// In the order of their keys.
const PANES: [(Pane, &str); 4] =
    [(Pane::Searches, "Searches"), (Pane::Drivers, "Drivers"), (Pane::Map, "Map"), (Pane::Events, "Events")];

/// The name of a pane in the line of tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Which pane.
    pub pane: Pane,
    /// The column in which it begins.
    pub column: u16,
    /// Its key and its name; the one that is shown stands in brackets.
    pub label: String,
}

impl Model {
    /// All tabs, from the left.
    #[must_use]
    pub fn tabs(&self) -> Vec<Tab> {
        let mut column = 1;
        let place = |(pane, name)| {
            let name = format!("{} {name}", self.key_for(Action::Pane(pane)));
            let label = if pane == self.focus { format!("[{name}]") } else { format!(" {name} ") };
            let tab = Tab { pane, column, label };
            column += u16::try_from(tab.label.width()).unwrap_or(0) + 1;
            tab
        };
        PANES.into_iter().map(place).collect()
    }

    /// The pane whose tab stands in this column of the line.
    #[must_use]
    pub fn tab_at(&self, column: u16) -> Option<Pane> {
        let end = |tab: &Tab| tab.column + u16::try_from(tab.label.width()).unwrap_or(0);
        self.tabs().into_iter().find(|tab| (tab.column..end(tab)).contains(&column)).map(|tab| tab.pane)
    }
}

#[cfg(test)]
mod tests {
    use crate::console::fixtures::Desk;

    #[test]
    fn a_tab_is_where_it_is_written() {
        let desk = Desk::in_town(60, 16);
        let tabs = desk.model.tabs();
        assert_eq!(tabs[0].label, "[1 Searches]");
        for tab in &tabs {
            assert_eq!(desk.model.tab_at(tab.column), Some(tab.pane));
        }
        assert_eq!(desk.model.tab_at(0), None);
        assert_eq!(desk.model.tab_at(59), None);
    }
}
