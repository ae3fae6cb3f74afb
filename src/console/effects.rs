//! Runs effects on the store, each in a task of its own, and answers with messages. No key ever waits for Redis.

use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

use super::memory::Memory;
use super::message::{Deed, Effect, Glance, Message, Mishap, News};
use crate::domain::{Actor, RequestId};
use crate::store::{NewRequest, Store, StoreError};

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
    /// Carries out an effect on Redis. Suspending and leaving are the loop's.
    pub fn carry_out(&self, effect: Effect) {
        let hands = self.clone();
        match effect {
            Effect::Do(deed) => {
                self.deeds.spawn(async move {
                    let outcome = hands.perform(&deed).await.map_err(|error| mishap(&error));
                    let _ = hands.answers.send(Message::Done(deed, outcome)).await;
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
            Effect::Remember(memory) => {
                self.memory.send_replace(memory);
            }
            Effect::Suspend | Effect::Quit => {}
        }
    }

    async fn perform(&self, deed: &Deed) -> Result<Option<RequestId>, StoreError> {
        let (store, actor) = (&self.store, &self.actor);
        match deed {
            Deed::Open(pickup, user_id) => {
                let request = NewRequest { pickup: *pickup, user_id: user_id.clone(), ..self.request.clone() };
                return store.open(&request, actor).await.map(Some);
            }
            Deed::Cancel(id) => store.cancel(*id, actor).await?,
            Deed::Expire(id) => store.expire(*id, actor).await?,
            Deed::Place(driver) => store.place(driver, actor).await?,
            Deed::Move(driver) => store.move_driver(driver, actor).await?,
            Deed::Remove(id) => store.remove(id, actor).await?,
        }
        Ok(None)
    }
}

/// An action whose answer did not come may have been carried out all the same: that is said, and not guessed.
fn mishap(error: &StoreError) -> Mishap {
    if error.is_away() { Mishap::Unknown(error.reason()) } else { Mishap::Refused(error.to_string()) }
}
