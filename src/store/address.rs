//! Where a Redis is and how one gets in: reading the URL, and showing it without user and password.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, TlsCertificates};
use secrecy::ExposeSecret;

use super::login::{Login, Split};
use super::{StoreError, tls};

/// The address of a Redis: `redis://[user[:password]@]host[:port][/db]`, the same with `rediss://` for TLS, or
/// `unix:/path[?db=0&user=…&pass=…]`.
#[derive(Clone)]
pub struct Address {
    info: ConnectionInfo,
    certificates: Option<TlsCertificates>,
}

impl Address {
    /// The address in a URL, which one enters with this login where the URL itself has no user or no password.
    ///
    /// # Errors
    /// Where the URL is none, or asks for TLS without a look at the certificate. What is said never tells the password.
    pub fn new(url: &str, login: &Login) -> Result<Self, StoreError> {
        let Split { url, password } = Split::of(url);
        if url.contains('#') {
            let why = "a # begins no part of it; a TLS certificate that is not checked (#insecure) protects from nobody, and \
                       --redis-ca FILE names an authority of your own";
            return Err(StoreError::Address(why.to_owned()));
        }
        let info = url.as_str().into_connection_info().map_err(|_| StoreError::Address(FORM.to_owned()))?;
        // RESP3 lets notifications and answers share a connection. The library's name is told to nobody: where that is not
        // granted, each connection would stand in Redis' log of what it has refused.
        let mut settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3).set_skip_set_lib_name();
        let password = match password {
            Some(raw) => Some(raw.decoded().ok_or_else(StoreError::wrong_escape)?),
            None => login.password.clone(),
        };
        if let (None, Some(user)) = (settings.username(), &login.user) {
            settings = settings.set_username(user);
        }
        match password {
            Some(password) => settings = settings.set_password(password.expose_secret()),
            None if settings.username().is_some() => return Err(StoreError::Address(NO_PASSWORD.to_owned())),
            None => {}
        }
        Ok(Self { info: info.set_redis_settings(settings).set_tcp_settings(tcp()), certificates: None })
    }

    /// The same, with authorities or a certificate of one's own.
    ///
    /// # Errors
    /// Where the address is reached without TLS, so that they would be of no use.
    pub(super) fn with_certificates(self, certificates: TlsCertificates) -> Result<Self, StoreError> {
        if self.is_tls() {
            Ok(Self { certificates: Some(certificates), ..self })
        } else {
            Err(StoreError::Address("certificates are of no use without TLS: write rediss://HOST:PORT/DB".to_owned()))
        }
    }

    pub(super) fn client(&self) -> Result<Client, StoreError> {
        if self.is_tls() {
            tls::set_up();
        }
        let client = match &self.certificates {
            Some(certificates) => Client::build_with_tls(self.info.clone(), certificates.clone()),
            None => Client::open(self.info.clone()),
        };
        client.map_err(|error| StoreError::from_redis(self, &error))
    }

    /// The number of the database, which is part of the name of every keyspace channel.
    #[must_use]
    pub fn db(&self) -> i64 {
        self.info.redis_settings().db()
    }

    /// Whether it is reached by TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.info.addr(), ConnectionAddr::TcpTls { .. })
    }

    /// Whether it is reached over a network, as against a socket of this machine.
    #[must_use]
    pub fn is_tcp(&self) -> bool {
        !matches!(self.info.addr(), ConnectionAddr::Unix(_))
    }

    /// The name or number of the host; none for a unix socket.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => Some(host),
            _ => None,
        }
    }

    /// Whether it is entered under a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.info.redis_settings().password().is_some()
    }
}

/// A connection on which nothing was said for a while is asked whether it is alive: else nobody would notice that the other end
/// has vanished without a word, and a router on the way would forget a connection that waits.
fn tcp() -> TcpSettings {
    TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))
}

/// After so long without a word.
const KEEPALIVE: Duration = Duration::from_secs(15);

