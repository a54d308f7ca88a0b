//! The [`Debrief`] of a drill: what a person did, by their journal, beside what was the matter. Sober: times, what was
//! looked at and what was missed, what was tried and what it did. No points, no praise.
//!
//! Times are in seconds after the trouble began for people, or after the page where it never did.

mod words;

use serde::Serialize;

use crate::facts::At;
use crate::incident::By;
use crate::incident::Checklist;
use crate::incident::DeliveryState;
use crate::incident::Entry;
use crate::incident::Incident;
use crate::incident::TestState;
use crate::incident::What;

/// After how many seconds the first update is late, and each next one.
const UPDATE_EVERY: i64 = 15 * 60;

/// What was the matter, as only the story knows it.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Truth {
    /// The name of the scenario.
    pub scenario: String,
    /// One line that says what it is about.
    pub title: String,
    /// More of it; may be empty.
    pub about: String,
    /// The service that the page is about.
    pub service: String,
    /// When the trouble began for people; `None`: it never did.
    pub began: Option<At>,
    /// When the page came; `None`: it had not come yet.
    pub paged: Option<At>,
    /// Since when people are served as usual again; `None`: they are not.
    pub back: Option<At>,
    /// It goes on, or comes back, until something that is tried ends it.
    pub stays: bool,
    /// When the drill ended.
    pub ended: At,
    /// It was given up.
    pub given_up: bool,
    /// The change or vendor that did it; `None`: nobody changed anything that is told.
    pub accused: Option<String>,
    /// Changes and vendors that have nothing to do with it.
    pub innocent: Vec<String>,
    /// The runbook that fits, by its key.
    pub runbook: Option<String>,
    /// The page of the screen on which the cause is to be seen.
    pub page: String,
    /// What ends it, in words, the best first.
    pub ends: Vec<String>,
    /// What keeps it from coming back.
    pub lasting: Option<String>,
    /// What was tried.
    pub tried: Vec<Tried>,
}

/// What was tried, and what came of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Tried {
    /// What, in words.
    pub what: String,
    /// When, in seconds.
    pub after_s: i64,
    /// It is to wait and to change nothing.
    pub idle: bool,
    /// It ends the trouble.
    pub helps: bool,
    /// What it made worse for a while, in words; `None`: nothing.
    pub harm: Option<String>,
}

/// How a drill ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// What was tried ended it.
    Fixed,
    /// It ended by itself, or there was nothing to end.
    ByItself,
    /// It went away by itself for a while, and comes back.
    Lull,
    /// It was given up.
    GivenUp,
    /// The person left while it went on.
    Left,
}

impl Outcome {
    /// The words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Fixed => "ended by a fix",
            Self::ByItself => "over without a fix",
            Self::Lull => "away by itself for a while, it comes back",
            Self::GivenUp => "given up",
            Self::Left => "left while it went on",
        }
    }
}

/// How long things took, in seconds; `None`: it did not happen.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "what ends in `_s` is in seconds, as in all documents")]
pub struct Times {
    /// To the acknowledgement.
    pub acknowledged_s: Option<i64>,
    /// To the first words of a person that name the cause, or to the fix that ends it.
    pub suspect_s: Option<i64>,
    /// To the first update that arrived.
    pub update_s: Option<i64>,
    /// To the first fix that helps.
    pub fix_s: Option<i64>,
    /// Until people were served as usual again.
    pub recovered_s: Option<i64>,
    /// Until it was called resolved.
    pub resolved_s: Option<i64>,
}

/// What came of a drill.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Debrief {
    /// The name of the scenario, and one line about it.
    pub scenario: String,
    /// One line about it.
    pub title: String,
    /// What it is about.
    pub about: String,
    /// The service.
    pub service: String,
    /// Who took part.
    pub people: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the times count from.
    pub began: At,
    /// How long the drill took from there, in seconds.
    pub lasted_s: i64,
    /// How long things took.
    pub times: Times,
    /// When it went away by itself to come back, in seconds; `None`: it did not.
    pub lull_s: Option<i64>,
    /// What did it.
    pub cause: Option<String>,
    /// What ends it.
    pub ends: Vec<String>,
    /// What keeps it from coming back.
    pub lasting: Option<String>,
    /// What was tried.
    pub tried: Vec<Tried>,
    /// Innocent changes and vendors that were named as the cause.
    pub accused_in_vain: Vec<String>,
    /// Hypotheses: how many were right, wrong, and left open.
    pub hypotheses: [usize; 3],
    /// The pages that were opened, with the time.
    pub looked: Vec<(i64, String)>,
    /// What was not looked at and would have told.
    pub missed: Vec<String>,
    /// Items of the checklists that nobody ticked.
    pub left: Vec<String>,
    /// When updates arrived, in seconds.
    pub updates_s: Vec<i64>,
    /// By how many seconds updates were late; the last one may never have come.
    pub updates_late_s: Vec<i64>,
    /// What there was to see, and from when on.
    pub seen: Vec<(i64, String)>,
}

