//! What `[keys]` in the configuration makes of the keymap: a name has other keys, or none.
//!
//! A table in which something cannot be meant is not used at all, and everything that is wrong with it is told.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use crokey::KeyCombination;
use crossterm::event::{KeyCode, KeyModifiers};

use super::action::Action;
use super::keymap::{Binding, Keymap, name};

/// The one binding that always holds: `Ctrl-c` leaves.
const FIXED: &str = "interrupt";

/// Why keys cannot be bound so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RebindError {
    /// No action has this name.
    #[error("there is no action \"{0}\"; assets/config.toml lists them")]
    Unknown(String),
    /// It always has its key.
    #[error("\"{FIXED}\" keeps its key: Ctrl-c always leaves")]
    Fixed,
    /// This is no key.
    #[error(
        "{action}: \"{key}\" is no key; keys are written like \"x\", \"S\", \"ctrl-x\", \"shift-tab\", \"space\" or \"F5\""
    )]
    Unreadable {
        /// The action that it was written for.
        action: &'static str,
        /// What was written.
        key: String,
    },
    /// A character that would have to be typed in the same place.
    #[error("{action}: \"{key}\" cannot have that meaning where text is typed")]
    Typed {
        /// The action that it was written for.
        action: &'static str,
        /// The key.
        key: String,
    },
    /// An answer that has no key would leave the operator in the question.
    #[error("\"{0}\" needs a key: it is an answer")]
    Needed(&'static str),
    /// One key would mean two things in one place.
    #[error("\"{key}\" would mean both \"{first}\" and \"{second}\"")]
    Conflict {
        /// The key.
        key: String,
        /// One action.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
}

impl Keymap {
    /// The default keys, but for the names in this table, which have the keys that stand there.
    ///
    /// # Errors
    /// All that cannot be meant.
    pub fn rebound(table: &BTreeMap<String, Vec<String>>) -> Result<Self, Vec<RebindError>> {
        let mut keymap = Self::default();
        let mut errors = Vec::new();
        for (action, texts) in table {
            match keymap.read(action, texts) {
                Ok((action, keys)) => {
                    for binding in keymap.bindings.iter_mut().filter(|b| b.name == action) {
                        binding.keys.clone_from(&keys);
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        errors.extend(keymap.conflicts());
        if errors.is_empty() { Ok(keymap) } else { Err(errors) }
    }

    /// A line of the table, if it can be meant.
    fn read(&self, action: &str, texts: &[String]) -> Result<(&'static str, Vec<KeyCombination>), RebindError> {
        let bindings: Vec<&Binding> = self.bindings.iter().filter(|b| b.name == action).collect();
        let Some(action) = bindings.first().map(|b| b.name) else {
            return Err(RebindError::Unknown(action.to_owned()));
        };
        if action == FIXED {
            return Err(RebindError::Fixed);
        }
        if texts.is_empty() && bindings.iter().any(|b| matches!(b.action, Action::Accept | Action::Dismiss)) {
            return Err(RebindError::Needed(action));
        }
        let typed = bindings.iter().flat_map(|b| b.contexts).any(|context| context.is_typed_in());
        let mut keys = Vec::new();
        for text in texts {
            let key = text.parse().map_err(|()| RebindError::Unreadable { action, key: text.clone() });
            let Key(key) = key?;
            if typed && is_character(key) {
                return Err(RebindError::Typed { action, key: name(key) });
            }
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Ok((action, keys))
    }

    /// Every key that would mean two things in one context, each pair once.
    fn conflicts(&self) -> Vec<RebindError> {
        let mut taken = HashMap::new();
        let mut conflicts = Vec::new();
        for binding in &self.bindings {
            for (&context, &key) in binding.contexts.iter().flat_map(|c| binding.keys.iter().map(move |k| (c, k))) {
                let first = *taken.entry((context, key)).or_insert(binding.name);
                if first != binding.name {
                    let conflict = RebindError::Conflict { key: name(key), first, second: binding.name };
                    if !conflicts.contains(&conflict) {
                        conflicts.push(conflict);
                    }
                }
            }
        }
        conflicts
    }
}

fn is_character(key: KeyCombination) -> bool {
    let alone = (key.modifiers - KeyModifiers::SHIFT).is_empty();
    alone && matches!(key.codes.first(), KeyCode::Char(_))
}

/// A key as it is written in the configuration.
struct Key(KeyCombination);

impl FromStr for Key {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        // A sign at the very start or end is the key itself.
        while let Some((held, after)) = split_at_sign(rest) {
            modifiers |= match held.to_ascii_lowercase().as_str() {
                "ctrl" | "control" => KeyModifiers::CONTROL,
                "alt" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => return Err(()),
            };
            rest = after;
        }
        let code = key_code(rest).ok_or(())?;
        // With Ctrl, terminals send the same for both cases, and for three letters a key that has a name.
        if modifiers.contains(KeyModifiers::CONTROL) && matches!(code, KeyCode::Char(c) if c.is_ascii_alphabetic()) {
            modifiers -= KeyModifiers::SHIFT;
        }
        let code = match code {
            KeyCode::Char('i' | 'I') if modifiers == KeyModifiers::CONTROL => return Ok(Self::bare(KeyCode::Tab)),
            KeyCode::Char('m' | 'M') if modifiers == KeyModifiers::CONTROL => return Ok(Self::bare(KeyCode::Enter)),
            KeyCode::Char('[') if modifiers == KeyModifiers::CONTROL => return Ok(Self::bare(KeyCode::Esc)),
            // Which sign Shift and another one make is the keyboard's secret.
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::SHIFT) && !c.is_alphabetic() => return Err(()),
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => KeyCode::Char(c.to_ascii_lowercase()),
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::SHIFT) && c.is_ascii_lowercase() => {
                KeyCode::Char(c.to_ascii_uppercase())
            }
            KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            other => other,
        };
        if code == KeyCode::BackTab {
            modifiers |= KeyModifiers::SHIFT;
        }
        Ok(Self(KeyCombination::new(code, modifiers).normalized()))
    }
}

impl Key {
    fn bare(code: KeyCode) -> Self {
        Self(KeyCombination::new(code, KeyModifiers::NONE))
    }
}

/// What stands before and after the first `-` or `+` that has something on both sides.
fn split_at_sign(text: &str) -> Option<(&str, &str)> {
    let (at, sign) = text.char_indices().skip(1).find(|(_, c)| matches!(c, '-' | '+'))?;
    let (held, after) = (text.get(..at)?, text.get(at + sign.len_utf8()..)?);
    (!after.is_empty()).then_some((held, after))
}

fn key_code(text: &str) -> Option<KeyCode> {
    let mut characters = text.chars();
    if let (Some(c), None) = (characters.next(), characters.next()) {
        return (!c.is_control()).then_some(KeyCode::Char(c));
    }
    match text.to_ascii_lowercase().as_str() {
        "escape" => Some(KeyCode::Esc),
        "return" => Some(KeyCode::Enter),
        other => crokey::parse(other).ok().map(|key| *key.codes.first()),
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyEvent;
    use proptest::prelude::*;

    use super::*;
    use crate::console::keymap::Context;

    fn table(lines: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let texts = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
        lines.iter().map(|(name, keys)| ((*name).to_owned(), texts(keys))).collect()
    }

    fn errors(lines: &[(&str, &[&str])]) -> Vec<String> {
        Keymap::rebound(&table(lines)).unwrap_err().iter().map(ToString::to_string).collect()
    }

    fn means(keymap: &Keymap, context: Context, code: KeyCode, modifiers: KeyModifiers) -> Option<Action> {
        keymap.action(context, KeyEvent::new(code, modifiers))
    }

    #[test]
    fn a_name_has_its_new_keys_and_no_other() {
        let keymap = Keymap::rebound(&table(&[("cancel", &["ctrl-x", "F5"]), ("quit", &[])])).unwrap();
        let press = |code, modifiers| means(&keymap, Context::Searches, code, modifiers);
        assert_eq!(press(KeyCode::Char('x'), KeyModifiers::CONTROL), Some(Action::Cancel));
        assert_eq!(press(KeyCode::F(5), KeyModifiers::NONE), Some(Action::Cancel));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::NONE), None);
        assert_eq!(press(KeyCode::Char('q'), KeyModifiers::NONE), None);
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Action::Quit), "Ctrl-c always leaves");
    }

    #[test]
    fn a_name_is_rebound_wherever_it_holds() {
        let keymap = Keymap::rebound(&table(&[("accept", &["F2"])])).unwrap();
        for context in [Context::Form, Context::Filter, Context::Carry, Context::Choose, Context::Palette] {
            assert_eq!(means(&keymap, context, KeyCode::F(2), KeyModifiers::NONE), Some(Action::Accept), "{context:?}");
            assert_eq!(means(&keymap, context, KeyCode::Enter, KeyModifiers::NONE), None, "{context:?}");
        }
    }

    #[test]
    fn keys_are_read_as_people_write_them() {
        let read = |text: &str| text.parse::<Key>().ok().map(|Key(key)| name(key));
        for (text, shown) in [
            ("c", "c"),
            ("S", "S"),
            ("shift-s", "S"),
            ("Shift+S", "S"),
            ("ctrl-x", "Ctrl-x"),
            ("Ctrl-X", "Ctrl-x"),
            ("shift-ctrl-x", "Ctrl-x"),
            ("ctrl-shift-i", "Tab"),
            ("alt-X", "Alt-X"),
            ("F5", "F5"),
            ("?", "?"),
            ("-", "-"),
            ("+", "+"),
            ("ctrl--", "Ctrl--"),
            ("ctrl++", "Ctrl-+"),
            ("space", "Space"),
            ("SPACE", "Space"),
            (" ", "Space"),
            ("shift-tab", "Shift-Tab"),
            ("shift-up", "Shift-Up"),
            ("Escape", "Esc"),
            ("ctrl-i", "Tab"),
            ("ñ", "ñ"),
            ("Ñ", "Ñ"),
        ] {
            assert_eq!(read(text).as_deref(), Some(shown), "{text:?}");
        }
        for text in ["", "cc", "ctrl-", "hyper-x", "shift-1", "F99", "a-b", "\t"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_key_is_read_as_it_is_shown() {
        for binding in Keymap::default().bindings() {
            for &key in &binding.keys {
                let read = name(key).parse::<Key>().ok().map(|Key(key)| key);
                assert_eq!(read, Some(key), "{}: {}", binding.name, name(key));
            }
        }
    }

    #[test]
    fn a_conflict_names_both() {
        assert_eq!(errors(&[("cancel", &["x"])]), ["\"x\" would mean both \"cancel\" and \"expire\""]);
        assert_eq!(
            errors(&[("help", &["ctrl-c"])]),
            ["\"Ctrl-c\" would mean both \"help\" and \"interrupt\""],
            "nothing takes the last way out"
        );
        assert_eq!(
            errors(&[("next-pane", &["ctrl-m"])]),
            ["\"Enter\" would mean both \"centre\" and \"next-pane\""],
            "terminals send the same for both"
        );
        assert!(Keymap::rebound(&table(&[("cancel", &["x"]), ("expire", &["c"])])).is_ok(), "two can change places");
        assert!(Keymap::rebound(&table(&[("mark", &["["]), ("previous-driver", &[])])).is_ok());
    }

    #[test]
    fn all_that_is_wrong_is_told() {
        let told = errors(&[
            ("cancle", &["c"]),
            ("expire", &["ctrl-hyper-x"]),
            ("interrupt", &["ctrl-q"]),
            ("accept", &["y"]),
            ("no", &[]),
        ]);
        assert_eq!(
            told,
            [
                "accept: \"y\" cannot have that meaning where text is typed",
                "there is no action \"cancle\"; assets/config.toml lists them",
                "expire: \"ctrl-hyper-x\" is no key; keys are written like \"x\", \"S\", \"ctrl-x\", \"shift-tab\", \
                 \"space\" or \"F5\"",
                "\"interrupt\" keeps its key: Ctrl-c always leaves",
                "\"no\" needs a key: it is an answer",
            ]
        );
    }

    #[test]
    fn bindings_of_one_name_have_the_same_keys_and_meaning() {
        let keymap = Keymap::default();
        for binding in keymap.bindings() {
            for other in keymap.bindings().filter(|other| other.name == binding.name) {
                assert_eq!((&binding.keys, binding.action), (&other.keys, other.action), "{}", binding.name);
            }
        }
    }

    #[test]
    fn the_help_tells_the_actual_keys() {
        let told = |lines: &[(&str, &[&str])]| {
            let keymap = Keymap::rebound(&table(lines)).unwrap();
            let groups = super::super::action::Group::ALL.into_iter().flat_map(|group| keymap.help(group));
            groups.map(|(keys, help)| format!("{keys}: {help}")).collect::<Vec<_>>().join("\n")
        };
        assert!(told(&[]).contains("arrows hjkl: pan the map"));
        assert!(told(&[]).contains("Shift-arrows: the same"));
        let other = told(&[("up", &["w"]), ("widen", &["W"]), ("quit", &[])]);
        assert!(other.contains("Left Down w Right: pan the map"), "{other}");
        assert!(other.contains(":quit: leave"), "{other}");
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reading(text in "\\PC{0,12}|(ctrl|alt|shift|[+-]){0,4}[a-zA-Z+-]?") {
            if let Ok(Key(key)) = text.parse::<Key>() {
                let again = name(key).parse::<Key>().ok().map(|Key(key)| key);
                prop_assert_eq!(again, Some(key));
            }
        }
    }
}
