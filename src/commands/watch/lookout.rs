//! Decides when it is worse than when it began: pure, time is an argument.
//!
//! Worse is a worse state than the best that has lasted since the watch began, another thing that is critical, or
//! silence. What was so already when it began is no news, even if it takes a while to be sure of it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::app::ServiceState;
use crate::commands::cli::Until;
use crate::facts::At;
use crate::signals::units;
use crate::triage::Severity;

/// So long it must hold.
const HELD: Duration = Duration::from_secs(10);

/// So long nothing may be known.
const SILENT: Duration = Duration::from_secs(60);

/// So long it must be better to be measured by that.
const BETTER: Duration = Duration::from_secs(120);

/// In this time it is found out what was so already.
const SETTLING: Duration = Duration::from_secs(120);

/// What stands for trouble that is no value over its limit: targets that do not answer.
const TARGETS: &str = "targets";

/// How a service stands.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Sight {
    pub service: String,
    pub severity: Severity,
    pub headline: String,
    /// What is over its limit, how bad, and whether it was so when the watch began.
    pub troubles: BTreeMap<&'static str, (Severity, bool)>,
}

impl Sight {
    /// A service as the app judges it, for a watch that began then.
    pub(super) fn of(service: &ServiceState, began: At) -> Self {
        let verdict = &service.verdict;
        let findings = verdict.findings.iter().filter(|finding| finding.severity >= Severity::Warning);
        let mut troubles: BTreeMap<&'static str, (Severity, bool)> = findings
            .map(|finding| {
                let was_so = finding.from_the_start || finding.since <= began;
                (finding.subject.key(), (finding.severity, was_so))
            })
            .collect();
        if troubles.is_empty() && verdict.severity == Severity::Warning {
            troubles.insert(TARGETS, (Severity::Warning, false));
        }
        Self {
            service: service.name.to_string(),
            severity: verdict.severity,
            headline: verdict.headline.text(),
            troubles,
        }
    }

    fn is_known(&self) -> bool {
        self.severity != Severity::Unknown
    }

    fn critical(&self) -> impl Iterator<Item = &'static str> {
        self.troubles.iter().filter(|(_, (severity, _))| *severity == Severity::Critical).map(|(key, _)| *key)
    }
}

/// What a watch waited for.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Verdict {
    pub service: String,
    pub severity: Severity,
    pub headline: String,
    /// The line that says so.
    pub words: String,
}

/// What a service is measured by.
#[derive(Clone, PartialEq, Debug)]
struct Base {
    severity: Severity,
    critical: BTreeSet<&'static str>,
}

/// What is remembered of a service.
#[derive(Default)]
struct Seen {
    base: Option<Base>,
    /// The state and the troubles that were printed last.
    printed: Option<(Severity, BTreeSet<&'static str>)>,
    worse_since: Option<Duration>,
    better_since: Option<Duration>,
    /// Its state, and since when.
    state: Option<(Severity, Duration)>,
    silent_since: Option<Duration>,
}

/// Looks out.
pub(super) struct Lookout {
    until: Until,
    seen: BTreeMap<String, Seen>,
    /// All is well since then.
    well_since: Option<Duration>,
    /// Nothing at all is known since then.
    blind_since: Option<Duration>,
    /// Something was known once.
    ever_known: bool,
}

impl Lookout {
    pub(super) const fn new(until: Until) -> Self {
        Self { until, seen: BTreeMap::new(), well_since: None, blind_since: None, ever_known: false }
    }

    pub(super) const fn until(&self) -> Until {
        self.until
    }

    /// Whether anything was known since it began.
    pub(super) const fn ever_known(&self) -> bool {
        self.ever_known
    }

    /// How the worst services stand, for the last line of a watch.
    pub(super) fn standing(&self, now: Duration) -> String {
        if !self.ever_known {
            return "nothing was ever known".to_owned();
        }
        let all = || self.seen.iter().filter_map(|(name, seen)| Some((name, seen.state?)));
        let Some(worst) = all().map(|(_, (severity, _))| severity).max() else { return String::new() };
        let mut worst_ones = all().filter(|(_, (severity, _))| *severity == worst);
        let Some((name, (_, since))) = worst_ones.next() else { return String::new() };
        let more = match worst_ones.count() {
            0 => String::new(),
            1 => ", and so is 1 more service".to_owned(),
            more => format!(", and so are {more} more services"),
        };
        format!("{name} is {} for {}{more}", worst.word(), units::age(now.saturating_sub(since)))
    }

    /// Time has passed in which nobody looked: what was about to be decided begins anew.
    pub(super) fn woke(&mut self) {
        (self.well_since, self.blind_since) = (None, None);
        for seen in self.seen.values_mut() {
            (seen.worse_since, seen.better_since, seen.silent_since) = (None, None, None);
        }
    }

