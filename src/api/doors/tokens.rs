//! Who is known by which token. Tokens stand in a file, one on a line: role, token, and if you like a name, or for a driver its id.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::domain::{DriverId, clean};

/// A token has so many characters at the least.
const FEWEST: usize = 16;
/// With fewer it is taken, but with a warning.
const ENOUGH: usize = 32;
/// A line without end is no token; headers are shorter than this, too.
const MOST: usize = 1_024;
/// The longest name, in characters.
const LONGEST_NAME: usize = 64;

/// What the bearer of a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Report positions.
    Driver,
    /// Look for drivers and open requests; each request then has its own ticket.
    Rider,
    /// Everything.
    Operator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Driver, Self::Rider, Self::Operator];

    /// The word for it in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Rider => "rider",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no list of tokens. What stands there is never told: it may be a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTokens {
    /// There is none.
    #[error("there is no token in it")]
    Empty,
    /// It has not two or three words.
    #[error(
        "line {0}: a line has a role, a token and, if you like, a name, or for a driver its id, without white space"
    )]
    Words(usize),
    /// The first word is no role.
    #[error("line {0}: a role is driver, rider or operator")]
    Role(usize),
    /// The second word is no token.
    #[error("line {0}: a token has letters, digits and -._~+/ alone, with = at its end at the most")]
    Signs(usize),
    /// It can be guessed, or is no token at all.
    #[error("line {0}: a token has 16 to 1024 characters, better 32 or more")]
    Length(usize),
    /// The third word is no name.
    #[error("line {0}: a name has 1 to 64 letters, digits and -._ alone")]
    Name(usize),
    /// The third word is no driver's id.
    #[error("line {0}: a driver's id has 1 to 128 bytes of printable characters, here without # and white space")]
    Driver(usize),
    /// A token stands there twice.
    #[error("line {0}: this token stands in line {1} already")]
    Twice(usize, usize),
}

/// A line of the file.
#[derive(Debug)]
pub struct Line {
    /// What its bearer may do.
    pub role: Role,
    /// The token.
    pub token: SecretString,
    /// Its bearer.
    pub name: Option<String>,
    /// The only driver that a driver's token reports for; `None` for any.
    pub driver: Option<DriverId>,
    /// Which line it is, from 1.
    pub number: usize,
}

impl Line {
    /// Reads all lines. Empty ones and what stands behind a `#` do not count.
    ///
    /// # Errors
    /// Where a line is wrong, the first of them; or there is none.
    pub fn read_all(text: &str) -> Result<Vec<Self>, InvalidTokens> {
        let mut lines: Vec<Self> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let Some(line) = Self::read(number, line)? else { continue };
            let same = |other: &&Self| other.token.expose_secret() == line.token.expose_secret();
            if let Some(other) = lines.iter().find(same) {
                return Err(InvalidTokens::Twice(number, other.number));
            }
            lines.push(line);
        }
        if lines.is_empty() { Err(InvalidTokens::Empty) } else { Ok(lines) }
    }

    fn read(number: usize, line: &str) -> Result<Option<Self>, InvalidTokens> {
        let mut words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
        let Some(role) = words.next() else { return Ok(None) };
        let role = Role::ALL.into_iter().find(|known| known.as_str() == role).ok_or(InvalidTokens::Role(number))?;
        let token = words.next().ok_or(InvalidTokens::Words(number))?;
        let bearer = words.next();
        if words.next().is_some() {
            return Err(InvalidTokens::Words(number));
        }
        if !is_bearer(token) {
            return Err(InvalidTokens::Signs(number));
        }
        if !(FEWEST..=MOST).contains(&token.len()) {
            return Err(InvalidTokens::Length(number));
        }
        let (mut name, mut driver) = (None, None);
        match bearer {
            Some(id) if role == Role::Driver => {
                let id = Some(id).filter(|id| !id.contains('#')).and_then(|id| id.parse().ok());
                driver = Some(id.ok_or(InvalidTokens::Driver(number))?);
            }
            Some(text) if is_name(text) => name = Some(text.to_owned()),
            Some(_) => return Err(InvalidTokens::Name(number)),
            None => {}
        }
        Ok(Some(Self { role, token: token.into(), name, driver, number }))
    }

    /// Whether it is shorter than is good.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.token.expose_secret().len() < ENOUGH
    }
}

/// The signs of a bearer token (RFC 6750, section 2.1).
pub(super) fn is_bearer(token: &str) -> bool {
    let signs = token.trim_end_matches('=');
    !signs.is_empty() && signs.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

fn is_name(name: &str) -> bool {
    let has_its_signs = name.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
    // Marks that stand upon a letter count as letters, in some scripts: a heap of them is none.
    name.chars().count() <= LONGEST_NAME && has_its_signs && clean(name.as_bytes()) == name
}

/// A token that is known, by its hash alone.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) role: Role,
    pub(super) name: Option<String>,
    /// The only driver that it reports for; `None` for any.
    pub(super) driver: Option<DriverId>,
    hash: [u8; 32],
}

impl Known {
    /// The SHA-256 of the token.
    pub(super) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// All tokens that are known.
#[derive(Debug, Clone, Default)]
pub struct Tokens(Vec<Known>);

impl Tokens {
    /// The tokens of these lines.
    #[must_use]
    pub fn new(lines: Vec<Line>) -> Self {
        let known = |line: Line| {
            let hash = hash(line.token.expose_secret());
            Known { role: line.role, name: line.name, driver: line.driver, hash }
        };
        Self(lines.into_iter().map(known).collect())
    }

