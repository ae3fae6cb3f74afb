//! `cabstand console`, and the console as the demo shows it.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{Local, Offset};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use etcetera::BaseStrategy;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Shared;
use super::alarms::Alarms;
use super::failure::Failure;
use super::serve::Lifetime;
use super::signals;
use crate::api::Settings;
use crate::console::model::{Depth, Look, ThemeName};
use crate::console::overlay::{MOST_BYTES, Overlay};
use crate::console::{self, Operator, model, terminal};
use crate::domain::Point;
use crate::store::{Access, Armed, NewRequest, Store, Terms};

/// Options of the console.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Options {
    /// Look only: nothing in Redis can be changed, until `:arm 10m` in the palette allows it for so long
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    lifetime: Lifetime,
}

/// How the console behaves and looks, in the demo too.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Manner {
    /// Do not ask before a search is cancelled or expired, or a driver removed
    #[arg(long)]
    yes: bool,
    /// Draw with ASCII characters only (chosen by itself where the locale is not UTF-8)
    #[arg(long)]
    ascii: bool,
    /// Leave the mouse to the terminal, which then selects and copies text as usual
    #[arg(long)]
    no_mouse: bool,
    /// The colours; `terminal` keeps to the terminal's own sixteen, the others paint the background too
    #[arg(long, value_name = "NAME", default_value = "terminal", value_parser = theme())]
    theme: ThemeName,
    /// Streets and zones to draw under the drivers: a `GeoJSON` file of lines and polygons
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    #[command(flatten)]
    alarms: Alarms,
}

/// Reads the name of a theme.
fn theme() -> impl TypedValueParser<Value = ThemeName> {
    PossibleValuesParser::new(ThemeName::ALL.map(ThemeName::as_str)).try_map(|name| name.parse::<ThemeName>())
}

impl Options {
    pub(super) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let overlay = self.manner.overlay()?.unwrap_or_default();
        let access = if self.read_only { Access::ReadOnly } else { Access::Full };
        let store = shared.store(access).await?;
        let address = store.address().to_string();
        let options = self.manner.options(&store, address, shared, overlay);
        let options = model::Options { memory_file: memory_file(), ..options };
        show(store, options, self.manner.mouse(), self.lifetime.settings(), signals::shutdown()?).await
    }
}

/// Shows the console on this terminal, until the operator leaves or `shutdown`. Searches from the console are opened with
/// these settings.
pub(super) async fn show(
    store: Store,
    options: model::Options,
    mouse: bool,
    settings: Settings,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        let text = "the console needs a terminal; `cabstand requests`, `drivers` and `events` list without one";
        return Err(Failure::Usage(text.to_owned()));
    }
    let input = terminal::input().map_err(Failure::io("the terminal"))?;
    let (mut screen, mut terminal) = terminal::Screen::take(mouse).map_err(Failure::io("the terminal"))?;
    // On another thread than the console, which may be the one that hangs.
    let _watching = AbortOnDropHandle::new(tokio::spawn(terminal::end_when_gone()));
    let outcome = console::run(&mut terminal, input, &mut screen, store, options, operator(settings), shutdown).await;
    drop(screen);
    outcome.map_err(Failure::io("the terminal"))
}

impl Manner {
    /// Whether the mouse is the console's.
    pub(super) fn mouse(&self) -> bool {
        !self.no_mouse
    }

    /// What the operator wants drawn under the drivers; none where no file is named.
    pub(super) fn overlay(&self) -> Result<Option<Overlay>, Failure> {
        let Some(file) = &self.overlay else { return Ok(None) };
        let named = || format!("the overlay {}", file.display());
        let mut bytes = Vec::new();
        // One byte more than is taken is enough to see that it is too much.
        let most = u64::try_from(MOST_BYTES + 1).unwrap_or(u64::MAX);
        fs::File::open(file).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(Failure::io(named()))?;
        let overlay = Overlay::parse(&String::from_utf8_lossy(&bytes));
        overlay.map(Some).map_err(|error| Failure::Usage(format!("{}: {error}", named())))
    }

    /// What the console is told of how it was started and where. The address is what the header calls this Redis.
    pub(super) fn options(&self, store: &Store, address: String, shared: &Shared, overlay: Overlay) -> model::Options {
        model::Options {
            address,
            yes: self.yes,
            read_only: store.armed() == Armed::Never,
            look: Look { ascii: self.ascii || !unicode(), depth: depth(), theme: self.theme },
            alarms: self.alarms.rules(),
            timezone: Local::now().offset().fix(),
            keymap: Arc::clone(&shared.keymap),
            overlay: Arc::new(overlay),
            memory_file: None,
        }
    }
}

/// Where the console's memory is kept: in the XDG state directory.
fn memory_file() -> Option<PathBuf> {
    let directory = etcetera::choose_base_strategy().ok()?.state_dir()?;
    Some(directory.join("cabstand/console.toml"))
}

/// This person, opening searches with these settings.
pub(super) fn operator(settings: Settings) -> Operator {
    let Settings { ttl, interval, radius } = settings;
    let request =
        NewRequest { user_id: None, pickup: Point::clamped(0.0, 0.0), radius, ttl, interval, terms: Terms::default() };
    Operator { actor: super::operator(), request }
}

/// How many colours the terminal has.
pub(super) fn depth() -> Depth {
    let told = |name| std::env::var(name).ok();
    Depth::told_by(told("NO_COLOR").as_deref(), told("COLORTERM").as_deref(), told("TERM").as_deref())
}

/// Whether the terminal shows Unicode: the locale says so, and it is not the kernel's own console, which has few signs.
pub(super) fn unicode() -> bool {
    let named = |name: &&'static str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(named);
    let utf8 = locale.is_some_and(|value| value.to_lowercase().replace('-', "").contains("utf8"));
    utf8 && std::env::var("TERM").is_ok_and(|term| term != "linux")
}
