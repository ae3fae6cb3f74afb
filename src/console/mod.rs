//! The console: one model, one way round.
//!
//! Key, news, tick → [`message`] → [`update`] → the model and effects → [`effects`] → messages. All that waits is taken in
//! first, and then the screen is drawn once.

pub mod action;
mod bindings;
pub mod columns;
pub mod command;
pub mod effects;
mod ending;
mod events;
mod feed;
#[cfg(test)]
mod fixtures;
pub mod keeping;
pub mod keymap;
pub mod layout;
pub mod memory;
pub mod message;
pub mod model;
pub mod overlay;
pub mod picture;
pub mod projection;
mod reading;
pub mod rebinding;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod view;
pub mod wording;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseEvent};
use futures_util::{FutureExt, Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::domain::Actor;
use crate::store::{NewRequest, Store};
use crate::uptime::Uptime;
use effects::Hands;
use memory::Memory;
use message::{Effect, Glance, Link, Message};
use model::{Model, Options, Tone};

/// Messages that may wait before their senders have to.
const MESSAGES: usize = 256;
/// A frame is drawn no sooner than this after the one before.
const FRAME: Duration = Duration::from_millis(16);
/// Countdowns are drawn anew so often.
const TICK: Duration = Duration::from_millis(250);
/// However near the next deadline is, time is not looked at oftener than this.
const SHORTEST_TICK: Duration = Duration::from_millis(10);
/// A console that has done nothing for so long, though it looks at the time oftener than that, was stopped, or its machine slept.
const STOOD_STILL: Duration = Duration::from_secs(5);

/// What comes from the terminal.
#[derive(Debug)]
pub enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// It has this many columns and rows now.
    Resize(u16, u16),
    /// The program goes on after having been stopped: the terminal may be in any state.
    Continued,
}

/// What the loop can ask of the terminal beside drawing.
pub trait Host {
    /// Whether it has taken all that it was sent: one that reads slowly is shown fewer frames, and never parts of them.
    fn is_free(&self) -> bool;
    /// Waits until it has.
    ///
    /// # Errors
    /// Where the terminal is gone.
    fn freed(&self) -> impl Future<Output = io::Result<()>>;
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
    /// Puts a text into the clipboard of whoever sits at the terminal, over SSH too, where the terminal allows it (OSC 52).
    ///
    /// # Errors
    /// Where the terminal fails.
    fn copy(&mut self, text: &str) -> io::Result<()>;

    /// Rings the terminal's bell.
    ///
    /// # Errors
    /// Where the terminal fails.
    fn ring(&mut self) -> io::Result<()>;

    /// What is to be read on the terminal after the console has ended, lines or nothing.
    fn leave_word(&mut self, _words: String) {}
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
    let began = Uptime::now();
    let (answers, mut messages) = mpsc::channel(MESSAGES);
    let (glance, glances) = watch::channel(Glance::default());
    let doubts = Arc::new(Notify::new());
    let readings = feed::run(store.clone(), glances, Arc::clone(&doubts), began, answers.clone());
    let mut feed = AbortOnDropHandle::new(tokio::spawn(readings));
    let (memory, memories) = watch::channel(Memory::default());
    let kept = options.memory_file.clone().map(|file| tokio::spawn(keeping::keep(file, memories, answers.clone())));
    let (actor, request) = (operator.actor, operator.request);
    let hands = Hands { store, actor, request, answers, glance, memory, doubts, deeds: TaskTracker::new() };
    let size = terminal.size().map_err(io::Error::other)?;
    // A large value; on the heap the future that holds it stays small.
    let mut model = Box::new(Model::new(options, (size.width, size.height)));
    recall(&mut model);

