//! A request's ticket: who has it may look at that request, listen for its end, and cancel it.

use data_encoding::BASE64URL_NOPAD;
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};

use crate::store::TicketHash;

/// So many bytes of the system's random source make a ticket: it cannot be guessed.
const BYTES: usize = 32;

/// A ticket as its rider has it: text that needs no escapes in a URL.
pub(in crate::api) struct Ticket(String);

impl Ticket {
    /// A new one; none where the system has no random bytes.
    pub(in crate::api) fn new() -> Option<Self> {
        let mut bytes = [0; BYTES];
        SysRng.try_fill_bytes(&mut bytes).ok()?;
        Some(Self(BASE64URL_NOPAD.encode(&bytes)))
    }

    /// What is kept of it.
    pub(in crate::api) fn hash(&self) -> TicketHash {
        hash(&self.0)
    }

    /// The text, for its rider alone.
    pub(in crate::api) fn into_text(self) -> String {
        self.0
    }
}

/// The hash of what somebody shows as a ticket; none where it has not even a ticket's shape, so that Redis need not be asked.
pub(super) fn shown(text: &str) -> Option<TicketHash> {
    let is_one = BASE64URL_NOPAD.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == BYTES);
    is_one.then(|| hash(text))
}

fn hash(text: &str) -> TicketHash {
    TicketHash(Sha256::digest(text).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_url_safe_text_of_256_bits_and_never_the_same() {
        let [one, other] = [Ticket::new().unwrap(), Ticket::new().unwrap()].map(Ticket::into_text);
        assert_ne!(one, other);
        assert_eq!(one.len(), 43);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')), "{one}");
    }

    #[test]
    fn what_is_shown_counts_by_its_hash_and_only_in_a_ticket_s_shape() {
        let ticket = Ticket::new().unwrap();
        let kept = ticket.hash();
        let text = ticket.into_text();
        assert_eq!(shown(&text).unwrap().0, kept.0);
        for odd in ["", "x", &text[1..], &format!("{text}="), &format!(" {text}"), &text.replace(&text[..1], "+")] {
            assert!(shown(odd).is_none(), "{odd:?}");
        }
    }
}
