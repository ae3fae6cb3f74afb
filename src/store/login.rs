//! Who enters a Redis and with which password: a user, and a password that is never shown.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A user and a password. Either may be missing.
#[derive(Debug, Clone, Default)]
pub struct Login {
    /// The user of Redis' ACL; its `default` where there is none.
    pub user: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
}

/// A URL and the password that stood in it.
#[derive(Debug)]
pub struct Split {
    /// The URL without it.
    pub url: String,
    /// The password; none where there was none.
    pub password: Option<Written>,
}

impl Split {
    /// Whether a text begins as the URL of a Redis does.
    #[must_use]
    pub fn is_url(text: &str) -> bool {
        text.split_once(':').is_some_and(|(scheme, _)| SCHEMES.contains(&scheme))
    }
}

/// A password as it is written in a URL, with its escapes.
#[derive(Clone)]
pub struct Written(SecretString);

impl Written {
    /// One that was handed on by [`Written::handed_on`].
    #[must_use]
    pub fn new(written: String) -> Self {
        Self(written.into())
    }

    /// For another process alone, in a place where nobody else can read it.
    #[must_use]
    pub fn handed_on(&self) -> &str {
        self.0.expose_secret()
    }

    /// The password that is meant; none where an escape is none, or what is meant is no text.
    #[must_use]
    pub fn decoded(&self) -> Option<SecretString> {
        let mut bytes = Vec::new();
        let mut rest = self.0.expose_secret().bytes();
        while let Some(byte) = rest.next() {
            bytes.push(if byte == b'%' { hex(rest.next()?)? << 4 | hex(rest.next()?)? } else { byte });
        }
        String::from_utf8(bytes).ok().map(SecretString::from)
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a password")
    }
}

impl Split {
    /// Takes the password out of a URL, however broken the rest of it is: from between the user and the last `@`, and what is
    /// called `pass` after the `?` of a unix socket's.
    #[must_use]
    pub fn of(url: &str) -> Self {
        let whole = || Self { url: url.to_owned(), password: None };
        let scheme = SCHEMES.iter().find(|scheme| url.strip_prefix(*scheme).is_some_and(|rest| rest.starts_with(':')));
        if scheme.is_some_and(|scheme| scheme.ends_with("unix")) {
            let Some((path, query)) = url.split_once('?') else { return whole() };
            let (passes, kept): (Vec<&str>, Vec<&str>) =
                query.split('&').partition(|pair| pair.split('=').next() == Some("pass"));
            let password = passes.last().and_then(|pair| pair.split_once('='));
            // In this part of a URL a + stands for a space.
            let password = password.map(|(_, value)| Written::new(value.replace('+', "%20")));
            let mark = if kept.is_empty() { "" } else { "?" };
            return Self { url: format!("{path}{mark}{}", kept.join("&")), password };
        }
        let Some((before, place)) = url.rsplit_once('@') else { return whole() };
        let start = scheme.map_or(0, |scheme| scheme.len() + 1);
        let start = start + before[start..].len() - before[start..].trim_start_matches('/').len();
        let (head, who) = before.split_at(start);
        let Some((user, password)) = who.split_once(':') else { return whole() };
        let at = if user.is_empty() { "" } else { "@" };
        Self { url: format!("{head}{user}{at}{place}"), password: Some(Written::new(password.to_owned())) }
    }
}

/// Schemes of the URLs that a Redis has.
const SCHEMES: [&str; 7] = ["redis", "rediss", "valkey", "valkeys", "unix", "redis+unix", "valkey+unix"];

#[cfg(test)]
mod tests {
    use super::*;

    fn split(url: &str) -> (String, Option<String>) {
        let Split { url, password } = Split::of(url);
        (url, password.map(|written| written.handed_on().to_owned()))
    }

    #[test]
    fn the_password_leaves_the_url_and_the_rest_stays() {
        let some = |text: &str| Some(text.to_owned());
        for (url, left, password) in [
            ("redis://h:1/2", "redis://h:1/2", None),
            ("redis://u@h", "redis://u@h", None),
            ("redis://u:p@h:1/2", "redis://u@h:1/2", some("p")),
            ("rediss://:p@h", "rediss://h", some("p")),
            ("redis://u:p/w@x@h", "redis://u@h", some("p/w@x")),
            ("unix:/s?db=1&user=u&pass=p", "unix:/s?db=1&user=u", some("p")),
            ("unix:/s?pass=p", "unix:/s", some("p")),
            ("unix:///s?pass=a&pass=p", "unix:///s", some("p")),
            ("unix:/s?db=1", "unix:/s?db=1", None),
            ("redis:u:p@h", "redis:u@h", some("p")),
            ("u:p@h:1", "u@h:1", some("p")),
            ("redis:@", "redis:@", None),
            ("console", "console", None),
        ] {
            assert_eq!(split(url), (left.to_owned(), password), "{url}");
        }
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let login = Login { user: None, password: Some("hunter2".into()) };
        let split = Split::of("redis://u:hunter2@h");
        assert!(!format!("{login:?} {split:?}").contains("hunter2"));
    }
}
