//! The console: one model, one way round.
//!
//! Key, news, tick → [`message`] → [`update`] → the model and effects → [`effects`] → messages. All that waits is taken in
//! first, and then the screen is drawn once.

pub mod action;
pub mod columns;
pub mod effects;
mod feed;
#[cfg(test)]
mod fixtures;
pub mod keymap;
pub mod layout;
pub mod message;
pub mod model;
pub mod overlay;
pub mod picture;
pub mod projection;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod view;
pub mod wording;

use std::io;
use std::time::Duration;

use crossterm::event::KeyEvent;
use futures_util::{FutureExt, Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::domain::Actor;
use crate::store::{NewRequest, Store};
use effects::Hands;
use message::{Effect, Glance, Message};
use model::{Model, Options};

/// Messages that may wait before their senders have to.
const MESSAGES: usize = 256;
/// A frame is drawn no sooner than this after the one before.
const FRAME: Duration = Duration::from_millis(16);
/// Countdowns are drawn anew so often.
const TICK: Duration = Duration::from_millis(250);
/// So long the console waits at its end for actions that are under way.
const LAST_DEEDS: Duration = Duration::from_secs(2);
/// However near the next deadline is, time is not looked at oftener than this.
const SHORTEST_TICK: Duration = Duration::from_millis(10);

/// What comes from the terminal.
#[derive(Debug)]
pub enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// It has this many columns and rows now.
    Resize(u16, u16),
    /// The program goes on after having been stopped: the terminal may be in any state.
    Continued,
}

/// What the loop can ask of the terminal beside drawing.
pub trait Host {
    /// Gives the terminal back to the shell and stops the program until `fg`.
    ///
    /// # Errors
    /// Where the terminal fails.
    fn suspend(&mut self) -> io::Result<()>;
    /// Takes the terminal again, whatever state it is in.
    ///
    /// # Errors
    /// Where the terminal fails.
    fn resume(&mut self) -> io::Result<()>;
}

/// In whose name the console acts, and with what it opens a search.
#[derive(Debug, Clone)]
pub struct Operator {
    /// `user@host`.
    pub actor: Actor,
    /// Radius, lifetime and interval of a search from the console.
    pub request: NewRequest,
}

/// Runs the console until the operator leaves, the input ends, or `shutdown`.
///
/// # Errors
/// Where the terminal fails.
pub async fn run<B>(
    terminal: &mut Terminal<B>,
    mut input: impl Stream<Item = io::Result<Input>> + Unpin,
    host: &mut impl Host,
    store: Store,
    options: Options,
    operator: Operator,
    shutdown: CancellationToken,
) -> io::Result<()>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
{
    let began = Instant::now();
    let (answers, mut messages) = mpsc::channel(MESSAGES);
    let (glance, glances) = watch::channel(Glance::default());
    let mut feed = AbortOnDropHandle::new(tokio::spawn(feed::run(store.clone(), glances, began, answers.clone())));
    let hands =
        Hands { store, actor: operator.actor, request: operator.request, answers, glance, deeds: TaskTracker::new() };
    let size = terminal.size().map_err(io::Error::other)?;
    let mut model = Model::new(options, (size.width, size.height));

    let mut last_frame = began;
    let mut changed = true;
    'running: loop {
        if changed && last_frame.elapsed() >= FRAME {
            terminal.draw(|frame| view::draw(&model, frame)).map_err(io::Error::other)?;
            last_frame = Instant::now();
            changed = false;
        }
        let wake = if changed { last_frame + FRAME } else { Instant::now() + next_tick(&model) };
        let first = tokio::select! {
            () = shutdown.cancelled() => break,
            // It ends by a panic alone, and with it the screen would stand still and seem alive.
            _ = &mut feed => return Err(io::Error::other("the feed from Redis has failed")),
            event = input.next() => Happening::Input(event),
            Some(message) = messages.recv() => Happening::Message(message),
            () = sleep_until(wake) => Happening::Message(Message::Tick),
        };
        // Whatever else waits is taken in too, so that one frame shows it all.
        let mut next = Some(first);
        while let Some(happening) = next {
            changed = true;
            let message = match happening {
                Happening::Message(message) => message,
                Happening::Input(None) => break 'running,
                Happening::Input(Some(event)) => match event? {
                    Input::Key(key) => Message::Key(key),
                    Input::Resize(columns, rows) => Message::Resize(columns, rows),
                    Input::Continued => {
                        host.resume()?;
                        repaint(terminal)?;
                        Message::Tick
                    }
                },
            };
            for effect in update::update(&mut model, began.elapsed(), message) {
                match effect {
                    Effect::Quit => break 'running,
                    Effect::Suspend => {
                        host.suspend()?;
                        repaint(terminal)?;
                    }
                    other => hands.carry_out(other),
                }
            }
            next = match input.next().now_or_never() {
                Some(event) => Some(Happening::Input(event)),
                None => messages.try_recv().ok().map(Happening::Message),
            };
        }
    }
    // What was confirmed is not dropped with the program. Nobody reads the answers any more.
    drop(messages);
    hands.deeds.close();
    let _ = timeout(LAST_DEEDS, hands.deeds.wait()).await;
    Ok(())
}

enum Happening {
    Input(Option<io::Result<Input>>),
    Message(Message),
}

/// Draws everything again with the next frame, whatever the terminal shows now.
fn repaint<B>(terminal: &mut Terminal<B>) -> io::Result<()>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
{
    let size = terminal.size().map_err(io::Error::other)?;
    terminal.resize(size.into()).map_err(io::Error::other)
}

/// How long until something on the screen changes by time alone: a countdown's figures, or a deadline.
fn next_tick(model: &Model) -> Duration {
    let Some(now) = model.redis_now() else { return TICK };
    let deadline = model.searches.next_deadline().map(|at| at.since(now) + Duration::from_millis(1));
    deadline.map_or(TICK, |until| until.min(TICK)).max(SHORTEST_TICK)
}