    let mut last_frame = Instant::now();
    let mut last_turn = Duration::ZERO;
    let mut changed = true;
    let mut stale = false;
    let outcome = async {
        'running: loop {
            if changed && last_frame.elapsed() >= FRAME && host.is_free() {
                if std::mem::take(&mut stale) {
                    let size = terminal.size().map_err(io::Error::other)?;
                    terminal.resize(size.into()).map_err(io::Error::other)?;
                }
                terminal.draw(|frame| view::draw(&model, frame)).map_err(io::Error::other)?;
                last_frame = Instant::now();
                changed = false;
            }
            let free = host.is_free();
            let wake = if changed && free { last_frame + FRAME } else { Instant::now() + next_tick(&model) };
            let first = tokio::select! {
                () = shutdown.cancelled() => break,
                // It ends by a panic alone, and with it the screen would stand still and seem alive.
                _ = &mut feed => return Err(io::Error::other("the feed from Redis has failed")),
                event = input.next() => Happening::Input(event),
                Some(message) = messages.recv() => Happening::Message(message),
                // The newest picture is shown as soon as the terminal reads again.
                outcome = host.freed(), if !free => {
                    outcome?;
                    continue;
                }
                () = sleep_until(wake) => Happening::Message(Message::Tick),
            };
            note_standstill(&mut model, began.elapsed(), &mut last_turn);
            // Whatever else waits is taken in too, so that one frame shows it all.
            let mut next = Some(first);
            while let Some(happening) = next {
                changed = true;
                let message = match happening {
                    Happening::Message(message) => message,
                    Happening::Input(None) => break 'running,
                    Happening::Input(Some(event)) => match event? {
                        Input::Key(key) => Message::Key(key),
                        Input::Mouse(mouse) => Message::Mouse(mouse),
                        // It may have been another size in between, and have cut off what it showed.
                        Input::Resize(..) => {
                            stale = true;
                            resized(terminal)?
                        }
                        Input::Continued => {
                            host.resume()?;
                            // Nobody tells a program that is stopped of a new size.
                            stale = true;
                            resized(terminal)?
                        }
                    },
                };
                let mut back = None;
                for effect in update::update(&mut model, began.elapsed(), message) {
                    match effect {
                        Effect::Quit => break 'running,
                        Effect::Copy(text) => host.copy(&text)?,
                        Effect::Ring => host.ring()?,
                        Effect::Suspend => {
                            host.suspend()?;
                            // Whoever stopped it by a key has had another program to type into meanwhile.
                            last_turn = began.elapsed();
                            stale = true;
                            back = Some(resized(terminal)?);
                        }
                        other => hands.carry_out(other),
                    }
                }
                next = match back {
                    Some(message) => Some(Happening::Message(message)),
                    None => match input.next().now_or_never() {
                        Some(event) => Some(Happening::Input(event)),
                        None => messages.try_recv().ok().map(Happening::Message),
                    },
                };
            }
        }
        Ok(())
    }
    .await;
    let words = ending::last_deeds(&mut model, began, messages, hands).await;
    host.leave_word(words);
    if let Some(kept) = kept {
        let _ = timeout(ending::PATIENCE, kept).await;
    }
    outcome
}

/// Where the loop has not turned for long, that is known before anything else is taken in. Nothing is to be done about it.
fn note_standstill(model: &mut Model, now: Duration, last_turn: &mut Duration) {
    let still = now.saturating_sub(std::mem::replace(last_turn, now));
    if still >= STOOD_STILL {
        update::update(model, now, Message::StoodStill(still));
    }
}

/// Takes in what was remembered from the run before.
fn recall(model: &mut Model) {
    if let Some(file) = &model.options.memory_file {
        match keeping::recall(file) {
            Ok(memory) => model.recall(memory),
            Err(error) => model.say(Tone::Plain, format!("what was remembered could not be read: {error}")),
        }
    }
}

enum Happening {
    Input(Option<io::Result<Input>>),
    Message(Message),
}

/// What size the terminal has now. With the next frame everything is drawn again, whatever it shows.
fn resized<B>(terminal: &Terminal<B>) -> io::Result<Message>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
{
    let size = terminal.size().map_err(io::Error::other)?;
    Ok(Message::Resize(size.width, size.height))
}

/// How long until something on the screen changes by time alone: a countdown's figures, a deadline, or an alarm.
fn next_tick(model: &Model) -> Duration {
    let Some(now) = model.redis_now() else { return TICK };
    if matches!(model.link, Link::Away(_)) {
        // The picture stands still; only its age goes on.
        return TICK;
    }
    let moments = model.newest_searches().next_deadline().into_iter().chain(model.alarms.next());
    let until = moments.min().map(|at| at.since(now) + Duration::from_millis(1));
    until.map_or(TICK, |until| until.min(TICK)).max(SHORTEST_TICK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::Desk;
    use message::News;

    #[test]
    fn time_is_looked_at_when_something_changes_and_no_oftener() {
        let mut desk = Desk::in_town(120, 40);
        assert_eq!(next_tick(&desk.model), TICK);
        desk.wait(Duration::from_millis(39_900));
        assert_eq!(next_tick(&desk.model), Duration::from_millis(101), "request 900 becomes an alarm then");
        desk.wait(Duration::from_millis(101));
        assert_eq!(next_tick(&desk.model), TICK, "and is one from then on");
        desk.wait(Duration::from_millis(29_959));
        assert_eq!(next_tick(&desk.model), Duration::from_millis(41), "its time is up then");
        desk.news(News::Link(Link::Away("connection refused".to_owned())));
        desk.wait(Duration::from_secs(1));
        assert_eq!(next_tick(&desk.model), TICK, "while Redis is away nobody asks what became of it");
    }
}
