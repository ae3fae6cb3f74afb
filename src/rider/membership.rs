//! A membership in a group that lasts through every outage, until the shutdown.

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::losses;
use crate::domain::{Actor, Event};
use crate::store::{Batch, Group, Member, Outage, Store, StoreError};

pub(super) struct Membership {
    store: Store,
    group: Group,
    consumer: Actor,
    /// One that was joined is kept through a cut: it knows what it has seen, and misses nothing.
    member: Option<Member>,
    outage: Outage,
}

impl Membership {
    /// `task` is the name that stands in the log.
    pub(super) fn new(store: Store, group: Group, consumer: Actor, task: &'static str) -> Self {
        let outage = Outage::new(task, &store);
        Self { store, group, consumer, member: None, outage }
    }

    /// Waits for the next events of this member, at most this many of each stream; `None` at the shutdown. The batch is empty
    /// after two seconds without any, and with 0. Waiting may be broken off; between dealing with a batch and acknowledging it
    /// nothing is, or it would be dealt with twice.
    pub(super) async fn next(&mut self, most: usize, shutdown: &CancellationToken) -> Option<Batch> {
        loop {
            let read = tokio::select! {
                biased;
                () = shutdown.cancelled() => return None,
                read = self.read(most) => read,
            };
            match read {
                Ok(batch) => {
                    self.outage.over();
                    if let Some(lost) = batch.lost {
                        losses::report(self.group, lost);
                    }
                    return Some(batch);
                }
                Err(error) => self.pause(&error, shutdown).await,
            }
        }
    }

    async fn read(&mut self, most: usize) -> Result<Batch, StoreError> {
        if let Some(member) = &mut self.member {
            return member.next_at_most(most).await;
        }
        self.member = Some(self.store.join(self.group, &self.consumer).await?);
        Ok(Batch::default())
    }

    /// Says that this batch is dealt with, and answers those of its events that nobody has said so of before; none where that
    /// was not heard. Then they are given out again.
    pub(super) async fn acknowledge<'a>(&mut self, batch: &'a Batch, shutdown: &CancellationToken) -> Vec<&'a Event> {
        let Some(member) = &self.member else { return Vec::new() };
        let acknowledged = member.acknowledge(batch).await;
        self.acknowledged(acknowledged, shutdown).await.unwrap_or_default()
    }

    /// The same where the batch was acknowledged by other means: what these answered, if it was heard.
    pub(super) async fn acknowledged<T>(
        &mut self,
        acknowledged: Result<T, StoreError>,
        shutdown: &CancellationToken,
    ) -> Option<T> {
        match acknowledged {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.pause(&error, shutdown).await;
                None
            }
        }
    }

    /// Waits as long as it takes until another try may be worth it after this error.
    pub(super) async fn pause(&mut self, error: &StoreError, shutdown: &CancellationToken) {
        tokio::select! {
            () = sleep(self.outage.failed(error)) => {}
            () = shutdown.cancelled() => {}
        }
    }

    /// Leaves the group.
    pub(super) async fn leave(self) {
        let Some(member) = self.member else { return };
        if let Err(error) = member.leave().await {
            tracing::debug!("the member's name stays in the group for some minutes: {error}");
        }
    }
}
