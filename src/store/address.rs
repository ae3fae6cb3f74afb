//! Where a Redis is: reading the URL, and showing it without its password.

use std::fmt;
use std::str::FromStr;

use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use super::StoreError;

/// The address of a Redis: `redis://[user:password@]host[:port][/db]` or `unix:/path[?db=0]`.
#[derive(Clone)]
pub struct Address {
    info: ConnectionInfo,
}

impl Address {
    pub(super) fn client(&self) -> Result<Client, StoreError> {
        Client::open(self.info.clone()).map_err(|e| StoreError::Address(e.to_string()))
    }

    /// The number of the database, which is part of the name of every keyspace channel.
    pub(super) fn db(&self) -> i64 {
        self.info.redis_settings().db()
    }
}

impl FromStr for Address {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("rediss:") {
            return Err(StoreError::Address("TLS (rediss://) is not built in; use redis:// or unix:".to_owned()));
        }
        let form = || StoreError::Address("write redis://HOST:PORT/DB or unix:/PATH/TO/SOCKET".to_owned());
        let info = url.into_connection_info().map_err(|_| form())?;
        // RESP3 lets notifications and answers share a connection.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Ok(Self { info: info.set_redis_settings(settings) })
    }
}

/// The address without user and password, fit for a screen or a log.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.info.addr() {
            ConnectionAddr::Unix(path) => write!(f, "unix:{}", path.display())?,
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => write!(f, "{host}:{port}")?,
            _ => f.write_str("redis")?,
        }
        write!(f, "/{}", self.db())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let address: Address = "redis://alice:secret@10.0.0.1:7000/3".parse().unwrap();
        assert_eq!(address.to_string(), "10.0.0.1:7000/3");
        assert!(!format!("{address:?}").contains("secret"));
    }

    #[test]
    fn sockets_and_defaults() {
        assert_eq!("unix:/tmp/r.sock".parse::<Address>().unwrap().to_string(), "unix:/tmp/r.sock/0");
        assert_eq!("redis://localhost".parse::<Address>().unwrap().to_string(), "localhost:6379/0");
    }

    #[test]
    fn what_is_no_address_says_how_to_write_one() {
        let error = "localhost".parse::<Address>().unwrap_err().to_string();
        assert!(error.contains("redis://HOST:PORT/DB"), "{error}");
        assert!("rediss://h".parse::<Address>().unwrap_err().to_string().contains("TLS"));
        let error = "redis://u:secret@:bad:/x".parse::<Address>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
