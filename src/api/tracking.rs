//! `POST /tracking`: a driver's position report, or an array of them.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::crowd::last_of_each;
use super::document::{AtTheDoor, BadBody, NoRedis};
use super::doors::Caller;
use super::problem::Problem;
use super::{Service, body, json};
use crate::domain::{Driver, DriverId, Point};

/// How many reports an array may hold.
const MOST: usize = 1_000;
/// How long an array may be, in bytes.
const LONGEST_ARRAY: usize = 256 * 1024;

/// A position report.
#[derive(Deserialize, ToSchema)]
pub(super) struct Report {
    /// The driver: 1 to 128 bytes of printable characters.
    #[serde(deserialize_with = "json::from_text")]
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "1")]
    id: DriverId,
    /// Degrees north.
    #[schema(minimum = -85.051_128_78, maximum = 85.051_128_78, example = -33.44091)]
    lat: f64,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180, example = -70.6301)]
    lng: f64,
}

/// One report or an array of them, in the description.
enum Reports {}

impl ToSchema for Reports {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Report::name().into_owned(), Report::schema()));
    }
}

impl PartialSchema for Reports {
    fn schema() -> RefOr<Schema> {
        let one = Ref::from_schema_name(Report::name());
        let many = ArrayBuilder::new().items(one.clone()).max_items(Some(MOST));
        OneOfBuilder::new().item(one).item(many).into()
    }
}

/// What became of an array of reports.
#[derive(Serialize, ToSchema)]
pub(super) struct Taken {
    /// How many were taken.
    pub(super) accepted: usize,
    /// The others, in their order.
    pub(super) refused: Vec<Refused>,
}

/// A report that was not taken, and why.
#[derive(Serialize, ToSchema)]
pub(super) struct Refused {
    /// Its place in the array, counted from 0.
    index: usize,
    /// The field that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What is wrong with it.
    detail: String,
}

/// Makes a driver available where it reports to be, or many drivers at once.
///
/// Of an array those reports are taken that are well, and the last one of a driver counts. Where the answer is 503, some of
/// them may have been taken: send the array again.
#[utoipa::path(
    post,
    path = "/tracking",
    request_body = Reports,
    responses(
        (status = 200, description = "Taken. The answer to a single report is empty.", body = Taken),
        BadBody,
        NoRedis,
        AtTheDoor
    ),
    security(("token" = ["driver", "operator"]))
)]
pub(super) async fn report(
    State(service): State<Service>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let text = body::read(request, service.patience, LONGEST_ARRAY).await?;
    if text.trim_start().starts_with('[') {
        // Apart, so that a single report has not to carry the room for many.
        Box::pin(many(&service, &caller, &text)).await
    } else {
        let driver = json::object(&text).and_then(driver)?;
        service.gate.report(&driver.id)?;
        match caller.name() {
            // Those who are gathered have one name together.
            Some(operator) => service.store.report(&[driver], &operator).await?,
            None => service.reports.ask(driver).await?,
        }
        Ok(().into_response())
    }
}

async fn many(service: &Service, caller: &Caller, text: &str) -> Result<Response, Problem> {
    let (drivers, taken) = sort_out(text, |driver| Ok(service.gate.report(&driver.id)?))?;
    let actor = caller.name();
    service.store.report(&drivers, actor.as_ref().unwrap_or(&service.actor)).await?;
    Ok(Json(taken).into_response())
}

pub(super) fn driver(report: Report) -> Result<Driver, Problem> {
    Ok(Driver { place: Point::new(report.lat, report.lng)?, id: report.id })
}

/// The reports of an array that are well and may be taken, and what is to be said of all of them.
pub(super) fn sort_out(
    text: &str,
    may: impl Fn(&Driver) -> Result<(), Problem>,
) -> Result<(Vec<Driver>, Taken), Problem> {
    let reports = json::array(text)?;
    if reports.len() > MOST {
        return Err(Problem::field("", format!("an array holds at most {MOST} reports, not {}", reports.len())));
    }
    let (mut drivers, mut refused) = (Vec::with_capacity(reports.len()), Vec::new());
    for (index, report) in reports.into_iter().enumerate() {
        let driver = json::fields(report.get()).and_then(driver);
        match driver.and_then(|driver| may(&driver).map(|()| driver)) {
            Ok(driver) => drivers.push(driver),
            Err(Problem { field, detail, .. }) => refused.push(Refused { index, field, detail }),
        }
    }
    let accepted = drivers.len();
    Ok((last_of_each(drivers), Taken { accepted, refused }))
}
