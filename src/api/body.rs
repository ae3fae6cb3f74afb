//! Reading a body: of which type, how long, and how fast it has to come.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::{Service, json};
use crate::domain::clean;

/// The longest body that is read, in bytes.
const LONGEST: usize = 16 * 1024;
/// How much of a longer one is let pass unread, so that its sender comes to read the answer.
const MOST_IGNORED: usize = 4 * 1024 * 1024;

/// How much of a wrong `Content-Type` a problem names, in bytes.
const MAX_NAMED_TYPE: usize = 60;

/// A body that was read as `T`. Fields that `T` does not know are ignored.
pub(super) struct Valid<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Service> for Valid<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        let text = read(request, service.patience, LONGEST).await?;
        json::object(&text).map(Self)
    }
}

/// The text of a JSON body: an object of at most 16 KiB, or an array of at most so many bytes.
pub(super) async fn read(request: Request, patience: Duration, longest_array: usize) -> Result<String, Problem> {
    check_type(request.headers())?;
    let late = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, format!("the body did not arrive within {patience:?}"));
    let bytes = tokio::time::timeout(patience, gather(request, longest_array)).await.map_err(late)??;
    String::from_utf8(bytes).map_err(|error| json::malformed(&error))
}

/// Refuses a body that its sender calls anything but JSON. Without a `Content-Type` it is taken as JSON, as many small clients send it.
/// A page in a browser can send that too, without a preflight. But browsers name the page's origin in every `POST`, and so the
/// gate has refused the pages of others before.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(other) = headers.get_all(header::CONTENT_TYPE).iter().find(|value| !is_json(value)) else { return Ok(()) };
    let named = match other.as_bytes().trim_ascii() {
        [] => "an empty one".to_owned(),
        kind if kind.len() > MAX_NAMED_TYPE => clean(&kind[..MAX_NAMED_TYPE]) + "…",
        kind => clean(kind),
    };
    let detail = format!("the body has to be JSON (Content-Type: application/json, or none), not {named}");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// `application/json` or `application/…+json`, with or without parameters.
fn is_json(value: &HeaderValue) -> bool {
    let value = value.to_str().unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

async fn gather(request: Request, longest_array: usize) -> Result<Vec<u8>, Problem> {
    let headers = request.headers();
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let waits_for_leave = headers.contains_key(header::EXPECT);
    if waits_for_leave && announced.is_some_and(|length| length > longest_array as u64) {
        return Err(too_long(longest_array));
    }
    let mut stream = Body::into_data_stream(request.into_body());
    let (mut bytes, mut length, mut longest) = (Vec::new(), 0, LONGEST);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "the body was cut short"))?;
        length += chunk.len();
        if bytes.len() <= longest {
            bytes.extend_from_slice(&chunk);
            longest = if begins_an_array(&bytes) { longest_array } else { LONGEST };
        } else if length > MOST_IGNORED {
            break;
        }
    }
    if bytes.len() > longest { Err(too_long(longest)) } else { Ok(bytes) }
}

fn begins_an_array(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

fn too_long(longest: usize) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("such a body has at most {} KiB", longest / 1024))
}
