//! What a caller is told when something is wrong: RFC 9457 problem details.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::doors;
use crate::domain::{InvalidId, PointError, State, UnixMs, clean};
use crate::store::{Refusal, StoreError};

/// The type of a problem's document.
pub(super) const TYPE: &str = "application/problem+json";

/// A refusal or a failure (RFC 9457). The status and its phrase say what kind it is, so `type` is `about:blank`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "about:blank",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": "a latitude is a number from -85.05112878 to 85.05112878",
    "field": "lat"
}))]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The phrase of the status.
    title: &'static str,
    /// The status of the answer.
    #[serde(serialize_with = "code")]
    #[schema(value_type = u16, minimum = 400, maximum = 599)]
    pub(super) status: StatusCode,
    /// What is wrong, and what to do.
    pub(super) detail: String,
    /// The field of the body that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<String>,
    /// How the request ended that was to be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<State>,
    /// Since when it is so, by the clock of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<UnixMs>,
    /// What the answer tells by a header, too.
    #[serde(skip)]
    #[schema(ignore)]
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn code<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem in these words, which are cleaned: they may quote what the caller sent.
    pub(super) fn new(status: StatusCode, detail: impl AsRef<str>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status,
            detail: clean(detail.as_ref().as_bytes()),
            field: None,
            state: None,
            since: None,
            header: None,
        }
    }

    /// A field that is missing, of the wrong type or out of range.
    pub(super) fn field(name: &str, detail: impl AsRef<str>) -> Self {
        let field = Some(clean(name.as_bytes())).filter(|name| !name.is_empty());
        Self { field, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// The same, with what is told by a header, too.
    pub(super) fn with_header(self, header: Option<(HeaderName, HeaderValue)>) -> Self {
        Self { header: header.map(Box::new), ..self }
    }

    /// That Redis does not do its work. What came from outside was cleaned where it entered; what to do stands last, and is not
    /// cut off.
    pub(super) fn unwell(detail: String, since: Option<UnixMs>) -> Self {
        Self { detail, since, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "") }
    }

    pub(super) fn no_such_page() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this path")
    }

    pub(super) fn no_such_request() -> Self {
        Self::new(StatusCode::NOT_FOUND, "this request is not known, or it ended more than an hour ago")
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "this path takes another method: the header Allow names it")
    }
}

impl From<PointError> for Problem {
    fn from(error: PointError) -> Self {
        let field = if error == PointError::Lng { "lng" } else { "lat" };
        Self::field(field, error.to_string())
    }
}

impl From<InvalidId> for Problem {
    fn from(_: InvalidId) -> Self {
        Self::no_such_request()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            // Where Redis is concerns nobody outside, nor what is to be done; the log and `/health` say it.
            StoreError::Away { reason, .. } => Self::unwell(format!("Redis can't be reached: {reason}"), None),
            StoreError::Unwell { ailment, .. } => Self::unwell(format!("Redis {}", ailment.meaning()), None),
            StoreError::Refused(Refusal::UnknownRequest(_)) => Self::no_such_request(),
            // Nor does the name of who ended it.
            StoreError::Refused(Refusal::AlreadyEnded { id, state, .. }) => {
                let detail = format!("request {id} has ended already: {state}");
                Self { state: Some(state), ..Self::new(StatusCode::CONFLICT, detail) }
            }
            StoreError::Refused(Refusal::TooManyOpen { scope, bound, wait }) => {
                doors::Refusal::too_many_open(scope, bound, wait).into()
            }
            StoreError::Refused(refusal) => Self::new(StatusCode::CONFLICT, refusal.to_string()),
            // Its parts are sanitized already. `clean` would cut it before it says what to do.
            StoreError::InvalidCounter(why) => {
                tracing::warn!("http: {why}");
                Self { detail: why.to_string(), ..Self::unwell(String::new(), None) }
            }
            // Its name is for who looks after Redis; those who work on it say it in the log, once.
            StoreError::Misshapen(_) => {
                let detail =
                    "another program has put something else into a key of this service; `cabstand doctor` names it";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
            }
            other => {
                tracing::warn!("http: {other}");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Redis did not do what it was asked to; the log says why")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(TYPE));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(header) = self.header {
            headers.insert(header.0, header.1);
        }
        response
    }
}
