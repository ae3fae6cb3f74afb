//! Opening requests: each has an id that was never given before, and no more are open than their rider and client may have.

use std::borrow::Cow;
use std::slice;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::scripts::Call;
use super::{InvalidCounter, Refusal, Store, StoreError, TicketHash, millis};
use crate::domain::{Actor, Metres, Point, RequestId, UserId, clean};

/// Under this name a refused opening is noted. The script itself went well then.
const OPENING: &str = "opening";

/// How many requests are opened by one script, which takes some tens of microseconds for each.
const OPENED_AT_ONCE: usize = 50;

/// What a request is opened with.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// The rider; `requestor_<id>` if `None`.
    pub user_id: Option<UserId>,
    /// Where the rider waits.
    pub pickup: Point,
    /// The search radius.
    pub radius: Metres,
    /// How long the request lives.
    pub ttl: Duration,
    /// From one attempt to the next.
    pub interval: Duration,
    /// On which terms it is opened for a caller of the service. An operator needs none.
    pub terms: Terms,
}

/// On which terms a request is opened.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// The hash of the ticket by which its rider is known.
    pub ticket: Option<TicketHash>,
    /// The key that opens one request, however often it is sent.
    pub idempotency_key: Option<KeyHash>,
    /// How many open requests its rider may have.
    pub rider_quota: Option<Quota>,
    /// How many open requests the client may have.
    pub client_quota: Option<Quota>,
}

/// The SHA-256 of an idempotency key and of its caller. It is all that is kept of them.
#[derive(Debug, Clone, Copy)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of this key as this caller has it. The same key of another caller has another hash.
    #[must_use]
    pub fn new(caller: &[u8; 32], key: &str) -> Self {
        Self(Sha256::new().chain_update(caller).chain_update(key).finalize().into())
    }
}

/// How many open requests somebody may have. Services that name the same holder count together.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    holder: [u8; 32],
    bound: u32,
}

impl Quota {
    /// The quota of this holder. Only the hash of the name is kept.
    #[must_use]
    pub fn new(holder: &str, bound: u32) -> Self {
        Self { holder: Sha256::digest(holder).into(), bound }
    }
}

/// Whose quota it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaScope {
    /// The rider's.
    Rider,
    /// The client's.
    Client,
}

impl Store {
    /// Opens a request; a worker looks for a driver at once.
    ///
    /// # Errors
    /// If the handle is read-only, no id can be given, a quota is used up, or Redis fails.
    pub async fn open(&self, new: &NewRequest, actor: &Actor) -> Result<RequestId, StoreError> {
        let opened = self.open_all(slice::from_ref(new), actor).await?.pop();
        opened.unwrap_or_else(|| Err(StoreError::Answer("no new request".to_owned())))
    }

    /// Opens several requests, each by itself. Returns for each, in the same order, its id or why it was not opened.
    ///
    /// # Errors
    /// If the handle is read-only or Redis fails. Some of them may have been opened.
    pub async fn open_all(
        &self,
        new: &[NewRequest],
        actor: &Actor,
    ) -> Result<Vec<Result<RequestId, StoreError>>, StoreError> {
        self.switch.check()?;
        let mut opened = Vec::with_capacity(new.len());
        for chunk in new.chunks(OPENED_AT_ONCE) {
            let mut call = self.call(&self.scripts.open);
            for new in chunk {
                new.add_to(&mut call);
            }
            call.arg(actor.as_str());
            self.sign(&mut call);
            let answers: Vec<Vec<Vec<u8>>> = self.run(&call).await?;
            for (new, answer) in chunk.iter().zip(&answers) {
                opened.push(match self.opened(new, answer) {
                    Ok(id) => {
                        self.link.condition().done(OPENING);
                        Ok(id)
                    }
                    Err(error) => Err(self.named(error).await),
                });
            }
        }
        Ok(opened)
    }

    /// Notes that no id could be given.
    fn no_id(&self, why: InvalidCounter) -> StoreError {
        self.noted(OPENING, why.into())
    }

    /// Reads what `open.lua` returned for one request.
    fn opened(&self, new: &NewRequest, answer: &[Vec<u8>]) -> Result<RequestId, StoreError> {
        let words: Vec<Cow<'_, str>> = answer.iter().map(|word| String::from_utf8_lossy(word)).collect();
        let words: Vec<&str> = words.iter().map(Cow::as_ref).collect();
        let counter = || self.keys.counter.clone();
        match words[..] {
            [id] => id
                .parse()
                .map_err(|_| StoreError::Answer(format!("the new request's number is {}", clean(id.as_bytes())))),
            ["", "redis", why] => Err(self.turned_down(OPENING, why)),
            ["", "rider", ms] => Err(over(QuotaScope::Rider, new.terms.rider_quota, ms)),
            ["", "client", ms] => Err(over(QuotaScope::Client, new.terms.client_quota, ms)),
            ["", "counter", found, highest] => Err(self.no_id(InvalidCounter::OutOfRange {
                key: counter(),
                found: clean(found.as_bytes()),
                highest: highest.parse().ok(),
            })),
            ["", "exhausted", start] => Err(self.no_id(InvalidCounter::Exhausted {
                key: counter(),
                note: self.keys.ids.clone(),
                start: start.to_owned(),
            })),
            ["", "taken", start, tries] => Err(self.no_id(InvalidCounter::NoneFree {
                key: counter(),
                start: start.to_owned(),
                tries: tries.to_owned(),
            })),
            _ => Err(StoreError::Answer("open.lua".to_owned())),
        }
    }
}

impl NewRequest {
    /// Adds the arguments in the order in which `open.lua` takes them.
    fn add_to(&self, call: &mut Call<'_>) {
        call.arg(self.user_id.as_ref().map_or("", UserId::as_str))
            .arg(self.pickup.lat())
            .arg(self.pickup.lng())
            .arg(self.radius.0)
            .arg(millis(self.ttl))
            .arg(millis(self.interval))
            .arg(self.terms.ticket.map(TicketHash::in_record).unwrap_or_default())
            .arg(self.terms.idempotency_key.map(|KeyHash(hash)| BASE64URL_NOPAD.encode(&hash)).unwrap_or_default());
        for quota in [self.terms.rider_quota, self.terms.client_quota] {
            call.arg(quota.map(|quota| BASE64URL_NOPAD.encode(&quota.holder)).unwrap_or_default());
            call.arg(quota.map_or(0, |quota| quota.bound));
        }
    }
}

fn over(scope: QuotaScope, quota: Option<Quota>, ms: &str) -> StoreError {
    let wait = Duration::from_millis(ms.parse().unwrap_or_default());
    Refusal::TooManyOpen { scope, bound: quota.map_or(0, |quota| quota.bound), wait }.into()
}
