//! A certificate for this machine that is made for the test, and vouches for itself.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use cabstand::http_client;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::Client;
use tempfile::TempDir;

pub struct Certificate {
    directory: TempDir,
}

impl Certificate {
    pub fn new() -> Self {
        let certificate = Self { directory: tempfile::tempdir().unwrap() };
        certificate.renew();
        certificate
    }

    /// Puts another one in its place.
    pub fn renew(&self) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        fs::write(self.file(), cert.pem()).unwrap();
        fs::write(self.key(), signing_key.serialize_pem()).unwrap();
    }

    pub fn file(&self) -> PathBuf {
        self.directory.path().join("server.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.directory.path().join("server-key.pem")
    }

    /// The options of `serve` that show it.
    pub fn options(&self) -> [String; 4] {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        ["--tls-cert".to_owned(), text(self.file()), "--tls-key".to_owned(), text(self.key())]
    }

    pub fn config(&self) -> Arc<rustls::ServerConfig> {
        cabstand::api::server_config(&self.file(), &self.key()).unwrap()
    }

    /// One who trusts it as it is now, and nobody else.
    pub fn client(&self) -> Client {
        let bundle = reqwest::Certificate::from_pem_bundle(&fs::read(self.file()).unwrap()).unwrap();
        http_client::trusting(bundle).no_proxy().build().unwrap()
    }
}
