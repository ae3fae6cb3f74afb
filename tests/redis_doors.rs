//! The doors of Redis: TLS, users and passwords, as the real binary goes through them, and what it says where it cannot.

mod common;

use common::command::{cabstand, told};
use common::tls::{Authority, TlsRedis, free_port};
use common::{LAT, LNG, Redis};

/// What `drivers` says with these words and variables: exit code, standard output, standard error.
fn drivers(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    told(cabstand().arg("drivers").args(arguments).envs(variables.iter().copied()).output().unwrap())
}

fn add_a_driver(redis: &mut Redis) {
    redis.run::<()>(&format!("GEOADD drivers {LNG} {LAT} kilo"));
}

#[test]
fn tls_with_an_authority_of_ones_own() {
    let authority = Authority::new();
    let mut server = TlsRedis::start(&authority, &authority.certificate("127.0.0.1"), false);
    add_a_driver(&mut server.redis);
    let ca = authority.file();
    let (code, out, err) = drivers(&["--redis", &server.url(), "--redis-ca", ca.to_str().unwrap()], &[]);
    assert_eq!((code, out.contains("kilo"), err.as_str()), (0, true, ""));
    // The system's own authorities are those of SSL_CERT_FILE where that is set.
    let (code, out, _) = drivers(&["--redis", &server.url()], &[("SSL_CERT_FILE", ca.to_str().unwrap())]);
    assert_eq!((code, out.contains("kilo")), (0, true));
}

#[test]
fn what_is_wrong_with_tls_is_said_in_words() {
    let (authority, other) = (Authority::new(), Authority::new());
    let ca = authority.file();
    let ca = ca.to_str().unwrap();
    let good = TlsRedis::start(&authority, &authority.certificate("127.0.0.1"), false);
    let misnamed = TlsRedis::start(&authority, &authority.certificate("redis.example.org"), false);
    let expired = TlsRedis::start(&authority, &authority.certificate_until("127.0.0.1", 2021), false);
    let other_file = other.file();
    let plain_port = free_port();
    let plain = Redis::start_with(&["--bind", "127.0.0.1", "--port", &plain_port.to_string()]);
    let says = |url: &str, ca: &str, words: &[&str]| {
        let (code, out, err) = drivers(&["--redis", url, "--redis-ca", ca], &[]);
        assert_eq!((code, out.as_str()), (1, ""), "{url}: {err}");
        for word in words {
            assert!(err.contains(word), "{url}: no {word:?} in {err}");
        }
    };
    says(&good.url(), other_file.to_str().unwrap(), &["nobody we trust", "--redis-ca FILE"]);
    says(&misnamed.url(), ca, &["another name", "redis.example.org"]);
    says(&expired.url(), ca, &["has expired", "clock"]);
    says(&format!("rediss://127.0.0.1:{plain_port}"), ca, &["no TLS", "write redis://"]);
    let (code, _, err) = drivers(&["--redis", &format!("redis://127.0.0.1:{}", good.port)], &[]);
    assert_eq!(code, 1);
    assert!(err.contains("write rediss://"), "{err}");
    drop(plain);
}

#[test]
fn a_client_certificate_is_shown_where_it_is_asked_for() {
    let (authority, other) = (Authority::new(), Authority::new());
    let mut server = TlsRedis::start(&authority, &authority.certificate("127.0.0.1"), true);
    add_a_driver(&mut server.redis);
    let ca = authority.file();
    let (url, ca) = (server.url(), ca.to_str().unwrap());
    let (code, _, err) = drivers(&["--redis", &url, "--redis-ca", ca], &[]);
    assert_eq!(code, 1);
    assert!(err.contains("asks for a client certificate") && err.contains("--redis-cert"), "{err}");

    let (ours, foreign) = (authority.certificate("console"), other.certificate("console"));
    let with = |identity: &common::tls::Identity| {
        let (certificate, key) = (identity.certificate.to_str().unwrap(), identity.key.to_str().unwrap());
        drivers(&["--redis", &url, "--redis-ca", ca, "--redis-cert", certificate, "--redis-key", key], &[])
    };
    let (code, out, err) = with(&ours);
    assert_eq!((code, out.contains("kilo"), err.as_str()), (0, true, ""));
    let (code, _, err) = with(&foreign);
    assert_eq!(code, 1);
    assert!(err.contains("does not accept our certificate"), "{err}");
}