    /// Looks at all services at that time after the beginning: lines to print, and what was waited for.
    pub(super) fn look(&mut self, now: Duration, sights: &[Sight]) -> (Vec<String>, Option<Verdict>) {
        let mut lines = Vec::new();
        let mut verdict = None;
        for sight in sights {
            self.ever_known |= sight.is_known();
            let seen = self.seen.entry(sight.service.clone()).or_default();
            if seen.state.is_none_or(|(severity, _)| severity != sight.severity) {
                seen.state = Some((sight.severity, now));
            }
            lines.extend(seen.news(sight));
            let found = seen.judge(self.until, now, sight);
            lines.extend(found.better);
            verdict = verdict.or(found.verdict);
        }
        (lines, verdict.or_else(|| self.whole(now, sights)))
    }

    /// What is to be said of all services together.
    fn whole(&mut self, now: Duration, sights: &[Sight]) -> Option<Verdict> {
        let blind = sights.iter().all(|sight| !sight.is_known());
        if lasts(&mut self.blind_since, now, blind) >= SILENT && self.until != Until::Ok {
            let first = sights.first();
            let service = first.map(|sight| sight.service.clone()).unwrap_or_default();
            let headline = first.map_or_else(|| "no service is known".to_owned(), |sight| sight.headline.clone());
            let words = format!("nothing is known for 1m, which counts as worse: {headline}");
            return Some(Verdict { service, severity: Severity::Unknown, headline, words });
        }
        let well = !sights.is_empty() && sights.iter().all(|sight| sight.severity <= Severity::Info);
        if lasts(&mut self.well_since, now, well) < HELD || self.until != Until::Ok {
            return None;
        }
        let first = sights.first()?;
        let words =
            if sights.len() == 1 { "is well".to_owned() } else { format!("all {} services are well", sights.len()) };
        let words = if sights.len() == 1 { format!("{} {words}: {}", first.service, first.headline) } else { words };
        Some(Verdict {
            service: first.service.clone(),
            severity: Severity::Ok,
            headline: first.headline.clone(),
            words,
        })
    }
}

#[derive(Default)]
struct Found {
    better: Option<String>,
    verdict: Option<Verdict>,
}

impl Seen {
    /// A line when the state or what is in trouble changed; the numbers in a headline change all the time.
    fn news(&mut self, sight: &Sight) -> Option<String> {
        let now = (sight.severity, sight.troubles.keys().copied().collect());
        if self.printed.as_ref() == Some(&now) {
            return None;
        }
        self.printed = Some(now);
        Some(format!("{} {}: {}", sight.service, sight.severity.word(), sight.headline))
    }

    fn judge(&mut self, until: Until, now: Duration, sight: &Sight) -> Found {
        if !sight.is_known() {
            return Found { verdict: self.silent(until, now, sight), ..Found::default() };
        }
        self.silent_since = None;
        let settling = now < SETTLING;
        let base = self.base.get_or_insert_with(|| Base {
            severity: if settling { sight.severity } else { Severity::Ok },
            critical: if settling { sight.critical().collect() } else { BTreeSet::new() },
        });
        // What was so when it began is found out one by one.
        let old = sight.troubles.iter().filter(|(_, (_, was_so))| settling && *was_so);
        for (key, (severity, _)) in old {
            base.severity = base.severity.max(*severity);
            if *severity == Severity::Critical {
                base.critical.insert(key);
            }
        }
        let is_worse = match until {
            Until::Worse => {
                sight.severity.max(Severity::Info) > base.severity.max(Severity::Info)
                    || sight.critical().any(|key| !base.critical.contains(key))
            }
            Until::Critical => sight.severity == Severity::Critical,
            Until::Ok => false,
        };
        let is_better =
            sight.severity < base.severity || base.critical.iter().any(|key| !sight.troubles.contains_key(key));
        let mut found = Found::default();
        if lasts(&mut self.better_since, now, is_better) >= BETTER && until == Until::Worse {
            self.better_since = None;
            let improved = sight.severity < base.severity;
            *base = Base { severity: sight.severity.min(base.severity), critical: sight.critical().collect() };
            found.better = improved.then(|| {
                format!("{} is {} for 2m: it is measured by that from now on", sight.service, sight.severity.word())
            });
        }
        if lasts(&mut self.worse_since, now, is_worse) >= HELD {
            let why = if until == Until::Critical { "is critical" } else { "is worse than when it began" };
            found.verdict = Some(sight.verdict(&format!("{why}: {}, {}", sight.severity.word(), sight.headline)));
        }
        found
    }

