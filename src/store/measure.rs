//! How long Redis takes to answer and what goes wrong, for `GET /metrics`.

use std::time::{Duration, Instant};

use metrics::{SharedString, counter, histogram};
use redis::{Arg, Cmd, RedisError};

use super::{Failed, Store, StoreError};

impl Store {
    /// Waits for an answer, and notes how long it took under the name of the command or script that was sent; and what that cost
    /// Redis at the most.
    pub(super) async fn measured<T>(
        &self,
        command: impl Into<SharedString>,
        answer: impl Future<Output = Result<T, Failed>>,
    ) -> Result<T, StoreError> {
        let (took, answer) = self.timed(command, answer).await;
        self.pay(self.way.cost_of(took));
        answer
    }

    /// The same where it is known by other means what it cost. Answers how long it took, too.
    pub(super) async fn timed<T>(
        &self,
        command: impl Into<SharedString>,
        answer: impl Future<Output = Result<T, Failed>>,
    ) -> (Duration, Result<T, StoreError>) {
        let began = Instant::now();
        let answer = answer.await;
        let took = began.elapsed();
        histogram!("cabstand_redis_command_seconds", "command" => command.into()).record(took);
        match answer {
            Ok(answer) => (took, Ok(answer)),
            Err(failed) => (took, Err(self.named(self.failed(&failed)).await)),
        }
    }

    /// Counts what went wrong with a command, and takes it down where it says something of Redis as it is now.
    pub(super) fn failed(&self, failed: &Failed) -> StoreError {
        let error = self.counted(&failed.error);
        let error = if failed.asked { error } else { error.before_asking() };
        if let Some(number) = failed.now {
            self.link.condition().failed(&error, number);
        }
        error
    }

    /// Counts what Redis refused to a script for one of several, in Redis' words, as if this write had been made for that one
    /// alone.
    pub(super) fn turned_down(&self, write: &'static str, reason: &str) -> StoreError {
        self.noted(write, StoreError::from_words(&self.address, reason))
    }

    /// Counts that a write was turned down, and notes it for `/health`.
    pub(super) fn noted(&self, write: &'static str, error: StoreError) -> StoreError {
        count(&error);
        self.link.condition().refused(write, &error);
        error
    }

    /// Counts an error, and answers it in our words. By itself for reads that wait: how long they took says nothing.
    pub(super) fn counted(&self, error: &RedisError) -> StoreError {
        let error = StoreError::from_redis(&self.address, error);
        count(&error);
        error
    }
}

fn count(error: &StoreError) {
    if let Some(kind) = kind(error) {
        counter!("cabstand_redis_errors_total", "kind" => kind).increment(1);
    }
}

/// The first word of a command, which is its name.
pub(super) fn name(command: &Cmd) -> String {
    match command.args_iter().next() {
        Some(Arg::Simple(word)) => String::from_utf8_lossy(word).to_ascii_lowercase(),
        _ => String::new(),
    }
}

/// What kind of error it counts as; none where a group is there already, which is what was wanted.
fn kind(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::Server { reason, .. } if reason.contains("BUSYGROUP") => None,
        StoreError::Server { .. } | StoreError::InvalidCounter(_) => Some("refused"),
        StoreError::Away { .. } => Some("away"),
        StoreError::Unwell { ailment, .. } => Some(ailment.word()),
        StoreError::Refused(_) => None,
        _ => Some("answer"),
    }
}
