//! One server, or replicas that hold the same data: who is asked, how many questions at once, and for how long.
//!
//! The first replica that answers well is asked, so that nothing is counted twice. What is asked is not known here.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::timeout_at;
use url::Url;

use crate::facts::Fault;
use crate::sources::http::Access;
use crate::sources::http::Http;
use crate::sources::prometheus::api::Api;
use crate::sources::prometheus::api::DEADLINE;
use crate::sources::prometheus::api::Told;
use crate::sources::prometheus::api::Trouble;
use crate::sources::prometheus::turns::LEAST;
use crate::sources::prometheus::turns::PROGRAM;
use crate::sources::prometheus::turns::no_turn;
use crate::sources::prometheus::turns::turn;

/// How long another replica than the first is asked before the first has its chance again.
const RETURN: Duration = Duration::from_secs(60);

/// A server with its replicas.
#[derive(Debug)]
pub(super) struct Server {
    replicas: Vec<Api>,
    turns: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The replica that is asked first.
    current: usize,
    /// Since when it is another one than the first.
    left: Option<Instant>,
    /// Why each of those failed that failed last.
    faults: Vec<(usize, Fault)>,
}

impl Server {
    pub(super) fn new(urls: &[Url], access: &Arc<Access>, max_queries: usize) -> Self {
        Self {
            replicas: urls.iter().map(|url| Api::new(url.clone(), Arc::clone(access))).collect(),
            turns: Semaphore::new(max_queries.clamp(1, PROGRAM)),
            state: Mutex::default(),
        }
    }

    /// The address of the replica that is asked, without secrets.
    pub(super) fn shown(&self) -> String {
        let current = self.state(|state| state.current);
        self.replicas.get(current).map(Api::shown).unwrap_or_default()
    }

    /// What is wrong with replicas although another one answers; clean.
    pub(super) fn remarks(&self) -> Vec<String> {
        let faults = self.state(|state| state.faults.clone());
        let told = |(index, fault): (usize, Fault)| {
            let address = self.replicas.get(index).map(Api::shown).unwrap_or_default();
            format!("the replica {address} does not answer: {fault}")
        };
        faults.into_iter().map(told).collect()
    }

    /// An ask begins: the first replica has its chance again after a while.
    pub(super) fn begin(&self) {
        self.state(|state| {
            if state.left.is_some_and(|left| left.elapsed() >= RETURN) {
                (state.current, state.left) = (0, None);
            }
        });
    }

    /// Asks a replica, and at once the next one where there is no answer. A query that one of them refuses is not
    /// asked of the next. Ends at `until`, and after a deadline of its own.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        http: &Http,
        call: &str,
        form: &[(&str, String)],
        until: Instant,
    ) -> Result<Told<T>, Trouble> {
        // Both are held until the answer is complete. That of the server is never closed.
        let Ok(_own) = timeout_at(until.into(), self.turns.acquire()).await else { return Err(no_turn()) };
        let Some(_turn) = turn(until).await else { return Err(no_turn()) };
        let until = until.min(Instant::now() + DEADLINE);
        let (count, first) = (self.replicas.len(), self.state(|state| state.current));
        let mut last = None;
        for step in 0..count {
            let index = (first + step) % count;
            let Some(api) = self.replicas.get(index) else { continue };
            let left = until.saturating_duration_since(Instant::now());
            if left < LEAST {
                break;
            }
            // A replica that hangs may not take the time of those behind it.
            let deadline = left / u32::try_from(count - step).unwrap_or(1);
            let form = with_timeout(form, deadline);
            // On the heap: several of these are in every ask, and each holds a whole request.
            match Box::pin(api.call(http, call, &form, deadline)).await {
                Err(trouble) if !trouble.is_query => {
                    self.state(|state| state.failed(index, &trouble.fault));
                    last.get_or_insert(trouble);
                }
                answer => {
                    self.state(|state| state.answered(index));
                    return answer;
                }
            }
        }
        let mut trouble = last.unwrap_or_else(no_turn);
        if count > 1 {
            trouble.fault.cause = format!("{}, all {count} replicas", trouble.fault.cause);
        }
        Err(trouble)
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn failed(&mut self, index: usize, fault: &Fault) {
        self.faults.retain(|(other, _)| *other != index);
        self.faults.push((index, fault.clone()));
    }

    fn answered(&mut self, index: usize) {
        self.faults.retain(|(other, _)| *other != index);
        if self.current != index {
            self.current = index;
            self.left = (index != 0).then(Instant::now);
        }
    }
}

/// Lets the server give up when nobody listens any more.
fn with_timeout<'f>(form: &[(&'f str, String)], deadline: Duration) -> Vec<(&'f str, String)> {
    let mut form = form.to_vec();
    if form.iter().any(|(name, _)| *name == "query") {
        form.push(("timeout", format!("{}ms", deadline.as_millis())));
    }
    form
}
