//! The walk over the grid: which cells are counted and which are read, and what follows from the answers.

use std::collections::HashSet;

use redis::FromRedisValue;

use super::super::drivers::Scored;
use super::super::{Store, StoreError};
use super::chart::{Chart, Held};
use crate::domain::geohash::{self, Cell};
use crate::domain::{View, clean};

/// Into how many cells at the most a view is cut to begin with.
const FIRST_CELLS: usize = 64;
/// A view is not cut into more cells than this: it is what a refresh of a whole city may cost.
const MOST_CELLS: usize = 1_280;
/// With more crowds than this in sight, since the view or the drivers have moved, the cells are larger the next time.
const TOO_MANY: usize = MOST_CELLS * 3 / 2;
/// With fewer crowds than this in sight there is room for smaller cells.
const ROOM_FROM: usize = MOST_CELLS / 8;
/// How much higher than wide a cell of the screen is.
const ASPECT: f64 = 2.0;
/// At most so many commands go out at once, so that other callers get their turn in between.
const COMMANDS_AT_ONCE: usize = 512;

/// What is asked of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    /// How many are there.
    Count(Cell),
    /// Who is there, unless they are more than few.
    Read(Cell),
}

enum Answer {
    Count(u64),
    Members(Vec<Scored>),
}

impl Store {
    /// Brings the chart up to date where the view is.
    pub(super) async fn survey(&self, chart: &mut Chart, view: View) -> Result<(), StoreError> {
        self.walk(chart, view).await?;
        if chart.limit.is_some_and(|(_, bits)| bits < finest(view)) && chart.crowds(view) < ROOM_FROM {
            chart.limit = None;
            self.walk(chart, view).await?;
        }
        Ok(())
    }

    async fn walk(&self, chart: &mut Chart, view: View) -> Result<(), StoreError> {
        let limit = chart.limit.filter(|(column, _)| (view.column_deg / column - 1.0).abs() < 0.05);
        chart.limit = limit;
        let mut finest = limit.map_or(u8::MAX, |(_, bits)| bits).min(finest(view));
        let mut few = chart.few(chart.count(view, false));
        let mut questions = plan(chart, view, finest, few);
        let mut crowds = 0;
        while !questions.is_empty() {
            let answers = self.ask(&questions, few).await?;
            let found: u64 = answers.iter().map(Answer::count).sum();
            few = chart.few(chart.count(view, true) + found);
            let (mut next, mut thick) = (Vec::new(), Vec::new());
            for (question, answer) in questions.into_iter().zip(answers) {
                let cell = question.cell();
                match answer {
                    Answer::Members(members) if members.len() <= few => chart.put_few(cell, members),
                    Answer::Count(0) => chart.put_few(cell, Vec::new()),
                    Answer::Count(count) if count <= few as u64 => next.push(Question::Read(cell)),
                    answer => thick.push((cell, answer)),
                }
            }
            let room = MOST_CELLS.saturating_sub(next.len() + crowds);
            let cut = cut(&thick, finest, room);
            if cut < finest {
                finest = cut;
                chart.limit = Some((view.column_deg, finest));
            }
            for (cell, answer) in thick {
                match answer {
                    Answer::Count(count) if cell.bits() >= finest => {
                        chart.put_crowd(cell, count);
                        crowds += 1;
                    }
                    Answer::Members(_) if cell.bits() >= finest => next.push(Question::Count(cell)),
                    answer => {
                        let ask = if answer.count() <= 2 * few as u64 { Question::Read } else { Question::Count };
                        let parts = cell.parts(finest).into_iter();
                        next.extend(parts.filter(|part| part.bounds().meets(view.bounds)).map(ask));
                    }
                }
            }
            questions = next;
        }
        chart.tidy(few);
        if chart.crowds(view) > TOO_MANY {
            chart.limit = Some((view.column_deg, finest - 1));
        }
        Ok(())
    }

