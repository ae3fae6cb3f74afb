//! A load generator: calls of one kind, as many as are wanted, and how long their answers take.
//!
//! It is open-loop: every call is due at a fixed time, whatever became of those before it. How long an answer took is measured
//! from that time on, so a service that stalls is charged for every call that would have been made meanwhile, and not only for
//! the few that were under way (which is what is called coordinated omission). With [`Rate::Max`] it is closed-loop instead,
//! and finds how many calls the connections get through.
//!
//! All of it runs in one thread, beside a second one that mostly sleeps (`pace.rs`): it shares its machine with the service
//! that it measures.

mod calls;
mod line;
mod pace;
mod rate;
mod report;
mod tally;

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::body::Bytes;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use calls::Call;
pub use rate::{InvalidRate, Rate};
pub use report::{Percentiles, Report};

use super::Phones;
use calls::Bodies;
use line::{Line, Target};
use rate::Schedule;
use tally::Tally;

/// So long after the end those calls are still sent that were due before it.
const GRACE: Duration = Duration::from_secs(1);
/// So long the answers to the last calls are waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection that was cut is made again after so long.
const PAUSE: Duration = Duration::from_millis(50);
/// How often it is told how it goes.
const BEAT: Duration = Duration::from_secs(1);

/// Which calls are made, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// How often.
    pub rate: Rate,
    /// Which.
    pub call: Call,
    /// On how many connections. Each has one call under way at the most.
    pub connections: usize,
    /// How many drivers report.
    pub drivers: u32,
    /// How many drivers `/search` asks for.
    pub limit: u32,
    /// How many reports a call of `/tracking` holds; from two on they are an array.
    pub batch: u32,
    /// The same seed makes the same bodies.
    pub seed: u64,
    /// For how long; none for until the shutdown.
    pub duration: Option<Duration>,
}

/// Makes these calls of the service that the phones call, until their time is over or `shutdown`, with a line on standard error
/// each second, and tells what came of them.
///
/// # Errors
/// Where nothing answers at the start, or the system refuses a thread.
pub async fn run(phones: &Phones, load: Load, shutdown: CancellationToken) -> io::Result<Report> {
    let target = Target::new(phones, load.call).map_err(io::Error::other)?;
    let (tell, told) = oneshot::channel();
    thread::Builder::new().name("load".to_owned()).spawn(move || {
        // Whoever asked has gone where this fails.
        let _ = tell.send(in_this_thread(target, load, &shutdown));
    })?;
    told.await.map_err(io::Error::other)?
}

fn in_this_thread(target: Target, load: Load, shutdown: &CancellationToken) -> io::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, make_calls(target, load, shutdown))
}

async fn make_calls(target: Target, load: Load, shutdown: &CancellationToken) -> io::Result<Report> {
    let mut lines = Vec::with_capacity(load.connections);
    for _ in 0..load.connections.max(1) {
        lines.push(target.connect().await?);
    }
    let run = Rc::new(Run::start(target, load)?);
    let mut callers: JoinSet<()> = JoinSet::new();
    for line in lines {
        callers.spawn_local(Rc::clone(&run).call_on(line));
    }
    tokio::select! {
        () = all(&mut callers) => {}
        () = run.tell_each_second() => {}
        () = shutdown.cancelled() => {}
        () = run.end() => {}
    }
    run.stop();
    let still_due = run.still_due();
    let _ = timeout(PATIENCE, all(&mut callers)).await;
    let wanted = run.schedule.map(|_| load.rate).and_then(|rate| match rate {
        Rate::PerSecond(rate) => Some(rate),
        Rate::Max => None,
    });
    Ok(run.tally.replace(Tally::new()?).report(run.began, wanted, still_due))
}

async fn all(callers: &mut JoinSet<()>) {
    while callers.join_next().await.is_some() {}
}

/// What all connections share.
struct Run {
    target: Target,
    duration: Option<Duration>,
    began: Instant,
    /// When calls are due; none where each follows the one before it.
    schedule: Option<Schedule>,
    /// As many permits as calls are due and not taken by a connection. Closed at the end.
    due: Arc<Semaphore>,
    /// How many calls the connections have taken.
    taken: Cell<u64>,
    bodies: RefCell<Bodies>,
    tally: RefCell<Tally>,
}

impl Run {
    fn start(target: Target, load: Load) -> io::Result<Self> {
        let schedule = match load.rate {
            Rate::PerSecond(rate) => Some(Schedule::new(rate, load.duration)),
            Rate::Max => None,
        };
        let run = Self {
            target,
            duration: load.duration,
            began: Instant::now(),
            schedule,
            due: Arc::new(Semaphore::new(0)),
            taken: Cell::new(0),
            bodies: RefCell::new(Bodies::new(load)),
            tally: RefCell::new(Tally::new()?),
        };
        if let Some(schedule) = schedule {
            let (began, due) = (run.began, Arc::clone(&run.due));
            thread::Builder::new().name("pace".to_owned()).spawn(move || pace::release(schedule, began, &due))?;
        }
        Ok(run)
    }

    /// Makes one call after the other on this connection, and on the next where it is cut.
    async fn call_on(self: Rc<Self>, line: Line) {
        let mut line = Some(line);
        while let Some(due) = self.next().await {
            let body = self.bodies.borrow_mut().next();
            self.tally.borrow_mut().sent();
            let sent = Instant::now();
            match self.call_once(&mut line, body).await {
                Ok(status) => self.tally.borrow_mut().answered(status, due, sent, Instant::now()),
                Err(error) => {
                    line = None;
                    self.tally.borrow_mut().failed(&error);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn call_once(&self, line: &mut Option<Line>, body: Bytes) -> io::Result<StatusCode> {
        let open = match line.take() {
            Some(open) => line.insert(open),
            None => line.insert(self.target.connect().await?),
        };
        open.call(&self.target, body).await
    }

    /// Waits for the next call, and answers when it was due; none where no more are made.
    async fn next(&self) -> Option<Instant> {
        let Some(schedule) = self.schedule else {
            return Some(Instant::now()).filter(|_| !self.due.is_closed());
        };
        self.due.acquire().await.ok()?.forget();
        let call = self.taken.get();
        self.taken.set(call + 1);
        if call + 1 == schedule.calls() {
            self.stop();
        }
        Some(self.began + schedule.due(call))
    }

    /// No further call is made.
    fn stop(&self) {
        self.due.close();
    }

    /// Waits until it is over: with a schedule somewhat longer, for the calls that were due before.
    async fn end(&self) {
        match self.duration {
            Some(duration) => sleep(duration + if self.schedule.is_some() { GRACE } else { Duration::ZERO }).await,
            None => std::future::pending().await,
        }
    }

    /// How many calls are due by now and not taken.
    fn still_due(&self) -> u64 {
        self.schedule.map_or(0, |schedule| schedule.due_by(self.began.elapsed()).saturating_sub(self.taken.get()))
    }

    /// Tells for ever how it goes.
    async fn tell_each_second(&self) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        beat.tick().await;
        loop {
            beat.tick().await;
            let line = self.tally.borrow_mut().second(self.began.elapsed(), self.still_due());
            // Whoever has stopped to read it still wants the report at the end.
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
}
