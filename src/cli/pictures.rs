//! Pictures of the console, as SVG: the one of `--picture`, and those of the README's tour, each a scene that is played.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use futures_util::{StreamExt, stream};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::console::operator;
use super::failure::Failure;
use crate::api::Settings;
use crate::console::model::{Depth, Look, Options, ThemeName};
use crate::console::{self, Host, Input, Operator, picture};
use crate::domain::Actor;
use crate::store::Store;

/// Between one step of a scene and the next: everything has been read and drawn again meanwhile.
const PAUSE: Duration = Duration::from_millis(800);
/// A scene that does not show what it is about is played so often; in a city that lives one may come too late.
const TRIES: usize = 3;
/// Whose hands are seen in the pictures.
const OPERATOR: &str = "ana@desk";

/// What a picture shows, and how to get there.
struct Scene {
    /// The file's name, without `.svg`.
    name: &'static str,
    /// Columns and rows.
    size: (u16, u16),
    /// The one that the demo was started with, where none is named.
    theme: Option<ThemeName>,
    /// Keys that are pressed, step by step; `\n` is Enter and `\x1b` Esc.
    keys: &'static [&'static str],
    /// What is to be seen at the end.
    shows: &'static str,
}

/// What the console shows when nobody presses anything.
const CONSOLE: Scene = Scene { name: "console", size: (140, 40), theme: None, keys: &["f"], shows: "drivers" };

/// The pictures of the README.
const TOUR: [Scene; 17] = [
    // The panes.
    CONSOLE,
    scene("map", (71, 34), &["3f", "+++T", "hhM", "llllllkk", "", "", "", "", "", ""], "bearing"),
    scene("searches", (71, 22), &["1jj j ", "/state:wait left:<35s"], "filter:"),
    scene("drivers", (71, 20), &["3f", "+++", "2jjj"], "fresh"),
    scene("detail", (112, 36), &["f", ":search -33.52,-70.52 ana\n", "/rider:ana\n", "\n"], "why not found"),
    scene("events", (71, 18), &["4"], "Events"),
    // What lies over them.
    scene("palette", (80, 24), &[":ex"], "more time"),
    scene("assign", (80, 24), &["f", "/state:wait left:>15s\n", "aj"], "A driver for request"),
    scene("question", (80, 24), &["/state:wait left:>10s\n", "V", "/left:>25s\n", "c"], "hidden by the filter"),
    scene("results", (80, 24), &["/state:wait left:>10s\n", "V", "r", "y"], "tried"),
    scene("help", (100, 72), &["?"], "Keys"),
    scene("small", (60, 16), &["1"], "Searches"),
    // The looks.
    themed("dark", ThemeName::Dark),
    themed("light", ThemeName::Light),
    themed("contrast", ThemeName::Contrast),
    themed("colour-safe", ThemeName::ColourSafe),
    themed("mono", ThemeName::Mono),
];

const fn scene(name: &'static str, size: (u16, u16), keys: &'static [&'static str], shows: &'static str) -> Scene {
    Scene { name, size, theme: None, keys, shows }
}

const fn themed(name: &'static str, theme: ThemeName) -> Scene {
    Scene { name, size: (112, 26), theme: Some(theme), keys: &["f", "gjjjj jj "], shows: "drivers" }
}

/// Draws what the console shows of this Redis into a file.
pub(super) async fn one(store: Store, options: Options, settings: Settings, file: &Path) -> Result<(), Failure> {
    draw(&CONSOLE, store, options, operator(settings), file).await
}

/// Draws every picture of the tour into this directory, until `stop`.
pub(super) async fn tour(
    store: &Store,
    options: &Options,
    settings: Settings,
    directory: &Path,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(Failure::io(format!("the directory {}", directory.display())))?;
    let operator = Operator { actor: Actor::new(OPERATOR), ..operator(settings) };
    for scene in &TOUR {
        let file = directory.join(scene.name).with_extension("svg");
        let drawing = draw(scene, store.clone(), options.clone(), operator.clone(), &file);
        match stop.run_until_cancelled(drawing).await {
            Some(drawn) => drawn?,
            None => break,
        }
    }
    Ok(())
}

/// Plays a scene and draws how it ends. A picture has all colours, whatever this terminal has.
async fn draw(scene: &Scene, store: Store, options: Options, operator: Operator, file: &Path) -> Result<(), Failure> {
    let named = || format!("the picture {}", file.display());
    let look = Look { depth: Depth::TrueColour, theme: scene.theme.unwrap_or(options.look.theme), ..options.look };
    let options = Options { look, ..options };
    for _ in 0..TRIES {
        let played =
            play(scene, store.clone(), options.clone(), operator.clone()).await.map_err(Failure::io(named()))?;
        if text(&played).contains(scene.shows) {
            return fs::write(file, picture::svg(&played)).map_err(Failure::io(named()));
        }
    }
    Err(Failure::io(named())(io::Error::other(format!("the console does not show \"{}\"", scene.shows))))
}

/// Runs the console on a screen in memory, with the keys of the scene pressed.
async fn play(scene: &Scene, store: Store, options: Options, operator: Operator) -> io::Result<Buffer> {
    let mut paper = Terminal::new(TestBackend::new(scene.size.0, scene.size.1)).map_err(io::Error::other)?;
    // Before the first keys and after the last ones there is time to look; then the input ends, and with it the console.
    let steps = [""].into_iter().chain(scene.keys.iter().copied()).chain([""]);
    let pressed = stream::iter(steps).then(async |keys| {
        sleep(PAUSE).await;
        stream::iter(keys.chars().map(key).map(Ok))
    });
    let input = Box::pin(pressed.flatten());
    // It is large, and would make all that waits for it as large.
    Box::pin(console::run(&mut paper, input, &mut Nobody, store, options, operator, CancellationToken::new())).await?;
    Ok(paper.backend().buffer().clone())
}

fn key(character: char) -> Input {
    let code = match character {
        '\n' => KeyCode::Enter,
        '\x1b' => KeyCode::Esc,
        other => KeyCode::Char(other),
    };
    Input::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

/// What is written on the screen, without line breaks.
fn text(screen: &Buffer) -> String {
    screen.content().iter().map(Cell::symbol).collect()
}

/// The host of a console without a terminal: there is no shell to go back to.
struct Nobody;

impl Host for Nobody {
    fn is_free(&self) -> bool {
        true
    }

    async fn freed(&self) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn copy(&mut self, _text: &str) -> io::Result<()> {
        Ok(())
    }

    fn ring(&mut self) -> io::Result<()> {
        Ok(())
    }
}
