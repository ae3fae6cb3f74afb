//! How this program calls others over HTTP: the one place that knows of TLS, which has to be set up before the first client
//! is made.

use reqwest::{Certificate, Client, ClientBuilder};

/// For calls over plain HTTP. It needs no root certificates on this machine.
pub fn plain() -> ClientBuilder {
    secure().tls_certs_only([])
}

/// For calls over HTTPS of somebody whose certificate one of these authorities has signed, and nobody else's.
pub fn trusting(authorities: impl IntoIterator<Item = Certificate>) -> ClientBuilder {
    secure().tls_certs_only(authorities)
}

/// For calls over HTTPS, trusting whom this machine trusts; `SSL_CERT_FILE` names further certificates.
pub fn secure() -> ClientBuilder {
    // Set up already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}
