//! What an operator does to a request that waits. Each is one script with the check and the change inside it, so of two who
//! act at once one is second, and is told who was first.

use super::scripts::Call;
use super::{Refusal, Store, StoreError};
use crate::domain::{Actor, DriverId, EventKind, Metres, RequestId, State, UnixMs, clean};

/// Whom a request has found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The driver.
    pub driver: DriverId,
    /// How far away it was, in metres.
    pub distance_m: f64,
}

impl Store {
    /// Cancels a request, a foreign one too.
    ///
    /// # Errors
    /// Where it is unknown or has ended, the handle is not armed, or Redis cannot do it.
    pub async fn cancel(&self, id: RequestId, actor: &Actor) -> Result<(), StoreError> {
        self.end(id, State::Cancelled, actor).await
    }

    /// Expires a request now, a foreign one too.
    ///
    /// # Errors
    /// As [`Store::cancel`].
    pub async fn expire(&self, id: RequestId, actor: &Actor) -> Result<(), StoreError> {
        self.end(id, State::Expired, actor).await
    }

    async fn end(&self, id: RequestId, state: State, actor: &Actor) -> Result<(), StoreError> {
        self.switch.check()?;
        let mut call = self.call(&self.scripts.end);
        call.arg(id.number()).arg(state.as_str()).arg(actor.as_str());
        self.act(id, call).await.map(|_| ())
    }

    /// Gives a request so many milliseconds more, a foreign one too. Where they are negative, time is taken back, down to a
    /// second from now. Answers the new deadline.
    ///
    /// # Errors
    /// As [`Store::cancel`], and where the request has no deadline.
    pub async fn extend(&self, id: RequestId, by_ms: i64, actor: &Actor) -> Result<UnixMs, StoreError> {
        self.switch.check()?;
        let mut call = self.call(&self.scripts.extend);
        call.arg(id.number()).arg(by_ms).arg(actor.as_str());
        self.act(id, call).await?.number(1, "extend.lua").map(UnixMs)
    }

    /// Sets how far away a driver may be, and looks for one at once where that is farther than before. Answers the radius before.
    ///
    /// # Errors
    /// As [`Store::cancel`], where the request is foreign or damaged, and where the radius is none.
    pub async fn widen(&self, id: RequestId, radius: Metres, actor: &Actor) -> Result<Metres, StoreError> {
        self.set_radius(id, radius, None, actor).await
    }

    /// Sets the radius back to what it was, where nobody has changed it since it was `from`.
    ///
    /// # Errors
    /// As [`Store::widen`], and where it is another one by now.
    pub async fn widen_back(
        &self,
        id: RequestId,
        from: Metres,
        radius: Metres,
        actor: &Actor,
    ) -> Result<Metres, StoreError> {
        self.set_radius(id, radius, Some(from), actor).await
    }

    async fn set_radius(
        &self,
        id: RequestId,
        radius: Metres,
        expected: Option<Metres>,
        actor: &Actor,
    ) -> Result<Metres, StoreError> {
        self.switch.check()?;
        if !(radius.0 > 0.0 && radius.0 <= 2e7) {
            return Err(Refusal::Radius.into());
        }
        let mut call = self.call(&self.scripts.widen);
        call.arg(id.number()).arg(radius.0).arg(actor.as_str());
        match expected {
            Some(Metres(metres)) => call.arg(metres),
            None => call.arg(""),
        };
        let answer = self.act(id, call).await?;
        let metres = answer.number(1, "widen.lua").map(Metres)?;
        if answer.word() != "otherwise" {
            return Ok(metres);
        }
        // Only now it matters who it was.
        let life = self.life(id).await.unwrap_or_default();
        let by = life.into_iter().rev().find(|event| event.kind == EventKind::Widened).and_then(|event| event.actor);
        Err(Refusal::OtherRadius { id, radius: metres, by }.into())
    }

