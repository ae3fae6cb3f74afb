//! A connection to the service on which one call is made after the other.

use std::io;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::spawn_local;
use tokio_rustls::TlsConnector;

use super::Call;
use crate::simulation::{InvalidApi, Phones};

/// Where calls go, with all of a call that is the same every time.
pub(super) struct Target {
    host: String,
    uri: Uri,
    headers: HeaderMap,
    /// How the connection is encrypted, if it is, and under which name.
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Target {
    /// This call at the address of these phones.
    pub(super) fn new(phones: &Phones, call: Call) -> Result<Self, InvalidApi> {
        let url = phones.at(call.path());
        let key = if call == Call::Tracking { &phones.keys().driver } else { &phones.keys().rider };
        let tls = if phones.by_tls() {
            let name = url.host_str().ok_or(InvalidApi)?.trim_matches(['[', ']']).to_owned();
            let authority = phones.keys().authority.as_deref().ok_or(InvalidApi)?;
            Some((connector(authority).ok_or(InvalidApi)?, name.try_into().map_err(|_| InvalidApi)?))
        } else {
            None
        };
        let host = url.host_str().ok_or(InvalidApi)?;
        let host = format!("{host}:{}", url.port_or_known_default().ok_or(InvalidApi)?);
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(HOST, host.parse().map_err(|_| InvalidApi)?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = key {
            headers.insert(AUTHORIZATION, key.clone());
        }
        Ok(Self { host, tls, uri: url.path().parse().map_err(|_| InvalidApi)?, headers })
    }

    /// A new connection. It lives in a task of its own until it is dropped.
    pub(super) async fn connect(&self) -> io::Result<Line> {
        let stream = TcpStream::connect(&self.host).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Line::on(stream).await,
            Some((connector, name)) => Line::on(connector.connect(name.clone(), stream).await?).await,
        }
    }
}

/// Trusts this authority alone; none where it is no certificate.
fn connector(authority: &[u8]) -> Option<TlsConnector> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority) {
        roots.add(certificate.ok()?).ok()?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().ok()?;
    Some(Arc::new(config.with_root_certificates(roots).with_no_client_auth()).into())
}

/// A connection that is open.
pub(super) struct Line(SendRequest<Full<Bytes>>);

impl Line {
    async fn on(stream: impl AsyncRead + AsyncWrite + Unpin + 'static) -> io::Result<Self> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        spawn_local(async {
            // How it ended is told to the call that was under way.
            let _ = connection.await;
        });
        Ok(Self(sender))
    }

    /// Makes a call and waits for the whole answer. After an error the connection is of no more use.
    pub(super) async fn call(&mut self, target: &Target, body: Bytes) -> io::Result<StatusCode> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target.uri.clone();
        *request.headers_mut() = target.headers.clone();
        self.0.ready().await.map_err(io::Error::other)?;
        let answer = self.0.send_request(request).await.map_err(io::Error::other)?;
        let status = answer.status();
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            frame.map_err(io::Error::other)?;
        }
        Ok(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_the_address_with_its_port_and_path() {
        let target = |api: &str| Target::new(&api.parse().unwrap(), Call::V2Search).unwrap();
        let plain = target("http://localhost:8000");
        assert_eq!((plain.host.as_str(), plain.uri.path()), ("localhost:8000", "/v2/search"));
        let behind = target("http://[::1]/taxi/");
        assert_eq!((behind.host.as_str(), behind.uri.path()), ("[::1]:80", "/taxi/v2/search"));
    }
}
