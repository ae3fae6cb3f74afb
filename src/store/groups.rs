//! The consumer groups of the streams: each event goes to one of all the services that run, and to another one if that one
//! dies before it has dealt with it.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use redis::Value;

use super::events::{Reader, Stream};
use super::losses::Lost;
use super::member::{Member, Place};
use super::scripts::Script;
use super::{Store, StoreError, millis};
use crate::domain::Actor;

/// A member that was not heard of for so long is gone; one that lives asks every two seconds. Each start of a service has a name of its
/// own, so a service that is killed and started over and over leaves few names. To strike off one that lives does no harm: Redis
/// makes it anew with the next event that it is given.
const GONE: Duration = Duration::from_mins(5);

/// Strikes members off a group.
static MEMBERS: LazyLock<Script> =
    LazyLock::new(|| Script::new("members", &[include_str!("../../assets/lua/members.lua")]));

/// Those who read streams together. A group begins with what happens after it was first made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Those who tell riders: attempts from the stream of all events, ends from the stream of ends.
    Riders,
    /// Those who post ends to the operator's webhook.
    Webhook,
}

impl Group {
    /// The group's name in Redis.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Riders => "riders",
            Self::Webhook => "webhook",
        }
    }

    /// The streams that it reads. Only the stream of ends keeps an end however much else happens.
    fn streams(self) -> &'static [Stream] {
        match self {
            Self::Riders => &[Stream::Events, Stream::Ends],
            Self::Webhook => &[Stream::Ends],
        }
    }
}

impl Store {
    /// Joins a group under this name, and strikes off it those who are gone.
    ///
    /// # Errors
    /// Where the handle is read-only or Redis cannot do it.
    pub async fn join(&self, group: Group, consumer: &Actor) -> Result<Member, StoreError> {
        self.switch.check()?;
        let mut reader = Reader::new(self);
        let mut places = Vec::new();
        for &stream in group.streams() {
            let is_new = self.make_group(stream, group, "$").await?;
            if stream == Stream::Ends && is_new {
                self.count_trimmed(group, 0, true).await?;
            }
            self.strike_off(stream, group, None).await?;
            places.push(Place { stream, last: reader.end(stream).await? });
        }
        Ok(Member::new(self.clone(), reader, group, consumer.clone(), places))
    }

    /// Makes the group where there is none, beginning after the event with this id, or after all that is there with `$`.
    /// Returns whether it was made.
    pub(super) async fn make_group(&self, stream: Stream, group: Group, after: &str) -> Result<bool, StoreError> {
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATE").arg(stream.key(&self.keys)).arg(group.name()).arg(after).arg("MKSTREAM");
        match self.query::<()>(&create).await {
            Err(StoreError::Server { reason, .. }) if reason.contains("BUSYGROUP") => Ok(false),
            answer => answer.map(|()| true),
        }
    }

    /// What waits in the stream of all events for a group of the webhook there, which only an older version reads; `None` if
    /// there is no such group. This version reads ends from their own stream, and leaves that group alone.
    ///
    /// # Errors
    /// If Redis cannot be read.
    pub async fn outdated_webhook_group(&self) -> Result<Option<Lost>, StoreError> {
        let groups = self.query(redis::cmd("XINFO").arg("GROUPS").arg(&self.keys.events)).await;
        let groups: Vec<HashMap<String, Value>> = match groups {
            Err(StoreError::Server { reason, .. }) if reason.contains("no such key") => Vec::new(),
            groups => groups?,
        };
        let name = Value::BulkString(Group::Webhook.name().as_bytes().to_vec());
        let Some(mut old) = groups.into_iter().find(|group| group.get("name") == Some(&name)) else { return Ok(None) };
        let mut number = |field| old.remove(field).and_then(|value| redis::from_redis_value::<u64>(value).ok());
        // Redis 6.2 does not tell how far a group is behind.
        Ok(Some(number("pending").zip(number("lag")).map_or(Lost::Some, |(pending, lag)| Lost::Count(pending + lag))))
    }

    /// Strikes off the group who is gone, and the one who leaves. One who has something pending stays, until others have
    /// taken it over: with the name Redis would drop that, too.
    pub(super) async fn strike_off(
        &self,
        stream: Stream,
        group: Group,
        leaving: Option<&Actor>,
    ) -> Result<(), StoreError> {
        let mut call = MEMBERS.call(&[stream.key(&self.keys)]);
        call.arg(group.name()).arg(millis(GONE)).arg(leaving.map_or("", Actor::as_str));
        self.run(&call).await
    }
}