    /// A service of which something was known, and nothing is any more.
    fn silent(&mut self, until: Until, now: Duration, sight: &Sight) -> Option<Verdict> {
        (self.worse_since, self.better_since) = (None, None);
        let long = lasts(&mut self.silent_since, now, true);
        let counts = self.base.is_some() && until != Until::Ok && long >= SILENT;
        counts.then(|| sight.verdict(&format!("is not known for 1m, which counts as worse: {}", sight.headline)))
    }
}

/// For how long something holds that began in the slot; none while it does not.
fn lasts(since: &mut Option<Duration>, now: Duration, holds: bool) -> Duration {
    if !holds {
        *since = None;
    }
    if holds { now.saturating_sub(*since.get_or_insert(now)) } else { Duration::ZERO }
}

impl Sight {
    fn verdict(&self, words: &str) -> Verdict {
        Verdict {
            service: self.service.clone(),
            severity: self.severity,
            headline: self.headline.clone(),
            words: format!("{} {words}", self.service),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(severity: Severity, troubles: &[(&'static str, Severity, bool)]) -> Sight {
        Sight {
            service: "shop".into(),
            severity,
            headline: format!("{} now", severity.word()),
            troubles: troubles.iter().map(|(key, severity, was_so)| (*key, (*severity, *was_so))).collect(),
        }
    }

    fn ok() -> Sight {
        sight(Severity::Ok, &[])
    }

    fn bad(key: &'static str, severity: Severity) -> Sight {
        sight(severity, &[(key, severity, false)])
    }

    /// The second at which it rings, and the words; the spans say how long each sight lasts.
    fn rings(until: Until, spans: &[(u64, Sight)]) -> Option<(u64, String)> {
        let mut lookout = Lookout::new(until);
        let mut now = 0;
        for (length, sight) in spans {
            for _ in 0..*length {
                if let (_, Some(verdict)) = lookout.look(Duration::from_secs(now), std::slice::from_ref(sight)) {
                    return Some((now, verdict.words));
                }
                now += 1;
            }
        }
        None
    }

    #[test]
    fn it_rings_when_it_is_worse_than_when_it_began_and_holds() {
        use Severity::{Critical, Info, Unknown, Warning};
        let warning = || bad("latency_p95", Warning);
        let critical = || bad("error_rate", Critical);
        let unknown = || sight(Unknown, &[]);
        let at = |spans: &[(u64, Sight)]| rings(Until::Worse, spans).map(|(second, _)| second);
        for (spans, expected) in [
            (vec![(600, ok())], None),
            (vec![(300, ok()), (600, warning())], Some(310)),
            (vec![(300, ok()), (9, warning()), (600, ok())], None),
            (vec![(600, sight(Info, &[])), (60, ok()), (60, sight(Info, &[]))], None),
            (vec![(300, warning()), (60, critical())], Some(310)),
            (vec![(600, critical())], None),
            // Another thing that is critical.
            (vec![(300, critical()), (60, bad("db_pool", Critical))], Some(310)),
            // Better for long enough, then as bad as it was.
            (vec![(30, critical()), (130, ok()), (60, critical())], Some(170)),
            (vec![(30, critical()), (100, ok()), (60, critical())], None),
            (vec![(130, critical()), (130, ok()), (60, warning())], Some(270)),
            // Silence.
            (vec![(300, ok()), (59, unknown()), (600, ok())], None),
            (vec![(300, ok()), (90, unknown())], Some(360)),
            (vec![(90, unknown())], Some(60)),
            // What was so already takes a while to be sure of.
            (vec![(20, ok()), (600, sight(Critical, &[("error_rate", Critical, true)]))], None),
            (vec![(20, ok()), (600, critical())], Some(30)),
        ] {
            assert_eq!(at(&spans), expected, "{spans:?}");
        }
    }

    #[test]
    fn it_waits_for_well_and_for_critical() {
        use Severity::{Critical, Unknown, Warning};
        let critical = || bad("error_rate", Critical);
        let at = |until, spans: &[(u64, Sight)]| rings(until, spans).map(|(second, _)| second);
        assert_eq!(at(Until::Ok, &[(100, critical()), (60, ok())]), Some(110));
        assert_eq!(at(Until::Ok, &[(300, sight(Unknown, &[]))]), None);
        assert_eq!(at(Until::Ok, &[(60, ok())]), Some(10));
        assert_eq!(at(Until::Critical, &[(60, bad("latency_p95", Warning)), (60, critical())]), Some(70));
        assert_eq!(at(Until::Critical, &[(60, critical())]), Some(10));
        assert_eq!(at(Until::Critical, &[(90, sight(Unknown, &[]))]), Some(60));
    }

    #[test]
    fn only_a_change_is_a_line() {
        let mut lookout = Lookout::new(Until::Worse);
        let mut lines = Vec::new();
        for second in 0..30 {
            let mut now = if second < 10 { ok() } else { bad("latency_p95", Severity::Warning) };
            now.headline = format!("{second} req/s");
            lines.extend(lookout.look(Duration::from_secs(second), &[now]).0);
        }
        assert_eq!(lines, ["shop ok: 0 req/s", "shop warning: 10 req/s"]);
    }

    #[test]
    fn a_sleep_decides_nothing() {
        let mut lookout = Lookout::new(Until::Worse);
        let unknown = || [sight(Severity::Unknown, &[])];
        for second in 0..200 {
            assert_eq!(lookout.look(Duration::from_secs(second), &[ok()]).1, None);
        }
        for second in 200..250 {
            assert_eq!(lookout.look(Duration::from_secs(second), &unknown()).1, None);
        }
        lookout.woke();
        for second in 250..309 {
            assert_eq!(lookout.look(Duration::from_secs(second), &unknown()).1, None, "{second}");
        }
    }
}
