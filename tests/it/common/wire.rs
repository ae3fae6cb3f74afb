//! A wire between a program and its Redis, which can fail in every way that a network does: cut, refused, silent, slow, one-way.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::Redis;
use super::tls::free_listener;

/// Bytes that are taken from a connection at once, and how many such pieces may be on their way.
const PIECE: usize = 16 * 1024;
const ON_THE_WAY: usize = 16;

/// The wire. All of its connections are cut when this is dropped.
pub struct Wire {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a way to fail, and they can come together")]
struct State {
    /// Where connections lead.
    server: PathBuf,
    /// How long each piece is under way.
    delay: Duration,
    /// Nothing comes through, and nothing is closed.
    silent: bool,
    /// Connections with a lower number are cut.
    cut_below: usize,
    /// Those with a lower number than this are silent for good.
    stranded_below: usize,
    /// What the server says is held back.
    deaf: bool,
    /// Nobody is listened to.
    down: bool,
    /// No more.
    over: bool,
    /// By number.
    connections: Vec<Connection>,
}

/// Both ends of a connection.
struct Connection {
    client: TcpStream,
    server: UnixStream,
}

impl Connection {
    fn close(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

impl Wire {
    /// A wire to this Redis.
    pub fn to(redis: &Redis) -> Self {
        let listener = free_listener();
        let port = listener.local_addr().unwrap().port();
        let state = State { server: redis.server.socket(), ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener));
        Self { port, shared }
    }

    /// Under this URL Redis is reached through it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Closes every connection; new ones are let through.
    pub fn cut(&self) {
        self.change(|state| {
            state.connections.iter().for_each(Connection::close);
            state.cut_below = state.connections.len();
        });
    }

    /// Closes every connection and refuses new ones, until [`Wire::heal`].
    pub fn down(&self) {
        self.change(|state| state.down = true);
        // The listener wakes by a connection, and goes.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.cut();
    }

    /// A black hole: nothing comes through and nothing is closed, on new connections as well, until [`Wire::heal`].
    pub fn silence(&self) {
        self.change(|state| state.silent = true);
    }

    /// A black hole for the connections that are there, for good; new ones work.
    pub fn strand(&self) {
        self.change(|state| state.stranded_below = state.connections.len());
    }

    /// Redis hears and does everything, but its answers are held back, until [`Wire::heal`] or for good by [`Wire::cut`].
    pub fn hold_answers(&self) {
        self.change(|state| state.deaf = true);
    }

    /// Each piece takes so long in each direction.
    pub fn slow_down(&self, delay: Duration) {
        self.change(|state| state.delay = delay);
    }

    /// New connections lead to this Redis, as after a failover.
    pub fn lead_to(&self, redis: &Redis) {
        let server = redis.server.socket();
        self.change(|state| state.server = server);
    }

    /// All works again, at full speed.
    pub fn heal(&self) {
        let was_down = self.shared.state().down;
        self.change(|state| {
            (state.silent, state.deaf, state.down, state.delay) = (false, false, false, Duration::ZERO);
        });
        if was_down {
            let listener = rebound(self.port);
            let accepting = Arc::clone(&self.shared);
            thread::spawn(move || accepting.accept(&listener));
        }
    }

    /// How many connections were ever let in.
    pub fn connections(&self) -> usize {
        self.shared.state().connections.len()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.shared.state());
        self.shared.changed.notify_all();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.change(|state| state.over = true);
        self.down();
    }
}

/// The port anew, once the listener before has let go of it.
fn rebound(port: u16) -> TcpListener {
    let deadline = Instant::now() + super::PATIENCE;
    loop {
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(listener) => return listener,
            Err(error) => assert!(Instant::now() < deadline, "port {port} does not come free: {error}"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.state().down {
                return;
            }
            // A server that is away shows as a connection that is closed at once.
            let _ = client.and_then(|client| self.connect(client));
        }
    }

    fn connect(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let path = self.state().server.clone();
        let server = UnixStream::connect(path)?;
        let number = {
            let mut state = self.state();
            state.connections.push(Connection { client: client.try_clone()?, server: server.try_clone()? });
            state.connections.len() - 1
        };
        self.pump(number, false, client.try_clone()?, server.try_clone()?);
        self.pump(number, true, server, client);
        Ok(())
    }

    /// Carries what one end says to the other, in pieces that are under way as long as the wire is slow.
    fn pump<F, T>(self: &Arc<Self>, number: usize, answers: bool, mut from: F, mut to: T)
    where
        F: Read + Send + 'static,
        T: Write + Send + 'static,
    {
        let (sender, pieces): (SyncSender<(Instant, Vec<u8>)>, Receiver<_>) = sync_channel(ON_THE_WAY);
        let reading = Arc::clone(self);
        thread::spawn(move || {
            let mut piece = vec![0; PIECE];
            while let Ok(length @ 1..) = from.read(&mut piece) {
                let passes = reading.wait_for_passage(number, answers);
                if !passes || sender.send((Instant::now(), piece[..length].to_vec())).is_err() {
                    return;
                }
            }
        });
        let writing = Arc::clone(self);
        thread::spawn(move || {
            for (since, piece) in pieces {
                let delay = writing.state().delay;
                thread::sleep((since + delay).saturating_duration_since(Instant::now()));
                if !writing.wait_for_passage(number, answers) || to.write_all(&piece).is_err() {
                    break;
                }
            }
            writing.close(number);
        });
    }

    /// Waits while nothing comes through; false where this connection is cut, or the wire is over.
    fn wait_for_passage(&self, number: usize, answers: bool) -> bool {
        let is_open = |state: &State| !state.over && number >= state.cut_below;
        let is_held = |state: &State| state.silent || number < state.stranded_below || (answers && state.deaf);
        let state = self.changed.wait_while(self.state(), |state| is_open(state) && is_held(state)).unwrap();
        is_open(&state)
    }

    /// One end has closed: so does the other, unless that does not come through.
    fn close(&self, number: usize) {
        if self.wait_for_passage(number, false) {
            self.state().connections[number].close();
        }
    }
}
