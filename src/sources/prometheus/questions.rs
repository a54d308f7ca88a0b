//! The queries of all services as few questions: those that share a query share a question.
//!
//! A query that cannot be rewritten for several services with certainty is asked for each, up to a bound. A question
//! remembers up to where it has been answered. Main type: [`Question`].

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Measure;
use crate::facts::text::clean_line;
use crate::promql::Group;
use crate::promql::Percentile;
use crate::promql::Vars;
use crate::promql::by_label;
use crate::promql::expand;
use crate::promql::percentile;
use crate::promql::quoted;
use crate::sources::embedded::Plan;
use crate::sources::prometheus::Settings;
use crate::sources::prometheus::answer::Rows;
use crate::sources::prometheus::divide;
use crate::sources::prometheus::look::Found;

/// Questions of a single service at most; each costs the server as much as one for all.
const SINGLES: usize = 60;

/// One query, for one service or for several that share it.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) measure: Measure,
    /// As it was written, with its variables.
    pub(super) template: String,
    /// The service, where it is asked for that one only.
    pub(super) single: Option<Arc<str>>,
    /// Whom the answer is for.
    pub(super) services: BTreeSet<Arc<str>>,
    /// As it is sent.
    pub(super) text: String,
    /// The histograms of a percentile.
    pub(super) percentile: Option<Percentile>,
    /// The newest instant that was answered, in milliseconds.
    pub(super) last: Option<i64>,
    /// How often in a row there was no answer, and how many asks it is left out for that.
    pub(super) failures: u32,
    pub(super) rests: u32,
    /// How often the time was not enough.
    pub(super) slow: u32,
    /// Why there was no answer last.
    pub(super) why: Option<Arc<str>>,
    /// The server is well, but cannot evaluate it.
    pub(super) refused: bool,
}

/// All questions, and the measures that none is asked for, with the reason.
#[derive(Default, Debug)]
pub(super) struct Questions {
    pub(super) all: Vec<Question>,
    pub(super) refused: BTreeMap<(Arc<str>, Measure), Arc<str>>,
}

impl Questions {
    /// The questions of these plans. Those that were asked before go on where they stand.
    pub(super) fn of(
        plans: &BTreeMap<Arc<str>, Plan>,
        found: &Found,
        settings: &Settings,
        before: &[Question],
    ) -> Self {
        let mut shared: BTreeMap<(Measure, &str), BTreeSet<Arc<str>>> = BTreeMap::new();
        for (service, plan) in plans {
            for (measure, query) in &plan.queries {
                shared.entry((*measure, query)).or_default().insert(Arc::clone(service));
            }
        }
        let mut questions = Self::default();
        let mut singles = 0;
        for ((measure, template), services) in shared {
            let mut push = |text: String, single: Option<Arc<str>>, services: BTreeSet<Arc<str>>| {
                let percentile = percentile(&text);
                let mut question = Question {
                    measure,
                    template: template.to_owned(),
                    single,
                    services,
                    text,
                    percentile,
                    last: None,
                    failures: 0,
                    rests: 0,
                    slow: 0,
                    why: None,
                    refused: false,
                };
                question.go_on(before);
                questions.all.push(question);
            };
            let parts = divide::parts(measure, template, &services, before);
            let texts: Option<Vec<_>> = parts.iter().map(|part| together(template, part, found, settings)).collect();
            if let Some(texts) = texts {
                for (text, part) in texts.into_iter().zip(parts) {
                    push(text, None, part);
                }
                continue;
            }
            for service in services {
                singles += 1;
                if singles > SINGLES {
                    let why = format!(
                        "more than {SINGLES} queries would have to be asked for single services; use $selector in every selector"
                    );
                    questions.refused.insert((service, measure), why.into());
                    continue;
                }
                let matcher = format!("{}={}", found.label, quoted(&service));
                let text = filled(template, &service, &matcher, found, settings);
                push(text, Some(Arc::clone(&service)), BTreeSet::from([service]));
            }
        }
        questions
    }

