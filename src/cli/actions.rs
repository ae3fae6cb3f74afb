//! The operator's actions as one-shot commands.

use super::Shared;
use super::failure::Failure;

/// Options of `actions`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Search {}

impl Search {
    pub(super) async fn run(self, _shared: &Shared) -> Result<(), Failure> {
        Err(Failure::Usage("not built yet".to_owned()))
    }
}

/// Options of `actions`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Cancel {}

impl Cancel {
    pub(super) async fn run(self, _shared: &Shared) -> Result<(), Failure> {
        Err(Failure::Usage("not built yet".to_owned()))
    }
}

/// Options of `actions`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Expire {}

impl Expire {
    pub(super) async fn run(self, _shared: &Shared) -> Result<(), Failure> {
        Err(Failure::Usage("not built yet".to_owned()))
    }
}

/// Options of `actions`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Move {}

impl Move {
    pub(super) async fn run(self, _shared: &Shared) -> Result<(), Failure> {
        Err(Failure::Usage("not built yet".to_owned()))
    }
}

/// Options of `actions`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Remove {}

impl Remove {
    pub(super) async fn run(self, _shared: &Shared) -> Result<(), Failure> {
        Err(Failure::Usage("not built yet".to_owned()))
    }
}
