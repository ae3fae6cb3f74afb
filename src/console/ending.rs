//! The console's end: what is under way is waited for, and what is not known by then is told.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::effects::Hands;
use super::message::Message;
use super::model::Model;
use super::update;
use crate::uptime::Uptime;

/// So long the console waits at its end for actions that are under way: a little longer than for an answer.
pub(super) const PATIENCE: Duration = Duration::from_millis(2_500);

/// What was confirmed is not dropped with the program: its answer is waited for, and what is not known by then is answered in words.
pub(super) async fn last_deeds(
    model: &mut Model,
    began: Uptime,
    mut messages: mpsc::Receiver<Message>,
    hands: Hands,
) -> String {
    hands.deeds.close();
    let mut take = |message| {
        if matches!(message, Message::Done(..)) {
            update::update(model, began.elapsed(), message);
        }
    };
    let answers = async {
        let all_done = hands.deeds.wait();
        tokio::pin!(all_done);
        loop {
            tokio::select! {
                Some(message) = messages.recv() => take(message),
                () = &mut all_done => break,
            }
        }
    };
    let _ = timeout(PATIENCE, answers).await;
    while let Ok(message) = messages.try_recv() {
        take(message);
    }
    update::last_words(model, hands.deeds.len())
}
