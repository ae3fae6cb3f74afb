//! Why a caller is turned away. Tokens and tickets are quoted nowhere.

use std::time::Duration;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use metrics::counter;

use super::Rate;
use crate::api::problem::Problem;
use crate::store::QuotaScope;

/// After so many seconds one who listens too much may come back: streams end with their requests.
const AFTER_STREAMS: u64 = 5;

/// Why a caller is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Refusal {
    /// The service has no such name.
    Host,
    /// A page of somebody else's calls.
    Origin,
    /// There is no token, and one is needed.
    NoToken,
    /// Nobody has this token.
    WrongToken,
    /// More than one was shown, or in more than one place.
    TwoTokens,
    /// This is neither an operator's token nor the request's ticket; or there is no such request, which is told in the same words.
    WrongTicket,
    /// The bearer of this token may do something else.
    Role,
    /// The client calls more often than this; after so many seconds there may be another call.
    ClientRate(Rate, u64),
    /// The driver reports more often than this.
    DriverRate(Rate, u64),
    /// The client's array has more reports than its rate allows; after so many seconds the others are allowed.
    ClientReports(Rate, u64),
    /// The client brings in more new drivers than this.
    NewDrivers(Rate, u64),
    /// The token is bound to another driver.
    OtherDriver,
    /// The client listens to as many streams as it may.
    ClientStreams,
    /// All together listen to as many streams as there may be.
    Streams,
    /// The rider has as many open requests as this; after so many seconds there may be a place for another.
    RiderRequests(u32, u64),
    /// The client has as many open requests as this.
    ClientRequests(u32, u64),
}

/// The words by which those are counted who are turned away: without an answer, too, where they have more connections than one
/// client may, or do not speak TLS.
pub const REASONS: [&str; 17] = [
    "host",
    "origin",
    "no_token",
    "wrong_token",
    "two_tokens",
    "wrong_ticket",
    "role",
    "client_rate",
    "driver_rate",
    "new_drivers",
    "other_driver",
    "client_connections",
    "client_streams",
    "streams",
    "tls",
    "rider_requests",
    "client_requests",
];

/// Counts one who was turned away for this reason.
pub(in crate::api) fn count(reason: &'static str) {
    count_all(reason, 1);
}

fn count_all(reason: &'static str, count: usize) {
    counter!("cabstand_http_refused_total", "reason" => reason).increment(count as u64);
}

fn too_many_open(who: &str, bound: u32) -> String {
    let noun = if bound == 1 { "request" } else { "requests" };
    format!(
        "one {who} may have {bound} open {noun}, found ones until their time is up: cancel one that is searching, or come \
         back after the time in Retry-After"
    )
}

impl Refusal {
    /// The refusal of a request beyond a quota of open requests; there may be room again after `wait`.
    pub(in crate::api) fn too_many_open(scope: QuotaScope, bound: u32, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX);
        match scope {
            QuotaScope::Rider => Self::RiderRequests(bound, seconds),
            QuotaScope::Client => Self::ClientRequests(bound, seconds),
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Origin => "origin",
            Self::NoToken => "no_token",
            Self::WrongToken => "wrong_token",
            Self::TwoTokens => "two_tokens",
            Self::WrongTicket => "wrong_ticket",
            Self::Role => "role",
            Self::ClientRate(..) | Self::ClientReports(..) => "client_rate",
            Self::DriverRate(..) => "driver_rate",
            Self::NewDrivers(..) => "new_drivers",
            Self::OtherDriver => "other_driver",
            Self::ClientStreams => "client_streams",
            Self::Streams => "streams",
            Self::RiderRequests(..) => "rider_requests",
            Self::ClientRequests(..) => "client_requests",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin | Self::Role | Self::OtherDriver => StatusCode::FORBIDDEN,
            Self::NoToken | Self::WrongToken | Self::TwoTokens | Self::WrongTicket => StatusCode::UNAUTHORIZED,
            Self::ClientRate(..)
            | Self::DriverRate(..)
            | Self::ClientReports(..)
            | Self::NewDrivers(..)
            | Self::ClientStreams
            | Self::RiderRequests(..)
            | Self::ClientRequests(..) => StatusCode::TOO_MANY_REQUESTS,
            Self::Streams => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn detail(self) -> String {
        let fixed = match self {
            Self::ClientRate(rate, _) => {
                return format!("one client may call {rate}: come back after the time in Retry-After");
            }
            Self::DriverRate(rate, _) => {
                return format!("one driver may report {rate}: the next report tells where it is then");
            }
            Self::ClientReports(rate, seconds) => {
                return format!(
                    "one client may call {rate} (--client-rate), and each report of an array counts as a call: \
                     send this one again after {seconds} s"
                );
            }
            Self::NewDrivers(rate, seconds) => {
                return format!(
                    "one client may bring in {rate} new drivers (--client-new-drivers), and this driver is new: \
                     send its report again after {seconds} s"
                );
            }
            Self::OtherDriver => "this token is bound to another driver: it reports for that driver's id only",
            Self::RiderRequests(bound, _) => return too_many_open("rider", bound),
            Self::ClientRequests(bound, _) => return too_many_open("client", bound),
            Self::Host => "the service has no such name: it is called by the name that the header Host has to have",
            Self::Origin => "pages of this origin may not call",
            Self::NoToken => "this call needs a token, in the header Authorization: Bearer TOKEN",
            Self::WrongToken => "nobody has this token",
            Self::TwoTokens => "one token is enough, in one place",
            Self::WrongTicket => "this is no operator's token, and no ticket of such a request",
            Self::Role => "whoever has this token may do other things, but not this",
            Self::ClientStreams => "one client may listen to no more requests at once",
            Self::Streams => "as many listen as the service has places for: ask for the request as it stands instead",
        };
        fixed.to_owned()
    }

    /// What has to be told by a header, too.
    fn header(self) -> Option<(axum::http::HeaderName, HeaderValue)> {
        let challenge = |value| Some((WWW_AUTHENTICATE, HeaderValue::from_static(value)));
        match self {
            Self::NoToken => challenge("Bearer realm=\"cabstand\""),
            Self::WrongToken | Self::TwoTokens | Self::WrongTicket => {
                challenge("Bearer realm=\"cabstand\", error=\"invalid_token\"")
            }
            Self::Role | Self::OtherDriver => challenge("Bearer realm=\"cabstand\", error=\"insufficient_scope\""),
            Self::ClientRate(_, seconds)
            | Self::DriverRate(_, seconds)
            | Self::ClientReports(_, seconds)
            | Self::NewDrivers(_, seconds)
            | Self::RiderRequests(_, seconds)
            | Self::ClientRequests(_, seconds) => Some((RETRY_AFTER, seconds.into())),
            Self::ClientStreams => Some((RETRY_AFTER, AFTER_STREAMS.into())),
            Self::Host | Self::Origin | Self::Streams => None,
        }
    }

    /// The problem to answer, for so many reports that are refused for the same reason. Each of them is counted.
    pub(in crate::api) fn problem_for(self, reports: usize) -> Problem {
        count_all(self.reason(), reports);
        Problem::new(self.status(), self.detail()).with_header(self.header())
    }
}

/// Whoever is told of it is counted.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        refusal.problem_for(1)
    }
}
