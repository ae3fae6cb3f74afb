//! A Redis behind TLS, with certificates of an authority that is made for the test.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::Redis;

/// An authority and the directory in which its files are.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    directory: TempDir,
}

/// A certificate and its key, as files.
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "an authority of the tests");
        let key = KeyPair::generate().unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), directory }
    }

    /// The file with its own certificate.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// A certificate for this host.
    pub fn certificate(&self, host: &str) -> Identity {
        self.certificate_until(host, 2099)
    }

    /// A certificate for this host that is valid from 2020 until the beginning of this year.
    pub fn certificate_until(&self, host: &str, year: i32) -> Identity {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(year, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |end: &str| self.directory.path().join(format!("{host}-{year}{end}"));
        let identity = Identity { certificate: file(".pem"), key: file("-key.pem") };
        fs::write(&identity.certificate, certificate.pem()).unwrap();
        fs::write(&identity.key, key.serialize_pem()).unwrap();
        identity
    }
}

/// A Redis that is reached by TLS at 127.0.0.1, and by its socket without.
pub struct TlsRedis {
    pub redis: Redis,
    pub port: u16,
}

impl TlsRedis {
    /// It shows `identity`, and asks clients for a certificate of this authority where `asks`.
    pub fn start(authority: &Authority, identity: &Identity, asks: bool) -> Self {
        let port = free_port();
        let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let (port_text, certificate, key) = (port.to_string(), text(&identity.certificate), text(&identity.key));
        let (ca, asks) = (text(&authority.file()), if asks { "yes" } else { "no" });
        let redis = Redis::start_with(&[
            "--bind",
            "127.0.0.1",
            "--tls-port",
            &port_text,
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &ca,
            "--tls-auth-clients",
            asks,
        ]);
        Self { redis, port }
    }

    pub fn url(&self) -> String {
        format!("rediss://127.0.0.1:{}/0", self.port)
    }
}

/// A port of 127.0.0.1 at which nobody listens now.
pub fn free_port() -> u16 {
    free_listener().local_addr().unwrap().port()
}

/// A listener at a port that comes free again when it is closed: below those that the system gives to outgoing connections and to
/// listeners that ask for any port, so that nobody takes it meanwhile.
pub fn free_listener() -> TcpListener {
    let ports = std::iter::repeat_with(|| rand::random_range(10_000..32_000));
    ports.take(1_000).find_map(|port: u16| TcpListener::bind(("127.0.0.1", port)).ok()).expect("a free port")
}
