//! TLS to Redis: whom we trust, who we are, and what went wrong in words.

use std::error::Error;
use std::io;
use std::sync::{Arc, Once};

use redis::{ClientTlsConfig, ErrorKind, RedisError, TlsCertificates};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{AlertDescription, CertificateError};

use super::{Address, StoreError};
use crate::domain::clean;

/// What is needed for TLS beside the URL, in PEM. Without an authority those that this machine trusts are trusted.
#[derive(Default)]
pub struct Certificates {
    /// The certificates of the authorities that are trusted, and no others.
    pub authorities: Option<Vec<u8>>,
    /// Our certificate with those that lead to its authority, and its key.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Certificates {
    /// The address as it is reached with them.
    ///
    /// # Errors
    /// Where they are no certificates or no key, or the address is reached without TLS.
    pub fn at(self, address: Address) -> Result<Address, StoreError> {
        if self.authorities.is_none() && self.identity.is_none() {
            return Ok(address);
        }
        if let Some(authorities) = &self.authorities {
            check_certificates(authorities).map_err(|why| StoreError::Address(format!("--redis-ca {why}")))?;
        }
        let client_tls = match self.identity {
            None => None,
            Some((client_cert, client_key)) => {
                check_certificates(&client_cert).map_err(|why| StoreError::Address(format!("--redis-cert {why}")))?;
                // What stands in the file is never told.
                PrivateKeyDer::from_pem_slice(&client_key).map_err(|_| {
                    StoreError::Address("--redis-key names a file without a private key in PEM".to_owned())
                })?;
                Some(ClientTlsConfig { client_cert, client_key })
            }
        };
        address.with_certificates(TlsCertificates { client_tls, root_cert: self.authorities })
    }
}

fn check_certificates(pem: &[u8]) -> Result<(), &'static str> {
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        certificate.map_err(|_| "names a file with a broken certificate")?;
        count += 1;
    }
    let none = "names a file without a certificate in PEM (-----BEGIN CERTIFICATE-----)";
    if count > 0 { Ok(()) } else { Err(none) }
}

/// Chooses who does the cryptography, which has to be done once before the first connection.
pub(super) fn set_up() {
    static ONCE: Once = Once::new();
    // Set up already, by the HTTP client say, is as good.
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// An error of the first connection, with a guess where it looks as if only one of the two ends spoke TLS.
pub(super) fn at_the_door(address: &Address, error: &RedisError) -> StoreError {
    let told = StoreError::from_redis(address, error).before_asking();
    // Redis takes the beginning of a TLS handshake for a command that has no end yet; and a TLS port hangs up, or answers in TLS.
    let guess = if address.is_tls() && error.is_timeout() {
        "if that port speaks no TLS, write redis://"
    } else if address.is_tcp() && !address.is_tls() && is_odd(error) {
        "if that port speaks TLS, write rediss://"
    } else {
        return told;
    };
    StoreError::Away { address: address.to_string(), reason: format!("{}; {guess}", told.reason()), asked: false }
}

fn is_odd(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Parse || (error.is_connection_dropped() && !error.is_connection_refusal())
}

/// What went wrong with TLS and what to do about it; none where the error is another.
pub(super) fn reason(error: &RedisError) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        // The crate's errors hold others in this way, and would else hide them.
        if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
            cause = Some(shared.as_ref());
            continue;
        }
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Some(words(error));
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn words(error: &rustls::Error) -> String {
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage, NoCertificatesPresented};
    match error {
        InvalidCertificate(why) => certificate(why),
        InvalidMessage(_) => "it does not speak TLS there; write redis:// if that is meant".to_owned(),
        AlertReceived(AlertDescription::CertificateRequired | AlertDescription::NoCertificate)
        | NoCertificatesPresented => NEEDS_ONE.to_owned(),
        AlertReceived(AlertDescription::HandshakeFailure) => format!("it ended the TLS handshake; perhaps {NEEDS_ONE}"),
        AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError,
        ) => format!(
            "it does not accept our certificate ({}); see --redis-cert and --redis-key",
            clean(error.to_string().as_bytes())
        ),
        AlertReceived(AlertDescription::ProtocolVersion) => "it speaks no TLS newer than 1.1".to_owned(),
        other => format!("TLS: {}", clean(other.to_string().as_bytes())),
    }
}

const NEEDS_ONE: &str = "it asks for a client certificate: --redis-cert FILE and --redis-key FILE";

fn certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "nobody we trust has signed its certificate; --redis-ca FILE names its authority".to_owned()
        }
        CertificateError::NotValidForName => "its certificate is for another name than the one in the URL".to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<String> = presented.iter().map(|name| clean(name.as_bytes())).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            format!("its certificate is for another name than the one in the URL; it is for {names}")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired, or the clock of this machine is wrong".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or the clock of this machine is wrong".to_owned()
        }
        CertificateError::Revoked => "its certificate was revoked".to_owned(),
        other => format!("its certificate is not accepted: {}", clean(other.to_string().as_bytes())),
    }
}
