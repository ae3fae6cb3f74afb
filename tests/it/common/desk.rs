//! The console's own loop on a screen in memory and a real Redis: keys go in as a macro, what it shows is read.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cabstand::console::model::{AlarmRules, Depth, Look, Options, ThemeName};
use cabstand::console::{self, Host, Input, Operator};
use cabstand::store::Store;
use chrono::{Offset, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use futures_util::stream;
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{PATIENCE, actor, request};

/// A console that runs, with the hands on its keys.
pub struct Desk {
    keys: mpsc::UnboundedSender<io::Result<Input>>,
    screen: Screen,
    copied: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<io::Result<()>>,
}

impl Desk {
    /// A console in the name of `operator`, of 120 by 40.
    pub fn new(store: Store, operator: &str) -> Self {
        Self::with(store, operator, |_| {})
    }

    /// The same, started otherwise.
    pub fn with(store: Store, operator: &str, change: impl FnOnce(&mut Options)) -> Self {
        let look = Look { ascii: false, depth: Depth::Sixteen, theme: ThemeName::Terminal };
        let mut options = Options {
            address: "test".to_owned(),
            yes: false,
            read_only: false,
            look,
            alarms: AlarmRules { left: Duration::from_secs(30), waiting: None, bell: false },
            timezone: Utc.fix(),
            keymap: Arc::default(),
            overlay: Arc::default(),
            memory_file: None,
        };
        change(&mut options);
        let (keys, pressed) = mpsc::unbounded_channel();
        let screen = Screen(Arc::new(Mutex::new(TestBackend::new(120, 40))));
        let copied = Arc::new(Mutex::new(Vec::new()));
        let (paper, mut host) = (screen.clone(), Clipboard(Arc::clone(&copied)));
        let operator = Operator { actor: actor(operator), request: request() };
        let task = tokio::spawn(async move {
            let input = stream::unfold(pressed, |mut pressed| async move { Some((pressed.recv().await?, pressed)) });
            let mut terminal = Terminal::new(paper)?;
            let end = CancellationToken::new();
            console::run(&mut terminal, Box::pin(input), &mut host, store, options, operator, end).await
        });
        Self { keys, screen, copied, task }
    }

    /// Presses the keys of a macro: letters as they are, others by their names in brackets, `/req<Enter>cy`.
    pub fn play(&self, keys: &str) {
        for key in parse(keys) {
            self.keys.send(Ok(Input::Key(key))).unwrap();
        }
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        let backend = self.screen.0.lock().unwrap();
        let buffer = backend.buffer();
        let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..buffer.area.height).map(row).collect::<Vec<_>>().join("\n")
    }

    /// Waits until this is on the screen.
    pub async fn shows(&self, text: &str) {
        self.waits_for(text, |screen| screen.contains(text)).await;
    }

    /// Waits until this is no more on the screen.
    pub async fn hides(&self, text: &str) {
        self.waits_for(&format!("no {text}"), |screen| !screen.contains(text)).await;
    }

    async fn waits_for(&self, what: &str, check: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut said: Vec<String> = Vec::new();
        loop {
            let text = self.text();
            if check(&text) {
                return;
            }
            // What the bottom line said meanwhile tells why.
            let last = text.lines().last().unwrap_or_default().trim();
            if said.last().is_none_or(|before| before != last) {
                said.push(last.to_owned());
            }
            assert!(Instant::now() < deadline, "waited in vain for {what:?}\n{text}\nmeanwhile: {said:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What was put into the clipboard, the last at the end.
    pub fn copied(&self) -> Vec<String> {
        self.copied.lock().unwrap().clone()
    }

    /// Leaves the console, and waits until it has ended.
    pub async fn quit(self) {
        self.play("q");
        self.task.await.unwrap().unwrap();
    }
}

fn parse(keys: &str) -> Vec<KeyEvent> {
    let mut rest: VecDeque<char> = keys.chars().collect();
    let mut events = Vec::new();
    while let Some(letter) = rest.pop_front() {
        let code = if letter == '<' && rest.contains(&'>') {
            let name: String = std::iter::from_fn(|| rest.pop_front().filter(|c| *c != '>')).collect();
            match name.as_str() {
                "Enter" => KeyCode::Enter,
                "Esc" => KeyCode::Esc,
                "Tab" => KeyCode::Tab,
                "Space" => KeyCode::Char(' '),
                "Up" => KeyCode::Up,
                "Down" => KeyCode::Down,
                "Left" => KeyCode::Left,
                "Right" => KeyCode::Right,
                other => panic!("no key is called {other}"),
            }
        } else {
            KeyCode::Char(letter)
        };
        events.push(KeyEvent::new(code, KeyModifiers::NONE));
    }
    events
}

struct Clipboard(Arc<Mutex<Vec<String>>>);

impl Host for Clipboard {
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

    fn ring(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.0.lock().unwrap().push(text.to_owned());
        Ok(())
    }
}

/// ratatui's screen in memory, which can be read while it is drawn on.
#[derive(Clone)]
struct Screen(Arc<Mutex<TestBackend>>);

impl Screen {
    fn with<T, E>(&self, act: impl FnOnce(&mut TestBackend) -> Result<T, E>) -> io::Result<T> {
        act(&mut self.0.lock().unwrap()).map_err(|_| io::Error::other("a screen in memory does not fail"))
    }
}

impl Backend for Screen {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        self.with(|backend| backend.draw(content))
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.with(TestBackend::hide_cursor)
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.with(TestBackend::show_cursor)
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.with(TestBackend::get_cursor_position)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.with(|backend| backend.set_cursor_position(position))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.with(TestBackend::clear)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.with(|backend| backend.clear_region(region))
    }

    fn size(&self) -> io::Result<Size> {
        self.with(|backend| backend.size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.with(TestBackend::window_size)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(TestBackend::flush)
    }
}
