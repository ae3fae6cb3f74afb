//! The Lua scripts, each with the shared parts that it needs before it, and how they are called.

use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use redis::aio::MultiplexedConnection;
use redis::{Arg, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind, ToRedisArgs};

use super::{Store, StoreError};

/// What every script that meets errors of Redis begins with.
pub(super) const ERRORS: &str = include_str!("../../assets/lua/lib_errors.lua");
const LIB: &str =
    concat!(include_str!("../../assets/lua/lib_errors.lua"), "\n", include_str!("../../assets/lua/lib.lua"));
const DEED: &str = include_str!("../../assets/lua/lib_deed.lua");
const NEAREST: &str =
    concat!(include_str!("../../assets/lua/lib_cells.lua"), "\n", include_str!("../../assets/lua/lib_nearest.lua"));
const LOOK: &str = include_str!("../../assets/lua/lib_look.lua");
const HAND: &str = include_str!("../../assets/lua/lib_hand.lua");
const MATCH: &str = include_str!("../../assets/lua/lib_match.lua");
/// What opening a request needs: its id, what its idempotency key has opened before, and how many requests are open.
const OPENING: &str = concat!(
    include_str!("../../assets/lua/lib_ids.lua"),
    "\n",
    include_str!("../../assets/lua/lib_idempotency.lua"),
    "\n",
    include_str!("../../assets/lua/lib_quota.lua")
);

/// A script and the name under which its calls are measured.
pub(super) struct Script {
    name: &'static str,
    code: String,
    hash: String,
    /// Whether it only reads, so that it may be called by one who may not write.
    reads: bool,
}

impl Script {
    /// One of these parts, the script's own the last.
    pub(super) fn new(name: &'static str, parts: &[&str]) -> Self {
        let code = parts.join("\n");
        Self { name, hash: redis::Script::new(&code).get_hash().to_owned(), code, reads: false }
    }

    /// The same of one that only reads.
    fn reading(name: &'static str, parts: &[&str]) -> Self {
        Self { reads: true, ..Self::new(name, parts) }
    }

    /// A call of it with these keys; its arguments follow.
    pub(super) fn call(&self, keys: &[&str]) -> Call<'_> {
        let mut command = Cmd::with_capacity(ARGUMENTS, BYTES);
        command.arg(if self.reads { "EVALSHA_RO" } else { "EVALSHA" }).arg(&self.hash).arg(keys.len()).arg(keys);
        Call { script: self, command }
    }
}

/// What most calls have room in, so that they need not grow: so many words, and so many bytes in all.
const ARGUMENTS: usize = 32;
const BYTES: usize = 512;

/// A call of a script, to which arguments can be added. It is written down as it is sent.
pub(super) struct Call<'a> {
    script: &'a Script,
    command: Cmd,
}

impl Call<'_> {
    pub(super) fn arg(&mut self, arg: impl ToRedisArgs) -> &mut Self {
        self.command.arg(arg);
        self
    }

    /// The same call in other words: a command, and the script's hash or code.
    fn in_words(&self, command: &str, script: &str) -> Cmd {
        let mut cmd = Cmd::with_capacity(ARGUMENTS, BYTES);
        cmd.arg(command).arg(script);
        for arg in self.command.args_iter().skip(2) {
            if let Arg::Simple(bytes) = arg {
                cmd.arg(bytes);
            }
        }
        cmd
    }
}

/// The scripts that change and read requests and drivers.
pub(super) struct Scripts {
    pub(super) open: Script,
    pub(super) attempt: Script,
    pub(super) settle: Script,
    pub(super) sweep: Script,
    pub(super) end: Script,
    pub(super) extend: Script,
    pub(super) widen: Script,
    pub(super) retry: Script,
    pub(super) assign: Script,
    pub(super) reopen: Script,
    pub(super) report: Script,
    pub(super) drive: Script,
    pub(super) silent: Script,
    pub(super) nearest: Script,
    pub(super) around: Script,
    pub(super) read: Script,
}

