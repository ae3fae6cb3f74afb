//! The Lua scripts, each with the shared part before it, and how they are called.

use std::sync::OnceLock;

use redis::{FromRedisValue, Script, ScriptInvocation};

use super::{Store, StoreError};

/// All scripts of `assets/lua/`, compiled into the program.
pub(super) struct Scripts {
    pub(super) open: Script,
    pub(super) attempt: Script,
    pub(super) settle: Script,
    pub(super) end: Script,
    pub(super) report: Script,
    pub(super) drive: Script,
    pub(super) nearest: Script,
    pub(super) read: Script,
}

impl Scripts {
    /// The one set of scripts of this process: their hashes are reckoned once.
    pub(super) fn shared() -> &'static Self {
        static SHARED: OnceLock<Scripts> = OnceLock::new();
        let script = |own: &str| Script::new(&format!("{}\n{own}", include_str!("../../assets/lua/lib.lua")));
        SHARED.get_or_init(|| Self {
            open: script(include_str!("../../assets/lua/open.lua")),
            attempt: script(include_str!("../../assets/lua/attempt.lua")),
            settle: script(include_str!("../../assets/lua/settle.lua")),
            end: script(include_str!("../../assets/lua/end.lua")),
            report: script(include_str!("../../assets/lua/report.lua")),
            drive: script(include_str!("../../assets/lua/drive.lua")),
            nearest: script(include_str!("../../assets/lua/nearest.lua")),
            read: script(include_str!("../../assets/lua/read.lua")),
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
        call.arg(&self.keys.prefix);
        call
    }

    pub(super) async fn run<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        call.invoke_async(&mut connection).await.map_err(|e| StoreError::from_redis(&self.address, &e))
    }
}
