//! The secret that deliveries are signed with, as Standard Webhooks has it.

use standardwebhooks::Webhook;

/// How many bytes a secret has, by Standard Webhooks.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that signs. It cannot be shown.
pub struct Secret(Webhook);

/// Why a text is no secret. The text itself is never told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// There is none.
    #[error("it is empty")]
    Empty,
    /// It cannot be decoded.
    #[error("it is no base64, with or without whsec_ before it")]
    NoBase64,
    /// It can be guessed, or is something else.
    #[error("it has {0} bytes, and a secret has 24 to 64")]
    Length(usize),
}

impl Secret {
    /// Reads a secret: `whsec_` and base64, or base64 alone. Space around it does not count.
    ///
    /// # Errors
    /// Where it is no base64, or has not 24 to 64 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let text = text.trim();
        let encoded = text.strip_prefix("whsec_").unwrap_or(text);
        if encoded.is_empty() {
            return Err(InvalidSecret::Empty);
        }
        let webhook = Webhook::new(text).map_err(|_| InvalidSecret::NoBase64)?;
        // Valid base64 has three bytes in each four characters.
        let bytes = encoded.trim_end_matches('=').len() * 3 / 4;
        if SECRET_BYTES.contains(&bytes) { Ok(Self(webhook)) } else { Err(InvalidSecret::Length(bytes)) }
    }

    /// The signature of a try at that second; none where the body is no text.
    pub(super) fn sign(&self, id: &str, unix_seconds: i64, body: &str) -> Option<String> {
        self.0.sign(id, unix_seconds, body.as_bytes()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(), InvalidSecret> {
        Secret::parse(text).map(|_| ())
    }

    #[test]
    fn a_secret_is_read_with_and_without_its_prefix() {
        for text in ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD\n"] {
            let signature = Secret::parse(text).unwrap().sign(
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
            );
            // The example that Standard Webhooks' own libraries are tested with.
            assert_eq!(signature.as_deref(), Some("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="));
        }
    }

    #[test]
    fn what_is_no_secret_is_said_without_telling_it() {
        for text in ["", "\n", "whsec_"] {
            assert_eq!(parse(text), Err(InvalidSecret::Empty), "{text:?}");
        }
        assert_eq!(parse("correct horse"), Err(InvalidSecret::NoBase64));
        assert_eq!(parse("whsec_c2VjcmV0"), Err(InvalidSecret::Length(6)));
        for (bytes, is_one) in [(23, false), (24, true), (25, true), (64, true), (65, false)] {
            let mut encoded = "A".repeat(bytes * 4 / 3 + usize::from(bytes % 3 != 0));
            encoded.push_str(["", "==", "="][bytes % 3]);
            let expected = if is_one { Ok(()) } else { Err(InvalidSecret::Length(bytes)) };
            assert_eq!(parse(&encoded), expected, "{bytes}");
        }
    }
}
