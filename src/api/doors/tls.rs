//! The certificate with which connections are encrypted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why two files are no certificate with its key. The key is quoted nowhere.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTls {
    /// A file cannot be read.
    #[error("{0} can't be read: {1}")]
    Read(PathBuf, std::io::Error),
    /// It holds something else.
    #[error("{0} holds no certificate in PEM")]
    NoCertificate(PathBuf),
    /// It holds something else.
    #[error("{0} holds no private key in PEM that is not encrypted")]
    NoKey(PathBuf),
    /// They are not made for one another, or are of no use here.
    #[error("{0} and {1} can't be used together: {2}")]
    Unfit(PathBuf, PathBuf, rustls::Error),
}

/// How connections are encrypted: by TLS 1.2 or 1.3, with the certificate in this file, those of its authorities after it, and
/// the key in that one.
///
/// # Errors
/// Where a file cannot be read, or the two are no certificate with its key.
pub fn server_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, InvalidTls> {
    let read = |path: &Path| fs::read(path).map_err(|error| InvalidTls::Read(path.to_owned(), error));
    let chain = CertificateDer::pem_slice_iter(&read(certificate)?).collect::<Result<Vec<_>, _>>();
    let chain =
        chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| InvalidTls::NoCertificate(certificate.into()))?;
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| InvalidTls::NoKey(key.to_owned()))?;
    let unfit = |error| InvalidTls::Unfit(certificate.to_owned(), key.to_owned(), error);
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(unfit)?;
    let mut config = config.with_no_client_auth().with_single_cert(chain, secret).map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
