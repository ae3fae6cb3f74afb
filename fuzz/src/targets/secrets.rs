//! Files with secrets: the service's tokens, and the password for Redis. What stands in them is told to nobody.

use cabstand::api::{Line, Role, Tokens};
use cabstand::cli::fuzzing::password;

use crate::safe::assert_safe;

/// A token, or a password, and a part of it that is looked for wherever something is said.
const SECRET: &str = "Zk7-hunter2.hunter2";
const PART: &str = "hunter2";

/// Reads a file as either, and the same with a secret on its last line, and before all of it.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    hold_tokens(&text);
    hold_password(bytes);
    if text.contains(PART) {
        return;
    }
    // Behind a token a word is a name, which may be told.
    for file in [format!("{text}\n{SECRET}"), format!("rider {SECRET}\n{text}"), format!("{SECRET} {text}")] {
        let told = [hold_tokens(&file), hold_password(file.as_bytes())];
        assert!(told.iter().all(|told| !told.contains(PART)), "{told:?}");
    }
}

/// All that is ever said of the tokens.
fn hold_tokens(text: &str) -> String {
    let lines = match Line::read_all(text) {
        Ok(lines) => lines,
        Err(error) => {
            assert_safe(&error.to_string());
            return format!("{error} {error:?}");
        }
    };
    lines.iter().filter_map(|line| line.name.as_deref()).for_each(assert_safe);
    for driver in lines.iter().filter_map(|line| line.driver.as_ref()) {
        assert_safe(driver.as_str());
        assert!(!driver.as_str().contains(|c: char| c == '#' || c.is_whitespace()), "{driver}");
    }
    assert!(lines.iter().all(|line| line.driver.is_none() || line.role == Role::Driver && line.name.is_none()));
    assert!(lines.iter().map(|line| line.number).is_sorted_by(|a, b| a < b), "one token on a line");
    let (count, told) = (lines.len(), format!("{lines:?}"));
    let tokens = Tokens::new(lines);
    assert_eq!(Role::ALL.into_iter().map(|role| tokens.count(role)).sum::<usize>(), count);
    format!("{told} {tokens:?}")
}

/// All that is ever said of the password.
fn hold_password(bytes: &[u8]) -> String {
    match password(bytes) {
        Ok(password) => {
            let end = bytes.strip_prefix(password.as_bytes()).expect("it is the beginning of the file");
            assert!([&b""[..], b"\n", b"\r\n"].contains(&end) && !password.is_empty(), "{end:?}");
            assert!(!password.contains(['\n', '\0']));
            String::new()
        }
        Err(why) => why.to_owned(),
    }
}
