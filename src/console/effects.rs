//! Runs effects on the store, each in a task of its own, and answers with messages. No key ever waits for Redis.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use super::memory::Memory;
use super::message::{Asked, Deed, Effect, Glance, Message, Mishap, News, Outcome, Settled, Unsettled};
use crate::domain::{Actor, DeedId, Seal};
use crate::store::{NewRequest, Store, StoreError, Traced};
use crate::uptime::Uptime;

/// So many deeds of one errand are under way at once.
const DEEDS_AT_ONCE: usize = 16;
/// A deed that reaches Redis so long after it was asked for is not done any more: longer than its answer is waited for, and so
/// short that nobody has forgotten it.
const GOOD_FOR: Duration = Duration::from_secs(4);
/// What became of a deed is looked for again after so long at the most.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

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
    /// Where it is doubted whether Redis takes writes.
    pub doubts: Arc<Notify>,
    /// Actions that are under way: they are waited for before the program ends.
    pub deeds: TaskTracker,
}

impl Hands {
    /// Carries out an effect on Redis. What is for the terminal is the loop's.
    pub fn carry_out(&self, effect: Effect) {
        let hands = self.clone();
        match effect {
            Effect::Do(errand, asked) => {
                self.deeds.spawn(async move {
                    let outcomes = hands.perform_all(errand.deeds.clone(), asked).await;
                    let _ = hands.answers.send(Message::Done(errand, outcomes)).await;
                });
            }
            Effect::Settle(unsettled) => {
                tokio::spawn(async move { hands.settle(unsettled).await });
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
            Effect::AskMisshapen => {
                tokio::spawn(async move {
                    if let Ok(wrong) = hands.store.misshapen().await {
                        let said = wrong.into_iter().next().map(|one| StoreError::from(one).to_string());
                        let _ = hands.answers.send(Message::News(News::Misshapen(said))).await;
                    }
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
    async fn perform_all(&self, deeds: Vec<Deed>, asked: Asked) -> Vec<Result<Outcome, Mishap>> {
        let began = Uptime::now();
        let perform = |deed: Deed| {
            let mut hands = self.clone();
            async move {
                // Of many, the last are begun later.
                let until = asked.at + began.elapsed() + GOOD_FOR;
                let seal = Seal { id: DeedId::from(rand::random::<u128>()), until, after: asked.after };
                hands.store = hands.store.for_deed(seal);
                hands.perform(&deed).await.map_err(|error| {
                    if error.ailment().is_some() {
                        hands.doubts.notify_one();
                    }
                    mishap(&error, seal)
                })
            }
        };
        stream::iter(deeds).map(perform).buffered(DEEDS_AT_ONCE).collect().await
    }

    /// Finds out what became of deeds, however long Redis is away, and tells it.
    async fn settle(&self, mut unsettled: Vec<Unsettled>) {
        while !unsettled.is_empty() && !self.answers.is_closed() {
            let seals: Vec<Seal> = unsettled.iter().map(|one| one.seal).collect();
            if let Ok(traced) = self.store.trace(&seals).await {
                let (mut settled, mut open) = (Vec::new(), Vec::new());
                for (one, traced) in unsettled.into_iter().zip(traced) {
                    match traced {
                        Traced::Open => open.push(one),
                        Traced::Done(events) => settled.push((one, Settled::Done(events))),
                        Traced::NotDone => settled.push((one, Settled::NotDone)),
                        Traced::Lost => settled.push((one, Settled::Lost)),
                    }
                }
                unsettled = open;
                if !settled.is_empty() {
                    let _ = self.answers.send(Message::Settled(settled)).await;
                }
            }
            if !unsettled.is_empty() {
                sleep(LOOK_AGAIN.mul_f64(rand::random_range(0.5..1.0))).await;
            }
        }
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
fn mishap(error: &StoreError, seal: Seal) -> Mishap {
    match error {
        _ if error.may_be_done() => Mishap::Unknown(error.reason(), seal),
        // At which Redis stands in the header.
        StoreError::Unwell { ailment, reason, .. } => Mishap::Refused(format!("Redis {}: {reason}", ailment.meaning())),
        _ => Mishap::Refused(error.to_string()),
    }
}
