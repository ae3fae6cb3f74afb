//! How one gets into Redis: the URL, the user, the password and the certificates, as they were given.

use std::convert::Infallible;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::builder::TypedValueParser;
use secrecy::{ExposeSecret, SecretString};

use super::EVERYWHERE;
use super::failure::Failure;
use super::hiding;
use crate::store::{Address, Certificates, Login, StoreError};

/// The variable with the password. There is no flag of that name, since everybody on a machine can read its flags.
pub(super) const PASSWORD: &str = "CABSTAND_REDIS_PASSWORD";
/// Nothing longer than this, in bytes, is read as a password or a certificate.
const LONGEST_FILE: u64 = 1_024 * 1_024;
/// No password is longer, in bytes.
const LONGEST_PASSWORD: usize = 4_096;

/// Which Redis, and the way in.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Door {
    /// The Redis to work on: `redis://[USER@]HOST[:PORT][/DB]`, `rediss://…` for TLS, or `unix:/PATH[?db=0&user=…]`; `redis://127.0.0.1:6379/0` where none is named
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "URL", default_value = "redis://127.0.0.1:6379/0", hide_default_value = true, value_parser = secret())]
    redis: SecretString,
    /// The user in Redis' ACL
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "NAME")]
    redis_user: Option<String>,
    /// The file with the password for Redis, on one line; or put it into the variable `CABSTAND_REDIS_PASSWORD`
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    redis_password_file: Option<PathBuf>,
    /// The authority that has signed Redis' TLS certificate, in PEM, instead of those that this machine trusts
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    redis_ca: Option<PathBuf>,
    /// The client certificate for Redis' TLS, in PEM
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    redis_cert: Option<PathBuf>,
    /// The key of the client certificate, in PEM
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    redis_key: Option<PathBuf>,
}

/// Takes a text that is never shown.
fn secret() -> impl TypedValueParser<Value = SecretString> {
    clap::builder::StringValueParser::new().try_map(|text| Ok::<_, Infallible>(SecretString::from(text)))
}

impl Door {
    /// Where it leads. A user and a password in the URL come first, then the file, then the variable.
    pub(super) fn address(&self) -> Result<Address, Failure> {
        let login = Login { user: self.redis_user.clone().filter(|user| !user.is_empty()), password: self.password()? };
        let address = Address::new(self.redis.expose_secret(), &login)?;
        let read = |path: &Option<PathBuf>, option| path.as_ref().map(|path| contents(path, option)).transpose();
        let identity = match (read(&self.redis_cert, "--redis-cert")?, read(&self.redis_key, "--redis-key")?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(Failure::Usage("--redis-cert needs --redis-key FILE, too".to_owned())),
            (None, Some(_)) => return Err(Failure::Usage("--redis-key needs --redis-cert FILE, too".to_owned())),
        };
        let authorities = read(&self.redis_ca, "--redis-ca")?;
        Ok(Certificates { authorities, identity }.at(address)?)
    }

    /// The password that stood in the URL on the command line, or else that of the file, or of the variable.
    fn password(&self) -> Result<Option<SecretString>, Failure> {
        if let Some(written) = hiding::handed_on() {
            return Ok(Some(written.decoded().ok_or_else(StoreError::wrong_escape)?));
        }
        match &self.redis_password_file {
            Some(path) => password_in(path, "--redis-password-file").map(Some),
            None => Ok(std::env::var(PASSWORD).ok().filter(|text| !text.is_empty()).map(SecretString::from)),
        }
    }
}

/// The password in a file: one line, whose end does not count.
pub(super) fn password_in(path: &Path, option: &str) -> Result<SecretString, Failure> {
    let wrong = |why: &str| Failure::Usage(format!("{option}: {} can't be used as a password: {why}", path.display()));
    password_of(contents(path, option)?).map_err(wrong)
}

/// The password that a file with these bytes holds, or why it holds none.
pub(super) fn password_of(bytes: Vec<u8>) -> Result<SecretString, &'static str> {
    let text = String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8")?;
    let line = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(&text);
    match line {
        "" => Err("it is empty"),
        line if line.contains(['\n', '\r', '\0']) => Err("it has more than one line"),
        line if line.len() > LONGEST_PASSWORD => Err("it is longer than 4096 bytes"),
        line => Ok(line.into()),
    }
}

fn contents(path: &Path, option: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_FILE).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::Usage(format!("{option}: {} can't be read: {error}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(bytes: &[u8]) -> Result<String, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let password = password_in(file.path(), "--redis-password-file");
        password.map(|secret| secret.expose_secret().to_owned()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_password_is_one_line_without_its_end() {
        for bytes in [&b"hunter 2"[..], b"hunter 2\n", b"hunter 2\r\n"] {
            assert_eq!(password(bytes).as_deref(), Ok("hunter 2"));
        }
        for (bytes, why) in [
            (&b""[..], "empty"),
            (b"\n", "empty"),
            (b"hunter\n2\n", "more than one line"),
            (b"hunter\r", "more than one line"),
            (b"hunter\xff", "UTF-8"),
        ] {
            let error = password(bytes).unwrap_err();
            assert!(error.contains(why) && !error.contains("hunter"), "{error}");
        }
    }
}
