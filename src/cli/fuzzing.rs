//! The command line under a configuration file of any text, and the file with a password, for the fuzzing in `fuzz/`.

use clap::{CommandFactory, FromArgMatches};
use secrecy::ExposeSecret;

use super::Cli;
use super::door::password_of;
use super::failure::shown;
use crate::config;
use crate::console::keymap::Keymap;

/// The console's keys, where the file with this text is taken and the command of this name starts with it.
///
/// # Errors
/// What is said of the file; or nothing, where a command refuses a value and clap words it.
pub fn configured(text: &str, command: &str) -> Result<Keymap, Option<String>> {
    let layered =
        config::with_file(Cli::command(), "config.toml".into(), text).map_err(|error| shown(&error.to_string()))?;
    let keymap = super::keymap(&layered.keys).map_err(|failure| shown(&failure.to_string()))?;
    let matches = layered.command.try_get_matches_from(["cabstand", command]).map_err(|_| None)?;
    Cli::from_arg_matches(&matches).map(|_| keymap).map_err(|_| None)
}

/// The password that a file with these bytes holds.
///
/// # Errors
/// Where it holds none.
pub fn password(bytes: &[u8]) -> Result<String, &'static str> {
    password_of(bytes.to_vec()).map(|password| password.expose_secret().to_owned())
}
