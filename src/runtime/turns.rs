//! One ask after the other of one source: what is told of each answer, and how long to wait for the next.
//!
//! Time is an argument, and nobody waits here: pollers do so in life, a replay in the time of its story, and both ask
//! at the same times. What a source means is not known here. Main type: [`Turns`].

use std::time::Duration;

use crate::app::App;
use crate::app::Msg;
use crate::facts::At;
use crate::facts::FaultKind;
use crate::facts::Payload;
use crate::facts::Reading;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::runtime::parts;
use crate::sources::Source;
use crate::sources::http::Http;

/// So long a source rests at least between an answer and the next ask.
pub const LEAST: Duration = Duration::from_millis(20);

/// A source, and what its last answers were.
pub struct Turns {
    source: Source,
    info: SourceInfo,
    failures: u32,
    remarked: Option<String>,
    named: bool,
}

/// What came of one ask.
pub struct Turn {
    /// What is to be told, in this order.
    pub news: Vec<Msg>,
    /// Sources that this one turned out to be beside itself, which were told.
    pub born: Vec<Source>,
    /// From the beginning of this ask to that of the next.
    pub wait: Duration,
    /// From the beginning of this ask, or from the moment on in which somebody is in a hurry, to the next at least.
    pub floor: Duration,
    /// How long the ask took.
    pub took: Duration,
}

impl Turns {
    /// A source that was not asked yet.
    #[must_use]
    pub fn new(source: Source) -> Self {
        let info = source.info();
        Self { source, info, failures: 0, remarked: None, named: false }
    }

    /// The source itself, for what is asked of it beside its turns.
    pub const fn source(&mut self) -> &mut Source {
        &mut self.source
    }

    /// What is known of the source.
    #[must_use]
    pub const fn info(&self) -> &SourceInfo {
        &self.info
    }

    /// Asks once. `chance` (0 to 1) spreads the next ask, where many would ask in the same second.
    pub async fn next(&mut self, http: &Http, now: &(dyn Fn() -> At + Send + Sync), chance: f64) -> Turn {
        self.source.ready(now).await;
        let asked = http.stopwatch();
        let body = self.source.ask(http, now).await;
        let refusal = body.as_ref().err().map(|fault| (fault.kind, fault.retry_after));
        self.failures = if body.is_ok() { 0 } else { self.failures.saturating_add(1) };
        let took = asked.elapsed();
        let mut news = Vec::new();
        let is = self.source.info();
        if is != self.info {
            self.info = is;
            news.push(Msg::Source(self.info.clone()));
        }
        let born = self.source.apart();
        news.extend(born.iter().map(|other| Msg::Source(other.info())));
        let mut reading = Reading { source: self.info.id.clone(), at: now(), took, body };
        if let Ok(Payload::Fleet(fleet)) = &mut reading.body {
            // Services are named by an answer; only then can their past come before one.
            let past = if self.named { parts::split(fleet) } else { Vec::new() };
            self.named = true;
            news.extend(past.into_iter().map(|part| Msg::Past(self.info.id.clone(), part)));
        }
        news.push(Msg::Arrived(reading));
        let remark = self.source.remark();
        if let Some(text) = remark.clone().filter(|_| remark != self.remarked) {
            news.push(Msg::Logged(format!("{}: {text}", self.info.id), false));
        }
        self.remarked = remark;
        let wait = match refusal {
            _ if self.source.follows().is_some() => self.source.follows().unwrap_or_default(),
            None => self.source.early().unwrap_or_else(|| next_delay(&self.info, 0, None, chance)),
            Some(refusal) => next_delay(&self.info, self.failures, Some(refusal), chance),
        };
        // A person in a hurry may not break what the other side asked for.
        let asked_for = refusal.and_then(|(_, after)| after).unwrap_or_default();
        let floor = App::floor_of(self.info.kind).max(asked_for);
        Turn { news, born, wait, floor, took }
    }
}

