//! What ails a Redis that is there but cannot do what it is asked to: read from the words in which it says so, and told in ours.

use redis::RedisError;

/// A state of Redis in which it turns commands down that it takes at other times. It passes without a change in this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ailment {
    /// It reads its data from disk after a start.
    Loading,
    /// A script of somebody's holds it.
    Busy,
    /// It has as much in memory as it may.
    OutOfMemory,
    /// It is a replica.
    ReadOnly,
    /// It cannot write its data to disk, and takes no changes that could be lost.
    NotSaving,
    /// It wants a password, or another one.
    NoAuth,
    /// Our user lacks a right.
    NotPermitted,
    /// It is a replica that has lost its primary and gives nothing out.
    PrimaryDown,
    /// It takes no changes that too few replicas would keep.
    TooFewReplicas,
    /// It lets nobody else in.
    TooManyClients,
    /// It is a part of a cluster that does not hold together.
    ClusterDown,
}

use Ailment::{
    Busy, ClusterDown, Loading, NoAuth, NotPermitted, NotSaving, OutOfMemory, PrimaryDown, ReadOnly, TooFewReplicas,
    TooManyClients,
};

impl Ailment {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Loading,
        Busy,
        OutOfMemory,
        ReadOnly,
        NotSaving,
        NoAuth,
        NotPermitted,
        PrimaryDown,
        TooFewReplicas,
        TooManyClients,
        ClusterDown,
    ];

    /// What an error of Redis tells of; none where it is another kind of error.
    pub(super) fn of_error(error: &RedisError) -> Option<Self> {
        let servers = error.clone().into_server_errors();
        match servers.as_deref().and_then(|errors| errors.first()) {
            Some((_, first)) => {
                Self::of_code(first.code()).or_else(|| Self::of_words(first.details().unwrap_or_default()))
            }
            // What the setting up of a connection says has lost its code.
            None => Self::of_words(error.detail().unwrap_or_default()),
        }
    }

    /// What Redis' words tell of, which begin with a code. Within a script they can stand behind others: Redis 6 wraps what a
    /// command in a script was answered.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let code = |text: &str| Self::of_code(text.split_whitespace().next()?);
        let wrapped = || text.split(": -").skip(1).find_map(code);
        code(text.trim_start_matches('-')).or_else(wrapped).or_else(|| Self::of_words(text))
    }

    fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "LOADING" => Loading,
            "BUSY" => Busy,
            "OOM" => OutOfMemory,
            "READONLY" => ReadOnly,
            "MISCONF" => NotSaving,
            "NOAUTH" | "WRONGPASS" => NoAuth,
            "NOPERM" => NotPermitted,
            "MASTERDOWN" => PrimaryDown,
            "NOREPLICAS" => TooFewReplicas,
            "CLUSTERDOWN" => ClusterDown,
            _ => return None,
        })
    }

    /// Those that Redis tells without a code of their own, or whose code does not come through.
    fn of_words(words: &str) -> Option<Self> {
        if words.contains("SCRIPT KILL") {
            Some(Busy)
        } else if words.contains("max number of clients") {
            Some(TooManyClients)
        } else if words.contains("The user executing the script can't") || words.contains("ACL failure in script") {
            // The second is Valkey's.
            Some(NotPermitted)
        } else {
            // A command within a script on Redis 6, and the choice of a database.
            words.split(": -").skip(1).find_map(|rest| Self::of_code(rest.split_whitespace().next()?))
        }
    }

    /// Whether nothing can be read as long as it lasts, as if Redis were not there.
    #[must_use]
    pub fn is_away(self) -> bool {
        matches!(self, Loading | Busy | NoAuth | PrimaryDown | TooManyClients | ClusterDown)
    }

    /// Whether no change at all is taken as long as it lasts, though Redis answers.
    pub(super) fn stops_every_write(self) -> bool {
        matches!(self, OutOfMemory | ReadOnly | NotSaving | TooFewReplicas)
    }

    /// Whether another Redis may be meant by now, so that the name should be looked up anew: after a failover, say, or where the
    /// connection that is there does not get us in.
    #[must_use]
    pub fn asks_for_another_connection(self) -> bool {
        matches!(self, ReadOnly | NoAuth | PrimaryDown)
    }

    /// One word for it, as metrics have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Loading => "loading",
            Busy => "busy",
            OutOfMemory => "out_of_memory",
            ReadOnly => "read_only",
            NotSaving => "not_saving",
            NoAuth => "no_auth",
            NotPermitted => "not_permitted",
            PrimaryDown => "primary_down",
            TooFewReplicas => "too_few_replicas",
            TooManyClients => "too_many_clients",
            ClusterDown => "cluster_down",
        }
    }

    /// What it means. It follows the name of a Redis.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Loading => "is still loading its data from disk",
            Busy => "is held by a script that does not end",
            OutOfMemory => "has no memory left and takes no changes",
            ReadOnly => "is a replica and takes no changes",
            NotSaving => "cannot save to its disk and takes no changes",
            NoAuth => "does not let us in",
            NotPermitted => "does not permit this user what cabstand needs",
            PrimaryDown => "is a replica that has lost its primary",
            TooFewReplicas => "has too few replicas and takes no changes",
            TooManyClients => "has as many connections as it takes",
            ClusterDown => "belongs to a cluster that is down",
        }
    }

    /// What the one who looks after Redis can do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Loading => "it goes on by itself as soon as that is done",
            Busy => "SCRIPT KILL ends the script, where it has changed nothing yet; FUNCTION KILL a function",
            OutOfMemory => "raise maxmemory, or delete what needs the room",
            ReadOnly => {
                "after a failover it goes on by itself as soon as the name leads to the new primary; else name that by --redis"
            }
            NotSaving => "see Redis' log; most often its disk is full",
            NoAuth => {
                "it wants a user and a password: --redis-user NAME and --redis-password-file FILE, or the variable \
                 CABSTAND_REDIS_PASSWORD"
            }
            NotPermitted => "cabstand acl ROLE prints the rights of each role as the command that grants them",
            PrimaryDown => "start its primary, or make it one by REPLICAOF NO ONE",
            TooFewReplicas => "bring replicas back, or lower min-replicas-to-write",
            TooManyClients => "raise maxclients, or see by CLIENT LIST who holds them",
            ClusterDown => "see CLUSTER INFO on any of its nodes",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_wherever_redis_puts_it() {
        for (text, ailment) in [
            ("LOADING Redis is loading the dataset in memory", Some(Loading)),
            ("-OOM command not allowed when used memory > 'maxmemory'.", Some(OutOfMemory)),
            (
                "OOM command not allowed when used memory > 'maxmemory'. script: 2dc6, on @user_script:1.",
                Some(OutOfMemory),
            ),
            ("@user_script: 1: -READONLY You can't write against a read only replica.", Some(ReadOnly)),
            (
                "ERR Error running script (call to f_2dc6): @user_script:1: @user_script: 1: -MISCONF Redis is configured to save",
                Some(NotSaving),
            ),
            ("ERR max number of clients reached", Some(TooManyClients)),
            ("ERR The user executing the script can't run this command or subcommand", Some(NotPermitted)),
            ("ERR ACL failure in script: User ana has no permissions to run the 'set' command", Some(NotPermitted)),
            ("Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", Some(Busy)),
            ("NOREPLICAS Not enough good replicas to write.", Some(TooFewReplicas)),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", None),
            ("BUSYGROUP Consumer Group name already exists", None),
            ("ERR a request of rider OOM", None),
            ("", None),
        ] {
            assert_eq!(Ailment::of_text(text), ailment, "{text}");
        }
    }

    #[test]
    fn each_has_words_of_its_own() {
        for (i, one) in Ailment::ALL.into_iter().enumerate() {
            for other in &Ailment::ALL[..i] {
                assert_ne!(one.word(), other.word());
                assert_ne!(one.meaning(), other.meaning());
                assert_ne!(one.advice(), other.advice());
            }
        }
    }
}
