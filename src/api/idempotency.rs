//! The header `Idempotency-Key`: a call that is sent again with the same key opens no second request.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Service;
use super::problem::Problem;
use crate::domain::clean;

/// The header's name.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in characters.
const MAX_LENGTH: usize = 128;

/// The key of a call, if it has one.
pub(super) struct IdempotencyKey(pub(super) Option<String>);

impl FromRequestParts<Service> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(call: &mut Parts, _service: &Service) -> Result<Self, Problem> {
        read(&call.headers).map(Self)
    }
}

fn read(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    let key = Some(line).filter(|_| lines.next().is_none()).and_then(printable);
    let invalid = "the header Idempotency-Key has 1 to 128 printable characters, and is there once";
    key.map(|key| Some(key.to_owned())).ok_or_else(|| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, invalid))
}

fn printable(line: &HeaderValue) -> Option<&str> {
    let key = str::from_utf8(line.as_bytes()).ok()?;
    let is_printable = (1..=MAX_LENGTH).contains(&key.chars().count()) && clean(key.as_bytes()) == key;
    is_printable.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(lines: &[&[u8]]) -> Result<Option<String>, StatusCode> {
        let lines = lines.iter().map(|line| (IDEMPOTENCY_KEY, HeaderValue::from_bytes(line).unwrap()));
        read(&lines.collect()).map_err(|problem| problem.status)
    }

    #[test]
    fn a_key_is_one_header_of_printable_characters() {
        assert_eq!(key(&[]), Ok(None));
        for text in ["x", "8e03978e-40d5-43dd-bc93-6894a57f9324", "\"a b\"", "señor", &"x".repeat(128)] {
            assert_eq!(key(&[text.as_bytes()]), Ok(Some(text.to_owned())));
        }
        let long = "x".repeat(129);
        for line in [&b""[..], b"a\tb", b"\xff", "a\u{202e}b".as_bytes(), long.as_bytes()] {
            assert_eq!(key(&[line]), Err(StatusCode::UNPROCESSABLE_ENTITY), "{line:?}");
        }
        assert_eq!(key(&[b"x", b"x"]), Err(StatusCode::UNPROCESSABLE_ENTITY));
    }
}
