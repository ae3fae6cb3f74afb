//! The command line: one file per subcommand. Here alone the rooms are wired together.

mod acl;
mod actions;
mod alarms;
mod city;
mod console;
mod deeds;
mod demo;
mod doctor;
mod door;
mod failure;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod guard;
mod help;
mod hiding;
mod limits;
mod listings;
mod logging;
mod metrics;
mod output;
mod pictures;
mod serve;
mod service;
mod signals;
mod silence;
mod simulate;
mod table;
#[cfg(test)]
mod tests;
mod token_file;
mod waiting;
mod webhook;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config;
use crate::console::keymap::Keymap;
use crate::domain::Actor;
use crate::store::{Access, Region, Store};

use door::Door;
use failure::{Failure, tell};

/// A dispatcher's console on drivers and search requests that live in Redis.
///
/// Without a command, the console starts. `cabstand demo` shows everything on a private Redis of its own.
#[derive(Parser)]
#[command(version, max_term_width = 100, override_usage = "cabstand [OPTIONS] [COMMAND]")]
struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// The head under which the help tells of [`Shared`].
const EVERYWHERE: &str = "Everywhere";

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
struct Shared {
    #[command(flatten)]
    door: Door,
    /// A city with keys of its own: every key gets the prefix {NAME}:
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "NAME")]
    region: Option<Region>,
    /// The configuration file, instead of cabstand/config.toml in the XDG configuration directory
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    /// What keys mean in the console, by the configuration file
    #[arg(skip)]
    keymap: Arc<Keymap>,
    /// The configuration file that was read, if any
    #[arg(skip)]
    config_file: Option<std::path::PathBuf>,
}

impl Shared {
    /// A handle on the Redis that was named.
    async fn store(&self, access: Access) -> Result<Store, Failure> {
        Ok(Store::connect(self.door.address()?, self.region.as_ref(), access).await?)
    }
}

#[derive(Subcommand)]
enum Command {
    /// The console (also without any command)
    Console(console::Options),
    /// The HTTP service and a worker
    Serve(serve::Options),
    /// Everything in one process, on a private Redis of its own
    Demo(demo::Options),
    /// A simulated city alone, as HTTP clients of a running service
    Simulate(simulate::Options),
    /// List the requests
    Requests(listings::Requests),
    /// List the available drivers
    Drivers(listings::Drivers),
    /// List what happened
    Events(listings::Events),
    /// Open a search
    Search(actions::Search),
    /// Cancel requests
    Cancel(actions::Cancel),
    /// Expire requests now
    Expire(actions::Expire),
    /// Give requests more time
    Extend(waiting::Extend),
    /// Let requests look for a driver at once
    Retry(waiting::Retry),
    /// Let requests look farther
    Widen(waiting::Widen),
    /// Give a request a driver by hand
    Assign(waiting::Assign),
    /// Move a driver
    Move(actions::Move),
    /// Take a driver off the map
    Remove(actions::Remove),
    /// Look at Redis, notifications, rights, workers and terminal, and say what to do
    Doctor(doctor::Doctor),
    /// Print the rights that a user of Redis needs
    Acl(acl::Acl),
    /// Print the completions for a shell
    Completions(help::Completions),
    /// Print the manual page
    Man(help::Manual),
}

