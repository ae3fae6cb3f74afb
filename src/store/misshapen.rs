//! Keys of ours that are of another type than they should be: another program has written there. What Redis says of that names no
//! key, so it is looked for, on this path alone.

use std::error::Error;
use std::fmt;

use redis::{RedisResult, Value};

use super::request_ids::MAX_COUNTER;
use super::schedule::{Look, Outcome};
use super::{Failed, Store, StoreError};
use crate::domain::clean;

/// What Redis says where a command meets another type of key.
const WRONG_TYPE: &str = "WRONGTYPE";

/// What the counter of request ids should be.
const WHOLE_NUMBER: &str = "a whole number from 0 to 9000000000000000";

/// A key that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshapen {
    /// Its name.
    pub key: String,
    /// What it should be, in Redis' words or ours.
    pub expected: &'static str,
    /// What it is.
    pub found: String,
}

impl fmt::Display for Misshapen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, expected, found } = self;
        match *expected {
            "zset" => write!(f, "{key} should be a sorted set (zset), and is {found}"),
            expected if expected.starts_with("a ") => write!(f, "{key} should be {expected}, and is {found}"),
            expected => write!(f, "{key} should be a {expected}, and is {found}"),
        }
    }
}

impl Error for Misshapen {}

impl Misshapen {
    /// Whether it is the counter of request ids, with something in it that ids can't go on from.
    #[must_use]
    pub fn is_counter(&self) -> bool {
        self.expected == WHOLE_NUMBER
    }
}

impl StoreError {
    /// Whether a command met another type of key than it was meant for.
    pub(super) fn is_wrong_type(&self) -> bool {
        match self {
            Self::Misshapen(_) => true,
            Self::Server { reason, .. } => reason.contains(WRONG_TYPE),
            _ => false,
        }
    }
}

impl Store {
    /// The keys of ours that are of another type than they should be, and a counter that is no number. Those that this user may
    /// not look at are taken to be well.
    ///
    /// # Errors
    /// Where Redis cannot be read.
    pub async fn misshapen(&self) -> Result<Vec<Misshapen>, StoreError> {
        let keys = self.keys.with_types();
        let mut types = redis::pipe();
        for (key, _) in &keys {
            types.cmd("TYPE").arg(key);
        }
        types.cmd("GET").arg(&self.keys.counter).ignore_errors();
        // Not by way of `query_all`: that comes here.
        let answers: Result<Vec<RedisResult<Value>>, Failed> = self.send_all(&types).await;
        let answers = answers.map_err(|failed| self.failed(&failed))?;
        let mut answers = answers.into_iter().map(|answer| answer.ok().and_then(text));
        let mut wrong = Vec::new();
        for ((key, expected), found) in keys.into_iter().zip(answers.by_ref()) {
            let found = found.unwrap_or_default();
            if found != expected && !matches!(found.as_str(), "" | "none") {
                wrong.push(Misshapen { key, expected, found: format!("a {found}") });
            }
        }
        // A counter of another type has no text.
        let is_usable =
            |text: &str| text.parse().is_ok_and(|count: u64| count <= MAX_COUNTER && count.to_string() == text);
        if let Some(found) = answers.next().flatten().filter(|text| !is_usable(text)) {
            wrong.push(Misshapen { key: self.keys.counter.clone(), expected: WHOLE_NUMBER, found });
        }
        Ok(wrong)
    }

    /// The same error, with the key named that is of another type than it should be, where there is one.
    pub(super) async fn named(&self, error: StoreError) -> StoreError {
        if !matches!(&error, StoreError::Server { reason, .. } if reason.contains(WRONG_TYPE)) {
            return error;
        }
        let found = self.misshapen().await.ok().and_then(|wrong| wrong.into_iter().next());
        found.map_or(error, StoreError::from)
    }

    /// The same looks, with the key named for which they failed.
    pub(super) async fn with_names(&self, mut looks: Vec<Look>) -> Vec<Look> {
        let wrong_type = |look: &Look| matches!(&look.outcome, Outcome::Failed(reason) if reason.contains(WRONG_TYPE));
        if !looks.iter().any(wrong_type) {
            return looks;
        }
        let found = self.misshapen().await.ok().and_then(|wrong| wrong.into_iter().next());
        if let Some(one) = found.map(|one| StoreError::from(one).to_string()) {
            for look in looks.iter_mut().filter(|look| wrong_type(look)) {
                look.outcome = Outcome::Failed(one.clone());
            }
        }
        looks
    }
}

/// What Redis says, cleaned; none where it is no text.
fn text(value: Value) -> Option<String> {
    match value {
        Value::SimpleString(text) => Some(clean(text.as_bytes())),
        Value::BulkString(bytes) => Some(clean(&bytes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_what_a_key_should_be() {
        let said = |expected, found: &str| {
            Misshapen { key: "drivers".to_owned(), expected, found: found.to_owned() }.to_string()
        };
        assert_eq!(said("zset", "a list"), "drivers should be a sorted set (zset), and is a list");
        assert_eq!(said("stream", "a string"), "drivers should be a stream, and is a string");
        assert_eq!(
            said(WHOLE_NUMBER, "x"),
            format!("drivers should be a whole number from 0 to {MAX_COUNTER}, and is x")
        );
    }
}
