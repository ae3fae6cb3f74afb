//! Keeps the console's memory in a file. No key waits for it, and a console without its memory is a console.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::{fs, io::ErrorKind};

use tempfile::NamedTempFile;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;

use super::memory::Memory;
use super::message::Message;

/// The console itself writes a few kilobytes. Of what somebody else has made of its file no more is read than this, in bytes.
const LONGEST: u64 = 1 << 20;

/// Reads what was kept; nothing where there is no such file yet.
///
/// # Errors
/// Where there is a file that cannot be read.
pub fn recall(file: &Path) -> io::Result<Memory> {
    let mut text = String::new();
    match File::open(file).and_then(|file| file.take(LONGEST).read_to_string(&mut text)) {
        Ok(_) => Ok(Memory::from_text(&text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Memory::default()),
        Err(error) => Err(error),
    }
}

/// Writes every new memory into the file, the latest of several alone, until nobody has a new one any more. That it cannot be
/// written is told once.
pub async fn keep(file: PathBuf, mut memories: watch::Receiver<Memory>, answers: mpsc::Sender<Message>) {
    let mut told = false;
    while memories.changed().await.is_ok() {
        let memory = memories.borrow_and_update().clone();
        let target = file.clone();
        let written = spawn_blocking(move || write(&target, &memory)).await.map_err(io::Error::other).flatten();
        if let Err(error) = written
            && !told
        {
            told = true;
            let _ = answers.send(Message::NotKept(error.to_string())).await;
        }
    }
}

/// Another console that reads at the same time sees the old file or the new one, and never a part.
fn write(file: &Path, memory: &Memory) -> io::Result<()> {
    let directory = file.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(directory)?;
    let mut new = NamedTempFile::new_in(directory)?;
    new.write_all(memory.to_text().map_err(io::Error::other)?.as_bytes())?;
    new.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(line: &str) -> Memory {
        let mut memory = Memory::default();
        memory.remember(line);
        memory
    }

    #[tokio::test]
    async fn the_latest_is_kept_and_recalled() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("cabstand/console.toml");
        assert_eq!(recall(&file).unwrap(), Memory::default());
        let (sender, receiver) = watch::channel(Memory::default());
        let (answers, mut messages) = mpsc::channel(1);
        sender.send_replace(memory("extend 60s"));
        sender.send_replace(memory("quit"));
        // The last words of a console that ends at once are kept, too.
        drop(sender);
        keep(file.clone(), receiver, answers).await;
        assert_eq!(recall(&file).unwrap(), memory("quit"));
        assert!(messages.recv().await.is_none(), "nothing is to be told");
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "no file is left over");
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_told_once() {
        let directory = tempfile::tempdir().unwrap();
        let in_the_way = directory.path().join("cabstand");
        fs::write(&in_the_way, "").unwrap();
        let (sender, receiver) = watch::channel(Memory::default());
        let (answers, mut messages) = mpsc::channel(4);
        let keeping = tokio::spawn(keep(in_the_way.join("console.toml"), receiver, answers));
        sender.send_replace(memory("quit"));
        assert!(matches!(messages.recv().await, Some(Message::NotKept(_))));
        sender.send_replace(memory("help"));
        drop(sender);
        keeping.await.unwrap();
        assert!(messages.recv().await.is_none());
        assert!(recall(&in_the_way.join("console.toml")).is_err());
    }
}
