//! Gathers what is asked of Redis while it is busy with what was asked before: one script does it all, and each caller is
//! answered after that. Redis and this service would otherwise spend most of a call's time on its way through a connection and on
//! setting up a script. What comes alone goes at once; nothing waits for company.

use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::problem::Problem;
use crate::store::StoreError;

/// So much is gathered at the most; who comes then waits to be let in.
const MOST: usize = 500;
/// A Redis that has not answered for so long has stalled: then who comes no longer waits for those before, since each would wait
/// until their time is up, and for its own after that.
const STALLED: Duration = Duration::from_millis(100);

/// One who gathers questions `Q` that are answered with `A`. Clones are the same one, whose task ends with the last of them.
#[derive(Clone)]
pub(super) struct Gatherer<Q, A>(mpsc::Sender<Asked<Q, A>>);

/// A question, and where its answer is waited for.
type Asked<Q, A> = (Q, oneshot::Sender<Result<A, StoreError>>);

impl<Q: Send + 'static, A: Send + 'static> Gatherer<Q, A> {
    /// One who hands what has come to `work`, which answers each question in its place.
    pub(super) fn start<F>(work: impl Fn(Vec<Q>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Vec<Result<A, StoreError>>> + Send + 'static,
    {
        Self::start_with(STALLED, work)
    }

    fn start_with<F>(stalled: Duration, work: impl Fn(Vec<Q>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Vec<Result<A, StoreError>>> + Send + 'static,
    {
        let (gatherer, mut asked) = mpsc::channel::<Asked<Q, A>>(MOST);
        tokio::spawn(async move {
            let mut those = Vec::new();
            while asked.recv_many(&mut those, MOST).await > 0 {
                let (questions, waiting): (Vec<_>, Vec<_>) = those.drain(..).unzip();
                let answers = work(questions);
                let mut round = Box::pin(async move {
                    for (answer, waiting) in answers.await.into_iter().zip(waiting) {
                        // Who has gone meanwhile does not want to know.
                        let _ = waiting.send(answer);
                    }
                });
                if timeout(stalled, round.as_mut()).await.is_err() {
                    tokio::spawn(round);
                }
            }
        });
        Self(gatherer)
    }

    /// Asks this, with what others ask if there are any.
    pub(super) async fn ask(&self, question: Q) -> Result<A, Problem> {
        // Only a runtime that ends takes the task away.
        let ending = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the service is ending");
        let (waiting, answer) = oneshot::channel();
        self.0.send((question, waiting)).await.map_err(|_| ending())?;
        Ok(answer.await.map_err(|_| ending())??)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;
    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test]
    async fn nobody_waits_for_those_whose_redis_has_stalled() {
        let (served, mut rounds) = mpsc::unbounded_channel();
        let gatherer = Gatherer::start_with(Duration::from_millis(1), move |questions: Vec<u32>| {
            served.send(questions.clone()).unwrap();
            async move {
                if questions.contains(&0) {
                    std::future::pending::<()>().await;
                }
                questions.into_iter().map(Ok).collect()
            }
        });
        let stalled = gatherer.clone();
        tokio::spawn(async move { stalled.ask(0).await.ok() });
        assert_eq!(rounds.recv().await, Some(vec![0]));
        assert_eq!(gatherer.ask(1).await.ok(), Some(1));
    }

    #[tokio::test]
    async fn what_comes_while_others_are_served_goes_together_and_each_gets_its_own_answer() {
        let leave = Arc::new(Semaphore::new(0));
        let (held, (served, mut rounds)) = (Arc::clone(&leave), mpsc::unbounded_channel());
        let gatherer = Gatherer::start_with(Duration::from_hours(1), move |questions: Vec<u32>| {
            let (leave, served) = (Arc::clone(&held), served.clone());
            async move {
                served.send(questions.len()).unwrap();
                leave.acquire().await.unwrap().forget();
                let odd = |question| StoreError::Answer(format!("{question} is odd"));
                questions.into_iter().map(|q| if q % 2 == 0 { Ok(q * 10) } else { Err(odd(q)) }).collect()
            }
        });
        let ask = |question| {
            let gatherer = gatherer.clone();
            async move { (question, gatherer.ask(question).await.ok()) }
        };
        let mut asking = JoinSet::from_iter([ask(0)]);
        assert_eq!(rounds.recv().await, Some(1), "the first goes alone and at once");
        for question in 1..5 {
            asking.spawn(ask(question));
        }
        while gatherer.0.capacity() != MOST - 4 {
            tokio::task::yield_now().await;
        }
        leave.add_permits(2);
        assert_eq!(rounds.recv().await, Some(4), "the others together");
        let mut answers = asking.join_all().await;
        answers.sort_unstable();
        assert_eq!(answers, [(0, Some(0)), (1, None), (2, Some(20)), (3, None), (4, Some(40))]);
    }
}
