//! How the link is: whether Redis answers, how changes are heard, whether it takes any.
//!
//! Whether Redis is away is told by what is read from it at a beat, and by nothing else: of several connections one may be cut while the
//! others live.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::timeout;

use super::clock::{Clock, LATEST};
use super::{BEAT, Feed, jittered};
use crate::console::message::{Link, News, Refusing};
use crate::store::{Changed, Hearing, StoreError};
use crate::uptime::Uptime;

/// A connection that was cut fails at once, and one that gets no answer does not.
const CUT_WITHIN: Duration = Duration::from_millis(500);

impl Feed {
    /// Tells how changes are heard, whenever that changes.
    pub(super) async fn hear(&self) {
        let mut hearing = self.watch.hearing();
        loop {
            let (link, is_cut) = {
                let hearing = hearing.borrow_and_update();
                (link(&hearing), matches!(*hearing, Hearing::Cut(_)))
            };
            // Keys that were made while nothing was heard are known to nobody.
            if !is_cut && link != Link::Connecting {
                self.marks.census.notify_one();
            }
            // Whether Redis is away is told by what is read from it: that connection may live while this one is cut.
            if is_cut {
                self.tell(News::Deafened).await;
            } else if !self.is_told_away().await {
                self.tell_link(link).await;
            }
            self.marks.vitals.notify_one();
            if hearing.changed().await.is_err() {
                return;
            }
        }
    }

    /// Tells whether Redis takes writes, and has it tested when it is doubted.
    pub(super) async fn hear_refusals(&self) {
        let mut refusing = self.watch.refusing();
        loop {
            tokio::select! {
                () = self.doubts.notified() => self.watch.test_now(),
                changed = refusing.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let ailment = *refusing.borrow_and_update();
                    let told = ailment.map(|it| Refusing { ailment: it.meaning(), advice: it.advice() });
                    self.tell(News::Refusing(told)).await;
                }
            }
        }
    }

    /// Reads the figures of the header at their beat, and Redis' clock with them. They tell whether Redis is away, too.
    pub(super) async fn beat(&self, since: Uptime) {
        let mut clock = Clock::default();
        loop {
            let asked = since.elapsed();
            let mut read = self.store.vitals().await;
            // A connection that was cut alone is made anew, and works: that is no outage.
            if read.as_ref().is_err_and(StoreError::is_away)
                && since.elapsed() < asked + CUT_WITHIN
                && !self.is_told_away().await
            {
                read = self.store.vitals().await;
            }
            let at = since.elapsed();
            if read.is_ok() && at > asked + LATEST {
                continue;
            }
            let was_set = read.as_ref().is_ok_and(|vitals| clock.was_set(at, vitals.now));
            match read {
                Ok(vitals) => {
                    self.bring(Ok(News::Vitals(at, vitals))).await;
                }
                Err(error) if error.is_away() => self.tell_link(Link::Away(error.reason())).await,
                Err(error) => {
                    self.bring(Err(error)).await;
                }
            }
            if was_set {
                self.marks.set(HashSet::from([Changed::Everything]));
            }
            // What happens while the connection for notifications is cut is not heard.
            if matches!(*self.watch.hearing().borrow(), Hearing::Cut(_)) && !self.is_told_away().await {
                self.marks.set(HashSet::from([Changed::Everything]));
            }
            let _ = timeout(jittered(BEAT), self.marks.vitals.notified()).await;
        }
    }

    /// Tells what was read; where Redis may be away the figures are read, which tell it. Whether it went well.
    pub(super) async fn bring(&self, read: Result<News, StoreError>) -> bool {
        let well = read.is_ok();
        match read {
            Ok(news) => {
                self.tell(news).await;
                let (link, is_cut) = {
                    let hearing = self.watch.hearing();
                    let hearing = hearing.borrow();
                    (link(&hearing), matches!(*hearing, Hearing::Cut(_)))
                };
                let is_back = self.is_told_away().await;
                if is_back || is_cut {
                    self.tell_link(link).await;
                }
                if is_back {
                    self.marks.census.notify_one();
                    self.marks.set(HashSet::from([Changed::Everything]));
                }
            }
            Err(error) if error.is_away() => self.marks.vitals.notify_one(),
            Err(error) => self.tell(News::Unreadable(error.to_string())).await,
        }
        well
    }

    async fn is_told_away(&self) -> bool {
        matches!(*self.told.lock().await, Some(Link::Away(_)))
    }

    /// Tells how the link is, unless that is known. One after the other, so that what was told last is what is true.
    async fn tell_link(&self, link: Link) {
        let mut told = self.told.lock().await;
        if told.as_ref() != Some(&link) {
            *told = Some(link.clone());
            self.tell(News::Link(link)).await;
        }
    }
}

fn link(hearing: &Hearing) -> Link {
    match hearing {
        Hearing::Connecting => Link::Connecting,
        Hearing::Live => Link::Live,
        Hearing::Unproven(reason) => Link::Unproven(reason.clone()),
        Hearing::Deaf(reason) => Link::Polling(format!("see `cabstand doctor`: {reason}")),
        Hearing::Cut(reason) => Link::Polling(format!("the connection that listens is cut: {reason}")),
    }
}
