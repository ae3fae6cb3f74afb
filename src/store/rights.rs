//! What each role needs in Redis, and not more: commands, keys, channels. It is written down as an `ACL SETUSER` line, and tried out.
//!
//! A script is checked command by command and key by key under the rights of whoever calls it, so what is not granted here
//! cannot be done by one either.

use std::fmt;
use std::str::FromStr;

use super::Region;
use super::keys::Keys;

/// Who works on a Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Looks at everything and changes nothing: `cabstand console --read-only`, the listings, the doctor.
    Viewer,
    /// Acts on searches and drivers: the console, and its actions as commands.
    Operator,
    /// Runs the service and its worker; and all of an operator's.
    Service,
}

impl Role {
    /// All of them, the one with the least rights first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Service];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no name of a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a user's name has 1 to 64 letters, digits, '-', '_', '.' or '@'")]
pub struct InvalidUser;

/// The name of a user in Redis' ACL, of signs that need no quotes anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User(String);

impl FromStr for User {
    type Err = InvalidUser;

    fn from_str(name: &str) -> Result<Self, InvalidUser> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        if (1..=64).contains(&name.len()) && name.chars().all(plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidUser)
        }
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// For which Redis rights are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// 6.2, which has no rights to read a key alone: a viewer is kept from writing by its commands.
    Redis6,
    /// 7.0 and newer, and Valkey.
    Redis7,
}

/// A pattern of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRight {
    /// As Redis has patterns.
    pub pattern: String,
    /// Whether it may be written, too.
    pub write: bool,
}

/// What a role may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Commands, with `|` before a subcommand.
    pub commands: Vec<&'static str>,
    /// Keys.
    pub keys: Vec<KeyRight>,
    /// Channels and patterns of them, each as it is subscribed to.
    pub channels: Vec<String>,
}

/// The connection, and what `doctor` asks the server of itself. In a transaction that is thrown away it tries what is allowed.
const BASIC: [&str; 5] = ["ping", "time", "info", "multi", "discard"];
const READ: [&str; 23] = [
    "exists",
    "type",
    "get",
    "mget",
    "pttl",
    "hget",
    "hmget",
    "hgetall",
    "zcard",
    "zcount",
    "zscore",
    "zmscore",
    "zrange",
    "zrangebyscore",
    "geopos",
    "geosearch",
    "xlen",
    "xread",
    "xrange",
    "xrevrange",
    "scan",
    "zscan",
    "subscribe",
];
const LISTEN: [&str; 1] = ["psubscribe"];
/// Scripts that can only read, where Redis knows of such.
const READ_BY_SCRIPT: [&str; 2] = ["eval_ro", "evalsha_ro"];
const SCRIPT: [&str; 2] = ["eval", "evalsha"];
/// What an operator's scripts do.
const WRITE: [&str; 14] = [
    "set",
    "del",
    "incr",
    "pexpire",
    "persist",
    "hset",
    "hsetnx",
    "hdel",
    "zadd",
    "zrem",
    "zremrangebyscore",
    "geoadd",
    "xadd",
    "xdel",
];
/// What the service does with its groups of readers, and to count what they lost.
const GROUPS: [&str; 11] = [
    "xgroup|create",
    "xgroup|delconsumer",
    "xgroup|setid",
    "xinfo|consumers",
    "xinfo|groups",
    "xinfo|stream",
    "xreadgroup",
    "xack",
    "xautoclaim",
    "xpending",
    "hincrby",
];

impl Rights {
    /// What this role needs in a region, in the database of this number.
    #[must_use]
    pub fn of(role: Role, region: Option<&Region>, db: i64, dialect: Dialect) -> Self {
        Self::with_keys(role, &Keys::new(region), db, dialect)
    }

