//! What people, scripts and accidents put on the command line: it is turned down in words, before anything is asked of Redis, and
//! nothing panics.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::Output;

use crate::common::command::cabstand;

/// Where no Redis is: what gets as far as that has passed the command line.
const NOWHERE: &str = "unix:/nonexistent/cabstand/redis.sock";

fn run<Word: Into<OsString>>(words: impl IntoIterator<Item = Word>) -> (Option<i32>, String) {
    told(cabstand().env("CABSTAND_REDIS", NOWHERE).args(words.into_iter().map(Into::into)).output().unwrap())
}

/// Its exit code, and all that it said.
fn told(output: Output) -> (Option<i32>, String) {
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code(), said)
}

/// Turned down as wrong usage, in words that have these among them.
fn turned_down(what: &str, (code, said): &(Option<i32>, String), words: &str) {
    assert_eq!(*code, Some(2), "{what}: {said}");
    assert!(said.contains(words), "{what}: {said}");
}

#[test]
fn numbers_beyond_all_reason_are_turned_down() {
    let cases = [
        ("extend 1 --by 99999999999h", "a duration is from 1ms to 365days"),
        ("extend 1 --by 99999999999999999999999h", "a duration is written like"),
        ("extend 1 --by 0s", "a duration is from 1ms"),
        ("extend 1 --by=-1s", "a duration is written like"),
        ("extend 1 --by 1", "a duration is written like"),
        ("extend 1 --by NaNs", "a duration is written like"),
        ("search --at 1,2 --ttl 18446744073709551615s", "a duration is from 1ms to 365days"),
        ("search --at 1,2 --interval 1e9s", "a duration is written like"),
        ("search --at 1,2 --radius 1e999km", "a distance is written like"),
        ("search --at 1,2 --radius NaNm", "a distance is written like"),
        ("search --at 1,2 --radius infkm", "a distance is written like"),
        ("search --at 1,2 --radius 0m", "above 0"),
        ("widen 1 --to 20001km", "at most 20000km"),
        ("widen 1 --to=-5km", "above 0"),
        ("search --at NaN,0", "a latitude is a number"),
        ("search --at 0,inf", "a longitude is a number"),
        ("search --at 1e999,0", "a latitude is a number"),
        ("search --at 90,0", "a latitude is a number"),
        ("search --at 0,180.1", "a longitude is a number"),
        ("search --at 1", "a place is written"),
        ("search --at ,", "a place is written"),
        ("search --at 1,2,3", "a place is written"),
        ("move 17 --to nowhere", "a place is written"),
        ("cancel 0", "a request id is a whole number"),
        ("cancel 9223372036854775808", "a request id is a whole number"),
        ("cancel 99999999999999999999999", "a request id is a whole number"),
        ("cancel drivers", "a request id is a whole number"),
        ("cancel 01", "a request id is a whole number"),
        ("expire 1 2 x", "a request id is a whole number"),
        ("simulate --rate 1e999", "--rate"),
        ("simulate --rate NaN", "--rate"),
        ("simulate --rate=-1", "--rate"),
        ("simulate --connections 0", "1..=10000"),
        ("simulate --connections 99999", "1..=10000"),
        ("events --last 99999999999999999999999", "--last"),
        ("serve --listen 127.0.0.1:99999", "--listen"),
        ("serve --listen nowhere", "--listen"),
        ("drivers --region a:b", "a region's name"),
        ("nothing", "unrecognized subcommand"),
        ("--nothing", "unexpected argument"),
    ];
    for (line, words) in cases {
        turned_down(line, &run(line.split(' ')), words);
    }
}

#[test]
fn an_empty_text_is_no_value() {
    let cases: [&[&str]; 12] = [
        &["search", "--at", ""],
        &["search", "--at", "1,2", "--user", ""],
        &["search", "--at", "1,2", "--radius", ""],
        &["extend", "1", "--by", ""],
        &["cancel", ""],
        &["assign", "1", ""],
        &["move", "", "--to", "1,2"],
        &["remove", ""],
        &["drivers", "--region", ""],
        &["drivers", "--redis", ""],
        &["drivers", "--config", ""],
        &[""],
    ];
    for words in cases {
        let (code, said) = run(words.iter().copied());
        assert_eq!(code, Some(2), "{words:?}: {said}");
        assert!(!said.trim().is_empty(), "{words:?}");
    }
}

#[test]
fn what_is_no_text_is_turned_down() {
    let odd = || OsString::from_vec(b"a\xff\x1b[2J".to_vec());
    let cases: [Vec<OsString>; 8] = [
        vec![odd()],
        vec!["cancel".into(), odd()],
        vec!["remove".into(), odd()],
        vec!["search".into(), "--at".into(), odd()],
        vec!["drivers".into(), "--region".into(), odd()],
        vec!["drivers".into(), "--redis".into(), odd()],
        vec!["console".into(), "--theme".into(), odd()],
        vec!["drivers".into(), "--config".into(), odd()],
    ];
    for words in cases {
        let (code, said) = run(words.clone());
        assert_eq!(code, Some(2), "{words:?}: {said}");
        assert!(!said.contains('\x1b'), "{words:?}: {said:?}");
    }
    // A path may have any bytes: this one leads nowhere.
    let (code, said) = run(["console".into(), "--overlay".into(), odd()]);
    assert!(matches!(code, Some(1 | 2)), "{said}");
}

