//! A console of 200 by 60 in memory: its model, made of messages as the feed sends them, and frames of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cabstand::console::layout::{self, inside};
use cabstand::console::message::{Link, Message, News};
use cabstand::console::model::{AlarmRules, Depth, Look, Model, Options, Pane, Span, ThemeName};
use cabstand::console::projection::Projection;
use cabstand::console::update::update;
use cabstand::console::view;
use cabstand::domain::{Bounds, Key, Record, Request, RequestId, Search, State, UnixMs, UserId, View, Vitals};
use cabstand::store::Store;
use chrono::{Offset, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::TestBackend;
use ratatui::{Frame, Terminal};

use super::city::{CITY, places};

/// Columns and rows of the terminal.
pub const SIZE: (u16, u16) = (200, 60);
/// Redis' clock when the console starts.
const START: UnixMs = UnixMs(1_714_572_180_000);

/// The part of the earth that a console of this size shows after `f`: these bounds with a margin.
pub fn whole(bounds: Bounds) -> View {
    let areas = layout::areas(SIZE.0, SIZE.1, Pane::Searches, Pane::Searches).unwrap();
    let map = inside(areas.map);
    let centre = bounds.centre();
    Projection { centre, metres_per_column: 1.0, columns: map.width, rows: map.height }.fitted(bounds).view()
}

/// A console in memory.
pub struct Screen {
    pub model: Model,
    at: Duration,
    terminal: Terminal<TestBackend>,
}

impl Screen {
    /// One that shows the drivers of this Redis, and so many who wait.
    pub async fn new(store: &Store, waiting: u64) -> Self {
        let look = Look { ascii: false, depth: Depth::TwoFiftySix, theme: ThemeName::Terminal };
        let options = Options {
            address: "bench".to_owned(),
            yes: false,
            read_only: false,
            look,
            alarms: AlarmRules { left: Duration::from_secs(30), waiting: None, bell: false },
            timezone: Utc.fix(),
            keymap: Arc::default(),
            overlay: Arc::default(),
            memory_file: None,
        };
        let terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
        let mut screen = Self { model: Model::new(options, SIZE), at: Duration::ZERO, terminal };
        screen.news(News::Link(Link::Live));
        screen.news(News::Past(Vec::new(), START - Span::longest()));
        screen.news(News::Snapshot((1..=waiting).map(search).collect()));
        screen.news(News::Extent(Ok(Some(CITY))));
        let fleet = store.fleet(screen.model.map.projection.view()).await.unwrap();
        let drivers = fleet.total;
        screen.news(News::Fleet(fleet));
        let vitals =
            Vitals { now: START, latency: Duration::ZERO, drivers, stale: 0, waiting, workers: 1, misshapen: false };
        screen.news(News::Vitals(Duration::ZERO, vitals));
        screen
    }

    pub fn news(&mut self, news: News) {
        self.send(Message::News(news));
    }

    /// Presses a letter.
    pub fn press(&mut self, letter: char) {
        self.send(Message::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)));
    }

    /// Presses the arrow down.
    pub fn down(&mut self) {
        self.send(Message::Key(KeyEvent::new(KeyCode::Down, KeyModifiers::NONE)));
    }

    /// Lets time go on.
    pub fn wait(&mut self, span: Duration) {
        self.at += span;
        self.send(Message::Tick);
    }

    fn send(&mut self, message: Message) {
        update(&mut self.model, self.at, message);
    }

    /// Computes a frame, compares it with the one before and writes the difference down. Answers how long computing it took.
    pub fn draw(&mut self) -> Duration {
        let (model, mut took) = (&self.model, Duration::ZERO);
        let timed = |frame: &mut Frame| {
            let began = Instant::now();
            view::draw(model, frame);
            took = began.elapsed();
        };
        self.terminal.draw(timed).unwrap();
        took
    }

    pub fn text(&self) -> String {
        self.terminal.backend().to_string()
    }
}

/// A search that waits, as it is read from Redis.
pub fn search(number: u64) -> Search {
    let id = RequestId::new(number).unwrap();
    // Opened one after the other within the last three minutes, and none about to be lost.
    let created_at = START - Duration::from_millis(number * 7_919 % 180_000);
    let left = Duration::from_mins(4).saturating_sub(START.since(created_at));
    let request = Request {
        id,
        user_id: UserId::from_redis(format!("requestor_{number}").as_bytes()),
        pickup: places(number).next().unwrap(),
        radius_m: 5_000.0,
        created_at,
        expires_at: Some(START + left),
        interval_ms: 30_000,
        attempts: 1,
        last_attempt_at: Some(created_at),
        state: State::Searching,
        driver_id: None,
        distance_m: None,
        ended_at: None,
        ended_by: None,
        end_event: None,
        reopened: None,
    };
    Search { id, key: Key::Active(Some(left)), record: Record::Whole(Box::new(request)), read_at: START }
}
