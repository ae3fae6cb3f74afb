//! The server: is it there, which is it, and does it keep what it is given.

use super::super::door;
use super::finding::{Finding, Verdict};
use super::{run, say};
use crate::domain::format_wait;
use crate::store::{Address, Facts, Info, Saving, Store, StoreError};

const TOPIC: &str = "redis";
/// From so few connections left on there may soon be none.
const FEW_LEFT: u64 = 20;
/// A clock that is off by more than this, in ms, is worth a word.
const CLOCK_OFF_MS: u64 = 1_000;

/// That no connection came to be.
pub(super) fn unreached(address: &Address, error: &StoreError) -> Finding {
    let finding = Finding::new(TOPIC, Verdict::Wrong, error.to_string());
    let reason = error.reason();
    let advice = if error.is_about_tls() {
        vec![]
    } else if reason.contains("password") || reason.contains("WRONGPASS") || reason.contains("NOAUTH") {
        let how =
            "The user is the URL's or --redis-user, the password that of --redis-password-file or of the variable";
        vec![say(format!("{how} {}.", door::PASSWORD))]
    } else if !error.is_away() {
        vec![
            say("It is there. The rights that a user needs, as the command that grants them, are printed by"),
            run("cabstand acl viewer"),
        ]
    } else if error.ailment().is_some() {
        // It is there, and what to do was said.
        vec![]
    } else if address.is_tcp() {
        vec![
            say("Is it running, at this host and port, and may this machine connect to it? From here, try"),
            run(format!("redis-cli -u redis://{} ping", address.to_string().trim_start_matches("rediss://"))),
        ]
    } else {
        vec![say("Is it running, and may this user open its socket?")]
    };
    finding.advise(advice)
}

pub(super) async fn findings(store: &Store, facts: &Facts) -> Result<Vec<Finding>, StoreError> {
    let mut findings = vec![version(facts), encryption(store.address())];
    match &facts.info {
        None => findings.push(
            Finding::new(TOPIC, Verdict::Warning, "INFO is not granted: role, memory and saving can't be looked at")
                .advise([say("`cabstand acl viewer` prints rights that have it.")]),
        ),
        Some(info) => {
            findings.extend([role(info), memory(info), saving(store.saving(facts).await?)]);
            findings.extend(loading(info));
            findings.extend(clients(info));
            findings.extend(failing(info));
        }
    }
    findings.push(clock(facts.clock_ahead_ms));
    Ok(findings)
}

fn version(facts: &Facts) -> Finding {
    let name = if facts.valkey { "Valkey" } else { "Redis" };
    let seen = format!("{name} {} answers within {}", facts.version, format_wait(facts.latency));
    let mut parts = facts.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let numbers = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if numbers < (6, 2) {
        let advice = say("Version 6.2 is the oldest that cabstand works with; 7.0 or newer has rights to read alone.");
        return Finding::new(TOPIC, Verdict::Wrong, seen).advise([advice]);
    }
    Finding::ok(TOPIC, seen)
}

fn encryption(address: &Address) -> Finding {
    let seen = match (address.is_tls(), address.host()) {
        (true, _) => "the connection is encrypted by TLS, and the certificate was checked",
        (false, None) => "the connection is a unix socket of this machine",
        (false, Some(host)) if is_here(host) => "the connection is not encrypted, and stays on this machine",
        (false, Some(_)) => {
            let seen = "the connection is not encrypted: password and positions can be read on the way";
            let advice = say("Where Redis offers TLS, write rediss:// instead of redis://.");
            return Finding::new(TOPIC, Verdict::Warning, seen).advise([advice]);
        }
    };
    Finding::ok(TOPIC, seen)
}

