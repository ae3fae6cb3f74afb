//! What can go wrong with Redis, in words that say what to do.

use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::{Address, Ailment, InvalidCounter, Misshapen, QuotaScope};
use crate::domain::{Actor, DriverId, Metres, RequestId, State, UnixMs, clean};

/// What a script says that came too late, as `lib_deed.lua` has it.
const OVERDUE: &str = "OVERDUE";

/// Why something was not read or not done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The address cannot be used.
    #[error("this is no address of a Redis: {0}")]
    Address(String),
    /// Nobody answers.
    #[error("Redis at {address} can't be reached: {reason}")]
    Away {
        /// Where it was looked for.
        address: String,
        /// What the system said.
        reason: String,
        /// Whether something was asked already: then it is not known whether that was carried out.
        asked: bool,
    },
    /// Redis is there, and says that it cannot: nothing was done.
    #[error("Redis at {address} {}: {reason}", .ailment.meaning())]
    Unwell {
        /// Which Redis.
        address: String,
        /// What it suffers from.
        ailment: Ailment,
        /// What to do about it, or what we were turned away for.
        reason: String,
    },
    /// Redis turned a command down.
    #[error("Redis at {address} refused a command: {reason}")]
    Server {
        /// Which Redis.
        address: String,
        /// What it said.
        reason: String,
    },
    /// Redis answered something that this program does not expect.
    #[error("Redis answered something unexpected: {0}")]
    Answer(String),
    /// A key of ours is of another type than it should be.
    #[error("{0}: another program has written there; `cabstand doctor` says what to do")]
    Misshapen(#[from] Misshapen),
    /// No request id can be given.
    #[error(transparent)]
    InvalidCounter(#[from] InvalidCounter),
    /// The server is not set up as it has to be.
    #[error("{0}")]
    Setup(String),
    /// The rules say no, and nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// This handle reads only, or its time to act is up.
    #[error("nothing was changed: this console only looks; :arm 10m lets it act")]
    ReadOnly,
}

/// Why an action was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// There is no such request, or it ended more than an hour ago.
    #[error("request {0} is not known")]
    UnknownRequest(RequestId),
    /// Somebody or something was first.
    #[error("request {id} has ended already: {state}{}", by_whom(.by.as_ref()))]
    AlreadyEnded {
        /// Which request.
        id: RequestId,
        /// How it ended.
        state: State,
        /// Who ended it.
        by: Option<String>,
        /// When.
        at: Option<UnixMs>,
    },
    /// The driver is not available: never there, taken, or removed.
    #[error("driver {id} is not on the map{}", last.as_ref().map(|last| format!(": {last}")).unwrap_or_default())]
    UnknownDriver {
        /// Which driver.
        id: DriverId,
        /// What last became of it, in words, as far as the stream still tells.
        last: Option<String>,
    },
    /// The driver stands elsewhere than it was thought to.
    #[error("driver {id} was moved meanwhile {by}")]
    DriverElsewhere {
        /// Which driver.
        id: DriverId,
        /// By whom, in words.
        by: String,
    },
    /// The radius of a request is another one than it was thought to be.
    #[error("request {id} looks as far as {radius} now{}", set_by(.by.as_ref()))]
    OtherRadius {
        /// Which request.
        id: RequestId,
        /// How far.
        radius: Metres,
        /// Who has set it so, as far as that is told.
        by: Option<Actor>,
    },
    /// A request of the article's own service has a key alone.
    #[error("request {0} is external: it has no record, and so no place to look for a driver")]
    Foreign(RequestId),
    /// A record that a foreign hand has spoilt.
    #[error("request {0} has a damaged record: no driver can be looked for; `cabstand doctor` names what is wrong")]
    Damaged(RequestId),
    /// A record in a state that only a later version knows.
    #[error("request {id} is in the state \"{state}\", which a newer cabstand has written: act on it with that one")]
    Newer {
        /// Which request.
        id: RequestId,
        /// The word in its record.
        state: String,
    },
    /// A key without TTL has no deadline.
    #[error("request {0} has no deadline: its key has no TTL")]
    NoDeadline(RequestId),
    /// There is no end that could be taken back.
    #[error("request {0} is still searching: there is no end to take back")]
    StillSearching(RequestId),
    /// The cancelled key is gone, or says something else.
    #[error("request {0} was cancelled too long ago to be opened again")]
    TooLate(RequestId),
    /// A radius that no request can have.
    #[error("a radius is above 0 and at most 20000km")]
    Radius,
    /// It reached Redis after the time until which it was to be done.
    #[error("it came too late to Redis, and nothing was changed; ask for it again")]
    Overdue,
    /// A rider or a client has as many requests open as it may have.
    #[error("{bound} requests are open, and there may not be more at once")]
    TooManyOpen {
        /// Whose quota is used up.
        scope: QuotaScope,
        /// How many there may be.
        bound: u32,
        /// When the first of them is over, unless it is cancelled before.
        wait: Duration,
    },
    /// A driver of that name is there.
    #[error("driver {0} is on the map already")]
    DriverExists(DriverId),
}