impl Debrief {
    /// What came of it, by the journal, what was the matter, and the checklists that were there.
    #[must_use]
    pub fn of(incident: &Incident, truth: &Truth, lists: &[&Checklist]) -> Self {
        let paged = truth.paged.or_else(|| incident.opened_at()).unwrap_or(truth.ended);
        let began = truth.began.unwrap_or(paged).min(truth.ended);
        let after = |at: At| (at - began).num_seconds();
        let entries: Vec<&Entry> = incident.entries().collect();
        let of_people = || entries.iter().filter(|entry| entry.by == By::Person);
        let first = |is_it: &dyn Fn(&What) -> bool| of_people().find(|one| is_it(&one.what)).map(|one| after(one.at));
        let helped = truth.tried.iter().find(|tried| tried.helps).map(|tried| tried.after_s);
        let named = truth.accused.as_deref().and_then(|name| first(&|what| names(what, name)));
        // A process that was killed at its limit and begins anew ends nothing.
        let is_ended = helped.is_some() || !truth.stays;
        let back = truth.back.filter(|_| is_ended);
        let updates_s = arrivals(incident).into_iter().map(after).collect::<Vec<_>>();
        let times = Times {
            acknowledged_s: first(&|what| matches!(what, What::Acknowledged { .. })),
            suspect_s: named.into_iter().chain(helped).min(),
            update_s: updates_s.first().copied(),
            fix_s: helped,
            recovered_s: back.map(after),
            resolved_s: incident.resolved().map(|entry| after(entry.at)),
        };
        let is_well = back.is_some() || (is_ended && truth.began.is_none() && truth.paged.is_some());
        let outcome = match (is_well, helped.is_some()) {
            (true, true) => Outcome::Fixed,
            (true, false) if incident.resolved().is_some() => Outcome::ByItself,
            _ if truth.given_up => Outcome::GivenUp,
            (true, false) => Outcome::ByItself,
            _ if truth.back.is_some() => Outcome::Lull,
            _ => Outcome::Left,
        };
        let looked: Vec<(i64, String)> = entries
            .iter()
            .filter_map(|entry| match &entry.what {
                What::Looked { page } => Some((after(entry.at), page.clone())),
                _ => None,
            })
            .collect();
        let vain = |name: &&String| of_people().any(|entry| names(&entry.what, name));
        let states = incident.hypotheses().into_iter().map(|one| one.state).collect::<Vec<_>>();
        let count = |is_it: fn(TestState) -> bool| states.iter().filter(|state| is_it(**state)).count();
        let ended = after(back.unwrap_or(truth.ended));
        Self {
            scenario: truth.scenario.clone(),
            title: truth.title.clone(),
            about: truth.about.trim().to_owned(),
            service: truth.service.clone(),
            people: incident.people().into_iter().map(str::to_owned).collect(),
            outcome,
            began,
            lasted_s: after(truth.ended),
            lull_s: truth.back.filter(|_| !is_ended).map(after),
            cause: truth.accused.clone(),
            ends: truth.ends.clone(),
            lasting: truth.lasting.clone(),
            tried: truth.tried.clone(),
            accused_in_vain: truth.innocent.iter().filter(vain).cloned().collect(),
            hypotheses: [
                count(|state| state == TestState::Right),
                count(|state| state == TestState::Wrong),
                count(|state| !matches!(state, TestState::Right | TestState::Wrong)),
            ],
            missed: missed(incident, truth, &looked, lists),
            left: left(incident, lists),
            updates_late_s: late(&updates_s, ended),
            updates_s,
            seen: seen(&entries, truth, &after),
            times,
            looked,
        }
    }

    /// The fixes that did not end it.
    pub fn wrong(&self) -> impl Iterator<Item = &Tried> {
        self.tried.iter().filter(|tried| !tried.helps && !tried.idle)
    }
}

/// Whether the words of a person name something.
fn names(what: &What, name: &str) -> bool {
    match what {
        What::Hypothesis { text, .. }
        | What::Assessed { text, .. }
        | What::Note { text }
        | What::Fixed { text }
        | What::HandedOver { text, .. }
        | What::Drafted { text, .. } => holds(text, name),
        _ => false,
    }
}

