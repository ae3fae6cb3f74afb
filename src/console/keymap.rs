//! Key → action, by context. The hint line and the help are read from the same list, so they cannot say anything else.

use std::sync::OnceLock;

use crokey::{KeyCombination, KeyCombinationFormat, key};
use crossterm::event::KeyEvent;

use super::action::{Action, Direction};
use super::model::Pane;

/// What keys mean at the moment: the top layer's business, or the panes'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

const PANES: [Context; 4] = [Context::Map, Context::Searches, Context::Drivers, Context::Events];
const TABLES: [Context; 2] = [Context::Searches, Context::Drivers];
const ZOOMING: [Context; 5] = [Context::Map, Context::Searches, Context::Drivers, Context::Events, Context::Carry];
const ALL: [Context; 11] = [
    Context::Map,
    Context::Searches,
    Context::Drivers,
    Context::Events,
    Context::Carry,
    Context::Confirm,
    Context::Form,
    Context::Filter,
    Context::Help,
    Context::Palette,
    Context::Choose,
];
const LISTS: [Context; 5] = [Context::Searches, Context::Drivers, Context::Events, Context::Help, Context::Choose];

/// Keys with their meaning in some contexts.
pub struct Binding {
    /// What it is called in the palette and in the configuration's `[keys]`.
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
    let bind = |name, keys: &[KeyCombination], action, contexts, hint, help| Binding {
        name,
        keys: keys.to_vec(),
        action,
        contexts,
        hint,
        help,
    };
    let mut all = vec![
        bind("accept", &[key!(y), key!(enter)], Action::Accept, &[Context::Confirm], "do it", ""),
        bind("dismiss", &[key!(n), key!(esc), key!(q)], Action::Dismiss, &[Context::Confirm], "leave it", ""),
        bind("accept", &[key!(enter)], Action::Accept, &[Context::Form], "do it", ""),
        bind(
            "next-field",
            &[key!(tab), key!(down), key!(up), key!(backtab)],
            Action::NextField,
            &[Context::Form],
            "next field",
            "",
        ),
        bind("dismiss", &[key!(esc)], Action::Dismiss, &[Context::Form], "leave it", ""),
        bind("accept", &[key!(enter)], Action::Accept, &[Context::Filter], "keep the filter", ""),
        bind("dismiss", &[key!(esc)], Action::Dismiss, &[Context::Filter], "no filter", ""),
        bind("accept", &[key!(enter)], Action::Accept, &[Context::Carry], "drop here", ""),
        bind("dismiss", &[key!(esc)], Action::Dismiss, &[Context::Carry], "put back", ""),
        bind("dismiss", &[key!(esc), key!('?'), key!(q), key!(enter)], Action::Dismiss, &[Context::Help], "close", ""),
        bind("accept", &[key!(enter)], Action::Accept, &[Context::Choose], "take this one", ""),
        bind("dismiss", &[key!(esc), key!(q)], Action::Dismiss, &[Context::Choose], "leave it", ""),
        bind("dismiss", &[key!(esc)], Action::Dismiss, &PANES, "show all", "drop the filter, or the marks"),
        bind(
            "acknowledge",
            &[key!(shift - a)],
            Action::Acknowledge,
            &PANES,
            "note the alarm",
            "the alarms have been seen",
        ),
        bind("search", &[key!(s)], Action::SearchHere, &PANES, "search", "search for a driver at the map's cursor"),
        bind("search-form", &[key!(shift - s)], Action::SearchForm, &PANES, "", "search by a form: place and rider"),
        bind("cancel", &[key!(c)], Action::Cancel, &PANES, "cancel", "cancel the search, or those marked (asks first)"),
        bind("expire", &[key!(x)], Action::Expire, &PANES, "expire", "expire it now, or those marked (asks first)"),
        bind(
            "extend",
            &[key!(e)],
            Action::ExtendTime,
            &PANES,
            "extend",
            "give it a minute more; :extend 90s says how much",
        ),
        bind("retry", &[key!(r)], Action::Retry, &PANES, "retry", "attempt it now, without waiting for the next time"),
        bind("assign", &[key!(a)], Action::Assign, &PANES, "assign", "choose its driver by hand, the nearest first"),
        bind(
            "widen",
            &[key!(w)],
            Action::Widen,
            &PANES,
            "widen",
            "let its driver be farther away; :widen 8km says how far",
        ),
        bind("mark", &[key!(space)], Action::Mark, &TABLES, "mark", "mark the row, or take the mark off"),
        bind("mark-range", &[key!(v)], Action::MarkRange, &TABLES, "", "mark from the last marked row to this one"),
        bind("mark-all", &[key!(shift - v)], Action::MarkAll, &TABLES, "", "mark all that the filter shows, or none"),
        bind("undo", &[key!(u)], Action::Undo, &PANES, "undo", "undo the last action"),
        bind("sort", &[key!(o)], Action::Sort, &PANES, "sort", "sort by the next column"),
        bind("sort-reverse", &[key!(shift - o)], Action::SortReverse, &PANES, "", "turn the order round"),
        bind(
            "filter",
            &[key!('/')],
            Action::Filter,
            &PANES,
            "filter",
            "filter: text, !not, state: rider: driver: left:<30s near:2km",
        ),
        bind("filter-map", &[key!(shift - f)], Action::FilterMap, &PANES, "", "the filter holds on the map, too"),
        bind(
            "palette",
            &[key!(':')],
            Action::Palette,
            &PANES,
            "commands",
            "any action by its name, with what it takes",
        ),
        bind("goto", &[key!('@')], Action::GoTo, &PANES, "", "go to a place, a driver, a request or a bookmark"),
        bind(
            "previous-driver",
            &[key!('[')],
            Action::PreviousDriver,
            &PANES,
            "",
            "select the previous driver on the map",
        ),
        bind("next-driver", &[key!(']')], Action::NextDriver, &PANES, "driver", "select the next driver on the map"),
        bind(
            "grab",
            &[key!(m)],
            Action::Grab,
            &PANES,
            "move driver",
            "take up the driver: arrows carry, Enter drops, Esc puts back",
        ),
        bind("new-driver", &[key!(n)], Action::NewDriver, &PANES, "new driver", "set a new driver at the map's cursor"),
        bind(
            "remove-driver",
            &[key!(shift - d)],
            Action::RemoveDriver,
            &PANES,
            "remove driver",
            "take the driver off the map (asks first)",
        ),
        bind("centre", &[key!(enter)], Action::Centre, &PANES, "centre", "centre the map on the selection"),
        bind("zoom-in", &[key!('+'), key!('=')], Action::ZoomIn, &ZOOMING, "zoom", "zoom in"),
        bind("zoom-out", &[key!('-')], Action::ZoomOut, &ZOOMING, "", "zoom out"),
        bind("fit", &[key!(f)], Action::FitAll, &PANES, "fit", "show all drivers and searches"),
        bind("trails", &[key!(shift - t)], Action::Trails, &PANES, "", "show where drivers came from"),
        bind("measure", &[key!(shift - m)], Action::Measure, &PANES, "", "measure from the map's cursor, or stop"),
        bind("legend", &[key!('#')], Action::Legend, &PANES, "", "show what the signs of the map mean"),
        bind("bookmark", &[key!(shift - b)], Action::SetBookmark, &PANES, "", "remember the place under the cursor"),
        bind("next-bookmark", &[key!(b)], Action::NextBookmark, &PANES, "", "to the next remembered place"),
        bind(
            "copy",
            &[key!(y)],
            Action::Copy,
            &PANES,
            "copy",
            "copy the id, or on the map the place, to the clipboard",
        ),
        bind("numbers-span", &[key!(i)], Action::NumbersSpan, &PANES, "", "the numbers over 1, 5 or 15 minutes"),
        bind("pause", &[key!(p)], Action::Pause, &PANES, "pause", "stop the picture, or let it go on"),
        bind("theme", &[key!(t)], Action::Theme, &PANES, "", "the next theme"),
        bind("next-pane", &[key!(tab)], Action::NextPane, &PANES, "pane", "go to the next pane"),
        bind("searches", &[key!('1')], Action::Pane(Pane::Searches), &PANES, "", "to the searches"),
        bind("drivers", &[key!('2')], Action::Pane(Pane::Drivers), &PANES, "", "to the drivers"),
        bind("map", &[key!('3')], Action::Pane(Pane::Map), &PANES, "", "to the map"),
        bind("events", &[key!('4')], Action::Pane(Pane::Events), &PANES, "", "to the events"),
        bind("first", &[key!(home), key!(g)], Action::First, &TABLES, "", "to the first row"),
        bind("last", &[key!(end), key!(shift - g)], Action::Last, &TABLES, "", "to the last row"),
        bind("suspend", &[key!(ctrl - z)], Action::Suspend, &ALL, "", "back to the shell; `fg` returns"),
        bind("help", &[key!('?')], Action::Help, &PANES, "help", "this help"),
        bind("quit", &[key!(q)], Action::Quit, &PANES, "quit", "leave"),
        bind("interrupt", &[key!(ctrl - c)], Action::Quit, &ALL, "", ""),
    ];
    let ways = [
        ("up", "far-up", Direction::Up, [key!(up), key!(k)], [key!(shift - up), key!(shift - k)]),
        ("down", "far-down", Direction::Down, [key!(down), key!(j)], [key!(shift - down), key!(shift - j)]),
        ("left", "far-left", Direction::Left, [key!(left), key!(h)], [key!(shift - left), key!(shift - h)]),
        ("right", "far-right", Direction::Right, [key!(right), key!(l)], [key!(shift - right), key!(shift - l)]),
    ];
    for (i, (name, far_name, direction, near, far)) in ways.into_iter().enumerate() {
        let (help, far_help) =
            if i == 0 { ("pan the map, select a row, carry a driver", "the same in great steps") } else { ("", "") };
        let everywhere: &[Context] =
            &[Context::Map, Context::Searches, Context::Drivers, Context::Events, Context::Help, Context::Choose];
        let hint = if i == 0 { "carry" } else { "" };
        all.insert(i, bind(name, &near, Action::Move(direction), &[Context::Carry], hint, ""));
        all.push(bind(name, &near, Action::Move(direction), everywhere, "", help));
        all.push(bind(far_name, &far, Action::MoveFar(direction), everywhere, "", far_help));
        all.push(bind(far_name, &far, Action::MoveFar(direction), &[Context::Carry], "", ""));
    }
    all.push(bind("far-up", &[key!(pageup)], Action::MoveFar(Direction::Up), &LISTS, "", ""));
    all.push(bind("far-down", &[key!(pagedown)], Action::MoveFar(Direction::Down), &LISTS, "", ""));
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
