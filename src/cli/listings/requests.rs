//! `cabstand requests`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::cli::Shared;
use crate::cli::failure::{Failure, tell};
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::domain::{Event, Record, RequestId, Search, Standing, State, format_distance, format_span, parse_span};
use crate::store::{Access, Store, StoreError};

/// How many of the newest events are asked for requests that ended.
const EVENTS_READ: usize = 5_000;

/// Options of `requests`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Requests {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// How long a request is listed after its end
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_span)]
    ended: Duration,
}

impl Requests {
    pub(in crate::cli) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let store = shared.store(Access::ReadOnly).await?;
        let Known { ids, troubles } = known(&store, self.ended).await?;
        let ids: Vec<RequestId> = ids.into_iter().collect();
        let searches: Vec<Search> = store.searches(&ids).await?.into_iter().filter(Search::exists).collect();
        let mut out = Output::new();
        if self.json {
            for search in &searches {
                out.json(&object(search))?;
            }
        } else if !searches.is_empty() {
            let mut table = Table::new(&["ID>", "RIDER", "STATE", "LEFT>", "TRIES>", "PICKUP", "HOW"]);
            for search in &searches {
                table.row(row(search));
            }
            for line in table.lines() {
                out.line(&line)?;
            }
        }
        out.flush()?;
        if !troubles.is_empty() {
            for trouble in troubles {
                tell(&format!("cabstand: there may be more requests: {trouble}"));
            }
            return Err(Failure::Said);
        }
        if searches.is_empty() {
            let ended = humantime::format_duration(self.ended);
            tell(&format!("no request is waiting, and none ended in the last {ended}"));
        }
        Ok(())
    }
}

/// The requests that are known of, and why there may be others.
#[derive(Default)]
struct Known {
    ids: BTreeSet<RequestId>,
    troubles: BTreeSet<String>,
}

impl Known {
    /// Takes in what was read. What Redis does not give out, since a foreign hand has put something else there, hides nothing
    /// but itself.
    fn take(&mut self, read: Result<Vec<RequestId>, StoreError>) -> Result<(), StoreError> {
        match read {
            Ok(ids) => self.ids.extend(ids),
            Err(error) if error.is_away() => return Err(error),
            Err(error) => {
                self.troubles.insert(error.to_string());
            }
        }
        Ok(())
    }
}

/// The requests that wait, those that have only a key, and those that ended so lately.
async fn known(store: &Store, ended: Duration) -> Result<Known, StoreError> {
    let mut known = Known::default();
    known.take(store.waiting(usize::MAX).await.map(|page| page.ids))?;
    let mut cursor = 0;
    loop {
        let (next, found) = store.scan_keys(cursor).await?;
        known.ids.extend(found);
        cursor = next;
        if cursor == 0 {
            break;
        }
    }
    let since = store.now().await? - ended;
    let is_late = |event: &Event| event.kind.end().is_some() && event.id.at >= since;
    let events = store.recent_events(EVENTS_READ).await;
    known.take(events.map(|events| events.iter().filter(|e| is_late(e)).filter_map(|e| e.request_id).collect()))?;
    Ok(known)
}

/// How a request stands, and the milliseconds that it has left.
fn standing(search: &Search) -> (State, Option<Duration>) {
    match search.standing() {
        Standing::Waiting(until) => (State::Searching, until.map(|until| until.since(search.read_at))),
        Standing::Ended(state) => (state, None),
    }
}

/// The record's fields, with the state and the deadline as they truly are.
fn object(search: &Search) -> Value {
    let mut object = match search.request().map(serde_json::to_value) {
        Some(Ok(Value::Object(fields))) => fields,
        _ => Map::from_iter([("request_id".to_owned(), json!(search.id))]),
    };
    let (state, left) = standing(search);
    object.insert("state".to_owned(), json!(state));
    object.insert("left_ms".to_owned(), json!(left.map(|left| left.as_millis())));
    object.insert("foreign".to_owned(), json!(search.record == Record::Foreign));
    if let Standing::Waiting(until) = search.standing() {
        object.insert("expires_at".to_owned(), json!(until));
    }
    match &search.record {
        Record::Damaged(field) => object.insert("damaged".to_owned(), json!(field)),
        Record::Newer(state) => object.insert("newer".to_owned(), json!(state)),
        Record::Foreign | Record::Whole(_) | Record::Listed(_) => None,
    };
    Value::Object(object)
}

fn row(search: &Search) -> Vec<String> {
    let (state, left) = standing(search);
    let left = match (state, left) {
        (State::Searching, Some(left)) => format_span(left),
        (State::Searching, None) => "no end".to_owned(),
        _ => String::new(),
    };
    let (rider, tries, pickup) = search.request().map_or_else(Default::default, |request| {
        (request.user_id.to_string(), request.attempts.to_string(), request.pickup.to_string())
    });
    vec![search.id.to_string(), rider, state.to_string(), left, tries, pickup, how(search)]
}

/// What there is to say beside the figures: whom it found, who ended it, or what is odd about it.
fn how(search: &Search) -> String {
    let request = match &search.record {
        Record::Foreign => return "(external) a key without a record".to_owned(),
        Record::Damaged(field) => return format!("damaged record: {field}"),
        Record::Newer(state) => return format!("newer record: {state}"),
        Record::Listed(_) => return "not read".to_owned(),
        Record::Whole(request) => request,
    };
    let driver = request.driver_id.as_ref().map(|id| format!("driver {id}"));
    let distance = request.distance_m.map(|metres| format!("at {}", format_distance(metres)));
    let by = request.ended_by.as_ref().map(|who| format!("by {who}"));
    [driver, distance, by].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
