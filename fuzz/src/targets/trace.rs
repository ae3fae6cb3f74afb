//! What became of a deed whose answer was lost, by the events of the stream.

use cabstand::domain::{DeedId, Seal, UnixMs};
use cabstand::store::{Traced, fuzzing};

use super::{fields, first_line};

/// The deed that is asked for.
const DEED: &str = "0000000000000000000000000000002a";

/// Reads `UNTIL NOW WHOLE` in the first line, Unix ms and a 1 where the stream reaches back far enough; then entries of the stream
/// between empty lines, each with its id in the first line and lines of `name=value`.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let (head, rest) = first_line(bytes);
    let head = String::from_utf8_lossy(head);
    let mut numbers = head.split(' ').map(|word| word.parse().unwrap_or_default());
    let mut next = || numbers.next().unwrap_or_default();
    let (until, now, is_whole) = (UnixMs(next()), UnixMs(next()), next() == 1);
    let id: DeedId = DEED.parse().expect("a name of a deed");
    let entries = entries(rest);
    let told_of_it =
        entries.iter().any(|(_, fields)| fields.chunks(2).any(|pair| pair == [&b"deed"[..], DEED.as_bytes()]));
    match fuzzing::traced(&Seal { id, until, after: None }, now, is_whole, entries) {
        Traced::Done(events) => {
            assert!(told_of_it && !events.is_empty());
            assert!(events.iter().all(|event| event.deed == Some(id)), "another's event");
        }
        Traced::NotDone => assert!(is_whole && now > until, "it may still be done, or was"),
        Traced::Open => assert!(is_whole && now <= until),
        Traced::Lost => assert!(!is_whole),
    }
}

fn entries(bytes: &[u8]) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut entries = vec![Vec::new()];
    for line in bytes.split(|byte| *byte == b'\n') {
        match entries.last_mut() {
            Some(entry) if !line.is_empty() => entry.extend([line, b"\n"].concat()),
            _ => entries.push(Vec::new()),
        }
    }
    let entry = |bytes: &Vec<u8>| {
        let (id, lines) = first_line(bytes);
        (String::from_utf8_lossy(id).into_owned(), fields(lines))
    };
    entries.iter().filter(|entry| !entry.is_empty()).map(entry).collect()
}
