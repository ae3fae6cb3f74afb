//! The Lua scripts, each with the shared parts that it needs before it, and how they are called.

use std::sync::OnceLock;

use redis::{FromRedisValue, Script, ScriptInvocation};

use super::{Store, StoreError, millis};

const LIB: &str = include_str!("../../assets/lua/lib.lua");
const NEAREST: &str = include_str!("../../assets/lua/lib_nearest.lua");
const LOOK: &str = include_str!("../../assets/lua/lib_look.lua");
const MATCH: &str = include_str!("../../assets/lua/lib_match.lua");

/// All scripts of `assets/lua/`, compiled into the program.
pub(super) struct Scripts {
    pub(super) open: Script,
    pub(super) attempt: Script,
    pub(super) settle: Script,
    pub(super) sweep: Script,
    pub(super) end: Script,
    pub(super) report: Script,
    pub(super) drive: Script,
    pub(super) silent: Script,
    pub(super) nearest: Script,
    pub(super) read: Script,
}

impl Scripts {
    /// The one set of scripts of this process: their hashes are reckoned once.
    pub(super) fn shared() -> &'static Self {
        static SHARED: OnceLock<Scripts> = OnceLock::new();
        let script = |parts: &[&str]| Script::new(&parts.join("\n"));
        SHARED.get_or_init(|| Self {
            open: script(&[LIB, include_str!("../../assets/lua/open.lua")]),
            attempt: script(&[LIB, NEAREST, LOOK, include_str!("../../assets/lua/attempt.lua")]),
            settle: script(&[LIB, NEAREST, LOOK, include_str!("../../assets/lua/settle.lua")]),
            sweep: script(&[LIB, NEAREST, LOOK, include_str!("../../assets/lua/sweep.lua")]),
            end: script(&[LIB, include_str!("../../assets/lua/end.lua")]),
            report: script(&[LIB, NEAREST, LOOK, MATCH, include_str!("../../assets/lua/report.lua")]),
            drive: script(&[LIB, NEAREST, LOOK, MATCH, include_str!("../../assets/lua/drive.lua")]),
            silent: script(&[LIB, include_str!("../../assets/lua/silent.lua")]),
            nearest: script(&[LIB, NEAREST, include_str!("../../assets/lua/nearest.lua")]),
            read: script(&[LIB, include_str!("../../assets/lua/read.lua")]),
        })
    }
}

impl Store {
    /// A call of this script with our keys; its arguments follow.
    pub(super) fn call<'a>(&self, script: &'a Script) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        for key in self.keys.of_scripts() {
            call.key(key);
        }
        call.arg(&self.keys.prefix).arg(self.freshness.stale_after.map_or(0, millis));
        call
    }

    pub(super) async fn run<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        call.invoke_async(&mut connection).await.map_err(|e| StoreError::from_redis(&self.address, &e))
    }
}
