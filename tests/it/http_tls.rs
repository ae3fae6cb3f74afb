//! The service behind TLS, by the real binary: its certificate, clients that do not play their part, and the simulated city as
//! one that does.

use std::fs;
use std::time::Duration;

use crate::common::certificates::Certificate;
use crate::common::command::{cabstand, told};
use crate::common::doors::{Doors, serving};
use crate::common::service::{Caller, Service};
use crate::common::tokens::{self, ANA, DRIVER, TokenFile, bearer};
use crate::common::{PATIENCE, Redis};
use cabstand::api::Serving;
use cabstand::http_client;
use nix::sys::signal::Signal;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

fn start(redis: &Redis, certificate: &Certificate, options: &[&str]) -> (Service, Caller) {
    let tls = certificate.options();
    let tls: Vec<&str> = tls.iter().map(String::as_str).collect();
    let service = Service::start(redis, &[&tls, options].concat());
    let base = service.caller.base.replace("http:", "https:");
    (service, Caller { client: certificate.client(), base })
}

async fn health(caller: &Caller) -> Result<StatusCode, reqwest::Error> {
    caller.client.get(format!("{}/health", caller.base)).send().await.map(|answer| answer.status())
}

fn refusal(options: &[&str]) -> String {
    let (code, _, said) = told(cabstand().arg("serve").args(options).output().unwrap());
    assert_eq!(code, 2, "{said}");
    said
}

#[tokio::test]
async fn it_serves_those_who_speak_tls_and_trust_it() {
    let redis = Redis::start();
    let certificate = Certificate::new();
    let (service, caller) = start(&redis, &certificate, &[]);
    assert_eq!(health(&caller).await.unwrap(), StatusCode::OK);
    let id = caller.search().await;
    let mut stream = caller.get(&format!("/v2/requests/{id}/events")).await;
    assert!(String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()).contains("searching"));
    let upgrade = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let socket = caller.call(&format!("GET /v2/requests/{id}/ws"), None, &upgrade).await;
    assert_eq!(socket.status(), 101);
    let mut socket = socket.upgrade().await.unwrap();
    let mut said = [0; 64];
    socket.read_exact(&mut said).await.unwrap();
    assert!(String::from_utf8_lossy(&said).contains("searching"));

    // Neither without TLS, nor who does not know it.
    assert!(service.caller.client.get(format!("{}/health", service.caller.base)).send().await.is_err());
    let stranger = Caller { client: Certificate::new().client(), base: caller.base.clone() };
    assert!(health(&stranger).await.is_err());
    let page = caller.get("/metrics").await.text().await.unwrap();
    assert!(page.contains("cabstand_http_refused_total{reason=\"tls\"} 2\n"), "{page}");
}