#[test]
fn a_name_that_would_move_the_cursor_is_turned_down_and_not_shown() {
    for name in ["\u{1b}[2J", "a\nb", "a\u{202e}b", "\u{200b}", &"x".repeat(129)] {
        let cases: [&[&str]; 3] =
            [&["remove", name], &["assign", "1", name], &["search", "--at", "1,2", "--user", name]];
        for words in cases {
            let (code, said) = run(words.iter().copied());
            assert_eq!(code, Some(2), "{words:?}: {said}");
            assert!(!said.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{words:?}: {said:?}");
        }
    }
}

#[test]
fn very_many_and_very_long_words_are_borne() {
    let ids: Vec<String> = (1..=5_000).map(|id| id.to_string()).collect();
    let (code, said) = run(["cancel".to_owned()].into_iter().chain(ids));
    assert_eq!(code, Some(1), "there is no Redis: {said}");
    let long = "9".repeat(100_000);
    turned_down("a long id", &run(["cancel", &long]), "a request id is a whole number");
    turned_down("a long place", &run(["search", "--at", &format!("{long},0")]), "a latitude is a number");
}

fn with_config(file: &Path) -> (Option<i32>, String) {
    run(["drivers".into(), "--config".into(), file.as_os_str().to_owned()])
}

#[test]
fn a_configuration_that_is_none_is_turned_down() {
    let directory = tempfile::tempdir().unwrap();
    turned_down("a directory", &with_config(directory.path()), "can't be read");
    turned_down("nothing", &with_config(Path::new("/nonexistent/config.toml")), "can't be read");
    turned_down("a device without end", &with_config(Path::new("/dev/zero")), "larger than 1 MiB");
    let sparse = directory.path().join("sparse");
    File::create(&sparse).unwrap().set_len(1 << 30).unwrap();
    turned_down("a gigabyte of nothing", &with_config(&sparse), "larger than 1 MiB");
    let file = directory.path().join("config.toml");
    let cases: [(&str, &[u8], &str); 9] = [
        ("bytes", b"\x7fELF\x02\x01\x01\0\xff\xfe", "can't be read"),
        ("zero bytes", &[0; 64], "is not valid TOML"),
        ("the beginning of a table", b"[console", "is not valid TOML"),
        ("an unknown option", b"nothing = 1\n", "there is no option \"nothing\""),
        ("an unknown table", b"[nothing]\n", "there is no option \"[nothing]\""),
        ("a list for a text", b"[console]\ntheme = []\n", "takes a text"),
        ("a key that is none", b"[keys]\ncancel = \"ctrl-ctrl\"\n", "is no key"),
        ("a key with two meanings", b"[keys]\ncancel = \"q\"\n", "would mean both"),
        ("an escape in a name", b"\"\\u001b[2J\" = 1\n", "there is no option"),
    ];
    for (what, text, words) in cases {
        fs::write(&file, text).unwrap();
        let told = with_config(&file);
        turned_down(what, &told, words);
        assert!(!told.1.contains('\x1b'), "{what}: {:?}", told.1);
    }
    // Tables in tables without end.
    fs::write(&file, "a.".repeat(50_000) + "b = 1\n").unwrap();
    assert_eq!(with_config(&file).0, Some(2));
    fs::write(&file, format!("a = {}{}\n", "[".repeat(50_000), "]".repeat(50_000))).unwrap();
    assert_eq!(with_config(&file).0, Some(2));
}

#[test]
fn a_variable_is_held_to_the_same() {
    for (name, value, words) in [
        ("CABSTAND_TTL", "99999999999h", "a duration is from 1ms to 365days"),
        ("CABSTAND_RADIUS", "NaNm", "a distance is written like"),
        ("CABSTAND_REGION", "a b", "a region's name"),
        ("CABSTAND_CONFIG", "/", "can't be read"),
    ] {
        let mut command = cabstand();
        command.env("CABSTAND_REDIS", NOWHERE).env(name, value).args(["search", "--at", "1,2"]);
        turned_down(name, &told(command.output().unwrap()), words);
    }
    let mut command = cabstand();
    let odd = OsString::from_vec(b"\xff".to_vec());
    command.env("CABSTAND_REDIS", NOWHERE).env("CABSTAND_REGION", odd).arg("drivers");
    let (code, said) = told(command.output().unwrap());
    assert_eq!(code, Some(2), "{said}");
}
