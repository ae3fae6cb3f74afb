//! The doors of Redis: TLS, users and passwords, as the real binary goes through them, and what it says where it cannot.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::command::{cabstand, told};
use crate::common::tls::{Authority, TlsRedis, free_port};
use crate::common::{LAT, LNG, PATIENCE, Redis};

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
    let with = |identity: &crate::common::tls::Identity| {
        let (certificate, key) = (identity.certificate.to_str().unwrap(), identity.key.to_str().unwrap());
        drivers(&["--redis", &url, "--redis-ca", ca, "--redis-cert", certificate, "--redis-key", key], &[])
    };
    let (code, out, err) = with(&ours);
    assert_eq!((code, out.contains("kilo"), err.as_str()), (0, true, ""));
    let (code, _, err) = with(&foreign);
    assert_eq!(code, 1);
    assert!(err.contains("does not accept our certificate"), "{err}");
}

/// A password that stands nowhere else, and needs no escape in a URL.
const SECRET: &str = "Tr0ub4dor-and-3";

/// Runs the binary in this way and answers all that can be seen of it by others than its user: its outputs, and its arguments.
fn seen(change: impl FnOnce(&mut Command)) -> String {
    let mut command = cabstand();
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
    change(&mut command);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let process = child.id();
    let mut arguments = String::new();
    // After a while it looks as if it had been started so; of a run that is over there is nothing to be seen.
    let (enough, too_long) = (Instant::now() + Duration::from_millis(400), Instant::now() + PATIENCE);
    while Instant::now() < enough || (arguments.contains(SECRET) && Instant::now() < too_long) {
        if child.try_wait().unwrap().is_some() {
            arguments.clear();
            break;
        }
        arguments = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}\n{arguments}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_password_is_never_seen() {
    let mut redis = Redis::start();
    add_a_driver(&mut redis);
    redis.run::<()>(&format!("ACL SETUSER ana on >{SECRET} ~* &* +@all"));
    let socket = redis.server.url();
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let password = file("password", &format!("{SECRET}\n"));
    let two_lines = file("two", &format!("{SECRET}\n{SECRET}\n"));
    let (port, broken) = (free_port(), format!("redis = \"redis://ana:{SECRET}@h"));
    let configurations = [
        file("good.toml", &format!("redis = \"{socket}?user=ana&pass={SECRET}\"\n")),
        file("broken.toml", &broken),
        file("odd.toml", &format!("redis = [\"redis://ana:{SECRET}@h\"]\n")),
        file("unknown.toml", &format!("redis-password = \"{SECRET}\"\n")),
    ];
    let urls = [
        format!("{socket}?user=ana&pass={SECRET}"),
        format!("{socket}?user=nobody&pass={SECRET}"),
        format!("redis://ana:{SECRET}@127.0.0.1:{port}"),
        format!("rediss://ana:{SECRET}@127.0.0.1:{port}"),
        format!("redis://ana:{SECRET}@127.0.0.1:port/none"),
        format!("redis://ana:{SECRET}%@h"),
        format!("rediss://ana:{SECRET}@h/#insecure"),
        format!("redis://ana:{SECRET}/@:#@nowhere.invalid"),
        format!("redis:ana:{SECRET}@h"),
    ];
    let commands =
        ["drivers", "events --follow", "serve --listen 127.0.0.1:0", "doctor", "acl viewer", "console", "none"];
    let mut shown = Vec::new();
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        for url in &urls {
            shown.push(seen(|run| _ = run.args(&words).args(["--redis", url])));
        }
        shown.push(seen(|run| _ = run.args(&words).arg(format!("--redis={}", urls[0]))));
        shown.push(seen(|run| _ = run.args(&words).env("CABSTAND_REDIS", &urls[1])));
        shown.push(seen(|run| {
            run.args(&words).args(["--redis", &socket, "--redis-user", "ana", "--redis-password-file", &password]);
        }));
    }
    for configuration in &configurations {
        shown.push(seen(|run| _ = run.args(["drivers", "--config", configuration])));
    }
    for variable in [SECRET, ""] {
        let options = ["drivers", "--redis", &socket, "--redis-user", "ana"];
        shown.push(seen(|run| _ = run.args(options).env("CABSTAND_REDIS_PASSWORD", variable)));
        shown.push(seen(|run| _ = run.args(["--help"]).env("CABSTAND_REDIS_PASSWORD", variable)));
    }
    shown.push(seen(|run| _ = run.args(["drivers", "--redis-password-file", &two_lines])));
    shown.push(seen(|run| _ = run.args(["drivers", &urls[0]])));
    shown.push(seen(|run| _ = run.args(["--help"]).env("CABSTAND_REDIS", &urls[0])));
    shown.push(seen(|run| _ = run.args(["drivers", "--redis", &urls[0], "--region", "a b"])));
    for text in &shown {
        assert!(!text.contains(SECRET) && !text.contains("b4dor"), "{text}");
    }
    let all = shown.join("\n");
    for word in ["kilo", "connection refused", "wrong user or password", "there is no option", "line 1", "#insecure"] {
        assert!(all.contains(word), "the sweep has not come by {word:?}");
    }
}

#[test]
fn the_password_of_a_file_a_variable_and_a_url_opens_the_door() {
    let mut redis = Redis::start();
    add_a_driver(&mut redis);
    redis.run::<()>(&format!("ACL SETUSER ana on >{SECRET} ~* &* +@all"));
    redis.run::<()>("ACL SETUSER default off");
    let url = redis.server.url();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), format!("{SECRET}\r\n")).unwrap();
    let (file, as_ana) = (file.path().to_str().unwrap(), format!("{url}?user=ana"));
    let (own, name) = (format!("{url}?user=ana&pass={SECRET}"), "CABSTAND_REDIS_PASSWORD");
    let opens = |arguments: &[&str], variables: &[(&str, &str)]| {
        let (code, out, err) = drivers(arguments, variables);
        assert_eq!((code, out.contains("kilo"), err.as_str()), (0, true, ""), "{arguments:?} {variables:?}");
    };
    opens(&["--redis", &url, "--redis-user", "ana", "--redis-password-file", file], &[]);
    opens(&["--redis", &url, "--redis-user", "ana"], &[(name, SECRET)]);
    opens(&["--redis", &as_ana], &[(name, SECRET)]);
    // The URL's own comes first, then the file, then the variable.
    opens(&["--redis", &own, "--redis-user", "other"], &[(name, "wrong")]);
    opens(&["--redis", &as_ana, "--redis-password-file", file], &[(name, "wrong")]);
    let (code, _, err) = drivers(&["--redis", &as_ana], &[]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("--redis-password-file FILE"), "{err}");
    let (code, _, err) = drivers(&["--redis", &url], &[]);
    assert_eq!(code, 1);
    assert!(err.contains("--redis-user"), "{err}");
}
