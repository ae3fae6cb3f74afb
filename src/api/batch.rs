//! An array of position reports: which of them are taken, and why the others are not.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::crowd::last_of_each;
use super::problem::Problem;
use super::{json, tracking};
use crate::domain::{Driver, DriverId};

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

impl Refused {
    fn new(index: usize, problem: Problem) -> Self {
        Self { index, field: problem.field, detail: problem.detail }
    }
}

/// The reports of an array that may be taken, each with its index, and the others.
#[derive(Default)]
pub(super) struct Batch {
    reports: Vec<(usize, Driver)>,
    refused: Vec<Refused>,
}

impl Batch {
    /// Reads the elements of an array. Refused are those that are invalid, and those that `check` refuses.
    pub(super) fn read(elements: &[&RawValue], check: impl Fn(&Driver) -> Result<(), Problem>) -> Self {
        let mut batch = Self::default();
        for (index, element) in elements.iter().enumerate() {
            let driver = json::fields(element.get()).and_then(tracking::driver);
            match driver.and_then(|driver| check(&driver).map(|()| driver)) {
                Ok(driver) => batch.reports.push((index, driver)),
                Err(problem) => batch.refused.push(Refused::new(index, problem)),
            }
        }
        batch
    }

    /// The drivers whose reports may be taken.
    pub(super) fn drivers(&self) -> impl Iterator<Item = &DriverId> {
        self.reports.iter().map(|(_, driver)| &driver.id)
    }

    /// Refuses the elements with these indices, which were not read.
    pub(super) fn refuse_unread(&mut self, indices: std::ops::Range<usize>, problem: &Problem) {
        let refused = |index| Refused { index, field: None, detail: problem.detail.clone() };
        self.refused.extend(indices.map(refused));
    }

    /// Refuses the reports of these drivers, with the problem for so many of them.
    pub(super) fn refuse_drivers(&mut self, drivers: &[DriverId], problem: impl FnOnce(usize) -> Problem) {
        let drivers: HashSet<&DriverId> = drivers.iter().collect();
        let (refused, reports): (Vec<_>, _) =
            std::mem::take(&mut self.reports).into_iter().partition(|(_, driver)| drivers.contains(&driver.id));
        self.reports = reports;
        let problem = problem(refused.len());
        let refused =
            refused.into_iter().map(|(index, _)| Refused { index, field: None, detail: problem.detail.clone() });
        self.refused.extend(refused);
    }

    /// The last report of each driver, and what to answer about all of them.
    pub(super) fn finish(mut self) -> (Vec<Driver>, Taken) {
        self.refused.sort_by_key(|refused| refused.index);
        let accepted = self.reports.len();
        let drivers = self.reports.into_iter().map(|(_, driver)| driver).collect();
        (last_of_each(drivers), Taken { accepted, refused: self.refused })
    }
}
