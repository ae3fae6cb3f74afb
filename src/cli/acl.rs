//! `cabstand acl`: the rights that a user of Redis needs for a role, as the command that gives them.

use std::path::PathBuf;

use clap::ValueEnum;
use data_encoding::HEXLOWER;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::Shared;
use super::door::password_in;
use super::failure::{Failure, tell};
use super::output::Output;
use crate::store::{Dialect, Rights, Role, User};

/// Options of `acl`.
#[derive(Debug, clap::Args)]
#[command(after_help = HOW)]
pub(super) struct Acl {
    /// viewer looks, operator acts, service runs `cabstand serve`
    #[arg(value_enum)]
    role: RoleName,
    /// The user's name in Redis [default: `cabstand-ROLE`]
    #[arg(long, value_name = "USER")]
    name: Option<User>,
    /// Set the password in this file, too: its SHA-256 stands in the command
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// For which Redis: 7 is 7.0 and newer, and Valkey; 6 is 6.2
    #[arg(long, value_name = "VERSION", default_value = "7", value_parser = dialect)]
    redis_version: Dialect,
}

const HOW: &str = "\
Standard output is the command alone, for the region and the database that are named:

  cabstand acl viewer --password-file FILE | redis-cli
  cabstand acl service --region stgo --redis redis://HOST:6379/2 | redis-cli -h HOST

Without --password-file a new user can't enter until `ACL SETUSER NAME >PASSWORD` gives it one. A user who is there keeps
the password and gets exactly these rights, so the command can be run again after an update. To keep users over a restart of
Redis, run `ACL SAVE` where it has an aclfile, or else `CONFIG REWRITE`.";

/// A role as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    Viewer,
    Operator,
    Service,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Operator => Self::Operator,
            RoleName::Service => Self::Service,
        }
    }
}

/// Reads a version of Redis.
fn dialect(text: &str) -> Result<Dialect, &'static str> {
    match text.split('.').next() {
        Some("6") => Ok(Dialect::Redis6),
        Some("7" | "8" | "9") => Ok(Dialect::Redis7),
        _ => Err("rights can be given as Redis 6 or 7 have them"),
    }
}

impl Acl {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        let role = Role::from(self.role);
        let db = shared.door.address()?.db();
        let user = match self.name {
            Some(user) => user,
            None => format!("cabstand-{role}").parse().map_err(|error| Failure::Usage(format!("{error}")))?,
        };
        let password = self.password_file.map(|path| password_in(&path, "--password-file")).transpose()?;
        let hash = password.map(|password| HEXLOWER.encode(&Sha256::digest(password.expose_secret())));
        let rights = Rights::of(role, shared.region.as_ref(), db, self.redis_version);
        let mut out = Output::new();
        out.line(&rights.line(&user, self.redis_version, hash.as_deref()))?;
        out.flush()?;
        if hash.is_none() {
            tell(&format!("# A new user can't enter until it has a password: ACL SETUSER {user} >PASSWORD"));
        }
        tell(&format!("# Pipe this into redis-cli; then: cabstand --redis-user {user} --redis-password-file FILE …"));
        Ok(())
    }
}
