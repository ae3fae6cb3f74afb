//! `cabstand events`.

use std::time::Duration;

use chrono::{DateTime, Local};

use crate::cli::Shared;
use crate::cli::failure::{Failure, tell};
use crate::cli::output::Output;
use crate::cli::table::padded;
use crate::domain::{Event, StreamId, UnixMs, format_distance, format_more, format_wait};
use crate::store::{Access, Store};

/// How long a listing that follows waits before it asks a Redis that is away again.
const RETRY: Duration = Duration::from_secs(1);
/// The columns have fixed widths: what is yet to come cannot be measured.
const HEAD: &str = "TIME                 WHAT       REQUEST  DRIVER        WHO                       DETAILS";

/// Options of `events`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Events {
    /// Go on with what happens next, until interrupted
    #[arg(long, short)]
    follow: bool,
    /// Only so many, the newest [default: all that are kept]
    #[arg(long, value_name = "COUNT")]
    last: Option<usize>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Events {
    pub(in crate::cli) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let store = shared.store(Access::ReadOnly).await?;
        let mut out = Output::new();
        if !self.json && self.follow {
            out.line(HEAD)?;
        }
        let last = self.past(&store, &mut out).await?;
        if self.follow {
            return self.follow(&store, last, &mut out).await;
        }
        if last.is_none() && self.last != Some(0) {
            tell("nothing has happened yet");
        }
        Ok(())
    }

    /// Prints what has happened; answers where the next event begins.
    async fn past(&self, store: &Store, out: &mut Output) -> Result<Option<StreamId>, Failure> {
        let mut last = None;
        loop {
            let events = match self.last {
                Some(0) => Vec::new(),
                Some(count) => store.recent_events(count).await?,
                None => store.events_after(last).await?,
            };
            if last.is_none() && !events.is_empty() && !self.json && !self.follow {
                out.line(HEAD)?;
            }
            last = events.last().map(|event| event.id).or(last);
            self.print(&events, out)?;
            if events.is_empty() || self.last.is_some() {
                return Ok(last);
            }
        }
    }

    async fn follow(&self, store: &Store, last: Option<StreamId>, out: &mut Output) -> Result<(), Failure> {
        // From the very first where there was none yet: one may have come since.
        let nothing_skipped = self.last != Some(0);
        let mut tail = store.follow_events(last.or(nothing_skipped.then(StreamId::default)));
        let mut away = false;
        // Where nothing more happens, nothing is written by which it would be known that nobody reads.
        while !out.is_unread() {
            match tail.next().await {
                Ok(events) => {
                    away = false;
                    self.print(&events, out)?;
                }
                Err(error) => {
                    if !away {
                        tell(&format!("cabstand: {error}; trying again until it is back"));
                    }
                    away = true;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
        Ok(())
    }

    fn print(&self, events: &[Event], out: &mut Output) -> Result<(), Failure> {
        for event in events {
            if self.json {
                out.json(event)?;
            } else {
                out.line(&line(event))?;
            }
        }
        out.flush()
    }
}

fn line(event: &Event) -> String {
    let request = event.request_id.map(|id| id.to_string()).unwrap_or_default();
    let driver = padded(event.driver_id.as_ref().map_or("", |id| id.as_str()), 12);
    let who = padded(event.actor.as_ref().map_or("", |actor| actor.as_str()), 24);
    let (when, what) = (local_time(event.id.at), padded(event.kind.as_str(), 9));
    let line = format!("{when:<19}  {what}  {request:>7}  {driver}  {who}  {}", details(event));
    line.trim_end().to_owned()
}

fn details(event: &Event) -> String {
    let mut parts = Vec::new();
    parts.extend(event.user_id.clone());
    match (event.from, event.place) {
        (Some(from), Some(to)) => parts.push(format!("{from} → {to}")),
        (None, Some(place)) => parts.push(place.to_string()),
        _ => {}
    }
    parts.extend(event.by_ms.map(format_more));
    if let (Some(from), Some(to)) = (event.from_radius_m, event.radius_m) {
        parts.push(format!("radius {} → {}", format_distance(from), format_distance(to)));
    }
    parts.extend(event.distance_m.map(|metres| format!("{} away", format_distance(metres))));
    parts.extend(event.waited_ms.map(|ms| format!("after {}", format_wait(Duration::from_millis(ms)))));
    parts.extend(event.attempts.map(|n| format!("{n} attempt{}", if n == 1 { "" } else { "s" })));
    parts.extend(event.reason.clone());
    parts.join(" · ")
}

pub(in crate::cli) fn local_time(at: UnixMs) -> String {
    let time = DateTime::from_timestamp_millis(at.0).map(|time| time.with_timezone(&Local));
    // A foreign hand can set a time that no calendar has.
    time.map_or_else(|| format!("{} ms", at.0), |time| time.format("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Actor, EventKind, Point, RequestId};

    #[test]
    fn an_event_is_one_line_under_its_head() {
        let event = Event {
            id: "1700000000000-0".parse().unwrap(),
            kind: EventKind::Found,
            request_id: Some(RequestId::new(41).unwrap()),
            user_id: Some("rider_41".to_owned()),
            driver_id: Some("17".parse().unwrap()),
            actor: Some(Actor::new("worker-1")),
            place: Point::new(-33.4426, -70.6305).ok(),
            from: None,
            driver_place: None,
            distance_m: Some(812.4),
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
        };
        let line = line(&event);
        assert!(line.ends_with("rider_41 · -33.4426, -70.6305 · 812 m away · after 12 s · 1 attempt"), "{line}");
        for (title, word) in [("WHAT", "found"), ("DRIVER", "17"), ("WHO", "worker-1"), ("DETAILS", "rider_41")] {
            assert_eq!(HEAD.find(title), line.find(word), "{title}");
        }
        assert_eq!(HEAD.find("REQUEST").unwrap() + 5, line.find("41").unwrap(), "numbers end where their title ends");
    }
}
