//! What a verdict says, as far as it is compared with what was expected. The only file of the replay that knows how
//! a verdict is built; nothing is judged here.

use std::sync::Arc;

use crate::app::ServiceState;
use crate::facts::At;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::triage::Verdict;
use crate::triage::suspects;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Role;

/// What the verdict on a service says at an instant.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Said {
    /// Which service.
    pub service: Arc<str>,
    /// How bad.
    pub severity: Severity,
    /// The sentences.
    pub headline: String,
    /// What changed nearby.
    pub context: String,
    /// What is beside the point.
    pub aside: String,
    /// When it began to hurt.
    pub onset: Option<At>,
    /// When a slow climb began.
    pub began: Option<At>,
    /// What may lie behind it, the likeliest first.
    pub suspects: Vec<Suspect>,
    /// What may end it quickest.
    pub quick_win: Option<String>,
    /// The runbook that is offered first.
    pub runbook: Option<String>,
}

/// Something that may lie behind a trouble.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Suspect {
    /// `api v2.31.0`, `nightly-backup`, `Stripe`.
    pub name: String,
    /// The name without a version.
    pub what: String,
    /// `deploy`, in the words of the verdict.
    pub kind: String,
    /// Counts at least a third of the first one: it is likely enough to be accused.
    pub is_near: bool,
    /// Somebody altered something, or a vendor says that it has trouble; else it was seen in the measures.
    pub is_change: bool,
}

impl Suspect {
    /// Whether that is its name, with or without its version.
    pub(super) fn is_called(&self, name: &str) -> bool {
        [&self.name, &self.what].iter().any(|own| own.eq_ignore_ascii_case(name.trim()))
    }
}

impl Said {
    /// Everything.
    pub(super) fn of(service: &ServiceState) -> Self {
        let verdict = &service.verdict;
        Self {
            service: Arc::clone(&service.name),
            severity: verdict.severity,
            headline: verdict.headline.text(),
            context: verdict.context.text(),
            aside: verdict.aside.text(),
            onset: verdict.onset,
            began: verdict.climb.map(|(at, _)| at),
            suspects: accused(verdict).map(|one| suspect(one, verdict)).collect(),
            quick_win: verdict.quick_win.as_ref().map(|win| win.title.clone()),
            runbook: runbook(verdict).map(str::to_owned),
        }
    }

    /// All sentences in one text.
    pub(super) fn sentences(&self) -> String {
        let all = [&self.headline, &self.context, &self.aside].into_iter().filter(|text| !text.is_empty());
        all.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The changes and vendors among the suspects, the likeliest first.
    pub(super) fn changes(&self) -> impl Iterator<Item = &Suspect> {
        self.suspects.iter().filter(|suspect| suspect.is_change)
    }
}

/// What makes a verdict another one than before: not its figures, but what it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stance {
    severity: Severity,
    worst: Option<Subject>,
    /// Where nothing is over a limit: the sentence without its figures.
    words: String,
    suspect: Option<(String, String)>,
    runbook: Option<String>,
}

impl Stance {
    /// Of a verdict.
    pub(super) fn of(verdict: &Verdict) -> Self {
        let worst = verdict.findings.first().map(|finding| finding.subject);
        let words = if worst.is_some() || verdict.severity == Severity::Ok { String::new() } else { words(verdict) };
        let first = accused(verdict).next();
        Self {
            severity: verdict.severity,
            worst,
            words,
            suspect: first.map(|one| (one.candidate.id.clone(), one.candidate.name.clone())),
            runbook: runbook(verdict).map(str::to_owned),
        }
    }

    /// The same as [`of`](Self::of) without a copy, since it is asked at every step.
    pub(super) fn is_of(&self, verdict: &Verdict) -> bool {
        let worst = verdict.findings.first().map(|finding| finding.subject);
        let first = accused(verdict).next().map(|one| (one.candidate.id.as_str(), one.candidate.name.as_str()));
        self.severity == verdict.severity
            && self.worst == worst
            && self.suspect.as_ref().map(|(what, version)| (what.as_str(), version.as_str())) == first
            && self.runbook.as_deref() == runbook(verdict)
            && (worst.is_some() || verdict.severity == Severity::Ok || self.words == words(verdict))
    }
}

/// The headline without its figures: `No numbers: connection refused, since ##:##:##.`
fn words(verdict: &Verdict) -> String {
    let text = verdict.headline.text();
    text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect()
}

/// The suspects that are named. On a healthy service nothing is suspected, whatever has changed; where nothing fits,
/// nothing is accused.
fn accused(verdict: &Verdict) -> impl Iterator<Item = &suspects::Suspect> {
    let named = verdict.severity >= Severity::Warning && verdict.suspects.fits;
    verdict.suspects.suspects.iter().filter(move |_| named).take(NAMED)
}

/// So many suspects are shown.
const NAMED: usize = 5;

/// A suspect that counts that many times less than the first one is listed, and accused of nothing.
const FAR: f64 = 3.0;

fn suspect(suspect: &suspects::Suspect, verdict: &Verdict) -> Suspect {
    let most = verdict.suspects.suspects.first().map_or(0.0, |first| first.score);
    let candidate = &suspect.candidate;
    let what = if candidate.part.is_empty() {
        candidate.name.strip_suffix(&candidate.version).unwrap_or(&candidate.name).trim_end()
    } else {
        &candidate.part
    };
    Suspect {
        name: candidate.name.clone(),
        what: what.to_owned(),
        is_near: suspect.score * FAR >= most,
        kind: candidate.kind.key().to_owned(),
        is_change: candidate.role == Role::Change || candidate.kind == Kind::Provider,
    }
}

fn runbook(verdict: &Verdict) -> Option<&str> {
    verdict.runbook.as_ref().map(|offered| offered.key.as_str())
}
