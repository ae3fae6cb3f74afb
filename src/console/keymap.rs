//! Key → action, by context. The hint line and the help are read from the same list, so they cannot say anything else.

use std::sync::OnceLock;

use crokey::{KeyCombination, KeyCombinationFormat, key};
use crossterm::event::KeyEvent;

use super::action::{Action, Direction};

/// What keys mean at the moment: the top layer's business, or the panes'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The map has the keys.
    Map,
    /// The table of searches has them.
    Searches,
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
    /// The help is open.
    Help,
}

const PANES: [Context; 3] = [Context::Map, Context::Searches, Context::Events];
const ZOOMING: [Context; 4] = [Context::Map, Context::Searches, Context::Events, Context::Carry];
const ALL: [Context; 8] = [
    Context::Map,
    Context::Searches,
    Context::Events,
    Context::Carry,
    Context::Confirm,
    Context::Form,
    Context::Filter,
    Context::Help,
];
const LISTS: [Context; 3] = [Context::Searches, Context::Events, Context::Help];

/// Keys with their meaning in some contexts.
pub struct Binding {
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
pub struct Keymap {
    bindings: Vec<Binding>,
    format: KeyCombinationFormat,
}

impl Keymap {
    /// The keys of the contract.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Keymap> = OnceLock::new();
        SHARED.get_or_init(|| Self {
            bindings: defaults(),
            format: KeyCombinationFormat::default().with_implicit_shift(),
        })
    }

    /// What this key means here.
    #[must_use]
    pub fn action(&self, context: Context, key: KeyEvent) -> Option<Action> {
        let key = KeyCombination::from(key);
        let here = |binding: &&Binding| binding.contexts.contains(&context) && binding.keys.contains(&key);
        self.bindings.iter().find(here).map(|binding| binding.action)
    }

