//! Bytes as a script: a letter for what happens, then as many bytes as that takes. Any byte is some letter, and what is missing
//! at the end counts as zero, so every change of a script is a script.

use std::collections::HashSet;
use std::time::Duration;

use cabstand::console::message::{Deed, Errand, Link, Message, Mishap, News, Outcome, Settled};
use cabstand::domain::{Bounds, DeedId, Metres, Seal, UnixMs, Vitals};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::Desk;
use super::city::{around, candidate, driver, fleet, id, place, search};

/// Bytes that are yet to be played.
pub(super) struct Script<'a> {
    rest: &'a [u8],
}

/// The letters: a key, a named key, a key held with others, text; a size, another size than was told; the mouse; time in hundredths
/// of a second and in minutes; searches, a snapshot, all told; the fleet, the nearest, who is around, the extent; events, a life,
/// the past, missed ones; the figures, the link, trouble; answers to what was asked for, and what became of what had none.
const OPS: [u8; 25] = *b"ksmtr!Mw+SAToFNOXELPVlu=?";

const NAMED: [KeyCode; 16] = [
    KeyCode::Enter,
    KeyCode::Esc,
    KeyCode::Tab,
    KeyCode::BackTab,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::Left,
    KeyCode::Right,
    KeyCode::Backspace,
    KeyCode::Delete,
    KeyCode::Home,
    KeyCode::End,
    KeyCode::PageUp,
    KeyCode::PageDown,
    KeyCode::F(1),
    KeyCode::Insert,
];

impl<'a> Script<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// The next letter; none at the end.
    pub(super) fn op(&mut self) -> Option<u8> {
        let byte = self.rest.first().map(|_| self.byte())?;
        Some(if OPS.contains(&byte) { byte } else { OPS[usize::from(byte) % OPS.len()] })
    }

    fn text(&mut self, most: usize) -> String {
        let length = (usize::from(self.byte()) % (most + 1)).min(self.rest.len());
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        String::from_utf8_lossy(text).into_owned()
    }
}

/// Plays a letter.
pub(super) fn play(op: u8, script: &mut Script<'_>, desk: &mut Desk) {
    let now = desk.redis_now();
    match op {
        b'k' => press(desk, KeyCode::Char(char::from(script.byte() & 0x7f)), KeyModifiers::NONE),
        b's' => press(desk, NAMED[usize::from(script.byte()) % NAMED.len()], KeyModifiers::NONE),
        b'm' => {
            let held = KeyModifiers::from_bits_truncate(script.byte());
            let code = script.byte();
            let code =
                if code < 128 { KeyCode::Char(char::from(code)) } else { NAMED[usize::from(code) % NAMED.len()] };
            press(desk, code, held);
        }
        b't' => {
            for letter in script.text(40).chars() {
                let code = if letter == '\n' { KeyCode::Enter } else { KeyCode::Char(letter) };
                press(desk, code, KeyModifiers::NONE);
            }
        }
        b'r' => {
            let size = (u16::from(script.byte()), u16::from(script.byte()) / 2);
            desk.send(Message::Resize(size.0, size.1));
        }
        b'!' => desk.draw((u16::from(script.byte()), u16::from(script.byte()) / 2)),
        b'M' => mouse(desk, script),
        b'w' => wait(desk, Duration::from_millis(10) * u32::from(script.byte())),
        b'+' => wait(desk, Duration::from_mins(1) * u32::from(script.byte())),
        b'S' | b'A' => {
            let searches = (0..script.byte() % 12).map(|_| search(script, now)).collect();
            desk.news(if op == b'S' { News::Searches(searches) } else { News::Snapshot(searches) });
        }
        b'T' => {
            let told: HashSet<_> = (0..script.byte() % 8).map(|_| id(script)).collect();
            desk.news(News::AllTold(told, now));
        }
        b'o' => {
            let whom = id(script);
            desk.news(News::Around(whom, around(script, now)));
        }
        b'F' => desk.news(News::Fleet(fleet(script, now))),
        b'N' => {
            let nearest = (0..script.byte() % 8).map(|_| {
                let whom = id(script);
                (whom, (!script.byte().is_multiple_of(4)).then(|| candidate(script)))
            });
            let nearest = nearest.collect();
            desk.news(News::Nearest(nearest));
        }
        b'X' => {
            let extent = match script.byte() % 3 {
                0 => Ok(None),
                1 => Ok(Bounds::around([place(script), place(script)])),
                _ => Err("it takes too long".to_owned()),
            };
            desk.news(News::Extent(extent));
        }
        b'E' | b'L' | b'P' | b'O' => {
            let events = desk.city.events(script, now);
            match op {
                b'E' => desk.news(News::Events(events)),
                b'L' => desk.news(News::Life(id(script), events)),
                b'P' => desk.news(News::Past(events, now - Duration::from_secs(u64::from(script.byte())))),
                _ => desk.news(News::Missed),
            }
        }
        b'V' => vitals(desk, script),
        b'l' => {
            let link = match script.byte() % 4 {
                0 => Link::Live,
                1 => Link::Polling("notifications are off".to_owned()),
                2 => Link::Away("connection refused".to_owned()),
                _ => Link::Connecting,
            };
            desk.news(News::Link(link));
        }
        b'u' => {
            let reason = "WRONGTYPE".to_owned();
            desk.send(if script.byte().is_multiple_of(2) {
                Message::News(News::Unreadable(reason))
            } else {
                Message::NotKept(reason)
            });
        }
        b'=' => answer(desk, script),
        _ => settle(desk, script),
    }
}

