//! What the tests of the console share: made-up news of a small city, on a clock that they set.

use std::sync::Arc;
use std::time::Duration;

use chrono::{FixedOffset, Offset, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::message::{Effect, Link, Message, News};
use super::model::{AlarmRules, Depth, Look, Model, Options, Span, ThemeName};
use super::update::update;
use crate::domain::{
    Actor, Bounds, Candidate, DeedId, Driver, DriverId, Event, EventKind, FleetView, Key, Listed, Point, Record,
    Request, RequestId, Seal, Search, Sighting, State, StreamId, UnixMs, UserId, Vitals,
};

/// Redis' clock when the console starts: 2024-05-01 14:03:00 UTC.
pub(super) const START: UnixMs = UnixMs(1_714_572_180_000);

pub(super) fn utc() -> FixedOffset {
    Utc.fix()
}

pub(super) fn options() -> Options {
    let look = Look { ascii: false, depth: Depth::Sixteen, theme: ThemeName::Terminal };
    let alarms = AlarmRules { left: Duration::from_secs(30), waiting: None, bell: false };
    Options {
        address: "127.0.0.1:6379/0".to_owned(),
        yes: false,
        read_only: false,
        look,
        alarms,
        timezone: utc(),
        keymap: Arc::default(),
        overlay: Arc::default(),
        memory_file: None,
    }
}

pub(super) fn id(n: u64) -> RequestId {
    RequestId::new(n).unwrap()
}

pub(super) fn place(lat: f64, lng: f64) -> Point {
    Point::new(lat, lng).unwrap()
}

/// The rider's name, as `open.lua` gives it to one without.
fn rider(n: u64) -> String {
    format!("requestor_{n}")
}

/// A request that was opened so many seconds ago and has so many left.
pub(super) fn waiting(n: u64, ago: u64, left: u64) -> Search {
    let read_at = START;
    let created_at = read_at - Duration::from_secs(ago);
    let request = Request {
        id: id(n),
        user_id: UserId::from_redis(rider(n).as_bytes()),
        pickup: place(-33.44 - 0.01 * f64::from(u32::try_from(n % 1_000).unwrap()), -70.63),
        radius_m: 5_000.0,
        created_at,
        expires_at: Some(read_at + Duration::from_secs(left)),
        interval_ms: 30_000,
        attempts: ago / 30 + 1,
        last_attempt_at: Some(created_at + Duration::from_secs(ago / 30 * 30)),
        state: State::Searching,
        driver_id: None,
        distance_m: None,
        ended_at: None,
        ended_by: None,
        end_event: None,
        reopened: None,
    };
    Search {
        id: id(n),
        key: Key::Active(Some(Duration::from_secs(left))),
        record: Record::Whole(Box::new(request)),
        read_at,
    }
}

/// The same request, ended so many seconds ago.
pub(super) fn ended(n: u64, state: State, ago: u64) -> Search {
    let mut search = waiting(n, ago + 12, 200);
    if let Record::Whole(request) = &mut search.record {
        request.state = state;
        request.ended_at = Some(START - Duration::from_secs(ago));
        request.ended_by = Some("ana@desk".to_owned());
        if state == State::Found {
            request.driver_id = Some("17".parse().unwrap());
            request.distance_m = Some(812.0);
        }
    }
    search.key = Key::Gone;
    search
}

/// A request of the article's own service: a bare key.
pub(super) fn foreign(n: u64, left: u64) -> Search {
    Search { id: id(n), key: Key::Active(Some(Duration::from_secs(left))), record: Record::Foreign, read_at: START }
}

/// A request as the lists of all who wait tell of it.
pub(super) fn listed(n: u64, ago: u64, left: u64) -> Search {
    let whole = waiting(n, ago, left);
    let place = (whole.pickup(), whole.radius_m(), whole.created_at());
    let (Some(pickup), Some(radius_m), Some(created_at)) = place else { return whole };
    Search { record: Record::Listed(Listed { pickup, radius_m, created_at }), ..whole }
}

pub(super) fn driver(name: &str, lat: f64, lng: f64) -> Driver {
    Driver { id: name.parse().unwrap(), place: place(lat, lng) }
}

/// A driver on the map who has just reported.
pub(super) fn sighting(name: &str, lat: f64, lng: f64) -> Sighting {
    let Driver { id, place } = driver(name, lat, lng);
    Sighting { id, place, seen: Some(START), stale: false }
}

pub(super) fn event(seconds: u64, kind: EventKind, request: Option<u64>, driver: Option<&str>) -> Event {
    Event {
        id: StreamId { at: START + Duration::from_secs(seconds), seq: 0 },
        kind,
        request_id: request.map(id),
        user_id: request.map(rider),
        driver_id: driver.map(|name| DriverId::from_redis(name.as_bytes())),
        actor: Some(Actor::new("ana@desk")),
        place: Some(place(-33.45, -70.63)),
        from: None,
        driver_place: None,
        distance_m: Some(812.0),
        attempts: Some(1),
        opened_at: None,
        waited_ms: Some(12_000),
        by_ms: None,
        expires_at: None,
        radius_m: None,
        from_radius_m: None,
        stale: None,
        reason: None,
        deed: None,
    }
}

/// What went to Redis with a deed.
pub(super) fn seal(n: u128) -> Seal {
    Seal { id: DeedId::from(n), until: START + Duration::from_secs(4), after: None }
}

/// A console and the effects that it asked for.
pub(super) struct Desk {
    pub(super) model: Model,
    pub(super) at: Duration,
    pub(super) effects: Vec<Effect>,
}

impl Desk {
    /// A console on an empty Redis that is live, and nothing has happened there.
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        let mut desk = Self { model: Model::new(options(), (columns, rows)), at: Duration::ZERO, effects: Vec::new() };
        desk.news(News::Link(Link::Live));
        desk.news(News::Past(Vec::new(), START - Span::longest()));
        desk.vitals(0);
        desk
    }

    /// A console on a small city: seven drivers, two who wait, a foreign one, one who was found.
    pub(super) fn in_town(columns: u16, rows: u16) -> Self {
        let mut desk = Self::new(columns, rows);
        let fleet = FleetView {
            drivers: vec![
                sighting("2", -33.47, -70.70),
                sighting("17", -33.42, -70.60),
                sighting("21", -33.48, -70.58),
                sighting("33", -33.41, -70.66),
                sighting("34", -33.452, -70.655),
                sighting("40", -33.50, -70.64),
                sighting("kilo", -33.44, -70.73),
            ],
            blocks: Vec::new(),
            total: 7,
            took: Duration::from_millis(1),
        };
        let around = Bounds::around(fleet.drivers.iter().map(|d| d.place));
        let rows = [
            foreign(900, 70),
            waiting(1, 48, 192),
            waiting(2, 10, 230),
            ended(3, State::Found, 5),
            ended(4, State::Cancelled, 20),
        ];
        desk.news(News::Snapshot(rows.to_vec()));
        desk.news(News::Extent(Ok(around)));
        let nearest = Candidate { driver: fleet.drivers[4].driver(), distance_m: 1_234.0, geohash: 0 };
        desk.news(News::Fleet(fleet));
        desk.news(News::Nearest(vec![(id(1), Some(nearest)), (id(2), None)]));
        desk.news(News::Events(vec![
            event(0, EventKind::Opened, Some(1), None),
            event(1, EventKind::Attempted, Some(1), None),
            event(2, EventKind::Found, Some(3), Some("17")),
            event(3, EventKind::Cancelled, Some(4), None),
            event(4, EventKind::Moved, None, Some("kilo")),
        ]));
        desk.vitals(7);
        desk.effects.clear();
        desk
    }

    pub(super) fn send(&mut self, message: Message) -> Vec<Effect> {
        let effects = update(&mut self.model, self.at, message);
        self.effects.extend(effects.iter().cloned());
        effects
    }

    pub(super) fn news(&mut self, news: News) -> Vec<Effect> {
        self.send(Message::News(news))
    }

    /// The beat of the feed, with Redis' clock going as ours does.
    pub(super) fn vitals(&mut self, drivers: u64) -> Vec<Effect> {
        let vitals = Vitals {
            now: START + self.at,
            latency: Duration::ZERO,
            drivers,
            stale: 0,
            waiting: 2,
            workers: 1,
            misshapen: false,
        };
        self.news(News::Vitals(self.at, vitals))
    }

    /// Lets time go on.
    pub(super) fn wait(&mut self, span: Duration) -> Vec<Effect> {
        self.at += span;
        self.send(Message::Tick)
    }

    /// Presses a key, a letter or a name of crokey's.
    pub(super) fn press(&mut self, name: &str) -> Vec<Effect> {
        let event = match name {
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "backspace" => KeyCode::Backspace,
            letter => KeyCode::Char(letter.chars().next().unwrap()),
        };
        self.send(Message::Key(KeyEvent::new(event, KeyModifiers::NONE)))
    }

    /// Types text letter by letter.
    pub(super) fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            self.press(&letter.to_string());
        }
    }

    /// The ids of the rows in sight.
    pub(super) fn rows(&self) -> Vec<u64> {
        self.model.searches.in_sight().map(|row| row.search.id.number()).collect()
    }

    pub(super) fn selected(&self) -> Option<u64> {
        self.model.searches.selected().map(|row| row.search.id.number())
    }

    pub(super) fn notice(&self) -> &str {
        self.model.notice.as_ref().map_or("", |notice| notice.text.as_str())
    }
}
