//! What reads the heads and the bodies of calls, for the fuzzing in `fuzz/`: up to where Redis would be asked.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::Request;

use super::batch::Batch;
use super::doors::{Doors, Gate};
use super::problem::Problem;
use super::requests::{Cancel, Open};
use super::search::Query;
use super::{body, json, tracking};
use crate::domain::{Driver, Point, RequestId, UserId};

/// What a caller is told of a body that is not taken.
#[derive(Debug)]
pub struct Refused {
    /// The status.
    pub status: u16,
    /// What is wrong.
    pub detail: String,
    /// The field at fault.
    pub field: Option<String>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { status: problem.status.as_u16(), detail: problem.detail, field: problem.field }
    }
}

/// Whether a call may go on to what stands at this path, if one of ours does.
///
/// # Errors
/// Where it may not.
pub fn admit(doors: Doors, path: Option<&str>, call: &mut Request) -> Result<(), Refused> {
    Gate::new(doors, 1).admit(path, call).map_err(|refusal| Problem::from(refusal).into())
}

/// Whose call this is by its headers, where it comes from this peer: an address, or the first half of one.
#[must_use]
pub fn client(doors: Doors, peer: IpAddr, call: &Request) -> String {
    Gate::new(doors, 1).client(peer, call.headers()).to_string()
}

/// The text of a call's body, which comes within a second.
///
/// # Errors
/// Where it has another type, is too long, or no text.
pub async fn text(call: Request, longest_array: usize) -> Result<String, Refused> {
    Ok(body::read(call, Duration::from_secs(1), longest_array).await?)
}

/// A single position report.
///
/// # Errors
/// Where it is none.
pub fn report(text: &str) -> Result<Driver, Refused> {
    Ok(json::object(text).and_then(tracking::driver)?)
}

/// An array of reports: the last one of each driver, how many were taken, and how many refused.
///
/// # Errors
/// Where it is no array, or too long.
pub fn reports(text: &str) -> Result<(Vec<Driver>, usize, usize), Refused> {
    let (drivers, taken) = Batch::read(&tracking::elements(text)?, |_| Ok(())).finish();
    Ok((drivers, taken.accepted, taken.refused.len()))
}

/// Where a search is opened, and for whom.
///
/// # Errors
/// Where that cannot be read.
pub fn open(text: &str) -> Result<(Point, Option<UserId>), Refused> {
    let open: Open = json::object(text)?;
    Ok(open.checked()?)
}

/// Where drivers are looked for, and how many.
///
/// # Errors
/// Where that cannot be read.
pub fn search(text: &str) -> Result<(Point, usize), Refused> {
    let query: Query = json::object(text)?;
    Ok(query.checked()?)
}

/// Which request is cancelled.
///
/// # Errors
/// Where that cannot be read.
pub fn cancel(text: &str) -> Result<RequestId, Refused> {
    let cancel: Cancel = json::object(text)?;
    Ok(cancel.request_id)
}