fn set_by(who: Option<&Actor>) -> String {
    who.map(|who| format!(", set by {who}")).unwrap_or_default()
}

fn by_whom(who: Option<&String>) -> String {
    who.map(|who| format!(" by {who}")).unwrap_or_default()
}

impl StoreError {
    pub(super) fn from_redis(address: &Address, error: &RedisError) -> Self {
        if error.code() == Some(OVERDUE) {
            return Refusal::Overdue.into();
        }
        let address = address.to_string();
        if let Some(ailment) = Ailment::of_error(error) {
            return Self::unwell(address, ailment, error.code(), error.detail());
        }
        match error.kind() {
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Self::Answer(clean(error.to_string().as_bytes())),
            ErrorKind::AuthenticationFailed => {
                Self::Unwell { address, ailment: Ailment::NoAuth, reason: WRONG_LOGIN.to_owned() }
            }
            ErrorKind::Io => Self::Away { address, reason: io_reason(error), asked: true },
            _ if error.is_connection_dropped() || error.is_timeout() => {
                Self::Away { address, reason: io_reason(error), asked: true }
            }
            kind => Self::Server {
                address,
                reason: cluster_reason(kind).map_or_else(|| clean(error.to_string().as_bytes()), str::to_owned),
            },
        }
    }

    /// What Redis has answered within a script, in its words.
    pub(super) fn from_words(address: &Address, words: &str) -> Self {
        let address = address.to_string();
        match Ailment::of_text(words) {
            Some(ailment) => Self::unwell(address, ailment, None, Some(words)),
            None => Self::Server { address, reason: clean(words.as_bytes()) },
        }
    }

    fn unwell(address: String, ailment: Ailment, code: Option<&str>, detail: Option<&str>) -> Self {
        let reason = match (ailment, code, detail) {
            (Ailment::NoAuth, Some("WRONGPASS"), _) => WRONG_LOGIN.to_owned(),
            // Which right is missing is told there alone.
            (Ailment::NotPermitted, _, Some(detail)) => {
                // Behind it stands in which script, by a number that says nothing to anybody.
                let detail = detail.split(" script: ").next().unwrap_or_default();
                format!("{}; Redis says: {}", ailment.advice(), clean(detail.as_bytes()))
            }
            _ => ailment.advice().to_owned(),
        };
        Self::Unwell { address, ailment, reason }
    }

    /// The same where nothing was asked of Redis yet.
    pub(super) fn before_asking(self) -> Self {
        match self {
            Self::Away { address, reason, .. } => Self::Away { address, reason, asked: false },
            other => other,
        }
    }

    /// A password in a URL is not written as it has to be.
    #[must_use]
    pub fn wrong_escape() -> Self {
        Self::Address("its password has a % that begins no escape; a % in a password is written %25".to_owned())
    }

    /// Whether there is a Redis that we and TLS do not get through to.
    #[must_use]
    pub fn is_about_tls(&self) -> bool {
        matches!(self, Self::Away { reason, .. } if reason.contains("TLS") || reason.contains("certificate"))
    }

