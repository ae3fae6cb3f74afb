//! Whether changes are heard of at once, and how notifications are switched on where they are not.

use super::finding::{Advice, Finding, Verdict};
use super::providers::{self, Provider};
use super::redis::is_here;
use super::{run, say};
use crate::store::{Address, Canary, Heard, NOTICES, Store, StoreError, merged_flags};

const TOPIC: &str = "notifications";
const SETTING: &str = "notify-keyspace-events";

pub(super) async fn findings(store: &Store) -> Result<Vec<Finding>, StoreError> {
    let heard = store.hear().await?;
    let set = store.setting(SETTING).await?;
    let place = Place::of(store.address());
    let mut findings = channels(&heard, store);
    findings.extend(match heard.canary {
        None => None,
        Some(Canary::Sent(missing)) if missing.is_empty() => {
            let count = NOTICES.len();
            Some(Finding::ok(TOPIC, format!("{count} of {count} canaries came back: changes are heard of at once")))
        }
        Some(Canary::Sent(missing))
            if store.may_configure().await? && set.as_deref().and_then(merged_flags).is_some() =>
        {
            Some(off(&missing))
        }
        Some(Canary::Sent(missing)) => Some(deaf(&missing, set.as_deref(), place)),
        Some(Canary::Listened(heard)) => Some(listened(heard, set.as_deref(), place)),
    });
    Ok(findings)
}

fn channels(heard: &Heard, store: &Store) -> Vec<Finding> {
    let missing = |channel: &String| {
        Finding::new(TOPIC, Verdict::Wrong, format!("the channel {channel} may not be subscribed to"))
            .advise([say(format!("The user lacks &{channel}; `cabstand acl ROLE` prints all rights of a role."))])
    };
    let findings: Vec<Finding> = heard.refused.iter().map(missing).collect();
    if findings.is_empty() {
        return vec![Finding::ok(
            TOPIC,
            format!("all channels of database {} may be subscribed to", store.address().db()),
        )];
    }
    findings
}

/// Some canaries did not come back, and whoever starts the console or the service as this user switches that on.
fn off(missing: &[char]) -> Finding {
    let what = if missing.len() == NOTICES.len() { "notifications are" } else { "some notifications are" };
    let seen = format!("{what} off; `cabstand serve` and the console switch them on when they start, as this user may");
    Finding::new(TOPIC, Verdict::Warning, seen)
}

/// Some canaries did not come back.
fn deaf(missing: &[char], set: Option<&str>, place: Place) -> Finding {
    let of_what = |flag: &char| NOTICES.iter().find(|(f, ..)| f == flag).map(|(.., what)| *what);
    let whats: Vec<&str> = missing.iter().filter_map(of_what).collect();
    let seen = if missing.len() == NOTICES.len() {
        "no canary came back: changes are not heard of, and the console reads everything once a second".to_owned()
    } else {
        format!("nothing is heard of {}: the console reads everything once a second", whats.join(", "))
    };
    let finding = Finding::new(TOPIC, Verdict::Wrong, seen);
    match (set, set.and_then(merged_flags)) {
        (Some(set), None) => finding.advise([say(format!(
            "{SETTING} is \"{set}\", which is enough: something between here and Redis keeps notifications back, a proxy say."
        ))]),
        (Some(set), Some(wanted)) => {
            finding.advise([say(format!("{SETTING} is \"{set}\". Set the flags that are missing, too:"))]).advise(remedy(&wanted, place, true))
        }
        (None, _) => finding.advise([say(NOT_TOLD)]).advise(remedy(&all_needed(), place, false)),
    }
}

/// Nothing may be written, so that nothing is proven but by what others do.
fn listened(heard: bool, set: Option<&str>, place: Place) -> Finding {
    match (heard, set, set.and_then(merged_flags)) {
        (_, Some(set), Some(wanted)) => {
            let seen = format!("{SETTING} is \"{set}\": not all changes are heard of");
            Finding::new(TOPIC, Verdict::Wrong, seen).advise(remedy(&wanted, place, true))
        }
        (true, ..) => Finding::ok(TOPIC, "notifications arrive (listened for alone: nothing may be written here)"),
        (false, Some(set), None) => {
            Finding::ok(TOPIC, format!("{SETTING} is \"{set}\", which is enough; nothing has changed meanwhile"))
        }
        (false, None, _) => {
            let seen =
                "nothing was heard in 4 s, by a user who may not write a canary: they are off, or nothing has changed";
            Finding::new(TOPIC, Verdict::Warning, seen)
                .advise([say("A worker would be heard every 2 s. See that notifications are on:")])
                .advise(remedy(&all_needed(), place, false))
        }
    }
}

const NOT_TOLD: &str =
    "This user may not read the setting. Whoever may sets these flags, together with those that are set:";

/// All flags that are needed.
fn all_needed() -> String {
    merged_flags("").unwrap_or_default()
}

/// Where a Redis is run.
#[derive(Clone, Copy)]
enum Place {
    /// On this machine.
    Here,
    /// By a service that is known.
    Known(&'static Provider),
    /// By oneself or by a service that is not known.
    Somewhere,
}

impl Place {
    fn of(address: &Address) -> Self {
        match address.host() {
            None => Self::Here,
            Some(host) if is_here(host) => Self::Here,
            Some(host) => providers::of(host).map_or(Self::Somewhere, Self::Known),
        }
    }
}

/// How these flags are set there. Where the setting can be read it is no service that forbids that.
fn remedy(flags: &str, place: Place, readable: bool) -> Vec<Advice> {
    let mut advice = vec![
        say(
            "An administrator of Redis or Valkey sets them by the first line, and keeps them over a restart by the second:",
        ),
        run(format!("redis-cli CONFIG SET {SETTING} '{flags}'")),
        run("redis-cli CONFIG REWRITE"),
    ];
    match place {
        Place::Known(provider) => return provider.remedy(flags),
        Place::Somewhere if !readable => {
            advice.push(say("Services that forbid CONFIG:"));
            advice.extend(providers::ALL.iter().flat_map(|provider| provider.remedy(flags)));
        }
        Place::Here | Place::Somewhere => {}
    }
    advice
}
