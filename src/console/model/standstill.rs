//! A console that stood still: what was asked before, and what was pressed meanwhile, was meant for a picture that is long gone.

use std::time::Duration;

use super::{Layer, Model, Tone};
use crate::console::wording;
use crate::domain::format_span;

/// What was pressed meanwhile comes within so long: sooner than anybody can have looked at the new picture and answered it.
const COMES_WITHIN: Duration = Duration::from_millis(300);

/// The console was stopped, or its machine slept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standstill {
    /// How long.
    span: Duration,
    /// Until when, by the console's own clock, what was pressed meanwhile is still coming.
    until: Duration,
    /// How much of that was passed over.
    passed_over: u64,
    /// A question stood open, and was taken back.
    asked: bool,
}

impl Model {
    /// The console goes on after having stood still for so long.
    pub fn go_on(&mut self, span: Duration) {
        let is_question = |layer: &Layer| matches!(layer, Layer::Confirm(_));
        let asked = self.layers.iter().any(is_question);
        self.layers.retain(|layer| !is_question(layer));
        self.standstill = Some(Standstill { span, until: self.now + COMES_WITHIN, passed_over: 0, asked });
    }

    /// Whether a key or a click was made while the console stood still. It is passed over, and counted.
    pub fn passes_over(&mut self) -> bool {
        self.end_standstill();
        let Some(standstill) = &mut self.standstill else { return false };
        standstill.passed_over += 1;
        true
    }

    /// Once all has come, it is told what was passed over.
    pub fn end_standstill(&mut self) {
        let Some(over) = self.standstill.take_if(|standstill| self.now >= standstill.until) else { return };
        let (span, keys) = (format_span(over.span), wording::many(over.passed_over, "key"));
        let text = match (over.asked, over.passed_over) {
            (false, 0) => return,
            (false, _) => format!("{keys} pressed while this console stood still for {span}"),
            (true, 0) => format!("what was asked before this console stood still for {span}"),
            (true, _) => {
                format!("what was asked before this console stood still for {span}, and {keys} from meanwhile")
            }
        };
        self.say_too(Tone::Bad, text);
    }
}
