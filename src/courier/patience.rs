//! How long is waited for an answer, and how often something is tried again.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::facts::FaultKind;
use crate::sources::http::Failure;

/// The limits of one sending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// For one try.
    pub each: Duration,
    /// For all of them, with the pauses between.
    pub all: Duration,
    /// Before each further try, unless the other end asks for more; there are as many tries more.
    pub pauses: [Duration; 3],
}

impl Default for Patience {
    fn default() -> Self {
        let pauses = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];
        Self { each: Duration::from_secs(15), all: Duration::from_secs(30), pauses }
    }
}

impl Patience {
    /// Tries until it succeeds, or until it makes no sense to try again: only what is certain not to have arrived, and
    /// what may go better soon, is tried again. `once` gets what is left of the time.
    ///
    /// # Errors
    /// The failure of the last try.
    pub(super) async fn try_on<T, F: Future<Output = Result<T, Failure>>>(
        self,
        once: impl Fn(Duration) -> F,
    ) -> Result<T, Failure> {
        let end = Instant::now() + self.all;
        let mut pauses = self.pauses.into_iter();
        loop {
            let failure = match once(self.each.min(end.saturating_duration_since(Instant::now()))).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let (true, Some(pause)) = (may_go_better(&failure), pauses.next()) else { return Err(failure) };
            let pause = failure.fault.retry_after.map_or(pause, |asked| asked.max(pause));
            // A try that could not be finished could also arrive.
            if Instant::now() + pause >= end {
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// Whether the same request may be taken a moment later. A refusal stays one.
fn may_go_better(failure: &Failure) -> bool {
    let soon = match failure.fault.status {
        Some(status) => matches!(status, 408 | 425 | 429),
        None => matches!(failure.fault.kind, FaultKind::Connect | FaultKind::Dns | FaultKind::Timeout),
    };
    // An API may also say it in a success.
    failure.certain && (soon || failure.fault.kind == FaultKind::RateLimited)
}
