//! Reads a file of tokens: the service's, and that of a program that calls one.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::api::{Line, Role, Tokens};

/// Nothing longer than this, in bytes, is read.
const LONGEST_FILE: u64 = 1024 * 1024;
/// The rights of those who are neither the file's owner nor of its group.
const OTHERS: u32 = 0o007;

/// How a file of tokens is made.
const WRITE_ONE: &str = "  Write one with: (umask 077; echo \"driver $(openssl rand -hex 32)\" > FILE)";

/// The lines of this file, or in words why it can't be used. Nothing that stands there is told.
pub(super) fn lines(path: &Path) -> Result<Vec<Line>, String> {
    let wrong = |why: String| format!("{} can't be used: {why}\n{WRITE_ONE}", path.display());
    let read = || {
        let file = File::open(path)?;
        let about = file.metadata()?;
        let mut text = String::new();
        file.take(LONGEST_FILE + 1).read_to_string(&mut text)?;
        std::io::Result::Ok((text, about.permissions().mode()))
    };
    let (text, mode) = read().map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > LONGEST_FILE {
        return Err(wrong("it is longer than 1 MiB".to_owned()));
    }
    if mode & OTHERS != 0 {
        tracing::warn!("anybody on this machine may open {}: chmod o= keeps it to its owner and group", path.display());
    }
    Line::read_all(&text).map_err(|error| wrong(error.to_string()))
}

/// The tokens of this file; the log tells how many there are.
pub(super) fn tokens(path: &Path) -> Result<Tokens, String> {
    let lines = lines(path)?;
    for line in lines.iter().filter(|line| line.is_short()) {
        tracing::warn!(
            "{}, line {}: this token is short; 32 characters or more are better",
            path.display(),
            line.number
        );
    }
    let tokens = Tokens::new(lines);
    let [drivers, riders, operators] = Role::ALL.map(|role| tokens.count(role));
    let bound = match tokens.count_bound() {
        0 => String::new(),
        bound => format!(" ({bound} of them bound to one driver)"),
    };
    tracing::info!("Tokens in {}: drivers' {drivers}{bound}, riders' {riders}, operators' {operators}", path.display());
    Ok(tokens)
}
