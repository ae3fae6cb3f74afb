//! The Lua scripts, each with the shared parts that it needs before it, and how they are called.

use std::sync::OnceLock;

use redis::{Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, ToRedisArgs};

use super::{Store, StoreError};

const LIB: &str = include_str!("../../assets/lua/lib.lua");
const DEED: &str = include_str!("../../assets/lua/lib_deed.lua");
const NEAREST: &str =
    concat!(include_str!("../../assets/lua/lib_cells.lua"), "\n", include_str!("../../assets/lua/lib_nearest.lua"));
const LOOK: &str = include_str!("../../assets/lua/lib_look.lua");
const HAND: &str = include_str!("../../assets/lua/lib_hand.lua");
const MATCH: &str = include_str!("../../assets/lua/lib_match.lua");

/// A script and the name under which its calls are measured.
pub(super) struct Script {
    name: &'static str,
    code: redis::Script,
}

impl Script {
    /// One of these parts, the script's own the last.
    pub(super) fn new(name: &'static str, parts: &[&str]) -> Self {
        Self { name, code: redis::Script::new(&parts.join("\n")) }
    }

    /// A call of it with these keys; its arguments follow.
    pub(super) fn call(&self, keys: &[&str]) -> Call<'_> {
        let mut command = Cmd::with_capacity(ARGUMENTS, BYTES);
        command.arg("EVALSHA").arg(self.code.get_hash()).arg(keys.len()).arg(keys);
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
            open: Script::new("open", &[LIB, DEED, include_str!("../../assets/lua/open.lua")]),
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
            nearest: Script::new("nearest", &[LIB, NEAREST, include_str!("../../assets/lua/nearest.lua")]),
            around: Script::new("around", &[LIB, NEAREST, include_str!("../../assets/lua/around.lua")]),
            read: Script::new("read", &[LIB, include_str!("../../assets/lua/read.lua")]),
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
        let Script { name, code } = call.script;
        let mut connection = self.connection.clone();
        let answer = async {
            let answer: RedisResult<T> = call.command.query_async(&mut connection).await;
            // A Redis that was started anew, or has run something else meanwhile, does not know it.
            match answer {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                    code.prepare_invoke().load_async(&mut connection).await?;
                    call.command.query_async(&mut connection).await
                }
                answer => answer,
            }
        };
        self.measured(*name, answer).await
    }
}
