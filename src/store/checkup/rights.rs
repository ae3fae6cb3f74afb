//! What this user may do, tried out without doing it: commands are queued in a transaction, which Redis checks against the
//! user's rights one by one, and then the transaction is thrown away.

use std::fmt;

use redis::{Pipeline, Value};

use crate::store::condition::RIGHTS_AND_KEYS;
use crate::store::rights::{Dialect, Rights, Role};
use crate::store::{Ailment, Store, StoreError};

/// What a user lacks for a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Commands, with `|` before a subcommand.
    pub commands: Vec<String>,
    /// Patterns of keys.
    pub keys: Vec<String>,
}

impl Missing {
    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.keys.is_empty()
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commands = self.commands.iter().map(|command| format!("+{command}"));
        let keys = self.keys.iter().map(|pattern| format!("~{pattern}"));
        write!(f, "missing: {}", commands.chain(keys).collect::<Vec<_>>().join(" "))
    }
}

impl Store {
    /// Looks whether something stands in the way of a service's work: a right that this user lacks, or a key of another type. What
    /// it finds is part of [`Store::trouble`] from then on, and if there is nothing, what was found before is over.
    pub async fn verify(&self) {
        match self.obstacle().await {
            Ok(None) => self.link.condition().verified(),
            Ok(Some(obstacle)) => self.link.condition().refused(RIGHTS_AND_KEYS, &obstacle),
            // It takes a connection of its own, which says nothing of those that do the work.
            Err(error) => tracing::debug!("rights and keys could not be looked at: {error}"),
        }
    }

    async fn obstacle(&self) -> Result<Option<StoreError>, StoreError> {
        // What only newer servers have is not needed for work.
        let missing = self.missing(Role::Service, Dialect::Redis6).await?;
        let missing = missing.unwrap_or_else(|| Missing { commands: vec!["multi".to_owned()], keys: Vec::new() });
        if !missing.is_empty() {
            let reason = format!("`cabstand acl service` prints the command that grants it; {missing}");
            let (address, ailment) = (self.address.to_string(), Ailment::NotPermitted);
            return Ok(Some(StoreError::Unwell { address, ailment, reason }));
        }
        Ok(self.misshapen().await?.into_iter().next().map(StoreError::from))
    }

    /// What this user lacks for a role, channels apart; `None` if it can't be tried out, since the user may not begin a
    /// transaction.
    ///
    /// # Errors
    /// If Redis can't be reached.
    pub async fn missing(&self, role: Role, dialect: Dialect) -> Result<Option<Missing>, StoreError> {
        let rights = Rights::with_keys(role, &self.keys, self.address.db(), dialect);
        let (mut tries, mut commands, mut keys) = (Pipeline::new(), Vec::new(), Vec::new());
        let canary = format!("{}doctor", self.keys.canary);
        for command in rights.commands {
            if let Some(words) = words(command, &canary) {
                let mut cmd = redis::cmd(command.split('|').next().unwrap_or(command));
                cmd.arg(words);
                tries.add_command(cmd);
                commands.push(command);
            }
        }
        for right in rights.keys {
            let key = right.pattern.replace("[1-9]*", "1").replace('*', "1");
            // What writes is HDEL, of a field that is in no hash.
            tries.cmd("EXISTS").arg(&key);
            keys.push(right.pattern.clone());
            if right.write {
                tries.cmd("HDEL").arg(&key).arg("doctor");
                keys.push(right.pattern);
            }
        }
        let Some(answers) = self.tried(&mut tries).await? else { return Ok(None) };
        let mut missing = Missing::default();
        for (i, answer) in answers.iter().enumerate() {
            match refused(answer) {
                Some(What::Command) if i < commands.len() => missing.commands.push(commands[i].to_owned()),
                Some(What::Key) if i >= commands.len() => missing.keys.push(keys[i - commands.len()].clone()),
                _ => {}
            }
        }
        missing.keys.dedup();
        Ok(Some(missing))
    }

