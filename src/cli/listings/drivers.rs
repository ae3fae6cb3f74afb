//! `cabstand drivers`.

use std::collections::HashSet;

use crate::cli::Shared;
use crate::cli::failure::{Failure, tell};
use crate::cli::output::Output;
use crate::store::Access;

/// Options of `drivers`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Drivers {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Drivers {
    /// Lists all available drivers in the order of their geohashes, which puts neighbours together.
    pub(in crate::cli) async fn run(self, shared: &Shared) -> Result<(), Failure> {
        let store = shared.store(Access::ReadOnly).await?;
        let mut out = Output::new();
        // A driver who moves on while the pages are read can stand on two of them.
        let mut listed = HashSet::new();
        let mut start = 0;
        loop {
            let page = store.drivers(start).await?;
            if page.is_empty() {
                break;
            }
            start += page.len();
            for driver in page {
                if listed.contains(&driver.id) {
                    continue;
                }
                if self.json {
                    out.json(&driver)?;
                } else {
                    // The id stands last: a fleet is too big to be measured for its longest id first.
                    if listed.is_empty() {
                        out.line("       LAT        LNG  DRIVER")?;
                    }
                    out.line(&format!("{:10.5} {:10.5}  {}", driver.place.lat(), driver.place.lng(), driver.id))?;
                }
                listed.insert(driver.id);
            }
        }
        out.flush()?;
        if listed.is_empty() {
            tell("no driver is available");
        }
        Ok(())
    }
}
