//! Every call passes here: the doors first, and how long it takes is noted for `GET /metrics`, by route, method and class of
//! status, so that no caller can make more of them.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::histogram;

use super::Service;
use super::problem::Problem;

/// Passes the call on if the doors let it in, and notes how long it took until the answer began. They are in one layer, since each
/// costs every call some time.
pub(super) async fn measure(
    State(service): State<Service>,
    route: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let method = name(request.method());
    let began = Instant::now();
    let response = match service.gate.admit(route.as_ref().map(MatchedPath::as_str), &mut request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Problem::from(refusal).into_response(),
    };
    let route = route.map_or_else(|| "none".to_owned(), |route| route.as_str().to_owned());
    let status = class(response.status().as_u16());
    histogram!("cabstand_http_request_seconds", "route" => route, "method" => method, "status" => status)
        .record(began.elapsed());
    response
}

/// A caller may send any word for a method.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

fn class(status: u16) -> &'static str {
    match status {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}
