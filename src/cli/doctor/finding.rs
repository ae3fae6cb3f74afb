//! What was found, and how it is told: a sign and a word, what was seen, and what to do.

use std::env;
use std::io::{self, IsTerminal};

use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::Output;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and something of it may be missed one day.
    Warning,
    /// It does not work.
    Wrong,
}

impl Verdict {
    fn sign_and_word(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Self::Ok, false) => "✓ ok     ",
            (Self::Ok, true) => "+ ok     ",
            (Self::Warning, _) => "! warning",
            (Self::Wrong, false) => "✗ wrong  ",
            (Self::Wrong, true) => "x wrong  ",
        }
    }
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Advice {
    /// In words.
    Words(String),
    /// A command, which is never broken into lines.
    Command(String),
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) topic: &'static str,
    pub(super) verdict: Verdict,
    pub(super) seen: String,
    pub(super) advice: Vec<Advice>,
}

impl Finding {
    pub(super) fn new(topic: &'static str, verdict: Verdict, seen: impl Into<String>) -> Self {
        Self { topic, verdict, seen: seen.into(), advice: Vec::new() }
    }

    pub(super) fn ok(topic: &'static str, seen: impl Into<String>) -> Self {
        Self::new(topic, Verdict::Ok, seen)
    }

    pub(super) fn advise(mut self, advice: impl IntoIterator<Item = Advice>) -> Self {
        self.advice.extend(advice);
        self
    }
}

/// A finding as a program reads it.
#[derive(Serialize)]
struct Row<'a> {
    check: &'a str,
    verdict: Verdict,
    seen: &'a str,
    advice: Vec<&'a str>,
}

/// Where findings are told, as they come.
pub(super) struct Page {
    json: bool,
    ascii: bool,
    /// Columns of the terminal; none where lines need no end.
    width: Option<usize>,
    topic: &'static str,
    counts: [usize; 3],
}

impl Page {
    pub(super) fn new(json: bool) -> Self {
        let width = io::stdout().is_terminal().then(|| crossterm::terminal::size().map_or(80, |(columns, _)| columns));
        let ascii = !super::super::console::unicode();
        Self { json, ascii, width: width.map(|columns| usize::from(columns).max(40)), topic: "", counts: [0; 3] }
    }

    /// Tells these.
    pub(super) fn add(&mut self, findings: Vec<Finding>) -> Result<(), Failure> {
        let mut out = Output::new();
        for finding in findings {
            self.counts[finding.verdict as usize] += 1;
            if self.json {
                out.json(&row(&finding))?;
                continue;
            }
            if finding.topic != self.topic {
                self.topic = finding.topic;
                out.line("")?;
                out.line(&capitalised(finding.topic))?;
            }
            for line in lines(&finding, self.ascii, self.width) {
                out.line(&line)?;
            }
        }
        out.flush()
    }

    /// Tells how it is in all: a failure where something is wrong.
    pub(super) fn end(self) -> Result<(), Failure> {
        let [ok, warnings, wrong] = self.counts;
        if !self.json {
            let mut out = Output::new();
            let plural = if warnings == 1 { "" } else { "s" };
            out.line("")?;
            out.line(&format!("{ok} ok, {warnings} warning{plural}, {wrong} wrong"))?;
            out.flush()?;
        }
        if wrong > 0 { Err(Failure::Said) } else { Ok(()) }
    }
}

fn row(finding: &Finding) -> Row<'_> {
    let text = |advice| match advice {
        &Advice::Words(ref text) | &Advice::Command(ref text) => text.as_str(),
    };
    let advice = finding.advice.iter().map(text).collect();
    Row { check: finding.topic, verdict: finding.verdict, seen: &finding.seen, advice }
}

fn capitalised(topic: &str) -> String {
    let mut letters = topic.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Where what was seen begins, and advice with it.
const INDENT: usize = 12;

fn lines(finding: &Finding, ascii: bool, width: Option<usize>) -> Vec<String> {
    let room = width.map_or(usize::MAX, |width| width - INDENT);
    let margin = " ".repeat(INDENT);
    let head = format!("{} ", finding.verdict.sign_and_word(ascii));
    let mut lines = Vec::new();
    for (i, line) in wrapped(&finding.seen, room).into_iter().enumerate() {
        lines.push(if i == 0 { format!("{head:<INDENT$}{line}") } else { format!("{margin}{line}") });
    }
    for advice in &finding.advice {
        match advice {
            Advice::Words(text) => lines.extend(wrapped(text, room).into_iter().map(|line| format!("{margin}{line}"))),
            Advice::Command(command) => lines.push(format!("{margin}  {command}")),
        }
    }
    lines
}

/// Lines of at most so many characters, as far as words allow it.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last =
            lines.last_mut().filter(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= room);
        match last {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A variable that is set to something.
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_commands_are_not() {
        let command = "redis-cli CONFIG SET notify-keyspace-events 'K$zhgx'";
        let finding = Finding::new("redis", Verdict::Wrong, "one two three four five six seven eight")
            .advise([Advice::Words("do this".to_owned()), Advice::Command(command.to_owned())]);
        assert_eq!(
            lines(&finding, true, Some(40)),
            [
                "x wrong     one two three four five six",
                "            seven eight",
                "            do this",
                &format!("              {command}")
            ]
        );
        assert_eq!(lines(&finding, false, None)[0], "✗ wrong     one two three four five six seven eight");
    }
}
