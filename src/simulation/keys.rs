//! What a guarded service asks for.

use reqwest::header::{HeaderValue, InvalidHeaderValue};

/// Tokens of both kinds of phones, and whom they trust.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// What drivers' phones show ([`bearer`]).
    pub driver: Option<HeaderValue>,
    /// What riders' phones show when they ask for a driver. Each request then has its own ticket.
    pub rider: Option<HeaderValue>,
    /// The authority that has signed the service's certificate, in PEM; none for those that this machine trusts.
    pub authority: Option<Vec<u8>>,
}

/// A token as it is shown. Nothing that prints it tells it.
///
/// # Errors
/// Where it has signs that cannot stand in a header.
pub fn bearer(token: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))?;
    value.set_sensitive(true);
    Ok(value)
}
