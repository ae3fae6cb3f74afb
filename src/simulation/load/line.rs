//! A connection to the service on which one call is made after the other.

use std::io;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::spawn_local;

use crate::simulation::{InvalidApi, Phones};

/// Where calls go, with all of a call that is the same every time.
pub(super) struct Target {
    host: String,
    uri: Uri,
    headers: HeaderMap,
}

impl Target {
    /// This path at the address of these phones.
    pub(super) fn new(phones: &Phones, path: &str) -> Result<Self, InvalidApi> {
        let url = phones.at(path);
        let host = url.host_str().ok_or(InvalidApi)?;
        let host = format!("{host}:{}", url.port_or_known_default().ok_or(InvalidApi)?);
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(HOST, host.parse().map_err(|_| InvalidApi)?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self { host, uri: url.path().parse().map_err(|_| InvalidApi)?, headers })
    }

    /// A new connection. It lives in a task of its own until it is dropped.
    pub(super) async fn connect(&self) -> io::Result<Line> {
        let stream = TcpStream::connect(&self.host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        spawn_local(async {
            // How it ended is told to the call that was under way.
            let _ = connection.await;
        });
        Ok(Line(sender))
    }
}

/// A connection that is open.
pub(super) struct Line(SendRequest<Full<Bytes>>);

impl Line {
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
        let target = |api: &str| Target::new(&api.parse().unwrap(), "v2/search").unwrap();
        let plain = target("http://localhost:8000");
        assert_eq!((plain.host.as_str(), plain.uri.path()), ("localhost:8000", "/v2/search"));
        let behind = target("http://[::1]/taxi/");
        assert_eq!((behind.host.as_str(), behind.uri.path()), ("[::1]:80", "/taxi/v2/search"));
    }
}
