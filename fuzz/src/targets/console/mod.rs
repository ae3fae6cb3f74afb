//! The whole console but for its terminal and its Redis: keys, mouse, sizes and news in any order, and what is drawn of them.

mod city;
mod laws;
mod script;

use std::sync::Arc;
use std::time::Duration;

use cabstand::console::message::{Effect, Errand, Link, Message, News, Unsettled};
use cabstand::console::model::{AlarmRules, Depth, Look, Model, Options, ThemeName};
use cabstand::console::update::update;
use cabstand::console::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use city::{City, START};
use script::Script;

/// So many messages are taken in at the most: what goes on for longer says little more, and takes long.
const MOST_STEPS: usize = 96;
/// So many errands wait for their answers at the most.
const MOST_ERRANDS: usize = 8;
/// As large as it is at the end: high enough for every row that there can be.
const TALL: (u16, u16) = (112, 120);
/// The screen is drawn each so many messages: that takes the most time of all.
const DRAWN_EVERY: usize = 12;
/// No more of it is drawn than this.
const DRAWN: (u16, u16) = (130, 64);

/// Plays a script (`script.rs`) and looks at the laws (`laws.rs`) after each step.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let mut desk = Desk::new(script.byte());
    desk.send(Message::News(News::Link(Link::Live)));
    for step in 0..MOST_STEPS {
        let Some(op) = script.op() else { break };
        script::play(op, &mut script, &mut desk);
        if step % DRAWN_EVERY == DRAWN_EVERY - 1 {
            desk.draw(desk.model.size);
        }
        if desk.left {
            break;
        }
    }
    desk.draw(desk.model.size);
    desk.send(Message::Resize(TALL.0, TALL.1));
    laws::hold_order(&desk.model);
}

/// A console with a city before it.
struct Desk {
    model: Model,
    city: City,
    /// The console's own clock.
    at: Duration,
    /// What it wants done, and has not been answered.
    errands: Vec<Errand>,
    /// Of what it asks what became.
    unsettled: Vec<Unsettled>,
    /// So many deeds have a name.
    named: u64,
    /// The operator has left.
    left: bool,
}

impl Desk {
    fn new(how: u8) -> Self {
        let look = Look {
            ascii: how & 1 > 0,
            depth: [Depth::None, Depth::Sixteen, Depth::TwoFiftySix, Depth::TrueColour][usize::from(how >> 1 & 3)],
            theme: ThemeName::Terminal,
        };
        let waiting = (how & 8 > 0).then_some(3);
        let options = Options {
            address: "127.0.0.1:6379/0".to_owned(),
            yes: how & 16 > 0,
            read_only: how & 32 > 0,
            look,
            alarms: AlarmRules { left: Duration::from_secs(30), waiting, bell: true },
            timezone: chrono::Offset::fix(&chrono::Utc),
            keymap: Arc::default(),
            overlay: Arc::default(),
            memory_file: None,
        };
        let model = Model::new(options, (120, 40));
        Self {
            model,
            city: City::default(),
            at: Duration::ZERO,
            errands: Vec::new(),
            unsettled: Vec::new(),
            named: 0,
            left: false,
        }
    }

    /// The console takes a message in.
    fn send(&mut self, message: Message) {
        let away = matches!(self.model.link, Link::Away(_));
        let effects = update(&mut self.model, self.at, message);
        for effect in effects {
            laws::hold_effect(&effect, &self.model, away);
            match effect {
                Effect::Do(errand, _) if self.errands.len() < MOST_ERRANDS => self.errands.push(errand),
                Effect::Settle(unsettled) => self.unsettled = unsettled,
                Effect::Quit => self.left = true,
                _ => {}
            }
        }
        laws::hold_model(&self.model);
    }

    fn news(&mut self, news: News) {
        self.send(Message::News(news));
    }

    /// The screen is drawn, on a terminal that may have another size than the console was told.
    fn draw(&self, (columns, rows): (u16, u16)) {
        let (columns, rows) = (columns.min(DRAWN.0), rows.min(DRAWN.1));
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal in memory");
        // What is then sent to the terminal is not ours.
        let mut frame = terminal.get_frame();
        view::draw(&self.model, &mut frame);
        laws::hold_screen(frame.buffer_mut());
    }

    /// Redis' clock, as it goes along with the console's.
    fn redis_now(&self) -> cabstand::domain::UnixMs {
        START + self.at
    }
}
