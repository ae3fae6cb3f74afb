//! Read-only listings.

use super::Shared;
use super::failure::Failure;

/// Options of `listings`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Requests {}

impl Requests {
    pub(super) async fn run(self, _shared: &Shared) -> Result<(), Failure> {
        Err(Failure::Usage("not built yet".to_owned()))
    }
}

/// Options of `listings`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Drivers {}

impl Drivers {
    pub(super) async fn run(self, _shared: &Shared) -> Result<(), Failure> {
        Err(Failure::Usage("not built yet".to_owned()))
    }
}

/// Options of `listings`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Events {}

impl Events {
    pub(super) async fn run(self, _shared: &Shared) -> Result<(), Failure> {
        Err(Failure::Usage("not built yet".to_owned()))
    }
}
