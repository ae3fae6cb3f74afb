//! The command palette: a line, and what it could become.

use tui_input::Input;

/// The palette while it is open.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    /// The line.
    pub input: Input,
    /// What the word that is being typed could become, the best first.
    pub choices: Vec<Choice>,
    /// The choice that is taken by a key.
    pub chosen: Option<usize>,
    /// What is wrong with the line that was to be run.
    pub error: Option<String>,
    /// What the command of the line takes and does, once its name stands there.
    pub told: Option<String>,
    /// Which line of the history is shown, while the operator walks through it.
    pub walking: Option<usize>,
}

/// Something that the word could become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The word.
    pub text: String,
    /// What it takes, for a command.
    pub arguments: &'static str,
    /// What it is.
    pub help: String,
    /// The key that does the same.
    pub key: String,
}

impl Palette {
    /// Whether the name of the command is still being typed.
    #[must_use]
    pub fn is_naming(&self) -> bool {
        crate::console::command::last_word(self.input.value()).0 == 0
    }
}