/// Runs the program with these arguments.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Err(error) = hiding::hide(&arguments) {
        tell(&format!("cabstand: the password in the URL can't be hidden from the list of processes: {error}"));
    }
    let config::Layered { command, keys } = match config::layered(Cli::command(), &arguments) {
        Ok(layered) => layered,
        Err(error) => return Failure::Usage(error.to_string()).report(),
    };
    let config_file = Some(keys.path.clone()).filter(|path| !path.as_os_str().is_empty());
    for stray in config::stray_variables(&command, &doctor::door_variables()) {
        tell(&format!("cabstand: {stray}"));
    }
    // Checked whatever is started: what is wrong there is told today, and not when the console is next needed.
    let keymap = match keymap(&keys) {
        Ok(keymap) => Arc::new(keymap),
        Err(failure) => return failure.report(),
    };
    name_the_console(&command, &mut arguments);
    let is_plain = arguments.iter().all(|word| word.to_str().is_some_and(|word| failure::shown(word) == word));
    match command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => run(Cli { shared: Shared { keymap, config_file, ..cli.shared }, ..cli }),
        // The help, and the version.
        Err(told) if !told.use_stderr() => match told.print().and_then(|()| io::stdout().flush()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => Failure::io("standard output")(error).report(),
        },
        Err(error) if is_plain => error.exit(),
        // It quotes what was typed, with whatever that would do to the terminal.
        Err(error) => Failure::Usage(error.to_string()).report(),
    }
}

/// The console's keys as the file wants them.
fn keymap(keys: &config::Keys) -> Result<Keymap, Failure> {
    Keymap::rebound(&keys.table).map_err(|errors| {
        let lines: Vec<String> =
            errors.iter().map(|error| format!("{}: [keys] {error}", keys.path.display())).collect();
        Failure::Usage(lines.join("\n"))
    })
}

/// The console is what starts where no command is named: its options are taken without its name, too. A word that is not an
/// option's value is left for clap, which knows whether it is a command.
fn name_the_console(command: &clap::Command, arguments: &mut Vec<OsString>) {
    let console = command.find_subcommand("console");
    let options = || command.get_arguments().chain(console.into_iter().flat_map(clap::Command::get_arguments));
    let takes_value = |long: &str| options().any(|arg| arg.get_long() == Some(long) && arg.get_action().takes_values());
    let named = arguments.windows(2).any(|pair| {
        let [before, argument] = pair else { return false };
        let Some(text) = argument.to_str() else { return false };
        let is_value = before.to_str().and_then(|text| text.strip_prefix("--")).is_some_and(takes_value);
        !is_value && (!text.starts_with('-') || matches!(text, "-h" | "--help" | "-V" | "--version"))
    });
    if !arguments.is_empty() && !named {
        arguments.insert(1, "console".into());
    }
}

fn run(cli: Cli) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::io("the runtime did not start")(error).report(),
    };
    let outcome = runtime.block_on(async {
        let shared = &cli.shared;
        match cli.command {
            Command::Console(options) => options.run(shared).await,
            Command::Serve(options) => options.run(shared).await,
            // It holds service, city and console, and is too large to lie within this future.
            Command::Demo(options) => Box::pin(options.run(shared)).await,
            Command::Simulate(options) => options.run(shared).await,
            Command::Requests(options) => options.run(shared).await,
            Command::Drivers(options) => options.run(shared).await,
            Command::Events(options) => options.run(shared).await,
            Command::Search(options) => options.run(shared).await,
            Command::Cancel(options) => options.run(shared).await,
            Command::Expire(options) => options.run(shared).await,
            Command::Extend(options) => options.run(shared).await,
            Command::Retry(options) => options.run(shared).await,
            Command::Widen(options) => options.run(shared).await,
            Command::Assign(options) => options.run(shared).await,
            Command::Move(options) => options.run(shared).await,
            Command::Remove(options) => options.run(shared).await,
            Command::Doctor(options) => options.run(shared).await,
            Command::Acl(options) => options.run(shared),
            Command::Completions(options) => options.run(),
            Command::Man(options) => options.run(),
        }
    });
    // A task that still waits, for Redis or for a key, must not hold up the end.
    runtime.shutdown_background();
    outcome.map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
}

/// The name under which this person's actions are noted: `user@host`.
fn operator() -> Actor {
    let account = || nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.name);
    let user = std::env::var("USER").ok().filter(|name| !name.is_empty()).or_else(account);
    let user = user.unwrap_or_else(|| "somebody".to_owned());
    Actor::new(&format!("{user}@{}", host()))
}

/// The name of this machine.
fn host() -> String {
    nix::unistd::gethostname().map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned())
}