    /// Looks for a driver at once, which counts as an attempt. Answers whom it found.
    ///
    /// # Errors
    /// As [`Store::cancel`], and where the request is foreign or damaged.
    pub async fn retry(&self, id: RequestId, actor: &Actor) -> Result<Option<Found>, StoreError> {
        self.switch.check()?;
        let mut call = self.call(&self.scripts.retry);
        call.arg(id.number()).arg(actor.as_str());
        let answer = self.act(id, call).await?;
        if answer.word() != "found" {
            return Ok(None);
        }
        let driver = DriverId::from_redis(answer.bytes(1));
        Ok(Some(Found { driver, distance_m: answer.number(2, "retry.lua")? }))
    }

    /// Gives a request this driver, however far away it is and however long it has been silent. Answers the metres between them.
    ///
    /// # Errors
    /// As [`Store::cancel`], where the request is foreign or damaged, and where the driver is not on the map.
    pub async fn assign(&self, id: RequestId, driver: &DriverId, actor: &Actor) -> Result<f64, StoreError> {
        self.switch.check()?;
        let mut call = self.call(&self.scripts.assign);
        call.arg(id.number()).arg(driver.as_bytes()).arg(actor.as_str());
        let answer = self.act(id, call).await?;
        if answer.word() == "absent" {
            return Err(self.absent(driver).await);
        }
        answer.number(1, "assign.lua")
    }

    /// Takes a cancel back while the request's key still says that it is cancelled, which it does for a minute: the request gets
    /// the time that it had left, at least a second, and is attempted at once. The only way back from an end. Answers the
    /// new deadline.
    ///
    /// # Errors
    /// Where the request searches, has ended otherwise or too long ago, is foreign or unknown; the handle is not armed; or Redis
    /// cannot do it.
    pub async fn reopen(&self, id: RequestId, actor: &Actor) -> Result<UnixMs, StoreError> {
        self.switch.check()?;
        let mut call = self.call(&self.scripts.reopen);
        call.arg(id.number()).arg(actor.as_str());
        self.act(id, call).await?.number(1, "reopen.lua").map(UnixMs)
    }

    /// Runs a script on this request, and answers what it answered where that is no refusal.
    async fn act(&self, id: RequestId, mut call: Call<'_>) -> Result<Answer, StoreError> {
        self.sign(&mut call);
        let answer = Answer(self.run(&call).await?);
        let refusal = match answer.word() {
            "unknown" => Refusal::UnknownRequest(id),
            "foreign" => Refusal::Foreign(id),
            "damaged" => Refusal::Damaged(id),
            "newer" => Refusal::Newer { id, state: answer.text(1).unwrap_or_default() },
            "endless" => Refusal::NoDeadline(id),
            "searching" => Refusal::StillSearching(id),
            "late" => Refusal::TooLate(id),
            "ended" => {
                let state = answer.text(1).and_then(|word| State::parse(&word));
                let state =
                    state.ok_or_else(|| StoreError::Answer(format!("request {id} ended in a state without name")))?;
                let at = answer.text(3).and_then(|ms| ms.parse().ok()).map(UnixMs);
                Refusal::AlreadyEnded { id, state, by: answer.text(2), at }
            }
            _ => return Ok(answer),
        };
        Err(refusal.into())
    }
}

/// What such a script answers: a word, and what belongs to it.
struct Answer(Vec<Vec<u8>>);

impl Answer {
    fn bytes(&self, i: usize) -> &[u8] {
        self.0.get(i).map_or(b"", Vec::as_slice)
    }

    fn word(&self) -> &str {
        str::from_utf8(self.bytes(0)).unwrap_or_default()
    }

    /// The text at this place, cleaned; none where it is empty.
    fn text(&self, i: usize) -> Option<String> {
        Some(clean(self.bytes(i))).filter(|text| !text.is_empty())
    }

    fn number<T: std::str::FromStr>(&self, i: usize, script: &str) -> Result<T, StoreError> {
        self.text(i).and_then(|text| text.parse().ok()).ok_or_else(|| StoreError::Answer(script.to_owned()))
    }
}
