//! `GET /openapi.json`: what the service takes and answers, as OpenAPI 3.1. Each handler tells of itself; what several of
//! them share stands here.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{self, IntoResponse};
use utoipa::openapi::header::Header;
use utoipa::openapi::{Content, Object, Ref, RefOr, Response, Schema, Type};
use utoipa::{IntoResponses, OpenApi};

use super::Service;
use super::problem::{self, Problem};

/// What is told of the service as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "cabstand",
        description = "A tracking service: drivers report where they are, riders ask for one, and hear how that ended. \
            Degrees are decimal, distances metres and times Unix milliseconds by Redis' clock, where nothing else is said. \
            Fields that are not known are ignored. A client has ten seconds to send the headers of a call, and as long for its body."
    ),
    components(schemas(Problem))
)]
pub(super) struct Document;

/// The problems of a call with a body.
pub(super) enum BadBody {}

impl IntoResponses for BadBody {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (400, "The body is no JSON, or was cut short. Nothing was written."),
            (408, "The body did not arrive in time."),
            (413, "The body is longer than 16 KiB, or than 256 KiB for an array of reports."),
            (415, "The body is not called JSON by the header `Content-Type`."),
            (
                422,
                "A field is missing, of the wrong type, there twice, or out of range: `field` names it. Nothing was written.",
            ),
        ])
    }
}

/// The problems of a call that needs Redis.
pub(super) enum NoRedis {}

impl IntoResponses for NoRedis {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses =
            problems(&[(500, "Redis did not do what it was asked to."), (503, "Redis can't be reached.")]);
        if let Some(RefOr::T(away)) = responses.get_mut("503") {
            let mut header = Header::new(Schema::Object(Object::with_type(Type::Integer)));
            header.description = Some("After how many seconds to try again.".to_owned());
            away.headers.insert("Retry-After".to_owned(), header.into());
        }
        responses
    }
}

fn problems(table: &[(u16, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let body = || Content::new(Some(Ref::from_schema_name("Problem")));
    let response = |tells: &str| Response::builder().description(tells).content(problem::TYPE, body()).build();
    table.iter().map(|(status, tells)| (status.to_string(), response(tells).into())).collect()
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(super) async fn document(State(service): State<Service>) -> response::Response {
    Json(&service.document).into_response()
}
