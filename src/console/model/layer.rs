//! What can lie over the panes: the help, a question, a form, the filter's line, the palette.

use tui_input::Input;

use super::Tone;
use super::palette::Palette;
use crate::console::message::Errand;
use crate::domain::{DriverId, Near, RequestId};

/// One of the things over the panes.
#[derive(Debug, Clone)]
pub enum Layer {
    /// The keys, scrolled down by so many lines.
    Help(u16),
    /// A question.
    Confirm(Confirm),
    /// A form.
    Form(Form),
    /// The line in which a filter is typed.
    Filter(Input),
    /// The command palette.
    Palette(Palette),
    /// A list of drivers for a search.
    Choose(Choose),
    /// What became of an action on several.
    Results(Results),
    /// How the link is, and how it was so far.
    Link,
}

/// A driver is chosen for a search, from those that are near it.
#[derive(Debug, Clone, PartialEq)]
pub struct Choose {
    /// For which search.
    pub request: RequestId,
    /// The drivers near it when they were first known, nearest first; none before. Nobody moves under the cursor.
    pub candidates: Option<Vec<Near>>,
    /// Which of them is chosen, from 0.
    pub chosen: usize,
}

impl Choose {
    /// The driver that is chosen.
    #[must_use]
    pub fn driver(&self) -> Option<&DriverId> {
        self.candidates.as_ref()?.get(self.chosen).map(|near| &near.candidate.driver.id)
    }
}

/// What became of each part of an action on several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// All in one line.
    pub summary: String,
    /// A line for each.
    pub lines: Vec<ResultLine>,
    /// Scrolled down by so many lines.
    pub scrolled: u16,
}

/// What became of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultLine {
    /// How it ended.
    pub tone: Tone,
    /// In words.
    pub text: String,
}

/// A destructive action, waiting for its yes.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// What is asked, with the ids that are meant.
    pub question: String,
    /// What is done on a yes.
    pub errand: Errand,
}

/// A form of a few lines.
#[derive(Debug, Clone)]
pub struct Form {
    /// What it is for.
    pub kind: FormKind,
    /// Its lines.
    pub fields: Vec<Field>,
    /// The line that is being typed in.
    pub active: usize,
    /// What is wrong with what was typed.
    pub error: Option<String>,
}

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormKind {
    /// A search: place and rider.
    Search,
    /// A new driver: id and place.
    Driver,
}

/// A line of a form.
#[derive(Debug, Clone)]
pub struct Field {
    /// What belongs there.
    pub label: &'static str,
    /// What stands there.
    pub input: Input,
}

impl Form {
    /// A form with these labels and what stands there to begin with.
    #[must_use]
    pub fn new(kind: FormKind, fields: [(&'static str, String); 2]) -> Self {
        let fields = fields.into_iter().map(|(label, value)| Field { label, input: Input::new(value) }).collect();
        Self { kind, fields, active: 0, error: None }
    }

    /// The text of a field, without spaces around it.
    #[must_use]
    pub fn text(&self, field: usize) -> &str {
        self.fields.get(field).map_or("", |f| f.input.value().trim())
    }
}
