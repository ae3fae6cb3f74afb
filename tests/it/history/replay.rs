//! The stream, replayed: what must hold in every history.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use cabstand::domain::{Event, EventKind, State, UnixMs};
use cabstand::store::Store;

use crate::common::id;
use crate::history::actors::PHONE;
use crate::history::ledger::Ledger;

/// A silence may be noticed so much later: services that were killed all at once have to come back first.
const SILENCE_SLACK: Duration = Duration::from_millis(2_500);

pub struct History {
    events: Vec<Event>,
}

/// How often what happened.
#[derive(Debug, Default)]
pub struct Counts {
    pub opened: usize,
    pub found: usize,
    /// With a driver who reports over HTTP alone.
    pub found_phones: usize,
    pub cancelled: usize,
    pub expired: usize,
    pub assigned: usize,
    /// An operator's hand on one that waits: more or less time, another radius, another try.
    pub helped: usize,
    pub attempted: usize,
    pub events: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { opened, found, found_phones, cancelled, expired, assigned, helped, attempted, events } = self;
        write!(
            f,
            "{opened} opened, {found} found ({found_phones} phones), {cancelled} cancelled, {expired} expired, {assigned} assigned, {helped} helped, {attempted} attempts in vain, {events} events"
        )
    }
}

fn is_phone(found: &Event) -> bool {
    found.driver_id.as_ref().is_some_and(|driver| driver.as_str().starts_with(PHONE))
}

impl History {
    pub fn of(events: Vec<Event>) -> Self {
        Self { events }
    }

    pub fn events(&self) -> &[Event] {
        &self.events
    }

    pub fn counts(&self) -> Counts {
        let count = |kind: &EventKind| self.events.iter().filter(|event| event.kind == *kind).count();
        Counts {
            opened: count(&EventKind::Opened),
            found: count(&EventKind::Found),
            found_phones: self.found().filter(|event| is_phone(event) && !event.is_assigned()).count(),
            cancelled: count(&EventKind::Cancelled),
            expired: count(&EventKind::Expired),
            assigned: self.found().filter(|event| event.is_assigned()).count(),
            helped: [EventKind::Extended, EventKind::Widened, EventKind::Retried].iter().map(count).sum(),
            attempted: count(&EventKind::Attempted),
            events: self.events.len(),
        }
    }

    fn of_requests(&self) -> HashMap<u64, Vec<&Event>> {
        let mut lives: HashMap<u64, Vec<&Event>> = HashMap::new();
        for event in &self.events {
            if let Some(request) = event.request_id {
                lives.entry(request.number()).or_default().push(event);
            }
        }
        lives
    }

    fn ends(&self) -> impl Iterator<Item = (&Event, State)> {
        self.events.iter().filter_map(|event| event.kind.end().map(|state| (event, state)))
    }

    fn found(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.kind == EventKind::Found)
    }

    /// The riders whose end does not stand in the log. It may stand there twice: a service that was killed may have told it
    /// before it could say so.
    pub fn untold(&self, log: &str) -> Vec<u64> {
        let told: HashSet<&str> =
            log.lines().filter_map(|line| line.split_once(" INFO ")).map(|(_, said)| said.trim()).collect();
        let line = |event: &Event, state| match state {
            State::Cancelled => format!("Request {} has been canceled.", event.request_id.unwrap()),
            _ => format!("Message to user: {}", event.user_id.as_ref().unwrap()),
        };
        let untold = self.ends().filter(|(event, state)| !told.contains(line(event, *state).as_str()));
        untold.map(|(event, _)| event.request_id.unwrap().number()).collect()
    }

    /// Each request was opened, ended once, and nothing happened to it afterwards; and its record says the same.
    pub async fn check_the_ends(&self, store: &Store, ttl: Duration) {
        for (number, life) in self.of_requests() {
            assert_eq!(life[0].kind, EventKind::Opened, "request {number}: {life:?}");
            let ends = life.iter().filter(|event| event.kind.end().is_some()).count();
            assert_eq!(ends, 1, "request {number} ends once: {life:?}");
            let end = life.last().unwrap();
            let state = end.kind.end().unwrap_or_else(|| panic!("request {number} lives after its end: {life:?}"));
            let search = store.search(id(number)).await.unwrap().unwrap();
            let record = search.request().unwrap_or_else(|| panic!("request {number}: {search:?}"));
            assert_eq!(
                (record.state, record.end_event, &record.driver_id),
                (state, Some(end.id), &end.driver_id),
                "request {number}"
            );
            assert!(
                end.waited_ms.unwrap() < 60_000 + u64::try_from(ttl.as_millis()).unwrap(),
                "request {number}: {end:?}"
            );
        }
    }

    /// Between two requests that were given one driver, that driver has become available again.
    pub fn check_the_drivers(&self, ledger: &Ledger) {
        let mut given: HashMap<&str, Vec<&Event>> = HashMap::new();
        for event in self.found() {
            given.entry(event.driver_id.as_ref().unwrap().as_str()).or_default().push(event);
        }
        for (driver, founds) in given {
            let mut available = ledger.available(driver).into_iter();
            let mut before = UnixMs(0);
            for found in &founds {
                // What was done before the last request was given the driver made it available for that one.
                let brought = available.by_ref().find(|between| between.done >= before);
                let brought = brought.filter(|between| between.begun <= found.id.at);
                assert!(
                    brought.is_some(),
                    "driver {driver} is given to {found:?} without a report since {before:?}: {founds:?}"
                );
                before = found.id.at;
            }
        }
    }

    /// A driver who reports over HTTP alone is given to nobody long after its last report, unless an operator wants it.
    pub fn check_the_phones(&self, ledger: &Ledger, stale_after: Duration) {
        let longest = i64::try_from((stale_after + SILENCE_SLACK).as_millis()).unwrap();
        for found in self.found().filter(|event| is_phone(event) && !event.is_assigned()) {
            let reports = ledger.available(found.driver_id.as_ref().unwrap().as_str());
            let last = reports.iter().rfind(|report| report.begun <= found.id.at).unwrap();
            let silent = found.id.at.0 - last.done.0;
            assert!(silent <= longest, "{found:?} came {silent} ms after the driver's last report: {last:?}");
        }
    }

    /// Whoever was told that a request is open finds it in the history; and nobody expires before the time, unless somebody
    /// wanted it.
    pub fn check_the_riders(&self, ledger: &Ledger, ttl: Duration) {
        let lives = self.of_requests();
        for number in ledger.opened() {
            assert!(lives.contains_key(&number), "request {number} was answered and is not in the stream");
        }
        for (event, state) in self.ends() {
            let number = event.request_id.unwrap().number();
            if state == State::Expired && !ledger.was_meddled_with(number) {
                let waited = Duration::from_millis(event.waited_ms.unwrap());
                assert!(waited + Duration::from_millis(25) >= ttl, "request {number} expired too early: {event:?}");
            }
        }
    }
}