fn press(desk: &mut Desk, code: KeyCode, held: KeyModifiers) {
    desk.send(Message::Key(KeyEvent::new(code, held)));
}

fn mouse(desk: &mut Desk, script: &mut Script<'_>) {
    let button = [MouseButton::Left, MouseButton::Left, MouseButton::Right][usize::from(script.byte() % 3)];
    let kind = match script.byte() % 6 {
        0 => MouseEventKind::Down(button),
        1 => MouseEventKind::Drag(button),
        2 => MouseEventKind::Up(button),
        3 => MouseEventKind::ScrollUp,
        4 => MouseEventKind::ScrollDown,
        _ => MouseEventKind::Moved,
    };
    let (column, row) = (u16::from(script.byte()), u16::from(script.byte()) / 2);
    // Now and then it is nowhere near the screen.
    let column = if column == 255 { u16::MAX } else { column };
    desk.send(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

fn wait(desk: &mut Desk, span: Duration) {
    desk.at += span;
    desk.send(Message::Tick);
}

fn vitals(desk: &mut Desk, script: &mut Script<'_>) {
    let now = match script.byte() {
        255 => UnixMs(i64::MAX),
        254 => UnixMs(i64::MIN),
        253 => desk.redis_now() - Duration::from_hours(1),
        _ => desk.redis_now(),
    };
    let latency = Duration::from_millis(u64::from(script.byte()) * 20);
    let mut figure = || u64::from(script.byte()) * 3;
    let (drivers, stale, waiting) = (figure(), figure(), figure());
    let (workers, misshapen) = (script.byte(), script.byte() > 250);
    let vitals = Vitals { now, latency, drivers, stale, waiting, workers: usize::from(workers % 3), misshapen };
    desk.news(News::Vitals(desk.at, vitals));
}

/// An errand comes back: one that was asked for, or one from nowhere.
fn answer(desk: &mut Desk, script: &mut Script<'_>) {
    let errand = if desk.errands.is_empty() {
        Errand { deeds: vec![deed(script)], undoing: !script.byte().is_multiple_of(2) }
    } else {
        desk.errands.remove(0)
    };
    let outcomes = errand.deeds.iter().map(|_| outcome(script, desk)).collect();
    desk.send(Message::Done(errand, outcomes));
}

fn deed(script: &mut Script<'_>) -> Deed {
    match script.byte() % 6 {
        0 => Deed::Cancel(id(script)),
        1 => Deed::Assign(id(script), driver(script)),
        2 => Deed::Remove(driver(script), None),
        3 => Deed::Extend(id(script), -60_000),
        4 => Deed::Open(place(script), None),
        _ => Deed::Widen(id(script), Metres(1.0), None),
    }
}

/// It is found out what became of deeds whose answers did not come.
fn settle(desk: &mut Desk, script: &mut Script<'_>) {
    let now = desk.redis_now();
    let unsettled = std::mem::take(&mut desk.unsettled);
    let settled = unsettled.into_iter().map(|one| {
        let became = match script.byte() % 3 {
            0 => Settled::Done(desk.city.events(script, now)),
            1 => Settled::NotDone,
            _ => Settled::Lost,
        };
        (one, became)
    });
    let settled = settled.collect();
    desk.send(Message::Settled(settled));
}

fn seal(desk: &mut Desk) -> Seal {
    desk.named += 1;
    Seal { id: DeedId::from(u128::from(desk.named)), until: desk.redis_now(), after: None }
}

fn outcome(script: &mut Script<'_>, desk: &mut Desk) -> Result<Outcome, Mishap> {
    Ok(match script.byte() % 10 {
        0 | 1 => Outcome::Done,
        2 => Outcome::Opened(id(script)),
        3 => Outcome::Until(desk.redis_now() + Duration::from_secs(u64::from(script.byte()))),
        4 => Outcome::RadiusWas(Metres(f64::from(script.byte()) + 1.0)),
        5 => Outcome::Found(driver(script), f64::from(script.byte())),
        6 => Outcome::NobodyFound,
        7 => Outcome::StoodAt(place(script)),
        8 => return Err(Mishap::Refused("it has ended".to_owned())),
        _ => return Err(Mishap::Unknown("the connection was cut".to_owned(), seal(desk))),
    })
}
