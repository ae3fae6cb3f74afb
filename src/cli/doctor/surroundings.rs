//! What is around the program: the configuration, the variables, and the terminal.

use std::env;
use std::io::{self, IsTerminal};

use super::super::{Shared, console};
use super::finding::{Finding, Verdict, variable};
use super::say;
use crate::console::model::Depth;

/// From so many columns and rows on the console shows several panes at once.
const SMALL: (u16, u16) = (72, 22);

pub(super) fn configuration(shared: &Shared, strays: Vec<String>) -> Vec<Finding> {
    let seen = match &shared.config_file {
        Some(path) => format!("{} was read", path.display()),
        None => "there is no configuration file, and none is needed".to_owned(),
    };
    let mut findings = vec![Finding::ok("configuration", seen)];
    findings.extend(strays.into_iter().map(|stray| Finding::new("configuration", Verdict::Warning, stray)));
    findings
}

pub(super) fn terminal() -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let name = variable("TERM").unwrap_or_default();
    if name.is_empty() || name == "dumb" {
        findings.push(
            Finding::new("terminal", Verdict::Warning, format!("TERM is \"{name}\", which has no screen to draw on"))
                .advise([say("Set it to what the terminal is, xterm-256color say.")]),
        );
    } else {
        findings.push(Finding::ok("terminal", format!("TERM is {name}, {}{}", colours(), around(&name))));
    }
    if is_terminal {
        findings.extend(crossterm::terminal::size().ok().map(size));
    } else {
        findings.push(Finding::ok("terminal", "input or output is no terminal now; the console would need one"));
    }
    findings.push(if console::unicode() {
        Finding::ok("terminal", "the locale is UTF-8: the map is drawn in Braille")
    } else {
        let seen = "the locale is not UTF-8 (LC_ALL, LC_CTYPE, LANG), or this is the kernel's console: ASCII is drawn";
        Finding::new("terminal", Verdict::Warning, seen)
            .advise([say("LANG=C.UTF-8 draws finer, where the terminal can.")])
    });
    findings.push(clipboard());
    findings
}

fn colours() -> &'static str {
    match console::depth() {
        Depth::None => "without colours (NO_COLOR)",
        Depth::Sixteen => "16 colours",
        Depth::TwoFiftySix => "256 colours",
        Depth::TrueColour => "true colour",
    }
}

/// What lies between the program and the terminal.
fn around(term: &str) -> String {
    let within = |name, what| env::var_os(name).map(|_| what);
    let screen = (term.starts_with("screen") && env::var_os("TMUX").is_none()).then_some("screen");
    let layers: Vec<&str> =
        [within("TMUX", "tmux"), screen, within("SSH_CONNECTION", "SSH")].into_iter().flatten().collect();
    if layers.is_empty() { String::new() } else { format!(", through {}", layers.join(" and ")) }
}

fn size((columns, rows): (u16, u16)) -> Finding {
    let seen = format!("it has {columns} columns and {rows} rows");
    if columns >= SMALL.0 && rows >= SMALL.1 {
        return Finding::ok("terminal", seen);
    }
    Finding::new("terminal", Verdict::Warning, format!("{seen}: one pane is shown at a time"))
        .advise([say(format!("From {} by {} on, several panes are shown at once.", SMALL.0, SMALL.1))])
}

fn clipboard() -> Finding {
    let finding = Finding::ok("terminal", "`y` in the console copies by OSC 52, where the terminal lets it");
    if env::var_os("TMUX").is_none() {
        return finding;
    }
    finding.advise([say("tmux passes that on with: set -g set-clipboard on")])
}
