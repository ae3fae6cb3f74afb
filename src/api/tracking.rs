//! `POST /tracking`: a driver's position report, or an array of them.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::batch::{Batch, Taken};
use super::document::{AtTheDoor, BadBody, NoRedis};
use super::doors::{Caller, Refusal};
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

/// Makes a driver available where it reports to be, or many drivers at once.
///
/// Of an array those reports are taken that are well, and the last one of a driver counts. Where the answer is 503, some of
/// them may have been taken: send the array again.
///
/// Each report of an array counts against the client's rate. As many are taken as it allows, and new drivers as far as they are
/// allowed; the others are listed in `refused`, with the time after which to send them again. A token that is bound to a driver
/// reports for that driver only.
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
        caller.may_report(&driver.id)?;
        service.gate.report(&driver.id)?;
        if let Some((_, refusal)) = refused_as_new(&service, &caller, [&driver.id].into_iter()).await? {
            return Err(refusal.into());
        }
        match caller.name() {
            // Those who are gathered have one name together.
            Some(operator) => service.store.report(&[driver], &operator).await?,
            None => service.reports.ask(driver).await?,
        }
        Ok(().into_response())
    }
}

async fn many(service: &Service, caller: &Caller, text: &str) -> Result<Response, Problem> {
    let elements = elements(text)?;
    let counted = service.gate.count_reports(caller.client(), elements.len());
    let allowed = counted.err().map_or(elements.len(), |(allowed, _)| allowed);
    let mut batch = Batch::read(&elements[..allowed], |driver| {
        caller.may_report(&driver.id)?;
        Ok(service.gate.report(&driver.id)?)
    });
    if let Err((_, refusal)) = counted {
        let unread = allowed..elements.len();
        batch.refuse_unread(unread.clone(), &refusal.problem_for(unread.len()));
    }
    if let Some((drivers, refusal)) = refused_as_new(service, caller, batch.drivers()).await? {
        batch.refuse_drivers(&drivers, |reports| refusal.problem_for(reports));
    }
    let (drivers, taken) = batch.finish();
    let actor = caller.name();
    service.store.report(&drivers, actor.as_ref().unwrap_or(&service.actor)).await?;
    Ok(Json(taken).into_response())
}

/// Which of these drivers the caller may not bring in, and why; `None` if it may bring in all of them. Redis is asked only about
/// drivers that this process does not know.
async fn refused_as_new(
    service: &Service,
    caller: &Caller,
    drivers: impl Iterator<Item = &DriverId>,
) -> Result<Option<(Vec<DriverId>, Refusal)>, Problem> {
    let (Some(new_drivers), Some(client)) = (service.gate.new_drivers(), caller.bounded_client()) else {
        return Ok(None);
    };
    let mut unknown = new_drivers.unknown(drivers);
    let known = match &unknown[..] {
        [] => return Ok(None),
        // Many single reports come at once after a restart.
        [driver] => vec![service.lookups.ask(driver.clone()).await?],
        drivers => service.store.are_known(drivers).await?,
    };
    let mut known = known.into_iter();
    let (known, mut new): (Vec<_>, Vec<_>) = unknown.drain(..).partition(|_| known.next() == Some(true));
    new_drivers.remember(known.iter());
    Ok(new_drivers.admit(client, &new).err().map(|(allowed, refusal)| (new.split_off(allowed), refusal)))
}

pub(super) fn driver(report: Report) -> Result<Driver, Problem> {
    Ok(Driver { place: Point::new(report.lat, report.lng)?, id: report.id })
}

/// The elements of an array, which may hold so many.
pub(super) fn elements(text: &str) -> Result<Vec<&RawValue>, Problem> {
    let elements = json::array(text)?;
    if elements.len() > MOST {
        return Err(Problem::field("", format!("an array holds at most {MOST} reports, not {}", elements.len())));
    }
    Ok(elements)
}
