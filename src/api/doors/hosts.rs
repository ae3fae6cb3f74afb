//! By which name the service is called, and from which page: against pages in a browser that call what they have no business
//! with. A name of their own that they let lead to this machine (DNS rebinding) is told by the header `Host`, a call from a page
//! of somebody else's by the header `Origin`.

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, header};

/// The names by which the service may be called, beside those of this machine itself. In lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// These names, without ports; and this machine's own always.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| plain(&name)).collect())
    }

    /// Whether all that the call says of its host is well. One without any was not made by a browser.
    pub(super) fn allow(&self, call: &Request) -> bool {
        let by_headers = call.headers().get_all(header::HOST).iter();
        let named = by_headers.map(|host| host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()));
        let by_target = call.uri().authority().cloned().map(Some);
        named
            .chain(by_target)
            .all(|host| host.is_some_and(|host| !host.as_str().contains('@') && self.has(host.host())))
    }

    fn has(&self, host: &str) -> bool {
        let host = plain(host);
        let numeric = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match numeric {
            Ok(address) if address.to_canonical().is_loopback() => true,
            _ => host == "localhost" || host.ends_with(".localhost") || self.0.contains(&host),
        }
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Where a page is from that may call: `https://example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Why a text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an origin is written https://HOST or http://HOST:PORT, without a path")]
pub struct InvalidOrigin;

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
        authority(&text).filter(|authority| !authority.as_str().contains('@')).ok_or(InvalidOrigin)?;
        HeaderValue::from_str(&text).map(Self).map_err(|_| InvalidOrigin)
    }
}

impl Origin {
    pub(in crate::api) fn as_header(&self) -> &HeaderValue {
        &self.0
    }
}

/// Whether a page may make this call: one that was named, one of the same host, or nobody's page at all.
pub(super) fn allows(named: &[Origin], call: &Request) -> bool {
    let mut origins = call.headers().get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let is_named = || named.iter().any(|named| named.0 == origin);
    let is_own = || {
        let page = origin.to_str().ok().and_then(authority);
        let host = call.headers().get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
        // A name without a port means the scheme's, and the scheme is a proxy's affair; both leave the same out.
        page.is_some() && page == host
    };
    origins.next().is_none() && (is_named() || is_own())
}

/// Host and port of an origin; none of what is none, `null` among them.
fn authority(origin: &str) -> Option<Authority> {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))?;
    rest.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn call(target: &str, headers: &[(&str, &str)]) -> Request {
        let call = Request::builder().uri(target);
        headers.iter().fold(call, |call, (name, value)| call.header(*name, *value)).body(Body::empty()).unwrap()
    }

    #[test]
    fn this_machine_has_its_own_names_and_those_that_were_named() {
        let hosts = Hosts::new(["Taxi.example.".to_owned()]);
        let allowed = |host: &str| hosts.allow(&call("/", &[("host", host)]));
        for host in ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000", "api.localhost"] {
            assert!(allowed(host), "{host}");
        }
        for host in ["taxi.example", "TAXI.example:443", "taxi.example."] {
            assert!(allowed(host), "{host}");
        }
        let others = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", ""];
        for host in others.into_iter().chain(["xlocalhost", "127.0.0.1, evil.example", "evil.example@127.0.0.1:x"]) {
            assert!(!allowed(host), "{host}");
        }
    }

    #[test]
    fn every_word_on_the_host_counts() {
        let hosts = Hosts::new([]);
        assert!(hosts.allow(&call("/", &[])), "no browser");
        assert!(!hosts.allow(&call("/", &[("host", "localhost"), ("host", "evil.example")])));
        assert!(!hosts.allow(&call("http://evil.example/", &[("host", "localhost")])));
        assert!(hosts.allow(&call("http://localhost:8000/", &[("host", "localhost:8000")])));
    }

    #[test]
    fn a_page_is_of_the_same_host_or_named_or_has_no_business() {
        let named = ["https://Taxi.example/".parse::<Origin>().unwrap()];
        let allowed = |origin: &str| allows(&named, &call("/", &[("host", "taxi.local:8000"), ("origin", origin)]));
        for origin in ["https://taxi.example", "http://taxi.local:8000", "https://taxi.local:8000"] {
            assert!(allowed(origin), "{origin}");
        }
        for origin in
            ["null", "http://taxi.example", "https://taxi.example:444", "http://taxi.local", "", "taxi.local:8000"]
        {
            assert!(!allowed(origin), "{origin}");
        }
        assert!(allows(&named, &call("/", &[("host", "x")])));
        let two = [("origin", "https://taxi.example"), ("origin", "https://taxi.example")];
        assert!(!allows(&named, &call("/", &two)), "which of them?");
        assert!(!allows(&[], &call("/", &[("origin", "null")])), "no host");
    }

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_nothing_more() {
        for odd in ["*", "null", "", "taxi.example", "https://", "https://a/b", "https://a b", "ftp://a", "https://u@a"]
        {
            assert_eq!(odd.parse::<Origin>(), Err(InvalidOrigin), "{odd}");
        }
    }
}
