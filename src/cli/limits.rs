//! What the system lets a process have.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Lets this process open as many files as the system allows: every rider who listens is one. Where the system does not let
/// us, the service runs with what it has.
pub(super) fn raise_open_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
        Ok(hard)
    });
    match raised {
        Ok(most) => tracing::debug!("up to {most} files may be open"),
        Err(error) => tracing::debug!("the limit on open files stays as it is: {error}"),
    }
}