    async fn ask(&self, questions: &[Question], few: usize) -> Result<Vec<Answer>, StoreError> {
        let odd = |error: redis::ParsingError| StoreError::Answer(clean(error.to_string().as_bytes()));
        let mut answers = Vec::with_capacity(questions.len());
        for chunk in questions.chunks(COMMANDS_AT_ONCE) {
            let commands = chunk.iter().map(|question| {
                let (from, below) = question.cell().scores();
                let below = format!("({below}");
                let mut command = redis::cmd(question.command());
                command.arg(&self.keys.drivers).arg(from).arg(below);
                if let Question::Read(_) = question {
                    command.arg("WITHSCORES").arg("LIMIT").arg(0).arg(few + 1);
                }
                command
            });
            let values = self.query_by_the_clock(commands).await?;
            for (question, value) in chunk.iter().zip(values) {
                answers.push(match question {
                    Question::Count(_) => Answer::Count(u64::from_redis_value(value).map_err(odd)?),
                    Question::Read(_) => Answer::Members(Vec::from_redis_value(value).map_err(odd)?),
                });
            }
        }
        Ok(answers)
    }
}

impl Question {
    fn cell(self) -> Cell {
        match self {
            Self::Count(cell) | Self::Read(cell) => cell,
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::Count(_) => "ZCOUNT",
            Self::Read(_) => "ZRANGEBYSCORE",
        }
    }
}

impl Answer {
    fn count(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Members(members) => members.len() as u64,
        }
    }
}

/// The bits of the smallest cells that can be told apart on the screen.
fn finest(view: View) -> u8 {
    let bounds = view.bounds;
    let row_deg = view.column_deg * ASPECT * bounds.centre().lat().to_radians().cos();
    let cells = (bounds.east - bounds.west) / view.column_deg * (bounds.north - bounds.south) / row_deg;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of cells, saturates")]
    geohash::bits_for(bounds, cells.max(1.0) as usize)
}

/// To which grid cells that are too thick can be cut so that they become no more than there is room for: to the finest, or else
/// all to one: no part of the picture is to be coarser than another.
fn cut(thick: &[(Cell, Answer)], finest: u8, room: usize) -> u8 {
    let parts =
        |bits: u8| -> usize { thick.iter().map(|(cell, _)| 1 << bits.saturating_sub(cell.bits()).min(2)).sum() };
    let Some(most) = thick.iter().map(|(cell, _)| cell.bits()).max() else { return finest };
    [finest, (most + 1).min(finest)].into_iter().find(|&bits| parts(bits) <= room).unwrap_or(most.min(finest))
}

/// What has to be asked of the cells in sight, given what is known of them.
fn plan(chart: &mut Chart, view: View, finest: u8, few: usize) -> Vec<Question> {
    let first = geohash::bits_for(view.bounds, FIRST_CELLS).min(finest);
    let (mut questions, mut asked) = (Vec::new(), HashSet::new());
    let mut cells = geohash::covering(view.bounds, first);
    while let Some(cell) = cells.pop() {
        let mut ask = |question: Question| {
            if asked.insert(question.cell()) {
                questions.push(question);
            }
        };
        let in_sight = |part: &Cell| part.bounds().meets(view.bounds);
        if let Some(leaf) = chart.leaf_over(cell) {
            let is_current = chart.is_current(leaf);
            match &leaf.held {
                Held::Few(known) if !is_current || known.len() > few => ask(Question::Read(leaf.cell)),
                Held::Crowd(_) if leaf.cell.bits() < finest => {
                    leaf.cell.parts(finest).into_iter().filter(in_sight).for_each(|part| ask(Question::Count(part)));
                }
                Held::Crowd(_) if !is_current => ask(Question::Count(leaf.cell)),
                _ => {}
            }
        } else if chart.leaves_in(cell).next().is_none() {
            ask(Question::Count(cell));
        } else if cell.bits() < finest {
            cells.extend(cell.parts(finest).into_iter().filter(in_sight));
        } else if !chart.join(cell, few) {
            ask(Question::Count(cell));
        }
    }
    questions
}