/// Whether words hold a name; a version may stand alone.
fn holds(text: &str, name: &str) -> bool {
    let (text, whole) = (text.to_lowercase(), name.to_lowercase());
    let version = whole.split_whitespace().nth(1).filter(|version| version.len() > 2);
    text.contains(&whole) || version.is_some_and(|version| text.contains(version))
}

/// When updates arrived anywhere, each once.
fn arrivals(incident: &Incident) -> Vec<At> {
    let mut all: Vec<At> = incident.updates().iter().filter_map(crate::incident::UpdateNow::sent_at).collect();
    all.sort_unstable();
    all
}

/// By how much updates were late: the first is due a quarter of an hour after the beginning, each next one a quarter of
/// an hour later.
fn late(updates: &[i64], ended: i64) -> Vec<i64> {
    let mut late = Vec::new();
    let mut last = 0;
    for at in updates.iter().copied().filter(|at| *at <= ended).chain([ended]) {
        if at - last > UPDATE_EVERY {
            late.push(at - last - UPDATE_EVERY);
        }
        last = at;
    }
    late
}

/// Items of the lists that nobody ticked.
fn left(incident: &Incident, lists: &[&Checklist]) -> Vec<String> {
    let open = |list: &&Checklist| {
        let key = list.key.clone();
        let items = list.items.iter().filter(move |item| incident.tick(&key, &item.key).is_none_or(|tick| !tick.done));
        items.map(|item| item.text.clone()).collect::<Vec<_>>()
    };
    lists.iter().flat_map(open).collect()
}

/// What was not looked at and would have told.
fn missed(incident: &Incident, truth: &Truth, looked: &[(i64, String)], lists: &[&Checklist]) -> Vec<String> {
    let saw = |page: &str| looked.iter().any(|(_, word)| word == page);
    let mut missed = Vec::new();
    if !truth.page.is_empty() && !saw(&truth.page) && !was_known(incident, truth) {
        let what = truth.accused.as_deref().unwrap_or("what speaks for the cause");
        missed.push(format!("{what}: on the page “{}”", truth.page));
    }
    if let Some(key) = &truth.runbook {
        let ticked = |entry: &Entry| matches!(&entry.what, What::Ticked { list, .. } if list.contains(key.as_str()));
        if !saw("runbook") && !incident.entries().any(ticked) {
            missed.push(format!("the runbook `{key}`"));
        }
    }
    if incident.acknowledgements().is_empty() {
        missed.push("the page was never acknowledged".to_owned());
    }
    if incident.updates().iter().all(|update| update.deliveries.iter().all(|(_, one)| one.state != DeliveryState::Sent))
    {
        missed.push("nobody was told: no update was sent".to_owned());
    }
    let untouched = |list: &&&Checklist| list.items.iter().all(|item| incident.tick(&list.key, &item.key).is_none());
    missed.extend(lists.iter().filter(untouched).map(|list| format!("the checklist “{}”", list.title)));
    missed
}

/// Whether what did it was named by somebody, or undone, or stood in the verdict: nobody missed it then.
fn was_known(incident: &Incident, truth: &Truth) -> bool {
    let Some(name) = truth.accused.as_deref() else { return false };
    let told = |entry: &Entry| match &entry.what {
        What::Observed(seen) => std::iter::once(&seen.headline).chain(&seen.evidence).any(|text| holds(text, name)),
        what => entry.by == By::Person && names(what, name),
    };
    truth.tried.iter().any(|tried| !tried.idle && holds(&tried.what, name)) || incident.entries().any(told)
}

/// What there was to see for whoever looked, and from when on.
fn seen(entries: &[&Entry], truth: &Truth, after: &dyn Fn(At) -> i64) -> Vec<(i64, String)> {
    let mut seen = Vec::new();
    for entry in entries {
        match &entry.what {
            What::Observed(what) => {
                seen.push((after(entry.at), format!("{}: {}", what.severity.word(), what.headline)));
            }
            What::Normal { since } => seen.push((after(*since), "all was as before again".to_owned())),
            _ => {}
        }
    }
    let begun = entries.iter().find(|entry| matches!(entry.what, What::Observed(_))).map(|entry| after(entry.at));
    if let Some(name) = &truth.accused {
        seen.push((begun.unwrap_or(0), format!("{name}, on the page “{}”", truth.page)));
    }
    if let Some(key) = &truth.runbook {
        seen.push((begun.unwrap_or(0), format!("the runbook `{key}`")));
    }
    seen.sort_by_key(|(at, _)| *at);
    seen
}

#[cfg(test)]
mod tests;
