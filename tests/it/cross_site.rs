//! Calls of pages in a browser that have no business with the service. A page can send a body without any `Content-Type`, which is
//! taken as JSON, and the browser asks nobody before it does: so it must be refused by its `Origin` or by the `Host`.

use crate::common::Redis;
use crate::common::doors::problem;
use crate::common::service::{Caller, Service};
use crate::common::tokens::{self, ANA, TokenFile, bearer};
use reqwest::Response;

const CALLS: [(&str, &str); 5] = [
    ("/tracking", r#"{"id":"a","lat":50,"lng":1}"#),
    ("/tracking", r#"[{"id":"a","lat":50,"lng":1}]"#),
    ("/search", r#"{"lat":1,"lng":1}"#),
    ("/v2/search", r#"{"lat":1,"lng":1}"#),
    ("/v2/cancel", r#"{"request_id":1}"#),
];

/// A call with these headers and no others that say anything of the body.
async fn post(caller: &Caller, path: &str, body: &'static str, headers: &[(&str, &str)]) -> Response {
    let call = caller.client.post(format!("{}{path}", caller.base)).body(body);
    headers.iter().fold(call, |call, (name, value)| call.header(*name, *value)).send().await.unwrap()
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_whatever_it_calls_its_body() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let port = service.caller.base.rsplit_once(':').unwrap().1;
    let rebound = format!("evil.example:{port}");
    let (own, page) = (service.caller.base.clone(), format!("http://{rebound}"));
    let as_page: [(&[(&str, &str)], u16); 7] = [
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("origin", "")], 403),
        (&[("origin", &own), ("origin", "https://evil.example")], 403),
        // A name of its own that leads here (DNS rebinding).
        (&[("host", &rebound)], 421),
        (&[("host", &rebound), ("origin", &page)], 421),
        (&[("host", "0.0.0.0"), ("origin", "http://0.0.0.0")], 421),
    ];
    for (path, body) in CALLS {
        for (headers, status) in as_page {
            for kind in [None, Some("text/plain"), Some("application/json")] {
                let kind = kind.map(|kind| ("content-type", kind));
                let headers: Vec<_> = headers.iter().copied().chain(kind).collect();
                problem(post(&service.caller, path, body, &headers).await, status).await;
            }
        }
    }
    assert_eq!(redis.run::<u64>("EXISTS drivers cabstand:seen request_id"), 0, "nothing was written");
}

#[tokio::test]
async fn who_is_no_page_or_one_of_the_same_host_needs_no_content_type() {
    let redis = Redis::start();
    let service = Service::start(&redis, &[]);
    let own = service.caller.base.clone();
    for (path, body) in CALLS {
        let no_page = post(&service.caller, path, body, &[]).await.status().as_u16();
        let of_a_page = post(&service.caller, path, body, &[("origin", &own)]).await.status().as_u16();
        let expected = if path == "/v2/cancel" { (200, 409) } else { (200, 200) };
        assert_eq!((no_page, of_a_page), expected, "{path}");
    }
}

#[tokio::test]
async fn without_a_content_type_a_token_is_needed_as_with_one() {
    let redis = Redis::start();
    let file = TokenFile::new(&tokens::all());
    let service = Service::guarded(&redis, file.path(), &[]);
    let (name, value) = bearer(ANA);
    for (path, body) in CALLS {
        problem(post(&service.caller, path, body, &[]).await, 401).await;
        assert_eq!(post(&service.caller, path, body, &[(name, &value)]).await.status(), 200, "{path}");
        problem(post(&service.caller, path, body, &[(name, &value), ("origin", "null")]).await, 403).await;
    }
}
