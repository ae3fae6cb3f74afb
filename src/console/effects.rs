//! Runs effects on the store, each in a task of its own, and answers with messages. No key ever waits for Redis.

use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

use super::memory::Memory;
use super::message::{Deed, Effect, Glance, Message, Mishap, News, Outcome};
use crate::domain::Actor;
use crate::store::{NewRequest, Store, StoreError};

/// So many deeds of one errand are under way at once.
const DEEDS_AT_ONCE: usize = 16;

/// What effects need to be carried out.
#[derive(Clone)]
pub struct Hands {
    /// On which Redis.
    pub store: Store,
    /// In whose name.
    pub actor: Actor,
    /// With what a search from the console is opened; its place and rider are the operator's.
    pub request: NewRequest,
    /// Where the answers go.
    pub answers: mpsc::Sender<Message>,
    /// Where the feed looks for what the screen shows.
    pub glance: watch::Sender<Glance>,
    /// Where the latest memory is kept from.
    pub memory: watch::Sender<Memory>,
    /// Actions that are under way: they are waited for before the program ends.
    pub deeds: TaskTracker,
}

impl Hands {
    /// Carries out an effect on Redis. What is for the terminal is the loop's.
    pub fn carry_out(&self, effect: Effect) {
        let hands = self.clone();
        match effect {
            Effect::Do(errand) => {
                self.deeds.spawn(async move {
                    let outcomes = hands.perform_all(errand.deeds.clone()).await;
                    let _ = hands.answers.send(Message::Done(errand, outcomes)).await;
                });
            }
            Effect::Ask(ids) => {
                tokio::spawn(async move {
                    if let Ok(searches) = hands.store.searches(&ids).await {
                        let _ = hands.answers.send(Message::News(News::Searches(searches))).await;
                    }
                });
            }
            Effect::AskExtent => {
                tokio::spawn(async move {
                    let extent = hands.store.extent().await.map_err(|error| error.reason());
                    let _ = hands.answers.send(Message::News(News::Extent(extent))).await;
                });
            }
            Effect::Look(glance) => {
                self.glance.send_replace(glance);
            }
            Effect::Arm(span) => match span {
                Some(span) => self.store.arm(span),
                None => self.store.disarm(),
            },
            Effect::Remember(memory) => {
                self.memory.send_replace(memory);
            }
            Effect::Copy(_) | Effect::Ring | Effect::Suspend | Effect::Quit => {}
        }
    }

    /// Each deed by itself: one that is refused does not keep the others. The answers come in the order of the deeds.
    async fn perform_all(&self, deeds: Vec<Deed>) -> Vec<Result<Outcome, Mishap>> {
        let perform = |deed: Deed| {
            let hands = self.clone();
            async move { hands.perform(&deed).await.map_err(|error| mishap(&error)) }
        };
        stream::iter(deeds).map(perform).buffered(DEEDS_AT_ONCE).collect().await
    }

    async fn perform(&self, deed: &Deed) -> Result<Outcome, StoreError> {
        let (store, actor) = (&self.store, &self.actor);
        Ok(match deed {
            Deed::Open(pickup, user_id) => {
                let request = NewRequest { pickup: *pickup, user_id: user_id.clone(), ..self.request.clone() };
                Outcome::Opened(store.open(&request, actor).await?)
            }
            Deed::Cancel(id) => done(store.cancel(*id, actor).await?),
            Deed::Expire(id) => done(store.expire(*id, actor).await?),
            Deed::Extend(id, by_ms) => Outcome::Until(store.extend(*id, *by_ms, actor).await?),
            Deed::Widen(id, radius, None) => Outcome::RadiusWas(store.widen(*id, *radius, actor).await?),
            Deed::Widen(id, radius, Some(from)) => {
                Outcome::RadiusWas(store.widen_back(*id, *from, *radius, actor).await?)
            }
            Deed::Retry(id) => match store.retry(*id, actor).await? {
                Some(found) => Outcome::Found(found.driver, found.distance_m),
                None => Outcome::NobodyFound,
            },
            Deed::Assign(id, driver) => Outcome::Found(driver.clone(), store.assign(*id, driver, actor).await?),
            Deed::Reopen(id) => Outcome::Until(store.reopen(*id, actor).await?),
            Deed::Place(driver) => done(store.place(driver, actor).await?),
            Deed::Move(driver, expected) => Outcome::StoodAt(store.move_driver(driver, *expected, actor).await?),
            Deed::Remove(id, None) => Outcome::StoodAt(store.remove(id, actor).await?),
            Deed::Remove(id, Some(from)) => Outcome::StoodAt(store.remove_from(id, *from, actor).await?),
        })
    }
}

fn done((): ()) -> Outcome {
    Outcome::Done
}

/// An action whose answer did not come may have been carried out all the same: that is said, and not guessed.
fn mishap(error: &StoreError) -> Mishap {
    if error.is_away() { Mishap::Unknown(error.reason()) } else { Mishap::Refused(error.to_string()) }
}
