//! Key → action, by context. The hint line, the help and the palette are read from the same list, so they cannot say anything
//! else. What `[keys]` in the configuration changes of it stands in `rebinding`.

use crokey::{KeyCombination, KeyCombinationFormat, OneToThree, key};
use crossterm::event::{KeyCode, KeyEvent};

use super::action::{Action, Group};
use super::bindings::defaults;

/// What keys mean at the moment: the top layer's business, or the panes'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// The map has the keys.
    Map,
    /// The table of searches has them.
    Searches,
    /// The table of drivers has them.
    Drivers,
    /// The list of events has them.
    Events,
    /// A driver is being carried.
    Carry,
    /// A question waits for its answer.
    Confirm,
    /// A form is open.
    Form,
    /// A filter is being typed.
    Filter,
    /// The help, or the results of an action on several searches, are open.
    Help,
    /// The command palette is open.
    Palette,
    /// A driver is being chosen from a list.
    Choose,
}

impl Context {
    /// Whether text is typed there, so that a character alone cannot mean anything else.
    #[must_use]
    pub fn is_typed_in(self) -> bool {
        matches!(self, Self::Form | Self::Filter | Self::Palette)
    }
}

/// Keys with their meaning in some contexts.
#[derive(Debug, Clone)]
pub struct Binding {
    /// What it is called in the palette and in the configuration's `[keys]`. Bindings of one name have the same keys.
    pub name: &'static str,
    /// Any of these.
    pub keys: Vec<KeyCombination>,
    /// What they mean.
    pub action: Action,
    /// Where.
    pub contexts: &'static [Context],
    /// A word or two for the hint line; empty where it has no place there.
    pub hint: &'static str,
    /// A sentence for the help; empty for what another line tells too.
    pub help: &'static str,
}

/// All bindings, in the order in which they are shown.
#[derive(Debug, Clone)]
pub struct Keymap {
    pub(super) bindings: Vec<Binding>,
}

impl Default for Keymap {
    /// The keys of the contract.
    fn default() -> Self {
        Self { bindings: defaults() }
    }
}

impl Keymap {
    /// What this key means here.
    #[must_use]
    pub fn action(&self, context: Context, key: KeyEvent) -> Option<Action> {
        let key = KeyCombination::from(key);
        let here = |binding: &&Binding| binding.contexts.contains(&context) && binding.keys.contains(&key);
        self.bindings.iter().find(here).map(|binding| binding.action)
    }