/// How long to wait after an ask, from its beginning.
///
/// A source that answers is asked again after its interval: one that scrapes exactly (a steady step makes good
/// rates), others up to a tenth later, so that a hundred `sixty` do not ask a vendor, or the team's one server, in the
/// same second. One that fails is asked again after twice, four times … the interval, with jitter, up to a cap: 30 s for
/// metrics and alerts, since recovery is news that somebody waits for; 10 min for others. A refused login is not retried
/// sooner than every minute, and a
/// vendor's own `Retry-After` is obeyed (up to an hour). `chance` is 0 to 1.
#[must_use]
pub fn next_delay(
    info: &SourceInfo,
    failures: u32,
    fault: Option<(FaultKind, Option<Duration>)>,
    chance: f64,
) -> Duration {
    let Some((kind, retry_after)) = fault else {
        let jitter = if info.kind == SourceKind::Metrics && !is_server(info) { 0.0 } else { 0.1 };
        return info.every.mul_f64(1.0 + jitter * chance);
    };
    let is_waited_for = matches!(info.kind, SourceKind::Metrics | SourceKind::Alerts);
    let cap = if is_waited_for { Duration::from_secs(30) } else { Duration::from_secs(600) };
    let cap = cap.max(info.every);
    let doubled = info.every.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(cap);
    // Full interval at least, so that failing never means asking more often.
    let delay = doubled.mul_f64(1.0 - 0.3 * chance).max(info.every);
    // All that a server fed have noticed its end at the same time, and would be back at the same time.
    let delay = if is_server(info) { delay.mul_f64(1.0 + 0.2 * chance) } else { delay };
    let least = match kind {
        FaultKind::Denied => Duration::from_secs(60),
        FaultKind::RateLimited => retry_after.unwrap_or(Duration::from_secs(60)).min(Duration::from_secs(3_600)),
        _ => retry_after.unwrap_or_default().min(Duration::from_secs(3_600)),
    };
    delay.max(least)
}

/// Whether one answer tells of many services.
fn is_server(info: &SourceInfo) -> bool {
    info.kind == SourceKind::Metrics && info.service.is_none()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::SourceId;

    fn info(kind: SourceKind, every: u64) -> SourceInfo {
        SourceInfo {
            id: SourceId::new("x"),
            kind,
            service: (kind == SourceKind::Metrics).then(|| Arc::from("web")),
            address: String::new(),
            every: Duration::from_secs(every),
        }
    }

    #[test]
    fn delays_grow_to_a_cap_and_never_fall_below_the_interval() {
        let metrics = info(SourceKind::Metrics, 5);
        let status = info(SourceKind::Status, 60);
        let refused = Some((FaultKind::Connect, None));
        let seconds = |d: Duration| d.as_secs_f64();
        assert_eq!(next_delay(&metrics, 0, None, 0.7), Duration::from_secs(5));
        assert_eq!(next_delay(&status, 0, None, 1.0), Duration::from_secs(66));
        for (failures, least, most) in
            [(1, 5.0, 5.0), (2, 7.0, 10.0), (3, 14.0, 20.0), (4, 21.0, 30.0), (99, 21.0, 30.0)]
        {
            for chance in [0.0, 0.5, 1.0] {
                let delay = seconds(next_delay(&metrics, failures, refused, chance));
                assert!((least..=most).contains(&delay), "{failures} {chance}: {delay}");
            }
        }
        let server = SourceInfo { service: None, ..metrics.clone() };
        assert_eq!(next_delay(&server, 0, None, 1.0), Duration::from_millis(5_500), "not all in the same second");
        let first: Vec<f64> = [0.0, 0.5, 1.0].iter().map(|c| seconds(next_delay(&server, 1, refused, *c))).collect();
        assert_eq!(first, [5.0, 5.5, 6.0], "those that noticed its end together do not come back together");
        assert!((0..100).all(|c| seconds(next_delay(&server, 99, refused, f64::from(c) / 100.0)) <= 36.0));
        assert!(seconds(next_delay(&status, 99, refused, 0.0)) <= 600.0);
        assert_eq!(next_delay(&metrics, 1, Some((FaultKind::Denied, None)), 0.0), Duration::from_secs(60));
        let limited = Some((FaultKind::RateLimited, Some(Duration::from_secs(900))));
        assert_eq!(next_delay(&status, 1, limited, 0.0), Duration::from_secs(900));
    }
}
