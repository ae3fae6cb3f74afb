//! Where an option's value comes from: flag over `CABSTAND_*` variable over `config.toml` over default.
//!
//! The options themselves are declared once, in `cli`. Here every one of them gets a variable named after it, and what
//! stands in the file becomes its default, so the three can never know different options. The console's `[keys]` are handed
//! on as they stand: what can be bound is the console's to say.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{env, io};

use clap::{Arg, Command};
use etcetera::BaseStrategy;
use toml::{Table, Value};

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{path} can't be read: {error}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is no TOML. What stands there is not told: it may be a password.
    #[error("{path} is not valid TOML: line {line}: {why}")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// In which line, from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// It names something that is no option.
    #[error("{path}: there is no option \"{name}\"; `cabstand help` and assets/config.toml list them{}", on_passwords(.name))]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// What it names, with its table.
        name: String,
    },
    /// A key is bound to what is neither a text nor a list of texts.
    #[error("{path}: \"[keys] {name}\" takes a key, or a list of keys")]
    Keys {
        /// Which file.
        path: PathBuf,
        /// What the key is for.
        name: String,
    },
    /// An option has a value that is neither text, number nor true/false.
    #[error("{path}: \"{name}\" takes a text, a number, or true or false")]
    Type {
        /// Which file.
        path: PathBuf,
        /// Which option.
        name: String,
    },
}

/// The longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// The table with the console's keys.
const KEYS: &str = "keys";

/// The command line with what variables and the file say.
#[derive(Debug)]
pub struct Layered {
    /// Every option with its variable and its default.
    pub command: Command,
    /// What the file says of the console's keys.
    pub keys: Keys,
}

/// The table `[keys]`: names of actions, and for each the keys that it has instead of its own.
#[derive(Debug, Default)]
pub struct Keys {
    /// Where it stands.
    pub path: PathBuf,
    /// As it was written.
    pub table: BTreeMap<String, Vec<String>>,
}

/// Gives every option its variable, and its default from the file that `arguments`, the variable `CABSTAND_CONFIG` or the
/// XDG directory name.
///
/// # Errors
/// Where a file that was named cannot be used, or any file says something that is no option.
pub fn layered(command: Command, arguments: &[OsString]) -> Result<Layered, ConfigError> {
    let command = with_variables(command);
    let Some(path) = chosen_file(arguments) else { return Ok(Layered { command, keys: Keys::default() }) };
    let text = read(&path).map_err(|error| ConfigError::Read { path: path.clone(), error })?;
    with_file(command, path, &text)
}

/// The text of a file, of which no more is read than a configuration can have.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::other("it is larger than 1 MiB, so it is something else"));
    }
    Ok(text)
}

/// Gives every option its default from the file with this text.
///
/// # Errors
/// Where it says something that is no option.
pub(crate) fn with_file(command: Command, path: PathBuf, text: &str) -> Result<Layered, ConfigError> {
    let mut table = text.parse::<Table>().map_err(|error| syntax(&error, text, &path))?;
    let table_of_keys = table.remove(KEYS).map(|value| keys(value, &path)).transpose()?;
    let command = with_defaults(command, &table, &path)?;
    Ok(Layered { command, keys: Keys { path, table: table_of_keys.unwrap_or_default() } })
}

fn syntax(error: &toml::de::Error, text: &str, path: &Path) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    ConfigError::Syntax { path: path.to_owned(), line, why: error.message().to_owned() }
}

/// What to do where somebody looks for an option with a password.
fn on_passwords(name: &str) -> &'static str {
    if name.contains("password") {
        ". A password stands in a file of its own, which redis-password-file names, or in the variable CABSTAND_REDIS_PASSWORD"
    } else {
        ""
    }
}

fn keys(value: Value, path: &Path) -> Result<BTreeMap<String, Vec<String>>, ConfigError> {
    let Value::Table(table) = value else {
        return Err(ConfigError::Unknown { path: path.into(), name: KEYS.to_owned() });
    };
    let texts = |value: Value| match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(texts) => texts.into_iter().map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let lines = table.into_iter().map(|(name, value)| match texts(value) {
        Some(texts) => Ok((name, texts)),
        None => Err(ConfigError::Keys { path: path.into(), name }),
    });
    lines.collect()
}

/// The file that was asked for, or the one in the configuration directory if there is one.
#[must_use]
pub fn chosen_file(arguments: &[OsString]) -> Option<PathBuf> {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        // A path need not be text.
        match argument.as_bytes().strip_prefix(b"--config") {
            Some([]) => return arguments.next().map(PathBuf::from),
            Some([b'=', path @ ..]) => return Some(OsStr::from_bytes(path).into()),
            _ => {}
        }
    }
    if let Some(path) = env::var_os("CABSTAND_CONFIG") {
        return Some(path.into());
    }
    let directory = etcetera::choose_base_strategy().ok()?.config_dir();
    Some(directory.join("cabstand/config.toml")).filter(|path| path.is_file())
}

