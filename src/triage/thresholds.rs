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
    /// Requests that were not found / requests, 0 to 1.
    pub not_found: Limit,
    /// Requests that were too many / requests, 0 to 1.
    pub rate_limited: Limit,
    /// Failed calls to others / calls, 0 to 1.
    pub call_errors: Limit,
    /// Calls to others that were too many / calls, 0 to 1.
    pub calls_limited: Limit,
    /// 95th percentile of the time that the database takes, seconds.
    pub db_latency: Limit,
    /// Sessions of the database that wait for a lock.
    pub db_locked: Limit,
    /// Processor time in use / what there is, 0 to 1.
    pub cpu: Limit,
    /// Use of the fullest disk, 0 to 1.
    pub disk: Limit,
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
            not_found: Limit { warning: None, critical: None },
            rate_limited: Limit { warning: Some(0.05), critical: None },
            call_errors: Limit { warning: Some(0.05), critical: None },
            calls_limited: Limit { warning: Some(0.01), critical: None },
            db_latency: Limit { warning: Some(0.5), critical: None },
            db_locked: Limit { warning: Some(1.0), critical: None },
            cpu: Limit { warning: Some(0.9), critical: None },
            disk: Limit::new(0.9, 0.97),
        }
    }
}