    /// The metrics with the buckets of all percentiles.
    pub(super) fn buckets(&self) -> BTreeSet<&str> {
        let percentiles = self.all.iter().filter_map(|question| question.percentile.as_ref());
        percentiles.flat_map(|percentile| percentile.metrics.iter().map(String::as_str)).collect()
    }

    /// The queries of a service, as they are sent; fit to be shown.
    pub(super) fn shown(&self, service: &str) -> BTreeMap<Measure, String> {
        let own = self.all.iter().filter(|question| question.services.contains(service));
        own.map(|question| (question.measure, clean_line(&question.text, 2_000))).collect()
    }
}

impl Question {
    /// Whether the answer tells services apart by their label.
    pub(super) const fn is_shared(&self) -> bool {
        self.single.is_none()
    }

    /// Notes that it was answered, up to `last`.
    pub(super) fn answered(&mut self, rows: &Rows, last: Option<i64>) {
        (self.last, self.failures, self.slow, self.why, self.refused) = (last, 0, 0, None, false);
        if rows.is_text || (rows.series.is_empty() && rows.histograms > 0) {
            let what = if rows.is_text { "a text" } else { "native histograms" };
            self.why = Some(format!("the query gives {what}, not a number").into());
        }
    }

    /// Takes over how far it has been answered. A service that is new to it has a past to be filled in.
    fn go_on(&mut self, before: &[Self]) {
        let same = before.iter().filter(|other| {
            (other.measure, &other.template, &other.single) == (self.measure, &self.template, &self.single)
                && !other.services.is_disjoint(&self.services)
        });
        let same: Vec<&Self> = same.collect();
        let known = |service: &Arc<str>| same.iter().any(|other| other.services.contains(service));
        if !self.services.iter().all(known) {
            return;
        }
        // What was asked in parts is known as far as the part that is known least.
        self.last = same.iter().map(|other| other.last).min().flatten();
        for other in same {
            self.failures = self.failures.max(other.failures);
            self.rests = self.rests.max(other.rests);
            self.slow = self.slow.max(other.slow);
            self.refused |= other.refused;
            self.why = self.why.take().or_else(|| other.why.clone());
        }
    }
}

/// One query for several services that tells them apart; `None` where it cannot be rewritten so with certainty.
pub(super) fn together(
    template: &str,
    services: &BTreeSet<Arc<str>>,
    found: &Found,
    settings: &Settings,
) -> Option<String> {
    // A name in the query makes one of each service; another one would stand for them all.
    if names_service(template) {
        return None;
    }
    let group = if found.is_all && services.len() == found.services.len() {
        Group::all(&found.label)
    } else {
        Group::of(&found.label, services.iter().map(|name| &**name))
    };
    by_label(&filled(template, "", &group.matcher(), found, settings), &group, &found.twins).ok()
}

/// Whether a query has `$service` in it.
fn names_service(template: &str) -> bool {
    template.contains("$service") || template.contains("${service}")
}

/// A question of somebody at the keyboard with its variables: of one service, or of all where none is named.
pub(super) fn expanded(text: &str, service: &str, settings: &Settings, found: &Found) -> String {
    // Where several servers are asked, services are told apart by the server's name.
    let service = service.strip_suffix(&format!("@{}", settings.name)).unwrap_or(service);
    let label = &found.label;
    let matcher = if service.is_empty() { format!("{label}!=\"\"") } else { format!("{label}={service:?}") };
    filled(text, service, &matcher, found, settings)
}

/// A query with its variables.
pub(super) fn filled(template: &str, service: &str, matcher: &str, found: &Found, settings: &Settings) -> String {
    let more = settings.selector.trim().trim_end_matches(',');
    let selector = if more.is_empty() { matcher.to_owned() } else { format!("{matcher}, {more}") };
    let vars = Vars {
        service,
        selector: &selector,
        rate_interval: found.rate_window(settings),
        interval: settings.every,
        range: settings.backfill.max(Duration::from_secs(60)),
    };
    expand(template, &vars)
}