    pub(super) fn with_keys(role: Role, keys: &Keys, db: i64, dialect: Dialect) -> Self {
        let write = role != Role::Viewer;
        let mut commands = Vec::from(BASIC);
        if db != 0 {
            commands.push("select");
        }
        commands.extend(READ);
        commands.extend(LISTEN);
        if dialect == Dialect::Redis7 {
            commands.extend(READ_BY_SCRIPT);
        }
        if write || dialect == Dialect::Redis6 {
            commands.extend(SCRIPT);
        }
        if write {
            commands.extend(WRITE);
        }
        if role == Role::Service {
            commands.extend(GROUPS);
        }
        let mut patterns = keys.of_scripts().map(str::to_owned).to_vec();
        patterns.extend(keys.of_requests());
        patterns.push(format!("{}:*", keys.reach));
        if write {
            patterns.extend([format!("{}*", keys.canary), format!("{}*", keys.open)]);
        }
        if role == Role::Service {
            let (outbox, messages) = (keys.outbox.clone(), format!("{}*", keys.messages));
            patterns.extend([outbox, messages, keys.dead_letters.clone(), keys.delivery.clone()]);
        }
        Self {
            commands,
            keys: patterns.into_iter().map(|pattern| KeyRight { pattern, write }).collect(),
            channels: keys.channels(db),
        }
    }

    /// These rights as the command that gives them to a user. A user who is there keeps the password and loses all other
    /// rights; a new one has no password yet, and so cannot enter. `hash` is the SHA-256 of a password, in hexadecimal
    /// digits, which is set in place of all others.
    #[must_use]
    pub fn line(&self, user: &User, dialect: Dialect, hash: Option<&str>) -> String {
        let mut words: Vec<String> = ["ACL", "SETUSER", &user.0, "on"].map(str::to_owned).to_vec();
        if let Some(hash) = hash {
            words.extend(["resetpass".to_owned(), format!("#{hash}")]);
        }
        words.extend(["resetkeys", "resetchannels"].map(str::to_owned));
        if dialect == Dialect::Redis7 {
            words.push("clearselectors".to_owned());
        }
        words.push("-@all".to_owned());
        words.extend(self.commands.iter().map(|command| format!("+{command}")));
        words.extend(self.keys.iter().map(|KeyRight { pattern, write }| match (dialect, write) {
            (Dialect::Redis7, false) => format!("%R~{pattern}"),
            _ => format!("~{pattern}"),
        }));
        words.extend(self.channels.iter().map(|channel| format!("&{channel}")));
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(role: Role, region: Option<&str>, db: i64, dialect: Dialect) -> String {
        let region = region.map(|name| name.parse::<Region>().unwrap());
        Rights::of(role, region.as_ref(), db, dialect).line(&"ana".parse().unwrap(), dialect, None)
    }

    #[test]
    fn a_viewer_has_no_word_that_writes() {
        let seven = line(Role::Viewer, None, 0, Dialect::Redis7);
        assert!(seven.starts_with("ACL SETUSER ana on resetkeys resetchannels clearselectors -@all +ping "), "{seven}");
        assert!(!seven.contains(" ~") && seven.contains(" %R~drivers ") && !seven.contains("+eval "), "{seven}");
        let six = line(Role::Viewer, None, 0, Dialect::Redis6);
        assert!(six.contains(" ~drivers ") && !six.contains("%R") && six.contains(" +evalsha "), "{six}");
        for line in [seven, six] {
            for command in WRITE.iter().chain(&GROUPS) {
                assert!(!line.contains(&format!("+{command} ")), "{line}");
            }
            assert!(!line.contains("outbox") && !line.contains("nopass") && !line.contains('>'), "{line}");
        }
    }

    #[test]
    fn region_and_database_are_in_the_names() {
        let line = line(Role::Service, Some("stgo"), 3, Dialect::Redis7);
        for word in [
            " +select ",
            " ~{stgo}:[1-9]* ",
            " ~{stgo}:cabstand:outbox:* ",
            " ~{stgo}:cabstand:reach:* ",
            " &__keyspace@3__:{stgo}:drivers ",
        ] {
            assert!(line.contains(word), "{word} {line}");
        }
        assert!(!line.contains(" ~drivers ") && !line.contains("@0__"), "{line}");
    }

    #[test]
    fn a_user_is_a_plain_name() {
        for name in ["", "a b", "a\n", ">p", "ñ", "\"", &"x".repeat(65)] {
            assert_eq!(name.parse::<User>(), Err(InvalidUser), "{name:?}");
        }
    }
}
