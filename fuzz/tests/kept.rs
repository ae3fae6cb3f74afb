//! Every target against what is kept for it, in `corpus/` and in `crashes/`, and against changes of that: the same ones in every
//! run, as many as there is time for.

mod changes;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use cabstand_fuzz::targets::{ALL, Hold};

use changes::Changes;

/// So long changes of a target's inputs are tried, unless `CABSTAND_FUZZ_SECONDS` says how long.
const BRIEFLY: Duration = Duration::from_millis(1_500);

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn kept(name: &str, target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(files) = fs::read_dir(directory(name).join(target)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn holds(hold: Hold, input: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| hold(input))).is_ok()
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let targets: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    let names = |name: &str| -> BTreeSet<String> {
        let found = fs::read_dir(directory(name)).unwrap();
        found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("corpus"), targets);
    assert!(names("crashes").is_subset(&targets));
}

#[test]
fn what_is_kept_holds() {
    for (target, hold) in ALL {
        let (corpus, crashes) = (kept("corpus", target), kept("crashes", target));
        assert!(!corpus.is_empty(), "there is no corpus for {target}");
        for (path, input) in corpus.iter().chain(&crashes) {
            assert!(holds(hold, input), "{} breaks {target}", path.display());
        }
    }
}

#[test]
fn changes_of_it_hold() {
    let seconds = env::var("CABSTAND_FUZZ_SECONDS").ok().map(|text| text.parse().unwrap());
    let span = seconds.map_or(BRIEFLY, Duration::from_secs);
    let (queue, broken) = (Mutex::new(ALL.into_iter()), Mutex::new(Vec::new()));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((target, hold)) = next() {
                    let found = try_changes(target, hold, span);
                    broken.lock().unwrap().extend(found);
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap();
    assert!(
        broken.is_empty(),
        "keep what breaks a target in fuzz/crashes, under a name that tells why:\n{}",
        broken.join("\n")
    );
}

/// Tries for so long, and tells the first change that breaks the target.
fn try_changes(target: &str, hold: Hold, span: Duration) -> Option<String> {
    let (corpus, crashes) = (kept("corpus", target), kept("crashes", target));
    let seeds: Vec<&[u8]> = corpus.iter().chain(&crashes).map(|(_, input)| input.as_slice()).collect();
    let mut changes = Changes::new(target, &seeds);
    let (began, mut tried) = (Instant::now(), 0);
    while began.elapsed() < span {
        let input = changes.next();
        tried += 1;
        if !holds(hold, &input) {
            return Some(format!("{target}: {}", input.escape_ascii()));
        }
    }
    println!("{target}: {tried} changes");
    None
}
