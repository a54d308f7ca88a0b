//! Makes the [`Document`] of an incident: when what happened, what it did to people, who did what.

use crate::facts::At;
use crate::incident::Entry;
use crate::incident::Incident;
use crate::incident::Observation;
use crate::incident::Question;
use crate::incident::What;
use crate::incident::postmortem::Course;
use crate::incident::postmortem::Document;
use crate::incident::postmortem::Impact;
use crate::incident::postmortem::Peak;
use crate::incident::postmortem::Version;
use crate::incident::postmortem::course;
use crate::incident::postmortem::factors;
use crate::incident::postmortem::timeline;
use crate::signals::units;
use crate::triage::Severity;

/// Everything that a post-mortem is made from.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// The id of the incident.
    pub id: &'a str,
    /// The fold of its entries and of those of its parts.
    pub incident: &'a Incident,
    /// The incidents that are a part of it. What sixty saw of one has an id that begins with its id and a colon.
    pub parts: &'a [String],
    /// The words of an item, by the keys of its list and its own.
    pub item_words: &'a dyn Fn(&str, &str) -> String,
    /// What the verdict names near the onset: a sentence, and what speaks for it.
    pub suspects: &'a [(String, Vec<String>)],
    /// What the metrics say of it.
    pub measured: Option<&'a Measured>,
    /// Leave out what sixty wrote and nobody misses.
    pub people_only: bool,
    /// Now.
    pub now: At,
    /// The version of the program.
    pub version: &'a str,
}

/// What the metrics say of an incident.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Measured {
    /// Requests that failed and all requests, from the onset to the end; `None` where too little is known.
    pub failed: Option<(f64, f64)>,
    /// What part of that time has values, 0 to 1.
    pub covered: f64,
    /// Each signal at its worst.
    pub peaks: Vec<Peak>,
    /// Since when all is as before.
    pub back_since: Option<At>,
    /// The last instant of the incident that has values.
    pub known_until: Option<At>,
}

impl<'a> Material<'a> {
    /// The journal alone.
    #[must_use]
    pub fn bare(id: &'a str, incident: &'a Incident, parts: &'a [String]) -> Self {
        Self {
            id,
            incident,
            parts,
            item_words: &|_, item| item.replace('-', " "),
            suspects: &[],
            measured: None,
            people_only: false,
            now: At::UNIX_EPOCH,
            version: "",
        }
    }

    /// The part that an entry of sixty's belongs to; `None` for the incident itself.
    pub(super) fn part_of(&self, entry: &Entry) -> Option<&'a str> {
        let (part, _) = entry.id.split_once(':')?;
        self.parts.iter().map(String::as_str).find(|id| *id == part)
    }
}

/// When an incident began: as the verdict dated the trouble, else when it was opened.
#[must_use]
pub fn began(material: &Material<'_>) -> Option<At> {
    let observed = material.incident.entries().filter_map(|entry| match &entry.what {
        What::Observed(seen) if seen.severity >= Severity::Warning => seen.onset,
        _ => None,
    });
    observed.min().or(material.incident.opened_at())
}

/// When an incident was over: since all was as before, else when it was resolved; `None` while it goes on.
#[must_use]
pub fn over(material: &Material<'_>) -> Option<At> {
    let resolved = material.incident.resolved().map(|entry| entry.at);
    material
        .incident
        .normal_since()
        .or_else(|| material.measured?.back_since.filter(|_| resolved.is_some()))
        .or(resolved)
}

/// The post-mortem.
#[must_use]
pub fn document(material: &Material<'_>) -> Document {
    let incident = material.incident;
    let (timeline, left_out) = timeline::timeline(material);
    let (factors, other_hypotheses) = factors::factors(material);
    let course = course::course(material);
    let (went_well, went_badly) = course::went(material, &course);
    let impact = impact(material);
    let mut document = Document {
        schema: Version::One,
        version: material.version.to_owned(),
        generated_at: material.now,
        incident: material.id.to_owned(),
        parts: material.parts.to_vec(),
        service: incident.service().to_owned(),
        title: incident.title().to_owned(),
        is_resolved: incident.resolved().is_some(),
        pictures: None,
        summary: String::new(),
        course,
        impact,
        timeline,
        left_out,
        factors,
        other_hypotheses,
        went_well,
        went_badly,
        fixes: factors::fixes(material),
        actions: factors::actions(material),
        responders: factors::responders(material),
    };
    document.summary = summary(&document);
    document
}

