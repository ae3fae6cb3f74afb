//! The Lua scripts, each with the shared part before it, and how they are called.

use std::sync::OnceLock;

use redis::{FromRedisValue, ScriptInvocation, ToRedisArgs};

use super::{Store, StoreError};

/// A script and the name of its file.
pub(super) struct Script {
    name: &'static str,
    code: redis::Script,
}

/// A call of a script, to which arguments can be added.
pub(super) struct Call<'a> {
    name: &'static str,
    invocation: ScriptInvocation<'a>,
}

impl Call<'_> {
    pub(super) fn arg(&mut self, arg: impl ToRedisArgs) -> &mut Self {
        self.invocation.arg(arg);
        self
    }
}

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
        let code = |own: &str| redis::Script::new(&format!("{}\n{own}", include_str!("../../assets/lua/lib.lua")));
        let script = |name, own| Script { name, code: code(own) };
        SHARED.get_or_init(|| Self {
            open: script("open", include_str!("../../assets/lua/open.lua")),
            attempt: script("attempt", include_str!("../../assets/lua/attempt.lua")),
            settle: script("settle", include_str!("../../assets/lua/settle.lua")),
            end: script("end", include_str!("../../assets/lua/end.lua")),
            report: script("report", include_str!("../../assets/lua/report.lua")),
            drive: script("drive", include_str!("../../assets/lua/drive.lua")),
            nearest: script("nearest", include_str!("../../assets/lua/nearest.lua")),
            read: script("read", include_str!("../../assets/lua/read.lua")),
        })
    }
}

impl Store {
    /// A call of this script with our keys; its arguments follow.
    pub(super) fn call<'a>(&self, script: &'a Script) -> Call<'a> {
        let mut invocation = script.code.prepare_invoke();
        for key in self.keys.of_scripts() {
            invocation.key(key);
        }
        invocation.arg(&self.keys.prefix);
        Call { name: script.name, invocation }
    }

    pub(super) async fn run<T: FromRedisValue>(&self, call: &Call<'_>) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        self.measured(call.name.to_owned(), call.invocation.invoke_async(&mut connection)).await
    }
}
