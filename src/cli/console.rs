//! `cabstand console`.

use std::io::IsTerminal;

use chrono::Local;
use chrono::Offset;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::failure::Failure;
use super::serve::Lifetime;
use super::signals;
use crate::api::Settings;
use crate::console::{self, Operator, model, terminal};
use crate::domain::Point;
use crate::store::{Access, NewRequest, Store};

/// Options of the console.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Options {
    /// Do not ask before a search is cancelled or expired, or a driver removed
    #[arg(long)]
    yes: bool,
    /// Look only: nothing in Redis can be changed
    #[arg(long)]
    read_only: bool,
    /// Draw with ASCII characters only (chosen by itself where the locale is not UTF-8)
    #[arg(long)]
    ascii: bool,
    #[command(flatten)]
    lifetime: Lifetime,
}

impl Options {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let access = if self.read_only { Access::ReadOnly } else { Access::Full };
        let store = shared.store(access).await?;
        let shutdown = signals::shutdown()?;
        self.show(store, operator(self.lifetime.settings()), shutdown).await
    }

    /// Shows the console on this terminal.
    pub(super) async fn show(
        &self,
        store: Store,
        operator: Operator,
        shutdown: CancellationToken,
    ) -> Result<(), Failure> {
        if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
            return Err(Failure::Usage(
                "the console needs a terminal; `cabstand requests`, `drivers` and `events` list without one".to_owned(),
            ));
        }
        let options = self.model_options(&store);
        let input = terminal::input().map_err(Failure::io("the terminal"))?;
        let (mut screen, mut terminal) = terminal::Screen::take().map_err(Failure::io("the terminal"))?;
        let outcome = console::run(&mut terminal, input, &mut screen, store, options, operator, shutdown).await;
        drop(screen);
        outcome.map_err(Failure::io("the terminal"))
    }

    /// What the console is told of how it was started and where.
    pub(super) fn model_options(&self, store: &Store) -> model::Options {
        model::Options {
            address: store.address().to_string(),
            yes: self.yes,
            read_only: store.access() == Access::ReadOnly,
            look: model::Look {
                ascii: self.ascii || !unicode(),
                colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            },
            timezone: Local::now().offset().fix(),
        }
    }
}

/// This person, opening searches with these settings.
pub(super) fn operator(settings: Settings) -> Operator {
    let Settings { ttl, interval, radius } = settings;
    let request = NewRequest { user_id: None, pickup: Point::clamped(0.0, 0.0), radius, ttl, interval };
    Operator { actor: super::operator(), request }
}

/// Whether the terminal shows Unicode: the locale says so, and it is not the kernel's own console, which has few signs.
fn unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    let utf8 = locale.is_some_and(|value| value.to_lowercase().replace('-', "").contains("utf8"));
    utf8 && std::env::var("TERM").is_ok_and(|term| term != "linux")
}