    /// Every binding, in the order in which they are shown.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.iter()
    }

    /// Actions with their keys and hints that hold here.
    pub fn hints(&self, context: Context) -> impl Iterator<Item = (Action, String, &'static str)> + '_ {
        let here = move |b: &&Binding| b.contexts.contains(&context) && !b.hint.is_empty() && !b.keys.is_empty();
        self.bindings.iter().filter(here).map(|b| (b.action, self.names(b, 1), b.hint))
    }

    /// Keys and sentences for the help. Where an action has no key, it has its name in the palette.
    pub fn help(&self, group: Group) -> impl Iterator<Item = (String, &'static str)> + '_ {
        let told = move |b: &&Binding| !b.help.is_empty() && b.action.group() == group;
        self.bindings.iter().filter(told).map(|b| {
            let keys = self.names(b, 4);
            (if keys.is_empty() { format!(":{}", b.name) } else { keys }, b.help)
        })
    }

    /// What to press for an action in a context: its first key, or where it has none, its name in the palette.
    #[must_use]
    pub fn key_for(&self, context: Context, action: Action) -> String {
        let binding = self.bindings.iter().find(|b| b.action == action && b.contexts.contains(&context));
        binding.map_or_else(String::new, |b| b.keys.first().map_or_else(|| format!(":{}", b.name), |&key| name(key)))
    }

    /// The first keys of an answer in a context, with "or" between them.
    #[must_use]
    pub fn either(&self, context: Context, action: Action) -> String {
        let binding = self.bindings.iter().find(|b| b.action == action && b.contexts.contains(&context));
        let keys = binding.into_iter().flat_map(|b| b.keys.iter().take(2));
        keys.map(|&key| name(key)).collect::<Vec<_>>().join(" or ")
    }

    fn names(&self, binding: &Binding, most: usize) -> String {
        match binding.name {
            "up" => self.ways(["left", "down", "up", "right"]),
            "far-up" => self.ways(["far-left", "far-down", "far-up", "far-right"]),
            _ => binding.keys.iter().take(most).map(|&key| name(key)).collect::<Vec<_>>().join(" "),
        }
    }

    /// The keys of four bindings that are told in one line.
    fn ways(&self, names: [&str; 4]) -> String {
        let keys = names.map(|name| self.bindings.iter().find(|b| b.name == name).map_or(&[][..], |b| &b.keys));
        let first = keys.map(|keys| keys.first().copied());
        let arrows = [key!(left), key!(down), key!(up), key!(right)].map(Some);
        let great = [key!(shift - left), key!(shift - down), key!(shift - up), key!(shift - right)].map(Some);
        let told = |keys: [Option<KeyCombination>; 4], between| {
            keys.into_iter().flatten().map(name).collect::<Vec<_>>().join(between)
        };
        if first == great {
            return "Shift-arrows".to_owned();
        }
        if first != arrows {
            return told(first, " ");
        }
        let letters = keys.map(|keys| keys.get(1).copied().filter(|key| key.as_letter().is_some()));
        format!("arrows {}", told(letters, "")).trim_end().to_owned()
    }
}

/// A key as it is shown, and as it can be written in the configuration: `Ctrl-x`, `S`, `Shift-Up`, `?`.
#[must_use]
pub fn name(key: KeyCombination) -> String {
    let format = KeyCombinationFormat::default();
    // A capital letter says by itself that Shift is held.
    let format =
        if matches!(key.codes, OneToThree::One(KeyCode::Char(_))) { format.with_implicit_shift() } else { format };
    format.to_string(key).replace("Hyphen", "-").replace("BackTab", "Shift-Tab")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crossterm::event::KeyModifiers;

    use super::*;
    use crate::console::action::Direction;
    use crate::console::bindings::{ALL, PANES};

    fn press(context: Context, code: KeyCode) -> Option<Action> {
        Keymap::default().action(context, KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn the_keys_of_the_contract_hold_in_every_pane() {
        for context in PANES {
            for (key, action) in [
                ('s', Action::SearchHere),
                ('S', Action::SearchForm),
                ('m', Action::Grab),
                ('n', Action::NewDriver),
                ('D', Action::RemoveDriver),
                ('c', Action::Cancel),
                ('x', Action::Expire),
                ('/', Action::Filter),
                ('+', Action::ZoomIn),
                ('-', Action::ZoomOut),
                ('f', Action::FitAll),
                ('[', Action::PreviousDriver),
                (']', Action::NextDriver),
                ('?', Action::Help),
                ('q', Action::Quit),
                ('h', Action::Move(Direction::Left)),
                ('j', Action::Move(Direction::Down)),
                ('k', Action::Move(Direction::Up)),
                ('l', Action::Move(Direction::Right)),
            ] {
                assert_eq!(press(context, KeyCode::Char(key)), Some(action), "{key} {context:?}");
            }
            assert_eq!(press(context, KeyCode::Tab), Some(Action::NextPane));
            assert_eq!(press(context, KeyCode::Enter), Some(Action::Centre));
        }
    }

    #[test]
    fn a_key_means_one_thing_in_one_context() {
        for context in ALL {
            let mut seen = HashSet::new();
            for binding in Keymap::default().bindings.iter().filter(|b| b.contexts.contains(&context)) {
                for key in &binding.keys {
                    assert!(seen.insert(*key), "{key} is bound twice in {context:?}");
                }
            }
        }
    }

    #[test]
    fn the_readme_tells_every_key_of_the_help() {
        const README: &str = include_str!("../../README.md");
        // The arrows and their letters stand together there, the others each by itself.
        let keymap = Keymap::default();
        let apart = Group::ALL.into_iter().flat_map(|group| keymap.help(group));
        for (keys, help) in apart.filter(|(keys, _)| !keys.contains("arrows")) {
            // `f` does not tell of `F`.
            let told = keys.split(' ').all(|key| README.contains(&format!("`{key}`")));
            assert!(told, "{keys}: {help}");
        }
    }

    #[test]
    fn an_answer_is_an_answer() {
        assert_eq!(press(Context::Confirm, KeyCode::Char('y')), Some(Action::Accept));
        assert_eq!(press(Context::Confirm, KeyCode::Enter), Some(Action::Accept));
        assert_eq!(press(Context::Confirm, KeyCode::Char('n')), Some(Action::Dismiss));
        assert_eq!(press(Context::Confirm, KeyCode::Char('x')), None, "any other key does nothing");
        assert_eq!(press(Context::Form, KeyCode::Char('q')), None, "letters are typed");
    }
}
