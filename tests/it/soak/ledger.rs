//! The book of all searches, as the stream of events tells of them. It reads past the wire, and however often Redis goes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use redis::{Connection, RedisResult};

type Entry = (String, BTreeMap<String, String>);

/// What the stream has told.
#[derive(Default)]
pub struct Book {
    open: BTreeSet<u64>,
    ended: HashSet<u64>,
    /// What must not be.
    odd: Vec<String>,
    pub kinds: BTreeMap<String, u64>,
}

pub struct Ledger {
    book: Arc<Mutex<Book>>,
    over: Arc<AtomicBool>,
    reading: Option<JoinHandle<()>>,
}

impl Ledger {
    /// Follows the stream from its beginning. Records are kept for no longer than this after their end.
    pub fn open(url: String, kept: Duration) -> Self {
        let (book, over) = (Arc::<Mutex<Book>>::default(), Arc::<AtomicBool>::default());
        let (into, end) = (Arc::clone(&book), Arc::clone(&over));
        let reading = thread::spawn(move || {
            let mut last = "-".to_owned();
            while !end.load(Ordering::Relaxed) {
                let connected = redis::Client::open(url.as_str()).and_then(|client| client.get_connection());
                // Where Redis is away it is tried again.
                if let Ok(mut connection) = connected {
                    let _ = follow(&mut connection, &mut last, &into, &end, kept);
                }
                sleep(Duration::from_millis(20));
            }
        });
        Self { book, over, reading: Some(reading) }
    }

    /// Which searches wait.
    pub fn waiting(&self) -> Vec<u64> {
        self.book().open.iter().copied().collect()
    }

    /// How many have ended.
    pub fn ended(&self) -> usize {
        self.book().ended.len()
    }

    /// Each was opened once and ended once.
    pub fn check(&self) {
        let book = self.book();
        assert!(book.odd.is_empty(), "{:#?}", book.odd);
        let count = |kind: &str| book.kinds.get(kind).copied().unwrap_or(0);
        assert!(["opened", "found", "expired", "cancelled"].iter().all(|kind| count(kind) > 10), "{:?}", book.kinds);
    }

    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.reading.take().map(JoinHandle::join);
    }
}

fn follow(
    connection: &mut Connection,
    last: &mut String,
    book: &Mutex<Book>,
    end: &AtomicBool,
    kept: Duration,
) -> RedisResult<()> {
    while !end.load(Ordering::Relaxed) {
        let mut range = redis::cmd("XRANGE");
        let page: Vec<Entry> =
            range.arg("cabstand:events").arg(&*last).arg("+").arg("COUNT").arg(1_000).query(connection)?;
        let mut shorter = redis::pipe();
        for (entry, fields) in &page {
            book.lock().unwrap().note(entry, fields);
            if ["found", "expired", "cancelled"].contains(&fields["type"].as_str()) {
                let ms = u64::try_from(kept.as_millis()).unwrap();
                for key in [format!("cabstand:request:{}", fields["request_id"]), fields["request_id"].clone()] {
                    shorter.cmd("PEXPIRE").arg(key).arg(ms).arg("LT").ignore();
                }
            }
            *last = format!("({entry}");
        }
        shorter.query::<()>(connection)?;
        if page.is_empty() {
            sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

impl Book {
    fn note(&mut self, entry: &str, fields: &BTreeMap<String, String>) {
        let kind = fields["type"].as_str();
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        let id = || fields["request_id"].parse::<u64>().unwrap();
        match kind {
            "opened" if !self.open.insert(id()) => self.odd.push(format!("{entry}: {} is opened twice", id())),
            "found" | "expired" | "cancelled" => {
                if !self.open.remove(&id()) {
                    self.odd.push(format!("{entry}: {} ends as {kind} and was not open", id()));
                }
                self.ended.insert(id());
            }
            _ => {}
        }
    }
}