impl Scripts {
    /// The one set of scripts of this process: their hashes are reckoned once.
    pub(super) fn shared() -> &'static Self {
        static SHARED: OnceLock<Scripts> = OnceLock::new();
        SHARED.get_or_init(|| Self {
            open: Script::new("open", &[LIB, DEED, OPENING, include_str!("../../assets/lua/open.lua")]),
            attempt: Script::new("attempt", &[LIB, NEAREST, LOOK, include_str!("../../assets/lua/attempt.lua")]),
            settle: Script::new("settle", &[LIB, NEAREST, LOOK, include_str!("../../assets/lua/settle.lua")]),
            sweep: Script::new("sweep", &[LIB, NEAREST, LOOK, include_str!("../../assets/lua/sweep.lua")]),
            end: Script::new("end", &[LIB, DEED, HAND, include_str!("../../assets/lua/end.lua")]),
            extend: by_hand("extend", include_str!("../../assets/lua/extend.lua")),
            widen: by_hand("widen", include_str!("../../assets/lua/widen.lua")),
            retry: by_hand("retry", include_str!("../../assets/lua/retry.lua")),
            assign: by_hand("assign", include_str!("../../assets/lua/assign.lua")),
            reopen: by_hand("reopen", include_str!("../../assets/lua/reopen.lua")),
            report: Script::new("report", &[LIB, NEAREST, LOOK, MATCH, include_str!("../../assets/lua/report.lua")]),
            drive: Script::new("drive", &[LIB, DEED, NEAREST, LOOK, MATCH, include_str!("../../assets/lua/drive.lua")]),
            silent: Script::new("silent", &[LIB, include_str!("../../assets/lua/silent.lua")]),
            nearest: Script::reading("nearest", &[LIB, NEAREST, include_str!("../../assets/lua/nearest.lua")]),
            around: Script::reading("around", &[LIB, NEAREST, include_str!("../../assets/lua/around.lua")]),
            read: Script::reading("read", &[LIB, include_str!("../../assets/lua/read.lua")]),
        })
    }
}

/// A script of an operator's hand on a request.
fn by_hand(name: &'static str, own: &str) -> Script {
    Script::new(name, &[LIB, DEED, NEAREST, LOOK, HAND, own])
}

impl Store {
    /// A call of this script with our keys; its arguments follow.
    pub(super) fn call<'a>(&self, script: &'a Script) -> Call<'a> {
        let mut call = script.call(&self.keys.of_scripts());
        call.arg(&self.keys.prefix);
        call
    }

    pub(super) async fn run<T: FromRedisValue>(&self, call: &Call<'_>) -> Result<T, StoreError> {
        let answer = async {
            let mut line = self.link.line().await?;
            let answer = self.send(call, &mut line.connection).await;
            line.heard(answer)
        };
        let answer = self.measured(call.script.name, answer).await;
        if !call.script.reads {
            match &answer {
                Ok(_) => self.link.condition().done(call.script.name),
                Err(error) => self.link.condition().refused(call.script.name, error),
            }
        }
        answer
    }

    async fn send<T: FromRedisValue>(&self, call: &Call<'_>, connection: &mut MultiplexedConnection) -> RedisResult<T> {
        // One that only reads is called as such, so that it runs under a viewer's rights, and cannot write whatever it says.
        // Redis 6 knows no such call, and older rights may not grant it.
        if call.script.reads && !self.old_calls.load(Ordering::Relaxed) {
            match send_as(call, connection, "EVALSHA_RO", "EVAL_RO").await {
                Err(error) if is_unknown_or_forbidden(&error) => {
                    let answer = send_as(call, connection, "EVALSHA", "EVAL").await;
                    self.old_calls.store(answer.is_ok(), Ordering::Relaxed);
                    // Where neither is granted, it is the first that should be.
                    return answer.map_err(|second| if is_unknown_or_forbidden(&second) { error } else { second });
                }
                answer => return answer,
            }
        }
        send_as(call, connection, "EVALSHA", "EVAL").await
    }
}

async fn send_as<T: FromRedisValue>(
    call: &Call<'_>,
    connection: &mut MultiplexedConnection,
    by_hash: &str,
    by_code: &str,
) -> RedisResult<T> {
    let script = call.script;
    let as_written = (by_hash == "EVALSHA_RO") == script.reads;
    let answer: RedisResult<T> = if as_written {
        call.command.query_async(connection).await
    } else {
        call.in_words(by_hash, &script.hash).query_async(connection).await
    };
    match answer {
        // A Redis that was started anew, or has run something else meanwhile, does not know it; it keeps what it has run.
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
            call.in_words(by_code, &script.code).query_async(connection).await
        }
        answer => answer,
    }
}

/// Whether Redis does not know a command, or does not let us use it.
fn is_unknown_or_forbidden(error: &RedisError) -> bool {
    let is_unknown = || error.detail().is_some_and(|detail| detail.to_ascii_lowercase().starts_with("unknown command"));
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::NoPerm)) || is_unknown()
}
