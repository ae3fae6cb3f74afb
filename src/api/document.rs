//! `GET /openapi.json`: what the service takes and answers, as OpenAPI 3.1. Each handler tells of itself; what several of
//! them share stands here.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use axum::response::{self, IntoResponse};
use utoipa::openapi::header::Header;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Object, Ref, RefOr, Response, Schema, Type};
use utoipa::{IntoResponses, Modify, OpenApi};

use super::Service;
use super::problem::{self, Problem};

/// The header by which a client tells which event it heard last.
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What is told of the service as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "cabstand",
        description = "A tracking service: drivers report where they are, riders ask for one, and hear how that ended. \
            Degrees are decimal, distances metres and times Unix milliseconds by Redis' clock, where nothing else is said. \
            Fields that are not known are ignored. A client has ten seconds to send the headers of a call, and as long for its body. \
            A service may ask for tokens: each has a role, which says what its bearer may call. Where it asks for none, no \
            ticket is given, nor needed."
    ),
    components(schemas(Problem)),
    modifiers(&Keys)
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
            (415, "The header `Content-Type` says that the body is not JSON. Without that header it is taken as JSON."),
            (
                422,
                "A field is missing, of the wrong type, there twice, or out of range: `field` names it. Or the header `Idempotency-Key` is no key. Nothing was written.",
            ),
        ])
    }
}

/// The problems of a call that needs Redis.
pub(super) enum NoRedis {}

impl IntoResponses for NoRedis {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let away = problems(&[(
            503,
            "Redis can't be reached, or cannot do it now. A change may have been made where the answer to it did not come in time.",
        )]);
        let mut responses = with_header(away, "Retry-After", &Type::Integer, "After how many seconds to try again.");
        responses.extend(problems(&[(500, "Redis did not do what it was asked to.")]));
        responses
    }
}

/// What a call is turned away for under a name that the service does not have.
pub(super) enum ByName {}

impl IntoResponses for ByName {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[(421, "The service has no such name as the header `Host` says.")])
    }
}

/// The same, and how often one client may call.
pub(super) enum ByRate {}

impl IntoResponses for ByRate {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = ByName::responses();
        let table = [(
            429,
            "One client calls more often, brings in more new drivers, or listens to more requests than it may, one driver reports \
             more often, or a client or a rider has as many open requests as it may.",
        )];
        responses.extend(with_header(
            problems(&table),
            "Retry-After",
            &Type::Integer,
            "After how many seconds to try again.",
        ));
        responses
    }
}

/// What a call is turned away for that needs a token or a ticket.
pub(super) enum AtTheDoor {}

impl IntoResponses for AtTheDoor {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = ByRate::responses();
        let unknown = "There is no token, or nobody has this one; nor is it a ticket of such a request. \
            Whether there is such a request is not told.";
        let table = [(401, unknown)];
        let challenge = "That a bearer's token is wanted (RFC 6750).";
        responses.extend(with_header(problems(&table), "WWW-Authenticate", &Type::String, challenge));
        responses.extend(problems(&[(
            403,
            "Whoever has this token may not do this, or not for this driver, or it is a page of an origin that may not (RFC 6750, RFC 9110).",
        )]));
        responses
    }
}

fn problems(table: &[(u16, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let body = || Content::new(Some(Ref::from_schema_name("Problem")));
    let response = |tells: &str| Response::builder().description(tells).content(problem::TYPE, body()).build();
    table.iter().map(|(status, tells)| (status.to_string(), response(tells).into())).collect()
}

fn with_header(
    mut responses: BTreeMap<String, RefOr<Response>>,
    name: &str,
    kind: &Type,
    tells: &str,
) -> BTreeMap<String, RefOr<Response>> {
    for response in responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        let mut header = Header::new(Schema::Object(Object::with_type(kind.clone())));
        header.description = Some(tells.to_owned());
        response.headers.insert(name.to_owned(), header.into());
    }
    responses
}

/// What can be shown at the doors.
pub(super) struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |tells: &str| {
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(tells));
            SecurityScheme::Http(bearer.build())
        };
        let in_address = ApiKeyValue::with_description("ticket", "The same, for browsers' EventSource and WebSocket.");
        let components = document.components.get_or_insert_default();
        components
            .add_security_scheme("token", bearer("A token, whose role is one of those that are named at the call."));
        components
            .add_security_scheme("ticket", bearer("The ticket of this request, from the answer to `POST /v2/search`."));
        components.add_security_scheme("ticket_in_address", SecurityScheme::ApiKey(ApiKey::Query(in_address)));
    }
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "OpenAPI 3.1", body = Object), ByRate))]
pub(super) async fn document(State(service): State<Service>) -> response::Response {
    Json(&service.document).into_response()
}