    /// What went wrong, without saying at which Redis: for where that is known.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Away { reason, .. } | Self::Server { reason, .. } => reason.clone(),
            Self::Unwell { ailment, reason, .. } => format!("it {}: {reason}", ailment.meaning()),
            other => other.to_string(),
        }
    }

    /// Whether nothing can be read: Redis cannot be reached, or is in such a state. As against having said no to one thing.
    #[must_use]
    pub fn is_away(&self) -> bool {
        match self {
            Self::Away { .. } => true,
            Self::Unwell { ailment, .. } => ailment.is_away(),
            _ => false,
        }
    }

    /// Where the Redis is that it is about, without its password; none where it is about none.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Away { address, .. } | Self::Unwell { address, .. } | Self::Server { address, .. } => Some(address),
            _ => None,
        }
    }

    /// What Redis suffers from, where it is there and says so.
    #[must_use]
    pub fn ailment(&self) -> Option<Ailment> {
        match self {
            Self::Unwell { ailment, .. } => Some(*ailment),
            _ => None,
        }
    }

    /// Whether a change that was asked for may have been made all the same: its answer did not come. Where Redis said no, or was
    /// not asked, it was not.
    #[must_use]
    pub fn may_be_done(&self) -> bool {
        matches!(self, Self::Away { asked: true, .. } | Self::Answer(_))
    }
}

const WRONG_LOGIN: &str = "wrong user or password";

/// What a node of a Redis Cluster means by turning a command down, and what to do about it; `None` if it means something else.
fn cluster_reason(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Server(ServerErrorKind::CrossSlot) => Some(
            "CROSSSLOT: cabstand's keys are in several slots of this cluster; --region NAME puts all of them into one",
        ),
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            Some("MOVED: another node of this cluster holds the region's slot; name that node by --redis")
        }
        ErrorKind::Server(ServerErrorKind::TryAgain) => {
            Some("TRYAGAIN: the region's slot is being moved to another node; it goes on when that is done")
        }
        _ => None,
    }
}

fn io_reason(error: &RedisError) -> String {
    if let Some(reason) = super::tls::reason(error) {
        return reason;
    }
    if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connection_refusal() {
        "connection refused".to_owned()
    } else if error.is_connection_dropped() {
        "the connection was cut".to_owned()
    } else {
        clean(error.to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use redis::make_extension_error;

    use super::*;

    fn told(error: impl Into<RedisError>) -> StoreError {
        StoreError::from_redis(&"redis://h:7000/1".parse().unwrap(), &error.into())
    }

    #[test]
    fn only_what_was_asked_and_not_answered_may_be_done() {
        let cut = told(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(cut.is_away() && cut.may_be_done());
        assert!(
            cut.before_asking().is_away()
                && !told(io::Error::from(io::ErrorKind::BrokenPipe)).before_asking().may_be_done()
        );
        for (code, away) in
            [("LOADING", true), ("BUSY", true), ("OOM", false), ("READONLY", false), ("NOREPLICAS", false)]
        {
            let unwell = told(make_extension_error(code.to_owned(), Some("not now".to_owned())));
            assert!(unwell.ailment().is_some() && unwell.is_away() == away && !unwell.may_be_done(), "{code}");
        }
        let refused = told(make_extension_error("WRONGTYPE".to_owned(), Some("of another kind".to_owned())));
        assert!(!refused.is_away() && !refused.may_be_done() && refused.ailment().is_none());
    }

    #[test]
    fn what_ails_redis_is_said_with_what_to_do() {
        let said = told(make_extension_error("OOM".to_owned(), Some("command not allowed".to_owned())));
        let words =
            "Redis at h:7000/1 has no memory left and takes no changes: raise maxmemory, or delete what needs the room";
        assert_eq!(said.to_string(), words);
        assert_eq!(format!("Redis at h:7000/1 {}", said.reason().strip_prefix("it ").unwrap()), words);
        let detail = Some("this user has no permissions to run the 'set' command".to_owned());
        let said = told(make_extension_error("NOPERM".to_owned(), detail)).to_string();
        assert!(said.contains("'set'") && said.contains("cabstand acl ROLE"), "{said}");
    }
}
