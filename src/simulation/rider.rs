//! One rider's phone: asks for a driver, looks for the answer, and gives up where patience ends.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};

use super::phones::{Phones, is_final};
use super::{Rider, Summary, bearer};
use crate::domain::{Point, State};

/// When a rider looks at the phone for the first time: who is near is found at once.
const FIRST_LOOK: Duration = Duration::from_millis(50);
/// How often a rider looks after a while, and tries again where the service does not answer.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What the service answers to `POST /v2/search`.
#[derive(Deserialize)]
struct Opened {
    request_id: u64,
    /// None from a service that gives none.
    ticket: Option<String>,
}

impl Opened {
    fn key(&self) -> Option<HeaderValue> {
        bearer(self.ticket.as_deref()?).ok()
    }
}

/// What the rider reads of the record.
#[derive(Deserialize)]
struct Answer {
    state: State,
    driver_id: Option<String>,
}

impl Phones {
    pub(super) async fn wait_for_driver(&self, rider: &Rider, speed: f64, taken: &UnboundedSender<(u32, Point)>) {
        let asked_at = Instant::now();
        let gives_up = rider.patience.map(|patience| asked_at + patience.div_f64(speed));
        let Some(opened) = self.open(rider).await else { return };
        let (id, key) = (opened.request_id, opened.key());
        let mut gave_up = false;
        let mut pause = FIRST_LOOK;
        loop {
            sleep(pause).await;
            pause = (pause * 2).min(LOOK_EVERY);
            match self.look(id, key.as_ref()).await {
                Look::Ended(answer) => return self.end(&answer, rider, asked_at.elapsed(), taken),
                Look::Unknown => return self.count(|counts| counts.errors += 1),
                Look::Waiting => {}
            }
            if !gave_up && gives_up.is_some_and(|at| at <= Instant::now()) {
                // Whether that came first or a driver, the next look will tell.
                let cancel = self.post("v2/cancel", &json!({"request_id": id}), key.as_ref());
                gave_up = self.call(cancel).await.is_some();
                pause = FIRST_LOOK;
            }
        }
    }

    /// Asks until the service takes the request; none where it says that it never will.
    async fn open(&self, rider: &Rider) -> Option<Opened> {
        let body = json!({"lat": rider.pickup.lat(), "lng": rider.pickup.lng(), "user_id": rider.name});
        loop {
            if let Some(answer) = self.call(self.post("v2/search", &body, self.keys().rider.as_ref())).await {
                if is_final(answer.status()) {
                    self.count(|counts| counts.errors += 1);
                    return None;
                }
                if let Ok(opened) = answer.json::<Opened>().await {
                    self.count(|counts| counts.opened += 1);
                    return Some(opened);
                }
                self.count(|counts| counts.errors += 1);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&self, id: u64, key: Option<&HeaderValue>) -> Look {
        let Some(answer) = self.call(self.get(&format!("v2/requests/{id}"), key)).await else { return Look::Waiting };
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            return Look::Waiting;
        }
        if is_final(answer.status()) {
            return Look::Unknown;
        }
        match answer.json::<Answer>().await {
            Ok(answer) if answer.state == State::Searching => Look::Waiting,
            Ok(answer) => Look::Ended(answer),
            Err(_) => Look::Unknown,
        }
    }

    fn end(&self, answer: &Answer, rider: &Rider, waited: Duration, taken: &UnboundedSender<(u32, Point)>) {
        self.count(|counts| note(counts, answer.state, waited));
        // Drivers with other names were set on the map by somebody else: they don't drive in this city.
        if let Some(driver) = answer.driver_id.as_deref().and_then(|id| id.parse().ok()) {
            // Nobody listens any more where the city has come to its end.
            let _ = taken.send((driver, rider.pickup));
        }
    }
}

/// What a rider sees on the phone.
enum Look {
    Waiting,
    Ended(Answer),
    /// The request is not known any more, or the answer makes no sense.
    Unknown,
}

fn note(counts: &mut Summary, state: State, waited: Duration) {
    match state {
        State::Found => {
            counts.found += 1;
            counts.waits.push(waited);
        }
        State::Expired => counts.expired += 1,
        State::Cancelled => counts.cancelled += 1,
        State::Searching => {}
    }
}