fn impact(material: &Material<'_>) -> Impact {
    let seen: Vec<&Observation> = material
        .incident
        .entries()
        .filter_map(|entry| match &entry.what {
            What::Observed(seen) => Some(seen),
            _ => None,
        })
        .collect();
    let told = seen.iter().filter_map(|one| one.failed).max_by(|a, b| a.0.total_cmp(&b.0));
    let measured = material.measured.and_then(|measured| Some((measured.failed?, measured.covered)));
    let (failed, counted) = match (measured, told) {
        (Some((failed, covered)), _) if covered >= 0.9 => (Some(failed), "error rate times request rate".to_owned()),
        (Some((failed, covered)), told) if told.is_none_or(|told| told.0 <= failed.0) => {
            let share = (covered * 100.0).round();
            (Some(failed), format!("at least: error rate times request rate, known for {share:.0} % of the time"))
        }
        (_, Some(told)) => (Some(told), "at least: as the verdict counted them when it last changed".to_owned()),
        (_, None) => (None, String::new()),
    };
    let times = course::lasted(material);
    Impact {
        worst: seen.iter().map(|one| one.severity).max().map(|worst| worst.word().to_owned()),
        critical_s: times.as_ref().map(|times| times.critical),
        warning_s: times.as_ref().map(|times| times.warning),
        unseen_after: times.and_then(|times| times.unseen_after),
        failed: failed.map(|(failed, _)| failed.round()),
        asked: failed.map(|(_, asked)| asked.round()),
        counted,
        users: material.incident.assessed(Question::Users).map(|said| said.text),
        peaks: material.measured.map(|measured| measured.peaks.clone()).unwrap_or_default(),
        assessed: factors::assessed(material),
    }
}

/// One paragraph of facts.
fn summary(document: &Document) -> String {
    let Course { began_at, opened_at, duration_s, .. } = document.course;
    let name = if document.service.is_empty() { "A service" } else { &document.service };
    let mut said = Vec::new();
    let how = match document.impact.worst.as_deref() {
        Some("critical") => "was in critical trouble",
        Some("warning") => "was in trouble",
        _ => "had an incident",
    };
    let when = began_at.map(|at| format!(" from {}", at.format("%Y-%m-%d %H:%M:%S UTC"))).unwrap_or_default();
    let long = match duration_s {
        Some(seconds) => format!(" for {}", span(seconds)),
        None if !document.is_resolved && document.course.normal_since.is_none() => ", and it goes on".to_owned(),
        None => String::new(),
    };
    let title = if document.title.is_empty() { String::new() } else { format!(": {}", document.title) };
    said.push(format!("{name} {how}{when}{long}{}", ended(&title)));
    if let (Some(failed), Some(asked)) = (document.impact.failed, document.impact.asked) {
        let share = if asked > 0.0 { format!(" ({:.1} %)", 100.0 * failed / asked) } else { String::new() };
        let least = if document.impact.counted.starts_with("at least") { "At least " } else { "" };
        said.push(format!("{least}{} of {} requests failed{share}.", grouped(failed), grouped(asked)));
    }
    if let Some(users) = &document.impact.users {
        said.push(format!("Users affected: {}", ended(&one_line(users))));
    }
    if let (Some(at), Some(opened)) = (document.course.acknowledged_at, opened_at) {
        said.push(format!("It was acknowledged {} after it was opened.", between(opened, at)));
    }
    if let Some(right) = document.factors.iter().find(|one| one.state == "right") {
        said.push(format!("What was found to contribute: {}", ended(&one_line(&right.text))));
    }
    if let Some(fix) = document.fixes.last() {
        said.push(format!("What was done last to end it: {}", ended(&one_line(&fix.text))));
    }
    match document.responders.len() {
        0 => {}
        1 => said.push("One person took part.".to_owned()),
        count => said.push(format!("{count} people took part.")),
    }
    said.join(" ")
}

/// With a full stop, once.
fn ended(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A count with its thousands apart: `61,234`.
pub(super) fn grouped(count: f64) -> String {
    let digits = format!("{:.0}", count.abs());
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A duration in words.
pub(super) fn span(seconds: f64) -> String {
    units::age(std::time::Duration::from_secs_f64(seconds.max(0.0)))
}

/// From one instant to the other, in words.
pub(super) fn between(from: At, to: At) -> String {
    units::between(from, to)
}
