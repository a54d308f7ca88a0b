//! The limits of a service, in base units. A site can stand behind the defaults; each has its reason beside it.

/// Where a value begins to be worth a look, and where it is worth waking somebody.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Limit {
    /// From this value on: look at it.
    pub warning: Option<f64>,
    /// From this value on: somebody is hurt.
    pub critical: Option<f64>,
}

impl Limit {
    /// Both limits.
    #[must_use]
    pub const fn new(warning: f64, critical: f64) -> Self {
        Self { warning: Some(warning), critical: Some(critical) }
    }
}

/// The limits of all that is judged.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Thresholds {
    /// Failed requests / requests, 0 to 1.
    pub error_rate: Limit,
    /// 95th percentile of the time to answer, seconds.
    pub latency_p95: Limit,
    /// Connections in use / connections allowed, 0 to 1.
    pub db_pool: Limit,
    /// Callers waiting for a connection.
    pub db_pool_waiting: Limit,
    /// Memory in use / memory allowed, 0 to 1.
    pub memory: Limit,
    /// Requests per second, judged downwards: at or below is bad. Off unless a team sets it, since only the team
    /// knows how quiet its nights are.
    pub request_rate: Limit,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            // A monthly objective of 99.9 % allows 0.1 %: at 1 % it is used up in 3 days, at 5 % in 14 hours.
            error_rate: Limit::new(0.01, 0.05),
            // Half a second is felt; after a second people lose their train of thought and begin to reload.
            latency_p95: Limit::new(0.5, 1.0),
            // The last tenth of a pool is gone within one burst; a full pool makes every further caller wait.
            db_pool: Limit::new(0.9, 1.0),
            // A single caller may wait for a moment at any load; ten at once are a queue.
            db_pool_waiting: Limit::new(1.0, 10.0),
            // A garbage-collected heap works at 85 %; at 97 % the next allocation may be the last.
            memory: Limit::new(0.9, 0.97),
            request_rate: Limit { warning: None, critical: None },
        }
    }
}
