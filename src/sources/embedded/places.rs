//! How many scrapes begin at once, over all services of the program: 500 targets are not 500 sockets in one burst.
//!
//! A place is for an answer that comes soon. A target that lets itself be waited for gives its place up, and nobody
//! waits longer for one than a part of the deadline: targets that hang keep no others from being read.

use std::time::Duration;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Scrapes with a place at most.
const PLACES: usize = 256;
/// So long a scrape has its place; answers from another continent are there by then.
const HOLD: Duration = Duration::from_millis(250);
/// The part of the deadline that may be spent waiting.
const PART: u32 = 2;

static ALL: Semaphore = Semaphore::const_new(PLACES);

/// Does `work` when there is a place; it is told how much of the deadline is left, at least half.
pub(super) async fn begin<T>(deadline: Duration, work: impl AsyncFnOnce(Duration) -> T) -> T {
    begin_in(&ALL, deadline, work).await
}

async fn begin_in<T>(places: &Semaphore, deadline: Duration, work: impl AsyncFnOnce(Duration) -> T) -> T {
    let came = Instant::now();
    // Never closed; who waited long enough goes ahead without.
    let place = timeout(deadline / PART, places.acquire()).await.ok();
    // In steps, since the deadline is told in faults: those of the same cause are to read the same.
    let waited = HOLD * (came.elapsed().as_millis() / HOLD.as_millis()).try_into().unwrap_or(u32::MAX);
    let work = work(deadline.saturating_sub(waited).max(deadline / PART));
    let mut work = std::pin::pin!(work);
    if let Ok(done) = timeout(HOLD, &mut work).await {
        return done;
    }
    drop(place);
    work.await
}

#[cfg(test)]
mod tests {
    use super::*;

    use futures_util::future::join_all;
    use std::cell::Cell;
    use std::future::pending;

    #[tokio::test]
    async fn only_so_many_begin_at_once_and_all_are_done() {
        let places = Semaphore::new(3);
        let (now, most) = (Cell::new(0), Cell::new(0));
        let one = |_| {
            begin_in(&places, Duration::from_secs(60), async |left| {
                assert!(left.as_millis().is_multiple_of(250) && left > Duration::from_secs(50), "{left:?}");
                now.set(now.get() + 1);
                most.set(most.get().max(now.get()));
                tokio::task::yield_now().await;
                now.set(now.get() - 1);
            })
        };
        assert_eq!(join_all((0..50).map(one)).await.len(), 50);
        assert_eq!((now.get(), most.get()), (0, 3));
    }

    #[tokio::test]
    async fn those_that_hang_make_room() {
        let places = Semaphore::new(2);
        let hanging =
            join_all((0..4).map(|_| begin_in(&places, Duration::from_secs(60), async |_| pending::<()>().await)));
        let well = begin_in(&places, Duration::from_secs(60), async |_| 7);
        let begun = Instant::now();
        let done = tokio::select! {
            _ = hanging => 0,
            done = async { tokio::task::yield_now().await; well.await } => done,
        };
        assert_eq!(done, 7);
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_a_part_of_the_deadline() {
        let places = Semaphore::new(0);
        let left = begin_in(&places, Duration::from_millis(40), async |left| left).await;
        assert!(left >= Duration::from_millis(20), "{left:?}");
    }
}
