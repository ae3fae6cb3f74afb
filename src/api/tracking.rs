//! `POST /tracking`: a driver's position report.

use axum::extract::State;
use serde::Deserialize;

use super::Service;
use super::body::{Valid, from_text};
use super::problem::Problem;
use crate::domain::{Driver, DriverId, Point};

/// A position report. Degrees.
#[derive(Deserialize)]
pub(super) struct Report {
    #[serde(deserialize_with = "from_text")]
    id: DriverId,
    lat: f64,
    lng: f64,
}

/// Makes the driver available at that place.
pub(super) async fn report(State(service): State<Service>, Valid(report): Valid<Report>) -> Result<(), Problem> {
    let place = Point::new(report.lat, report.lng)?;
    Ok(service.store.report(&[Driver { id: report.id, place }], &service.actor).await?)
}