const FORM: &str = "write redis://HOST:PORT/DB, rediss://HOST:PORT/DB for TLS, or unix:/PATH/TO/SOCKET";
const NO_PASSWORD: &str =
    "there is a user but no password; give it by --redis-password-file FILE or the variable CABSTAND_REDIS_PASSWORD";

impl FromStr for Address {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        Self::new(url, &Login::default())
    }
}

/// The address without user and password, fit for a screen or a log.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.info.addr() {
            ConnectionAddr::Unix(path) => write!(f, "unix:{}", path.display())?,
            ConnectionAddr::Tcp(host, port) => write!(f, "{}:{port}", bracketed(host))?,
            ConnectionAddr::TcpTls { host, port, .. } => write!(f, "rediss://{}:{port}", bracketed(host))?,
            _ => f.write_str("redis")?,
        }
        write!(f, "/{}", self.db())
    }
}

/// A host as it stands before a port.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, login: &Login) -> (Option<String>, Option<String>) {
        let address = Address::new(url, login).unwrap();
        let settings = address.info.redis_settings();
        (settings.username().map(str::to_owned), settings.password().map(str::to_owned))
    }

    #[test]
    fn a_password_is_never_shown() {
        let address: Address = "redis://alice:secret@10.0.0.1:7000/3".parse().unwrap();
        assert_eq!(address.to_string(), "10.0.0.1:7000/3");
        assert!(!format!("{address:?}").contains("secret"));
        let address: Address = "rediss://alice:secret@[::1]:7000/3".parse().unwrap();
        assert_eq!(address.to_string(), "rediss://[::1]:7000/3");
    }

    #[test]
    fn sockets_and_defaults() {
        assert_eq!("unix:/tmp/r.sock".parse::<Address>().unwrap().to_string(), "unix:/tmp/r.sock/0");
        assert_eq!("redis://localhost".parse::<Address>().unwrap().to_string(), "localhost:6379/0");
    }

    #[test]
    fn what_is_no_address_says_how_to_write_one() {
        let error = "localhost".parse::<Address>().unwrap_err().to_string();
        assert!(error.contains("redis://HOST:PORT/DB") && error.contains("rediss://"), "{error}");
        assert!("rediss://h/#insecure".parse::<Address>().unwrap_err().to_string().contains("--redis-ca FILE"));
        assert!("redis://u@h".parse::<Address>().unwrap_err().to_string().contains("CABSTAND_REDIS_PASSWORD"));
        for url in ["redis://u:secret@:bad:/x", "redis://u:se%cret@h", "http://u:secret@h", "redis://u:secret@h/db"] {
            let error = url.parse::<Address>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_the_url_says_comes_first() {
        let login = Login { user: Some("file".to_owned()), password: Some("word".into()) };
        let pair = |user: &str, password: &str| (Some(user.to_owned()), Some(password.to_owned()));
        assert_eq!(settings("redis://h", &login), pair("file", "word"));
        assert_eq!(settings("redis://url@h", &login), pair("url", "word"));
        assert_eq!(settings("redis://url:own@h", &login), pair("url", "own"));
        assert_eq!(settings("redis://:own@h", &login), pair("file", "own"));
        assert_eq!(settings("unix:/r.sock?user=url&pass=o+w%26n", &login), pair("url", "o w&n"));
        assert_eq!(settings("unix:/r.sock?db=3", &login), pair("file", "word"));
        assert_eq!(Address::new("unix:/r.sock?pass=x&db=3", &login).unwrap().db(), 3);
    }

    #[test]
    fn any_sign_may_stand_in_a_password() {
        let none = Login::default();
        for (written, meant) in [("p%40s%3As", "p@s:s"), ("p@s:s/#?", "p@s:s/#?"), ("%C3%B1", "ñ"), ("a+b", "a+b")] {
            let (_, password) = settings(&format!("redis://u:{written}@h:7000/1"), &none);
            assert_eq!(password.as_deref(), Some(meant));
        }
    }
}
