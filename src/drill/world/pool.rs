//! A connection pool in one second: who has a connection, who waits, who gives up.
//!
//! Honest work holds `rate x time` connections (Little's law). What leaks or waits for a lock holds more. When the
//! rest is too few, requests queue; the wait is the queue over the speed at which connections come free, and who
//! waits longer than the timeout, or finds the queue full, fails.

use crate::drill::Pool;

/// Seconds after which a query that waits for a lock is given up.
pub(super) const LOCK_PATIENCE: f64 = 30.0;

/// What is asked of a pool in one second.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub(super) struct Demand {
    /// Requests per second that want a connection and give it back.
    pub(super) rate: f64,
    /// Connections that they hold on average.
    pub(super) work: f64,
    /// Requests per second that get stuck at a lock.
    pub(super) locked: f64,
    /// The most connections.
    pub(super) size: f64,
}

/// What a pool remembers.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub(super) struct PoolState {
    /// Connections that nobody gives back.
    pub(super) leaked: f64,
    /// Connections of queries that wait for a lock.
    pub(super) held: f64,
    /// Requests that wait for a connection.
    pub(super) queue: f64,
    /// For how many seconds something has been locked.
    pub(super) lock_age: f64,
}

/// What a second brings.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub(super) struct PoolSecond {
    /// The state at its end.
    pub(super) after: PoolState,
    /// How long a request waits for a connection, in seconds.
    pub(super) wait: f64,
    /// The share of requests that get none.
    pub(super) failing: f64,
    /// How long those wait.
    pub(super) patience: f64,
    /// Connections that honest work holds.
    pub(super) busy: f64,
    /// Connections that it could hold.
    pub(super) free: f64,
    /// Requests that wait.
    pub(super) waiting: f64,
}

impl PoolState {
    /// One second of it.
    pub(super) fn second(self, pool: &Pool, demand: &Demand) -> PoolSecond {
        let mut after = self;
        let room = (demand.size - self.leaked).max(0.0);
        if demand.locked > 0.0 {
            after.lock_age += 1.0;
            after.held = (self.held + demand.locked).min(demand.locked * LOCK_PATIENCE).min(room);
        } else {
            (after.held, after.lock_age) = (0.0, 0.0);
        }
        let free = (room - after.held).max(0.0);
        let hold = if demand.rate > 0.0 { demand.work / demand.rate } else { 0.0 };
        // Requests per second that can be served.
        let speed = if hold > 0.0 { free / hold } else { f64::MAX };
        let busy = demand.work.min(free);
        if free >= 1.0 && demand.rate <= speed && self.queue < 0.5 {
            after.queue = 0.0;
            let wait = chance_wait(demand.work, free, hold).min(pool.timeout);
            return PoolSecond { after, wait, busy, free, waiting: demand.rate * wait, ..PoolSecond::default() };
        }
        let come = self.queue + demand.rate;
        let left = (come - speed).max(0.0);
        // Nobody waits longer than the timeout: no more than came in that time.
        let most = pool.queue.min((demand.rate * pool.timeout).max(1.0));
        after.queue = left.min(most);
        let given_up = left - after.queue;
        let wait = if speed > 0.0 { (after.queue / speed).min(pool.timeout) } else { pool.timeout };
        PoolSecond {
            after,
            wait,
            failing: if demand.rate > 0.0 { (given_up / demand.rate).clamp(0.0, 1.0) } else { 0.0 },
            // A full queue turns people away at the door.
            patience: if most < pool.queue { pool.timeout } else { 0.3 * pool.timeout.min(wait + 0.01) },
            busy,
            free,
            waiting: after.queue,
        }
    }
}

/// The mean wait when there are enough connections but they are all taken now and then (Sakasegawa's formula).
fn chance_wait(work: f64, free: f64, hold: f64) -> f64 {
    let load = work / free;
    if load < 0.5 {
        return 0.0;
    }
    hold * load.powf((2.0 * (free + 1.0)).sqrt() - 1.0) / (free * (1.0 - load).max(0.005))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> Pool {
        Pool { name: "db".into(), size: 100.0, busy: 20.0, idle: 8.0, timeout: 5.0, queue: 1e6, queries: 4.0 }
    }

    fn demand(rate: f64, hold: f64, locked: f64) -> Demand {
        Demand { rate, work: rate * hold, locked, size: 100.0 }
    }

    /// The seconds of a demand, from a state on.
    fn play(mut state: PoolState, seconds: usize, demand: &Demand) -> PoolSecond {
        let mut last = PoolSecond::default();
        for _ in 0..seconds {
            last = state.second(&pool(), demand);
            state = last.after;
        }
        last
    }

    #[test]
    fn with_room_nobody_waits() {
        let second = play(PoolState::default(), 60, &demand(200.0, 0.1, 0.0));
        assert!((second.busy - 20.0).abs() < 1e-9);
        assert!(second.wait < 1e-4 && second.failing < 1e-9 && second.waiting < 0.1, "{second:?}");
    }

    #[test]
    fn a_leak_makes_waiters_and_then_errors() {
        let leaked = PoolState { leaked: 90.0, ..PoolState::default() };
        // 10 connections serve 100 a second, 200 come.
        let first = play(leaked, 1, &demand(200.0, 0.1, 0.0));
        assert!(first.waiting > 99.0 && first.failing < 1e-9, "{first:?}");
        let later = play(leaked, 60, &demand(200.0, 0.1, 0.0));
        assert!((later.failing - 0.5).abs() < 0.01 && (later.wait - 5.0).abs() < 0.1, "{later:?}");
        let all = PoolState { leaked: 100.0, ..PoolState::default() };
        let none = play(all, 60, &demand(200.0, 0.1, 0.0));
        assert!((none.failing - 1.0).abs() < 0.01 && none.busy < 1e-9, "{none:?}");
    }

    #[test]
    fn a_lock_takes_the_pool_and_gives_it_back() {
        let locked = play(PoolState::default(), 20, &Demand { locked: 60.0, ..demand(140.0, 0.1, 60.0) });
        assert!(locked.failing > 0.9 && (locked.after.held - 100.0).abs() < 1e-9, "{locked:?}");
        let released = play(locked.after, 30, &demand(200.0, 0.1, 0.0));
        assert!(released.failing < 1e-9 && released.waiting < 1.0, "{released:?}");
    }

    #[test]
    fn a_full_queue_turns_away_quickly() {
        let pool = Pool { queue: 10.0, ..pool() };
        let all = PoolState { leaked: 95.0, ..PoolState::default() };
        let second = all.second(&pool, &demand(200.0, 0.1, 0.0)).after.second(&pool, &demand(200.0, 0.1, 0.0));
        assert!((second.waiting - 10.0).abs() < 1e-9 && second.patience < 1.0, "{second:?}");
    }
}