    /// Actions with their keys and hints that hold here.
    pub fn hints(&self, context: Context) -> impl Iterator<Item = (Action, String, &'static str)> + '_ {
        let here = move |b: &&Binding| b.contexts.contains(&context) && !b.hint.is_empty();
        self.bindings.iter().filter(here).map(|b| (b.action, self.names(b, 1), b.hint))
    }

    /// Keys and sentences for the help.
    pub fn help(&self) -> impl Iterator<Item = (String, &'static str)> + '_ {
        self.bindings.iter().filter(|b| !b.help.is_empty()).map(|b| (self.names(b, 4), b.help))
    }

    fn names(&self, binding: &Binding, most: usize) -> String {
        match binding.action {
            Action::Move(_) => "arrows hjkl".to_owned(),
            Action::MoveFar(_) => "Shift-arrows".to_owned(),
            _ => binding.keys.iter().take(most).map(|&key| self.name(key)).collect::<Vec<_>>().join(" "),
        }
    }

    fn name(&self, key: KeyCombination) -> String {
        match self.format.to_string(key).as_str() {
            "Hyphen" => "-".to_owned(),
            other => other.to_owned(),
        }
    }
}

/// The default bindings. Where two hold in one context, the first wins.
fn defaults() -> Vec<Binding> {
    let bind = |keys: &[KeyCombination], action, contexts, hint, help| Binding {
        keys: keys.to_vec(),
        action,
        contexts,
        hint,
        help,
    };
    let mut all = vec![
        bind(&[key!(y), key!(enter)], Action::Accept, &[Context::Confirm], "do it", ""),
        bind(&[key!(n), key!(esc), key!(q)], Action::Dismiss, &[Context::Confirm], "leave it", ""),
        bind(&[key!(enter)], Action::Accept, &[Context::Form], "do it", ""),
        bind(&[key!(tab), key!(down), key!(up), key!(backtab)], Action::NextField, &[Context::Form], "next field", ""),
        bind(&[key!(esc)], Action::Dismiss, &[Context::Form], "leave it", ""),
        bind(&[key!(enter)], Action::Accept, &[Context::Filter], "keep the filter", ""),
        bind(&[key!(esc)], Action::Dismiss, &[Context::Filter], "no filter", ""),
        bind(&[key!(enter)], Action::Accept, &[Context::Carry], "drop here", ""),
        bind(&[key!(esc)], Action::Dismiss, &[Context::Carry], "put back", ""),
        bind(&[key!(esc), key!('?'), key!(q), key!(enter)], Action::Dismiss, &[Context::Help], "close", ""),
        bind(&[key!(esc)], Action::Dismiss, &PANES, "show all", "drop the filter"),
        bind(&[key!(s)], Action::SearchHere, &PANES, "search", "search for a driver at the map's cursor"),
        bind(&[key!(shift - s)], Action::SearchForm, &PANES, "", "search by a form: place and rider"),
        bind(&[key!(c)], Action::Cancel, &PANES, "cancel", "cancel the selected search (asks first)"),
        bind(&[key!(x)], Action::Expire, &PANES, "expire", "expire the selected search now (asks first)"),
        bind(&[key!('/')], Action::Filter, &PANES, "filter", "only searches with this in id, rider, state or driver"),
        bind(&[key!('[')], Action::PreviousDriver, &PANES, "", "select the previous driver on the map"),
        bind(&[key!(']')], Action::NextDriver, &PANES, "driver", "select the next driver on the map"),
        bind(
            &[key!(m)],
            Action::Grab,
            &PANES,
            "move driver",
            "take up the driver: arrows carry, Enter drops, Esc puts back",
        ),
        bind(&[key!(n)], Action::NewDriver, &PANES, "new driver", "set a new driver at the map's cursor"),
        bind(
            &[key!(shift - d)],
            Action::RemoveDriver,
            &PANES,
            "remove driver",
            "take the driver off the map (asks first)",
        ),
        bind(&[key!(enter)], Action::Centre, &PANES, "centre", "centre the map on the selection"),
        bind(&[key!('+'), key!('=')], Action::ZoomIn, &ZOOMING, "zoom", "zoom in"),
        bind(&[key!('-')], Action::ZoomOut, &ZOOMING, "", "zoom out"),
        bind(&[key!(f)], Action::FitAll, &PANES, "fit", "show all drivers and searches"),
        bind(&[key!(tab)], Action::NextPane, &PANES, "pane", "go to the next pane"),
        bind(&[key!(home), key!(g)], Action::First, &[Context::Searches], "", "to the first search"),
        bind(&[key!(end), key!(shift - g)], Action::Last, &[Context::Searches], "", "to the last search"),
        bind(&[key!(ctrl - z)], Action::Suspend, &ALL, "", "back to the shell; `fg` returns"),
        bind(&[key!('?')], Action::Help, &PANES, "help", "this help"),
        bind(&[key!(q)], Action::Quit, &PANES, "quit", "leave"),
        bind(&[key!(ctrl - c)], Action::Quit, &ALL, "", ""),
    ];
    let ways = [
        (Direction::Up, [key!(up), key!(k)], [key!(shift - up), key!(shift - k)]),
        (Direction::Down, [key!(down), key!(j)], [key!(shift - down), key!(shift - j)]),
        (Direction::Left, [key!(left), key!(h)], [key!(shift - left), key!(shift - h)]),
        (Direction::Right, [key!(right), key!(l)], [key!(shift - right), key!(shift - l)]),
    ];
    for (i, (direction, near, far)) in ways.into_iter().enumerate() {
        let (help, far_help) =
            if i == 0 { ("pan the map, select a row, carry a driver", "the same in great steps") } else { ("", "") };
        let everywhere: &[Context] = &[Context::Map, Context::Searches, Context::Events, Context::Help];
        let hint = if i == 0 { "carry" } else { "" };
        all.insert(i, bind(&near, Action::Move(direction), &[Context::Carry], hint, ""));
        all.push(bind(&near, Action::Move(direction), everywhere, "", help));
        all.push(bind(&far, Action::MoveFar(direction), everywhere, "", far_help));
        all.push(bind(&far, Action::MoveFar(direction), &[Context::Carry], "", ""));
    }
    all.push(bind(&[key!(pageup)], Action::MoveFar(Direction::Up), &LISTS, "", ""));
    all.push(bind(&[key!(pagedown)], Action::MoveFar(Direction::Down), &LISTS, "", ""));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    fn press(context: Context, code: KeyCode) -> Option<Action> {
        Keymap::shared().action(context, KeyEvent::new(code, KeyModifiers::NONE))
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
            for binding in Keymap::shared().bindings.iter().filter(|b| b.contexts.contains(&context)) {
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
        let apart = Keymap::shared().help().filter(|(keys, _)| !keys.contains("arrows"));
        for (keys, help) in apart {
            let told = keys.split(' ').any(|key| README.to_lowercase().contains(&format!("`{}`", key.to_lowercase())));
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
