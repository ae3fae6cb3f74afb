//! `cabstand simulate`.

use super::Shared;
use super::failure::Failure;

/// Options of `simulate`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Options {}

impl Options {
    pub(super) async fn run(self, _shared: &Shared) -> Result<(), Failure> {
        Err(Failure::Usage("not built yet".to_owned()))
    }
}
