//! How many questions are under way at once, to all servers of this program together: signals, bounds, alerts, rules,
//! and what is asked at the keyboard. Monitoring must not worsen the incident.
//!
//! Whoever has waited longest is next. How many questions one server has at once is its own matter.

use std::time::Duration;
use std::time::Instant;

use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout_at;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Http;
use crate::sources::prometheus::api::Api;
use crate::sources::prometheus::api::DEADLINE;
use crate::sources::prometheus::api::Told;
use crate::sources::prometheus::api::Trouble;

/// Questions under way at most.
pub(super) const PROGRAM: usize = 8;
static TURNS: Semaphore = Semaphore::const_new(PROGRAM);

/// A question with less time than this is not asked any more.
pub(super) const LEAST: Duration = Duration::from_millis(100);

/// The right to ask one question, as long as it is held; `None` when `until` comes first.
pub(super) async fn turn(until: Instant) -> Option<SemaphorePermit<'static>> {
    // It is never closed.
    timeout_at(until.into(), TURNS.acquire()).await.ok()?.ok()
}

/// Asks one address one question when it has its turn; waiting and asking take 10 s at most.
///
/// # Errors
/// As [`Api::call`]; that there was no turn in time.
pub(super) async fn in_turn<T: DeserializeOwned>(
    api: &Api,
    http: &Http,
    call: &str,
    form: &[(&str, String)],
) -> Result<Told<T>, Trouble> {
    let until = Instant::now() + DEADLINE;
    // Held until the answer is complete.
    let Some(_turn) = turn(until).await else { return Err(no_turn()) };
    let left = until.saturating_duration_since(Instant::now());
    if left < LEAST { Err(no_turn()) } else { api.call(http, call, form, left).await }
}

/// All turns were taken until the time was up.
pub(super) fn no_turn() -> Trouble {
    Fault::new(FaultKind::Timeout, "the server was busy with other queries until the time was up")
        .advise("it is slow: give `services` or a `selector`, or allow more queries at once")
        .into()
}
