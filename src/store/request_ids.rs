//! Why no request id can be given. Ids are chosen in `lib_ids.lua`.

/// The highest value that the counter of ids may have, the same as in `lib_ids.lua`.
pub(super) const MAX_COUNTER: u64 = 9_000_000_000_000_000;

/// Why no request id can be given. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCounter {
    /// The counter holds something else than a number that ids can go on from.
    #[error(
        "{key} should be a whole number from 0 to {MAX_COUNTER}, and is {found}. No request can be opened until you set it: \
         SET {key} {}. `cabstand doctor` shows it, too", value_to_set(*.highest)
    )]
    OutOfRange {
        /// Its name.
        key: String,
        /// What it holds, cleaned.
        found: String,
        /// The highest id that was given, if that is known.
        highest: Option<u64>,
    },
    /// Ids have come to their end, most likely because somebody has set the counter very high.
    #[error(
        "no request id above {start} can be given. No request can be opened until ids begin again: DEL {note}, then \
         SET {key} {}",
        value_to_set(None)
    )]
    Exhausted {
        /// The counter's name.
        key: String,
        /// The name of the note of the highest id.
        note: String,
        /// From where the next id was to be found.
        start: String,
    },
    /// Wherever an id was tried, there is a key or a record already.
    #[error(
        "no free request id was found above {start} in {tries} tries. No request can be opened until you set the counter: \
         SET {key} {}",
        value_to_set(None)
    )]
    NoneFree {
        /// The counter's name.
        key: String,
        /// From where ids were tried.
        start: String,
        /// How many.
        tries: String,
    },
}

fn value_to_set(highest: Option<u64>) -> String {
    highest.map_or_else(|| "N, where N is the highest request id in use".to_owned(), |id| id.to_string())
}