/// The command with a variable for each of its options.
#[must_use]
pub fn with_variables(command: Command) -> Command {
    command.mut_args(variable).mut_subcommands(|sub| sub.mut_args(variable))
}

/// Variables that look like ours and are none, each with what is to be said of it. It is no error: a system may set variables
/// after a service's name by itself, as Kubernetes does (`CABSTAND_SERVICE_HOST`, `CABSTAND_PORT`), and those are not even told.
#[must_use]
pub fn stray_variables(command: &Command, others: &[&str]) -> Vec<String> {
    let all = || command.get_subcommands().chain([command]).flat_map(Command::get_arguments);
    let mut known: Vec<String> = all().filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned())).collect();
    known.extend(others.iter().map(|&name| name.to_owned()));
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    strays(names, &known)
}

fn strays(names: impl Iterator<Item = String>, known: &[String]) -> Vec<String> {
    let is_stray = |name: &String| {
        let rest = name.strip_prefix("CABSTAND_");
        let by_kubernetes = |rest: &str| rest.starts_with("SERVICE_") || rest == "PORT" || rest.starts_with("PORT_");
        rest.is_some_and(|rest| !by_kubernetes(rest)) && !known.contains(name)
    };
    let mut strays: Vec<String> = names.filter(is_stray).collect();
    strays.sort_unstable();
    let told = |name: &String| {
        let nearest = known.iter().min_by_key(|known| distance(name, known));
        let meant = nearest.filter(|known| distance(name, known) <= 3).map(|known| format!("; is {known} meant?"));
        let name: String = name.chars().flat_map(char::escape_default).collect();
        format!("the variable {name} is no option and was not read{}", meant.unwrap_or_default())
    };
    strays.iter().map(told).collect()
}

/// How many letters have to be changed, put in or left out to make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let change = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

fn variable(arg: Arg) -> Arg {
    match arg.get_long().map(|long| format!("CABSTAND_{}", long.to_uppercase().replace('-', "_"))) {
        Some(name) => arg.env(name).hide_env(true),
        None => arg,
    }
}

fn with_defaults(mut command: Command, table: &Table, path: &Path) -> Result<Command, ConfigError> {
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                let known = command.find_subcommand(name).is_some();
                if !known {
                    return Err(ConfigError::Unknown { path: path.into(), name: format!("[{name}]") });
                }
                for (option, value) in inner {
                    let sub = command.find_subcommand(name).cloned().unwrap_or_default();
                    let sub = with_default(sub, option, value, path, &format!("[{name}] {option}"))?;
                    command = command.mut_subcommand(name.clone(), |_| sub);
                }
            }
            value => command = with_default(command, name, value, path, name)?,
        }
    }
    Ok(command)
}

fn with_default(
    command: Command,
    option: &str,
    value: &Value,
    path: &Path,
    name: &str,
) -> Result<Command, ConfigError> {
    let id = command.get_arguments().find(|arg| arg.get_long() == Some(option)).map(|arg| arg.get_id().clone());
    let Some(id) = id else { return Err(ConfigError::Unknown { path: path.into(), name: name.to_owned() }) };
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => value.to_string(),
        _ => return Err(ConfigError::Type { path: path.into(), name: name.to_owned() }),
    };
    Ok(command.mut_arg(id, |arg| arg.default_value(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_was_mistyped_is_told_with_the_one_that_was_meant() {
        let known = ["CABSTAND_REGION", "CABSTAND_REDIS"].map(str::to_owned);
        let strays = |names: &[&str]| strays(names.iter().map(|&name| name.to_owned()), &known);
        assert_eq!(
            strays(&["CABSTAND_REGOIN", "CABSTAND_WHATEVER"]),
            [
                "the variable CABSTAND_REGOIN is no option and was not read; is CABSTAND_REGION meant?",
                "the variable CABSTAND_WHATEVER is no option and was not read"
            ]
        );
        let fine = ["CABSTAND_REGION", "HOME", "CABSTAND_PORT_8000_TCP", "CABSTAND_SERVICE_HOST"];
        assert_eq!(strays(&fine), Vec::<String>::new());
    }

    #[test]
    fn letters_that_differ_are_counted() {
        for (a, b, count) in [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 2), ("abc", "abxc", 1), ("x", "", 1)] {
            assert_eq!(distance(a, b), count, "{a} {b}");
        }
    }
}
