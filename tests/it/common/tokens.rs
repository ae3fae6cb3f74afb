//! A file of tokens, and what they are shown as.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

pub const DRIVER: &str = "d-4f1c5a7e90b2468ca13579bdf02468ac";
pub const RIDER: &str = "r-8c2d4e6fa0b1c3d5e7f91a2b3c4d5e6f";
pub const ANA: &str = "o-0a1b2c3d4e5f60718293a4b5c6d7e8f9";
pub const BEN: &str = "o-9f8e7d6c5b4a392817060f5e4d3c2b1a";

/// All of them.
pub fn all() -> String {
    format!("# who may come in\ndriver {DRIVER}\nrider {RIDER} phones\noperator {ANA} ana\noperator {BEN}\n")
}

pub struct TokenFile {
    _directory: TempDir,
    path: PathBuf,
}

impl TokenFile {
    pub fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = Self { path: directory.path().join("tokens"), _directory: directory };
        file.write(text);
        fs::set_permissions(&file.path, fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    pub fn write(&self, text: &str) {
        fs::write(&self.path, text).unwrap();
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The header with this token or ticket.
pub fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}