    /// How many have this role.
    #[must_use]
    pub fn count(&self, role: Role) -> usize {
        self.0.iter().filter(|known| known.role == role).count()
    }

    /// How many are bound to one driver.
    #[must_use]
    pub fn count_bound(&self) -> usize {
        self.0.iter().filter(|known| known.driver.is_some()).count()
    }

    /// Whose token this is. All are looked at, each as a whole: how long it takes tells nothing of a token, nor of which it is.
    pub(super) fn find(&self, token: &str) -> Option<&Known> {
        let shown = hash(token);
        self.0.iter().fold(None, |found, known| if known.hash.ct_eq(&shown).into() { Some(known) } else { found })
    }

    /// Whether this one is still known, with the same role.
    pub(super) fn still_has(&self, known: &Known) -> bool {
        self.0.iter().any(|other| other.role == known.role && other.hash == known.hash)
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DRIVER: &str = "0123456789abcdef";
    const ANA: &str = "fedcba9876543210fedcba9876543210";

    fn read(text: &str) -> Result<Tokens, InvalidTokens> {
        Line::read_all(text).map(Tokens::new)
    }

    #[test]
    fn a_file_has_a_token_on_each_line_and_comments() {
        let tokens =
            read(&format!("# who may come in\n\ndriver {DRIVER}\n  operator\t{ANA} ana # on call\r\n")).unwrap();
        assert_eq!(Role::ALL.map(|role| tokens.count(role)), [1, 0, 1]);
        let ana = tokens.find(ANA).unwrap();
        assert_eq!((ana.role, ana.name.as_deref()), (Role::Operator, Some("ana")));
        assert_eq!(tokens.find(DRIVER).map(|known| known.role), Some(Role::Driver));
        for odd in ["", &ANA[1..], &format!("{ANA}0"), &ANA.to_uppercase()] {
            assert!(tokens.find(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line_and_never_quoted() {
        let wrong = [
            ("", InvalidTokens::Empty),
            ("# nothing\n", InvalidTokens::Empty),
            ("\nadmin 0123456789abcdef", InvalidTokens::Role(2)),
            ("driver", InvalidTokens::Words(1)),
            ("driver # 0123456789abcdef", InvalidTokens::Words(1)),
            ("driver 0123456789abcdef two names", InvalidTokens::Words(1)),
            ("driver 0123456789abcde", InvalidTokens::Length(1)),
            ("driver 0123456789abc\"ef", InvalidTokens::Signs(1)),
            ("driver ================", InvalidTokens::Signs(1)),
            ("driver 0123456789abcdéf", InvalidTokens::Signs(1)),
            ("rider 0123456789abcdef ana@x", InvalidTokens::Name(1)),
            ("driver 0123456789abcdef a#b", InvalidTokens::Driver(1)),
            ("driver 0123456789abcdef a\u{200b}b", InvalidTokens::Driver(1)),
            ("rider 0123456789abcdef W\u{654}\u{61a}\u{654}\u{61a}", InvalidTokens::Name(1)),
            ("driver 0123456789abcdef\nrider 0123456789abcdef", InvalidTokens::Twice(2, 1)),
        ];
        for (text, why) in wrong {
            assert_eq!(read(text).map(|_| ()), Err(why.clone()), "{text:?}");
            assert!(!why.to_string().contains("0123"), "{why}");
        }
        let long = "x".repeat(MOST + 1);
        assert_eq!(read(&format!("rider {long}")).map(|_| ()), Err(InvalidTokens::Length(1)));
    }

    #[test]
    fn a_driver_s_token_may_be_bound_to_its_id() {
        let lines = Line::read_all(&format!("driver {DRIVER} táxi:7/@x # Ana\nrider {ANA} ana")).unwrap();
        let [driver, rider] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!((driver.driver.as_ref().map(DriverId::as_str), &driver.name), (Some("táxi:7/@x"), &None));
        assert_eq!((&rider.driver, rider.name.as_deref()), (&None, Some("ana")));
        assert_eq!(Tokens::new(lines).count_bound(), 1);
        let long = "x".repeat(129);
        assert_eq!(read(&format!("driver {DRIVER} {long}")).map(|_| ()), Err(InvalidTokens::Driver(1)));
        assert_eq!(read(&format!("driver {DRIVER} # 7")).map(|tokens| tokens.count_bound()), Ok(0));
    }

    #[test]
    fn neither_a_line_nor_what_is_known_shows_the_token() {
        let lines = Line::read_all(&format!("driver {DRIVER}")).unwrap();
        assert!(lines[0].is_short() && !format!("{lines:?}").contains(DRIVER));
        assert!(!format!("{:?}", Tokens::new(lines)).contains(DRIVER));
    }

    proptest! {
        #[test]
        fn a_file_is_read_or_told_of_without_what_stands_in_it(text in "\\PC*", secret in "[a-z0-9]{40}") {
            if let Err(why) = read(&format!("{text} {secret}\n")) {
                prop_assert!(!why.to_string().contains(&secret));
            }
        }
    }
}
