//! Hands bytes to the terminal in a thread of its own, so that a terminal that does not read holds up nobody but that thread.

use std::fs::File;
use std::io::{self, Write, stdout};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;

/// A terminal that does not read is sent no more than this on top of a frame: bytes beyond it are dropped, never a part of a piece.
const MOST_WAITING: usize = 1 << 20;

/// So often a terminal that is shown nothing new is asked whether it is still there.
const PROBE: Duration = Duration::from_secs(1);

/// The way to the terminal. Clones lead to the same terminal; what one of them flushes arrives in one piece.
#[derive(Clone)]
pub struct Writer {
    shared: Arc<Shared>,
    /// What was written since the last flush.
    piece: Vec<u8>,
}

struct Shared {
    state: Mutex<State>,
    /// Something waits to be written, or all has been.
    turned: Condvar,
    /// The same for those who wait without a thread.
    freed: Notify,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// The thread has taken bytes that the terminal has not taken yet.
    busy: bool,
    failed: Option<io::ErrorKind>,
}

impl State {
    fn is_free(&self) -> bool {
        self.failed.is_none() && !self.busy && self.waiting.is_empty()
    }
}

impl Writer {
    /// A way to standard output, beside the lock that everybody who prints would have to wait for.
    ///
    /// # Errors
    /// Where there is no standard output, or no thread to be had.
    pub fn start() -> io::Result<Self> {
        Self::to(File::from(stdout().as_fd().try_clone_to_owned()?))
    }

    fn to(mut terminal: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), turned: Condvar::new(), freed: Notify::new() });
        let writer = Self { shared: Arc::clone(&shared), piece: Vec::new() };
        thread::Builder::new().name("terminal".to_owned()).spawn(move || {
            while let Some(bytes) = shared.next() {
                // Nothing is written as well: that is how a terminal that is gone is noticed when there is nothing to show.
                let written =
                    if bytes.is_empty() { terminal.write(&bytes).map(drop) } else { terminal.write_all(&bytes) };
                shared.done(written.and_then(|()| terminal.flush()));
            }
        })?;
        Ok(writer)
    }

    /// Whether the terminal has taken all that it was sent. One that is gone never has.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.shared.lock().is_free()
    }

    /// Waits until the terminal has taken all that it was sent.
    ///
    /// # Errors
    /// Where it takes nothing any more.
    pub async fn freed(&self) -> io::Result<()> {
        loop {
            let freed = self.shared.freed.notified();
            {
                let state = self.shared.lock();
                if let Some(kind) = state.failed {
                    return Err(kind.into());
                }
                if state.is_free() {
                    return Ok(());
                }
            }
            freed.await;
        }
    }

    /// The same for at most so long, where nothing else is to be done meanwhile.
    pub fn wait(&self, most: Duration) {
        let state = self.shared.lock();
        let waited =
            self.shared.turned.wait_timeout_while(state, most, |state| !state.is_free() && state.failed.is_none());
        drop(waited);
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Hands over what was written; it does not wait for the terminal.
    fn flush(&mut self) -> io::Result<()> {
        let mut state = self.shared.lock();
        if state.waiting.len() < MOST_WAITING && state.failed.is_none() {
            state.waiting.append(&mut self.piece);
            self.shared.turned.notify_all();
        }
        self.piece.clear();
        Ok(())
    }
}

impl Shared {
    /// A panic elsewhere leaves the state whole: each change of it is one step.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for bytes, and answers with none of them where there were none for a while; nothing after a failure.
    fn next(&self) -> Option<Vec<u8>> {
        let state = self.lock();
        let idle = |state: &mut State| state.waiting.is_empty() && state.failed.is_none();
        let waited = self.turned.wait_timeout_while(state, PROBE, idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.failed.is_some() {
            return None;
        }
        state.busy = true;
        Some(std::mem::take(&mut state.waiting))
    }

    fn done(&self, outcome: io::Result<()>) {
        let mut state = self.lock();
        state.busy = false;
        state.failed = outcome.err().map(|error| error.kind());
        if state.is_free() || state.failed.is_some() {
            self.turned.notify_all();
            self.freed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A terminal that reads a piece only when it is told to.
    struct Slow(mpsc::Receiver<io::Result<()>>, mpsc::Sender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.is_empty() {
                return Ok(0);
            }
            self.0.recv().unwrap()?;
            self.1.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Writer, mpsc::Sender<io::Result<()>>, mpsc::Receiver<Vec<u8>>) {
        let (reads, told) = mpsc::channel();
        let (sends, seen) = mpsc::channel();
        (Writer::to(Slow(told, sends)).unwrap(), reads, seen)
    }

    #[tokio::test]
    async fn nobody_waits_for_a_terminal_that_does_not_read() {
        let (mut writer, reads, seen) = slow();
        assert!(writer.is_free());
        writer.write_all(b"frame").unwrap();
        writer.flush().unwrap();
        assert!(!writer.is_free(), "until the terminal has taken it");
        writer.wait(Duration::ZERO);
        reads.send(Ok(())).unwrap();
        writer.freed().await.unwrap();
        assert!(writer.is_free());
        assert_eq!(seen.recv().unwrap(), b"frame");
    }

    #[tokio::test]
    async fn what_waits_is_bounded() {
        let (mut writer, reads, seen) = slow();
        for _ in 0..5 {
            writer.write_all(&vec![b'x'; MOST_WAITING]).unwrap();
            writer.flush().unwrap();
        }
        assert!(writer.shared.lock().waiting.len() <= MOST_WAITING);
        reads.send(Ok(())).unwrap();
        reads.send(Ok(())).unwrap();
        writer.freed().await.unwrap();
        assert!(seen.try_iter().all(|piece| piece.len() == MOST_WAITING));
    }

    #[tokio::test]
    async fn a_terminal_that_is_gone_is_told_of() {
        let (mut writer, reads, _seen) = slow();
        writer.write_all(b"frame").unwrap();
        writer.flush().unwrap();
        reads.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        assert_eq!(writer.freed().await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