#[tokio::test]
async fn a_client_that_does_not_come_to_terms_holds_no_place_for_long() {
    let redis = Redis::start();
    let certificate = Certificate::new();
    let (_keep, tls) = watch::channel(certificate.config());
    let doors = cabstand::api::Doors { tls: Some(tls), ..Default::default() };
    let patience = Duration::from_millis(500);
    let doors = Doors::open_with(&redis, Serving { patience, most_connections: 2, doors, ..serving() }).await;
    // One says nothing, the other drips: it has something to say for far longer than anybody has patience.
    let mut silent = TcpStream::connect(&doors.address).await.unwrap();
    let mut dripping = TcpStream::connect(&doors.address).await.unwrap();
    let drip = async {
        for byte in [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3].into_iter().cycle() {
            if dripping.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let mut said = Vec::new();
    let both = async { tokio::join!(silent.read_to_end(&mut said), drip) };
    let _ = timeout(PATIENCE, both).await.expect("both are cut");
    let caller = Caller { client: certificate.client(), base: format!("https://{}", doors.address) };
    assert_eq!(timeout(PATIENCE, health(&caller)).await.expect("a place is free").unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn the_certificate_is_read_anew_at_sighup_and_a_broken_one_is_not() {
    let redis = Redis::start();
    let certificate = Certificate::new();
    let (mut service, before) = start(&redis, &certificate, &[]);
    certificate.renew();
    let after = Caller { client: certificate.client(), base: before.base.clone() };
    assert!(health(&after).await.is_err(), "not before it is told");
    assert_eq!(health(&before).await.unwrap(), StatusCode::OK);
    service.signal(Signal::SIGHUP);
    service.wait_for_log("The certificate was read anew", 1);
    assert_eq!(health(&after).await.unwrap(), StatusCode::OK);
    // A connection that is open stays as it was made; a new one is not trusted.
    let again = Caller { client: http_client::secure().build().unwrap(), base: before.base.clone() };
    assert!(health(&again).await.is_err());

    fs::write(certificate.key(), "nonsense").unwrap();
    service.signal(Signal::SIGHUP);
    service.wait_for_log("the certificate was not read anew, the one from before holds", 1);
    assert_eq!(health(&after).await.unwrap(), StatusCode::OK);
    service.signal(Signal::SIGTERM);
    assert_eq!(service.wait(), Some(0));
}

#[test]
fn two_files_that_are_no_certificate_with_its_key_are_refused_and_not_quoted() {
    let certificate = Certificate::new();
    let other = Certificate::new();
    let [file, key, others_key] = [certificate.file(), certificate.key(), other.key()];
    let [file, key, others_key] = [&file, &key, &others_key].map(|path| path.to_str().unwrap());
    let with = |certificate: &str, key: &str| refusal(&["--tls-cert", certificate, "--tls-key", key]);
    assert!(refusal(&["--tls-cert", file]).contains("--tls-cert needs --tls-key"));
    assert!(refusal(&["--tls-key", key]).contains("--tls-key needs --tls-cert"));
    assert!(with("/nonexistent", key).contains("/nonexistent can't be read: No such file"));
    assert!(with(key, key).contains("holds no certificate"));
    assert!(with(file, file).contains("holds no private key"));
    let said = with(file, others_key);
    assert!(said.contains("can't be used together"), "{said}");
    let secret = fs::read_to_string(others_key).unwrap();
    assert!(secret.lines().all(|line| !said.contains(line)), "{said}");
}

#[test]
fn the_simulated_city_calls_a_guarded_service_with_tokens_and_tickets() {
    let mut redis = Redis::start();
    let certificate = Certificate::new();
    let file = TokenFile::new(&tokens::all());
    let path = file.path().to_str().unwrap();
    let off = ["--token-file", path, "--client-rate", "off", "--driver-rate", "off", "--client-requests", "off"];
    let (service, caller) = start(&redis, &certificate, &off);
    let ca = certificate.file();
    let run = |options: &str, keys: &[&str]| {
        let mut command = cabstand();
        command.args(["simulate", "--api", &caller.base, "--api-ca", ca.to_str().unwrap()]);
        told(command.args(keys).args(options.split_whitespace()).output().unwrap())
    };
    let keys = ["--api-token-file", path];
    for (call, rate) in [("tracking", 10), ("search", 10), ("v2-search", 10)] {
        let (code, out, err) = run(&format!("--json --rate 100 --duration 100ms --call {call}"), &keys);
        assert_eq!(code, 0, "{err}");
        let told: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(told["answered"], rate, "{told}");
    }
    let (_, out, _) = run("--json --rate 100 --duration 100ms", &[]);
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["refused"]["401"], 10, "{out}");

    redis.run::<()>("FLUSHALL");
    let (code, out, err) = run("--duration 3s --drivers 30 --arrivals 600", &keys);
    assert_eq!(code, 0, "{err}");
    let count = |what: &str| {
        let count = out.lines().find_map(|line| line.split_once(what)).unwrap_or_else(|| panic!("no {what}: {out}")).1;
        count.split([',', ' ']).next().unwrap().parse::<u64>().unwrap()
    };
    assert!(count("opened ") > 0 && count("found ") > 0 && count("reports ") > 0, "{out}");
    assert_eq!(count("errors "), 0, "{out}");
    let page = |token: &str| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let header = bearer(token);
        runtime
            .block_on(async { caller.call("GET /metrics", None, &[(header.0, &header.1)]).await.text().await.unwrap() })
    };
    let page = page(ANA);
    for reason in ["role", "wrong_ticket", "wrong_token"] {
        assert!(page.contains(&format!("cabstand_http_refused_total{{reason=\"{reason}\"}} 0\n")), "{reason}: {page}");
    }
    for secret in [DRIVER, ANA] {
        assert!(!out.contains(secret) && !err.contains(secret) && !service.log().contains(secret));
    }
    let (code, _, said) = told(cabstand().args(["simulate", "--api", &caller.base, "--rate", "1"]).output().unwrap());
    assert!(code == 2 && said.contains("--api-ca FILE"), "{said}");
}