/// Whether a host is this machine.
pub(super) fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn role(info: &Info) -> Finding {
    if info.get("role") != "slave" {
        let replicas = info.number("connected_slaves").unwrap_or(0);
        return Finding::ok(TOPIC, format!("it is a primary with {replicas} replicas"));
    }
    let primary = format!("{}:{}", info.get("master_host"), info.get("master_port"));
    let link = info.get("master_link_status");
    let seen = format!("it is a replica of {primary} (link {link}): nothing can be changed here");
    Finding::new(TOPIC, Verdict::Wrong, seen)
        .advise([say("Name the primary with --redis. A console with --read-only works here, a moment behind.")])
}

fn memory(info: &Info) -> Finding {
    let (most, policy) = (info.number("maxmemory").unwrap_or(0), info.get("maxmemory_policy"));
    let evicted = info.number("evicted_keys").unwrap_or(0);
    if policy == "noeviction" || policy.is_empty() {
        let limit = if most == 0 { "no limit on memory".to_owned() } else { format!("at most {}", megabytes(most)) };
        return Finding::ok(TOPIC, format!("no key is thrown away for want of memory ({limit})"));
    }
    let seen = if most == 0 {
        format!("maxmemory-policy is {policy}: with a limit on memory it would throw keys away")
    } else {
        format!("maxmemory-policy is {policy}: at {} it throws searches away ({evicted} keys so far)", megabytes(most))
    };
    let verdict = if evicted > 0 { Verdict::Wrong } else { Verdict::Warning };
    Finding::new(TOPIC, verdict, seen).advise([
        say("A search that is thrown away is lost to its rider. Let Redis refuse changes instead, and tell of it:"),
        run("redis-cli CONFIG SET maxmemory-policy noeviction"),
        say("A managed Redis has the same setting among its parameters."),
    ])
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

fn saving(saving: Saving) -> Finding {
    let (verdict, seen) = match saving {
        Saving::Log => (Verdict::Ok, "each change is written to disk (appendonly)"),
        Saving::Snapshots => (Verdict::Warning, "it saves snapshots alone: after a crash the last minutes are missing"),
        Saving::Off => {
            (Verdict::Warning, "nothing is saved: after a restart Redis is empty, drivers and searches are gone")
        }
        Saving::Untold => (Verdict::Ok, "whether it saves to disk is not told to this user"),
    };
    let finding = Finding::new(TOPIC, verdict, seen);
    if verdict == Verdict::Ok {
        return finding;
    }
    finding.advise([
        say("To keep each change:"),
        run("redis-cli CONFIG SET appendonly yes"),
        run("redis-cli CONFIG REWRITE"),
    ])
}

fn loading(info: &Info) -> Option<Finding> {
    let seen = "it is loading its data from disk: until it is done, nothing can be read or changed";
    (info.get("loading") == "1").then(|| Finding::new(TOPIC, Verdict::Wrong, seen))
}

fn clients(info: &Info) -> Option<Finding> {
    let (now, most) = (info.number("connected_clients")?, info.number("maxclients")?);
    let seen = format!("{now} of at most {most} connections are in use");
    (most.saturating_sub(now) < FEW_LEFT).then(|| {
        Finding::new(TOPIC, Verdict::Warning, seen)
            .advise([say("Raise maxclients, or see who holds them: CLIENT LIST.")])
    })
}

fn failing(info: &Info) -> Option<Finding> {
    let failed =
        ["rdb_last_bgsave_status", "aof_last_write_status"].into_iter().find(|field| info.get(field) == "err")?;
    let seen = format!("the last write to disk failed ({failed}): Redis may refuse all changes (MISCONF)");
    Some(Finding::new(TOPIC, Verdict::Wrong, seen).advise([say("See its log; most often the disk is full.")]))
}

fn clock(ahead_ms: i64) -> Finding {
    let off = ahead_ms.unsigned_abs();
    let seen = if off <= CLOCK_OFF_MS {
        "the clocks of Redis and of this machine agree".to_owned()
    } else {
        let direction = if ahead_ms > 0 { "ahead of" } else { "behind" };
        format!(
            "the clock of this machine is {} s {direction} Redis'; all times are Redis', so nothing comes of it",
            off / 1_000
        )
    };
    Finding::ok(TOPIC, seen)
}