    /// Whether this user may change settings of the server; false also where it cannot be tried out.
    ///
    /// # Errors
    /// Where Redis cannot be reached.
    pub async fn may_configure(&self) -> Result<bool, StoreError> {
        let mut tries = Pipeline::new();
        tries.cmd("CONFIG").arg("SET").arg("notify-keyspace-events").arg("");
        let answers = self.tried(&mut tries).await?;
        Ok(answers.is_some_and(|answers| answers.iter().all(|answer| !matches!(answer, Value::ServerError(_)))))
    }

    /// What Redis answers to each of these in a transaction that is thrown away; none where this user may not begin one.
    async fn tried(&self, tries: &mut Pipeline) -> Result<Option<Vec<Value>>, StoreError> {
        let mut connection = self.own_connection(|_| ()).await?;
        // Nothing else is sent before the transaction has begun: outside of it, commands would be carried out.
        let begun = redis::cmd("MULTI").exec_async(&mut connection).await;
        match begun.map_err(|error| StoreError::from_redis(&self.address, &error)) {
            Ok(()) => {}
            Err(error) if error.is_away() => return Err(error),
            Err(_) => return Ok(None),
        }
        let answers = tries.ignore_errors().query_async(&mut connection).await;
        // The connection, and the transaction with it, goes away in any case.
        let _ = redis::cmd("DISCARD").exec_async(&mut connection).await;
        answers.map(Some).map_err(|error| StoreError::from_redis(&self.address, &error))
    }
}

/// What is not granted.
enum What {
    Command,
    Key,
}

/// What Redis does not let this user do; none where it would, or would not for another reason than its rights.
fn refused(answer: &Value) -> Option<What> {
    let Value::ServerError(error) = answer else { return None };
    let is_right = error.code() == "NOPERM";
    let about_command = error.details().is_some_and(|details| details.contains(" run "));
    is_right.then_some(if about_command { What::Command } else { What::Key })
}

/// A command's words after the first, enough of them to be checked; none for one that is tried out elsewhere.
fn words<'a>(command: &str, key: &'a str) -> Option<Vec<&'a str>> {
    Some(match command {
        "multi" | "discard" | "subscribe" | "psubscribe" => return None,
        "ping" | "time" => vec![],
        "info" => vec!["server"],
        "select" | "scan" => vec!["0"],
        "eval" | "eval_ro" => vec!["return 1", "0"],
        "evalsha" | "evalsha_ro" => vec!["e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"],
        "hget" | "hmget" | "hdel" => vec![key, "f"],
        "set" | "pexpire" => vec![key, "1"],
        "hset" | "hsetnx" | "hincrby" => vec![key, "f", "1"],
        "zcount" | "zrange" | "zrangebyscore" | "zremrangebyscore" => vec![key, "0", "0"],
        "zscore" | "zmscore" | "zrem" | "geopos" => vec![key, "m"],
        "zscan" => vec![key, "0"],
        "zadd" => vec![key, "1", "m"],
        "geosearch" => vec![key, "FROMMEMBER", "m", "BYRADIUS", "1", "m"],
        "geoadd" => vec![key, "0", "0", "m"],
        "xread" => vec!["STREAMS", key, "0"],
        "xrange" => vec![key, "-", "+"],
        "xrevrange" => vec![key, "+", "-"],
        "xadd" => vec![key, "*", "f", "1"],
        "xgroup|create" => vec!["CREATE", key, "g", "$"],
        "xgroup|delconsumer" => vec!["DELCONSUMER", key, "g", "c"],
        "xgroup|setid" => vec!["SETID", key, "g", "0"],
        "xinfo|consumers" => vec!["CONSUMERS", key, "g"],
        "xinfo|groups" => vec!["GROUPS", key],
        "xinfo|stream" => vec!["STREAM", key],
        "xreadgroup" => vec!["GROUP", "g", "c", "STREAMS", key, ">"],
        "xdel" => vec![key, "0-1"],
        "xack" => vec![key, "g", "0-1"],
        "xautoclaim" => vec![key, "g", "c", "0", "0"],
        "xpending" => vec![key, "g"],
        _ => vec![key],
    })
}
