//! What Redis says that its commands have cost: `INFO commandstats`.

use std::collections::BTreeMap;

use super::monitor::Shares;

/// What was spent on one command.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    pub calls: u64,
    /// Microseconds of Redis' own time.
    pub usec: u64,
}

impl Spent {
    /// Microseconds for each call.
    pub fn per_call(self) -> f64 {
        self.usec as f64 / self.calls.max(1) as f64
    }
}

/// What was spent since the server began, or between two such accounts. A script's time holds that of its commands, which
/// stand on accounts of their own as well.
#[derive(Debug, Clone, Default)]
pub struct Account(BTreeMap<String, Spent>);

/// What the measuring itself asks for.
const OURS: [&str; 4] = ["info", "config|", "slowlog|", "monitor"];
/// Commands that run others.
const SCRIPTS: [&str; 3] = ["eval", "evalsha", "fcall"];

impl Account {
    pub fn parse(info: &str) -> Self {
        let line = |line: &str| {
            let (name, figures) = line.strip_prefix("cmdstat_")?.split_once(':')?;
            let figure = |of: &str| figures.split(',').find_map(|figure| figure.strip_prefix(of)?.parse().ok());
            Some((name.to_owned(), Spent { calls: figure("calls=")?, usec: figure("usec=")? }))
        };
        Self(
            info.lines().filter_map(line).filter(|(name, _)| !OURS.iter().any(|ours| name.starts_with(ours))).collect(),
        )
    }

    /// What was spent after `before`.
    pub fn since(&self, before: &Self) -> Self {
        let less = |(name, now): (&String, &Spent)| {
            let was = before.of(name);
            let spent = Spent { calls: now.calls - was.calls, usec: now.usec - was.usec };
            (spent.calls > 0).then(|| (name.clone(), spent))
        };
        Self(self.0.iter().filter_map(less).collect())
    }

    pub fn of(&self, command: &str) -> Spent {
        self.0.get(command).copied().unwrap_or_default()
    }

    /// What scripts took, their commands included.
    pub fn scripts(&self) -> Spent {
        SCRIPTS
            .iter()
            .map(|name| self.of(name))
            .fold(Spent::default(), |a, b| Spent { calls: a.calls + b.calls, usec: a.usec + b.usec })
    }

    /// All that clients asked for, microseconds and calls. `shares` tell which part of a command's calls came from scripts:
    /// that time is in the scripts' own.
    pub fn by_clients(&self, shares: &Shares) -> (f64, f64) {
        let part = |(name, spent): (&String, &Spent)| {
            let share = shares.by_clients(name);
            (spent.usec as f64 * share, spent.calls as f64 * share)
        };
        self.0.iter().map(part).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1))
    }

    /// The same without this command.
    pub fn without(mut self, command: &str) -> Self {
        self.0.remove(command);
        self
    }
}
