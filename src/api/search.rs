//! `POST /search`: the drivers nearest to a place, as the article's service answers it.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::Service;
use super::body::Valid;
use super::problem::Problem;
use crate::domain::{Candidate, DriverId, Metres, Point};

/// How far away drivers are looked for, as in the article.
const RADIUS: Metres = Metres(15_000.0);
/// How many drivers one may ask for.
const LIMITS: std::ops::RangeInclusive<usize> = 1..=100;

/// Where, in degrees, and how many; one where that is left out.
#[derive(Deserialize)]
pub(super) struct Query {
    lat: f64,
    lng: f64,
    limit: Option<i64>,
}

/// A driver under the names that the article's service gives the fields.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Found {
    name: DriverId,
    longitude: f64,
    latitude: f64,
    /// Kilometres.
    dist: f64,
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

/// The nearest drivers within 15 km, nearest first.
pub(super) async fn nearest(
    State(service): State<Service>,
    Valid(query): Valid<Query>,
) -> Result<Json<Vec<Found>>, Problem> {
    let place = Point::new(query.lat, query.lng)?;
    let limit = usize::try_from(query.limit.unwrap_or(1)).ok().filter(|limit| LIMITS.contains(limit));
    let limit = limit.ok_or_else(|| Problem::field("limit", "a limit is a whole number from 1 to 100"))?;
    let found = service.store.nearest(&[place], RADIUS, limit).await?;
    Ok(Json(found.into_iter().flatten().map(Found::from).collect()))
}
