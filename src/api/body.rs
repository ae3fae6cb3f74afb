//! Reading a body: JSON of at most 16 KiB, checked as a whole, with the field that is at fault named.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, Visitor};

use super::problem::Problem;

/// The longest body that is read, in bytes.
const LONGEST: usize = 16 * 1024;
/// How much of a longer one is let pass unread, so that its sender comes to read the answer.
const MOST_IGNORED: usize = 4 * 1024 * 1024;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body that was read as `T`. Fields that `T` does not know are ignored.
pub(super) struct Valid<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Valid<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "the body has to be JSON, with the header Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let late = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive within 10 s");
        let bytes = tokio::time::timeout(PATIENCE, gather(request)).await.map_err(late)??;
        parse(&bytes).map(Self)
    }
}

/// `application/json` or `application/…+json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

async fn gather(request: Request) -> Result<Vec<u8>, Problem> {
    let too_long = || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "a body has at most 16 KiB");
    let headers = request.headers();
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let waits_for_leave = headers.contains_key(header::EXPECT);
    if waits_for_leave && announced.is_some_and(|length| length > LONGEST as u64) {
        return Err(too_long());
    }
    let mut stream = Body::into_data_stream(request.into_body());
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let cut = |_| Problem::new(StatusCode::BAD_REQUEST, "the body was cut short");
        let chunk: Bytes = chunk.map_err(cut)?;
        length += chunk.len();
        if length <= LONGEST {
            bytes.extend_from_slice(&chunk);
        } else if length > MOST_IGNORED {
            break;
        }
    }
    if length > LONGEST { Err(too_long()) } else { Ok(bytes) }
}

/// Malformed JSON is told from JSON that says the wrong thing: the first is a 400, the second a 422.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let malformed = |why: String| Problem::new(StatusCode::BAD_REQUEST, format!("the body is no JSON: {why}"));
    let text = std::str::from_utf8(bytes).map_err(|e| malformed(e.to_string()))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|e| malformed(e.to_string()))?;
    // An array would be taken for the fields in their order.
    if !text.trim_start().starts_with('{') {
        return Err(Problem::field("", "the body has to be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (path, said) = (error.path().to_string(), error.inner().to_string());
        let said = said.split(" at line ").next().unwrap_or_default();
        // A field that is not there has no path, only a name in the message.
        let named = ["missing field `", "duplicate field `"].iter().find_map(|start| said.strip_prefix(start));
        let field = named.and_then(|rest| rest.split('`').next()).unwrap_or(if path == "." { "" } else { &path });
        Problem::field(field, said)
    })
}

/// Reads a text that `T` checks: a driver's or a rider's id.
pub(super) fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text: String = serde::Deserialize::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

/// The same for a field that may be left out or `null`.
pub(super) fn from_text_if_any<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text: Option<String> = serde::Deserialize::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

/// Reads a whole number or its text, as `T` checks it: a request's id.
pub(super) fn from_number_or_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    struct NumberOrText;

    impl Visitor<'_> for NumberOrText {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number or its text")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }

    deserializer.deserialize_any(NumberOrText)?.parse().map_err(D::Error::custom)
}
