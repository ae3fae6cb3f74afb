//! `cabstand doctor`: looks at Redis, notifications, rights, data, workers, configuration and terminal, and says of each how it is
//! and what to do.

mod data;
mod delivery;
mod finding;
mod notifications;
mod permissions;
mod providers;
mod redis;
mod surroundings;

use clap::CommandFactory;

use super::failure::Failure;
use super::output::Output;
use super::{Cli, Shared, door, hiding};
use crate::config;
use crate::store::{Access, Address, Store, StoreError};

use finding::{Advice, Finding, Page, Verdict};

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0 where nothing is wrong, 1 where something is. It writes nothing but keys that it deletes at \
                        once, and not even those with --read-only or a user who may not."
)]
pub(super) struct Doctor {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Write nothing at all: notifications are then only listened for
    #[arg(long)]
    read_only: bool,
}

impl Doctor {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let mut page = Page::new(self.json);
        let address = shared.door.address();
        let mut out = Output::new();
        if !self.json {
            let region = shared.region.as_ref().map(|region| format!(", region {region}")).unwrap_or_default();
            let place = address.as_ref().map(|address| format!(" with Redis at {address}{region}")).unwrap_or_default();
            out.line(&format!("cabstand {}{place}", env!("CARGO_PKG_VERSION")))?;
            out.flush()?;
        }
        match address {
            Err(error) => page.add(vec![Finding::new("redis", Verdict::Wrong, error.to_string())])?,
            Ok(address) => self.examine(shared, address, &mut page).await?,
        }
        let strays = config::stray_variables(&config::with_variables(Cli::command()), &door_variables());
        page.add(surroundings::configuration(shared, strays))?;
        page.add(surroundings::terminal())?;
        page.end()
    }

    async fn examine(&self, shared: &Shared, address: Address, page: &mut Page) -> Result<(), Failure> {
        let access = if self.read_only { Access::ReadOnly } else { Access::Full };
        let region = shared.region.as_ref();
        let store = match Store::connect(address.clone(), region, access).await {
            Ok(store) => store,
            Err(error) => return page.add(vec![redis::unreached(&address, &error)]),
        };
        let facts = match store.facts().await {
            Ok(facts) => facts,
            Err(error) => return page.add(vec![failed("redis", &error)]),
        };
        let or_failed =
            |topic, found: Result<Vec<Finding>, StoreError>| found.unwrap_or_else(|e| vec![failed(topic, &e)]);
        page.add(or_failed("redis", redis::findings(&store, &facts).await))?;
        page.add(or_failed("rights", permissions::findings(&store, shared, &facts).await))?;
        page.add(or_failed("notifications", notifications::findings(&store).await))?;
        page.add(or_failed("keys", data::keys(&store).await))?;
        page.add(or_failed("workers", data::workers(&store).await))?;
        page.add(or_failed("delivery", delivery::findings(&store).await))
    }
}

/// The variables that are read and have no flag.
pub(super) fn door_variables() -> [&'static str; 2] {
    [door::PASSWORD, hiding::HANDED_ON]
}

/// What could not be looked at.
fn failed(topic: &'static str, error: &StoreError) -> Finding {
    Finding::new(topic, Verdict::Wrong, error.to_string())
}

/// Advice in words.
fn say(text: impl Into<String>) -> Advice {
    Advice::Words(text.into())
}

/// Advice that is a command to run.
fn run(command: impl Into<String>) -> Advice {
    Advice::Command(command.into())
}
