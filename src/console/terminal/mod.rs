//! The terminal: taken, and given back whatever happens. All that it is sent goes through one [`Writer`].

mod sheet;
mod writer;

use std::io::{self, Write, stdin};
use std::os::fd::AsFd;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{Event, EventStream, KeyEventKind, MouseEventKind};
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use futures_util::{Stream, StreamExt, stream};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};
use nix::unistd::Pid;
use ratatui::Terminal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use super::{Host, Input};
pub use sheet::Sheet;
pub use writer::Writer;

/// Whether the terminal is in our hands: there is one, and the panic hook knows nothing else of it.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether the mouse is in our hands as well, for the same reader.
static MOUSE: AtomicBool = AtomicBool::new(false);
/// The way to the terminal, for the panic hook as well.
static WRITER: OnceLock<Writer> = OnceLock::new();
/// So long a terminal is waited for when it is given back: one that does not read is left as it is.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How often it is looked whether the terminal is still there.
const HANGUP_INTERVAL: Duration = Duration::from_secs(2);
/// How long a console whose terminal is gone may take to end: longer than its last actions are waited for.
const HANGUP_GRACE: Duration = Duration::from_secs(5);
/// Buttons, drags and the wheel, with places beyond column 223. Not every motion: over SSH that would be bytes for nothing.
const MOUSE_ON: &str = "\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l";

/// The terminal in the console's hands. Dropping it gives it back.
pub struct Screen {
    writer: Writer,
    last_words: String,
}

impl Screen {
    /// Takes the terminal: raw keys, the alternate screen, no cursor, and with `mouse` the mouse; without it the terminal's own
    /// selection stays. A panic gives it back before it speaks.
    ///
    /// # Errors
    /// Where there is no terminal.
    pub fn take(mouse: bool) -> io::Result<(Self, Terminal<Sheet<Writer>>)> {
        let writer = if let Some(writer) = WRITER.get() {
            writer.clone()
        } else {
            let writer = Writer::start()?;
            WRITER.get_or_init(|| writer).clone()
        };
        give_back_on_panic();
        MOUSE.store(mouse, Ordering::SeqCst);
        let screen = Self { writer: writer.clone(), last_words: String::new() };
        enter(&screen.writer)?;
        Ok((screen, Terminal::new(Sheet::new(writer))?))
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut writer = self.writer.clone();
        writer.write_all(bytes)?;
        writer.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = leave(&self.last_words);
    }
}

impl Host for Screen {
    fn is_free(&self) -> bool {
        self.writer.is_free()
    }

    async fn freed(&self) -> io::Result<()> {
        self.writer.freed().await
    }

    fn leave_word(&mut self, words: String) {
        self.last_words = words;
    }

    fn suspend(&mut self) -> io::Result<()> {
        leave("")?;
        // The whole group, as the terminal itself would do it: whoever started us has to see that we have stopped. Where
        // nobody could continue us (an orphaned group) the system ignores this, and we go on.
        kill(Pid::from_raw(0), Signal::SIGTSTP)?;
        // Stopping takes effect a moment later; the terminal must not be taken before it.
        std::thread::sleep(Duration::from_millis(50));
        enter(&self.writer)
    }

    fn resume(&mut self) -> io::Result<()> {
        // The shell has set the terminal as it likes it; only leaving raw mode makes entering it take effect.
        disable_raw_mode()?;
        enter(&self.writer)
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
        self.send(&bytes)
    }

    fn ring(&mut self) -> io::Result<()> {
        // Nobody hears a bell that comes minutes late, and a hundred of them would come at once.
        if self.is_free() { self.send(b"\x07") } else { Ok(()) }
    }
}

fn enter(writer: &Writer) -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    let mut writer = writer.clone();
    queue!(writer, EnterAlternateScreen, Hide)?;
    if MOUSE.load(Ordering::SeqCst) {
        queue!(writer, Print(MOUSE_ON))?;
    }
    writer.flush()
}

/// Gives the terminal back, with these lines on the ordinary screen.
fn leave(words: &str) -> io::Result<()> {
    // Once is enough: a second time would put the cursor back over what was said since.
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let Some(writer) = WRITER.get() else { return disable_raw_mode() };
    let mut last = writer.clone();
    if MOUSE.load(Ordering::SeqCst) {
        queue!(last, Print(MOUSE_OFF))?;
    }
    // Lines end in raw mode with a return, too.
    queue!(last, LeaveAlternateScreen, Show, Print(words.replace('\n', "\r\n")))?;
    last.flush()?;
    writer.wait(LAST_WORDS);
    disable_raw_mode()
}

fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let _ = leave("");
            before(info);
        }));
    });
}

/// Ends the process if the terminal is gone and the console does not end by itself soon. A terminal that vanishes while crossterm
/// reads it keeps crossterm reading for ever, on the thread that would notice the end.
pub async fn end_when_gone() {
    loop {
        sleep(HANGUP_INTERVAL).await;
        let keys = stdin();
        let mut terminal = [PollFd::new(keys.as_fd(), PollFlags::empty())];
        let polled = poll(&mut terminal, PollTimeout::ZERO);
        let gone = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
        if polled.is_ok() && terminal[0].revents().is_some_and(|events| events.intersects(gone)) {
            break;
        }
    }
    sleep(HANGUP_GRACE).await;
    std::process::exit(1);
}

/// Keys, new sizes, and the word that the program goes on after a stop.
///
/// # Errors
/// Where the signal cannot be listened for.
pub fn input() -> io::Result<impl Stream<Item = io::Result<Input>> + Unpin> {
    let events = EventStream::new().filter_map(|event| async {
        match event {
            Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => Some(Ok(Input::Key(key))),
            Ok(Event::Mouse(mouse)) if mouse.kind != MouseEventKind::Moved => Some(Ok(Input::Mouse(mouse))),
            Ok(Event::Resize(..)) => {
                let _ = nudge();
                None
            }
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        }
    });
    let continued = each(SignalKind::from_raw(Signal::SIGCONT as i32))?.map(|()| Ok(Input::Continued));
    // crossterm forgets a new size that comes together with a key.
    let resized = each(SignalKind::window_change())?
        .map(|()| crossterm::terminal::size().map(|(columns, rows)| Input::Resize(columns, rows)));
    Ok(merge(Box::pin(events), Box::pin(stream::select(continued, resized))))
}

/// The word of each such signal.
fn each(kind: SignalKind) -> io::Result<impl Stream<Item = ()>> {
    let heard = signal(kind)?;
    Ok(stream::unfold(heard, |mut signal| async {
        signal.recv().await?;
        Some(((), signal))
    }))
}

/// Wakes the reader of keys. Where a key comes together with a new size, crossterm tells of the size and leaves the key unread until
/// the next one: it is told once only that there is something to read. Setting the terminal as it is makes the kernel tell it again.
fn nudge() -> nix::Result<()> {
    tcsetattr(stdin(), SetArg::TCSANOW, &tcgetattr(stdin())?)
}

/// Both streams as one that ends with the first of them: without keys there is nothing to wait for.
fn merge<T>(
    keys: impl Stream<Item = T> + Unpin,
    others: impl Stream<Item = T> + Unpin,
) -> impl Stream<Item = T> + Unpin {
    Box::pin(stream::unfold((keys, others), |(mut keys, mut others)| async move {
        let item = tokio::select! {
            item = keys.next() => item?,
            Some(item) = others.next() => item,
        };
        Some((item, (keys, others)))
    }))
}
