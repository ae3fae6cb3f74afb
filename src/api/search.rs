//! `POST /search`: the drivers nearest to a place, as the article's service answers it.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::body::Valid;
use super::document::{AtTheDoor, BadBody, NoRedis};
use super::problem::Problem;
use crate::domain::{Candidate, DriverId, Metres, Point};

/// How far away drivers are looked for, as in the article.
pub(super) const RADIUS: Metres = Metres(15_000.0);
/// How many drivers one may ask for.
const LIMITS: std::ops::RangeInclusive<usize> = 1..=100;

/// Where drivers are looked for, and how many.
#[derive(Deserialize, ToSchema)]
pub(super) struct Query {
    /// Degrees north.
    #[schema(minimum = -85.051_128_78, maximum = 85.051_128_78, example = -33.44262)]
    lat: f64,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180, example = -70.63054)]
    lng: f64,
    /// How many at the most; one where it is left out.
    #[schema(minimum = 1, maximum = 100, example = 5)]
    limit: Option<i64>,
}

impl Query {
    /// The place and the limit, if they are ones.
    pub(super) fn checked(&self) -> Result<(Point, usize), Problem> {
        let place = Point::new(self.lat, self.lng)?;
        let limit = usize::try_from(self.limit.unwrap_or(1)).ok().filter(|limit| LIMITS.contains(limit));
        Ok((place, limit.ok_or_else(|| Problem::field("limit", "a limit is a whole number from 1 to 100"))?))
    }
}

/// A driver under the names that the article's service gives the fields.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Found {
    /// The driver's id.
    #[schema(value_type = String, example = "1")]
    name: DriverId,
    /// Degrees east.
    #[schema(example = -70.6301)]
    longitude: f64,
    /// Degrees north.
    #[schema(example = -33.44091)]
    latitude: f64,
    /// How far away, in kilometres.
    #[schema(minimum = 0, example = 0.1943)]
    dist: f64,
    /// The place as the 52 bits of Redis' geohash.
    #[schema(example = 3_149_016_193_622_145_u64)]
    geo_hash: u64,
}

impl From<Candidate> for Found {
    fn from(candidate: Candidate) -> Self {
        let place = candidate.driver.place;
        Self {
            name: candidate.driver.id,
            longitude: place.lng(),
            latitude: place.lat(),
            dist: candidate.distance_m / 1_000.0,
            geo_hash: candidate.geohash,
        }
    }
}

/// The available drivers nearest to a place, within 15 km.
#[utoipa::path(
    post,
    path = "/search",
    request_body = Query,
    responses((status = 200, description = "The drivers, nearest first.", body = [Found]), BadBody, NoRedis, AtTheDoor),
    security(("token" = ["rider", "operator"]))
)]
pub(super) async fn nearest(
    State(service): State<Service>,
    Valid(query): Valid<Query>,
) -> Result<Json<Vec<Found>>, Problem> {
    let found = service.looks.ask(query.checked()?).await?;
    Ok(Json(found.into_iter().map(Found::from).collect()))
}
