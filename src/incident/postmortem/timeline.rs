//! The timeline of a post-mortem: the entries in the order of time, in words, with what they rest on.
//!
//! It decides what is noise; it makes no table.

use std::collections::BTreeMap;

use crate::facts::text::clean;
use crate::facts::text::clean_line;
use crate::incident;
use crate::incident::Entry;
use crate::incident::Incident;
use crate::incident::What;
use crate::incident::postmortem::By;
use crate::incident::postmortem::Line;
use crate::incident::postmortem::document::Material;
use crate::incident::told_with;
use crate::triage::Severity;

/// Most characters of a kind that this version does not know.
const KIND_MAX: usize = 60;

/// The lines, and how many entries were left out.
pub(super) fn timeline(material: &Material<'_>) -> (Vec<Line>, usize) {
    let mut lines = Vec::new();
    let mut left_out = 0;
    let mut severities = BTreeMap::new();
    for entry in material.incident.entries() {
        let part = material.part_of(entry);
        let noise = is_noise(entry, severities.entry(part).or_default());
        if is_bookkeeping(&entry.what) || (noise && material.people_only) {
            left_out += 1;
        } else {
            lines.push(line(material, part, entry));
        }
    }
    (lines, left_out)
}

/// What only the program needs: a text that was kept while somebody wrote it, pages that were opened in a drill, where
/// post-mortems were written to.
const fn is_bookkeeping(what: &What) -> bool {
    matches!(what, What::Unsaved { .. } | What::Looked { .. } | What::Exported { .. })
}

/// What sixty wrote and nobody misses who asks for the people: not that it began, got better or worse, or was over.
fn is_noise(entry: &Entry, severity: &mut Option<Severity>) -> bool {
    match &entry.what {
        What::Observed(seen) => severity.replace(seen.severity) == Some(seen.severity),
        // That it leaves is told by whether it arrived.
        What::Sending { .. } => true,
        What::Opened { .. } | What::Resolved | What::Normal { .. } => false,
        _ => entry.by == incident::By::Sixty,
    }
}

fn line(material: &Material<'_>, part: Option<&str>, entry: &Entry) -> Line {
    let is_wild = incident::is_of_wild_clock(material.incident.opened_at(), entry.at);
    let doubt = is_wild.then(|| "clock? more than 30 days from the opening".to_owned());
    Line {
        at: entry.at,
        by: match entry.by {
            incident::By::Person => By::Person,
            incident::By::Sixty => By::Sixty,
        },
        who: entry.who.clone(),
        kind: clean_line(incident::kind_of(entry), KIND_MAX),
        text: text(material, &entry.what),
        evidence: doubt.into_iter().chain(evidence(material.incident, entry)).collect(),
        incident: part.map(str::to_owned),
    }
}

/// What an entry tells; of a hypothesis that is tested also which one.
fn text(material: &Material<'_>, what: &What) -> String {
    let told = match what {
        What::Unknown(_) => {
            format!("something that this version does not know ({})", clean_line(what.kind(), KIND_MAX))
        }
        // More than the first line: here is room.
        What::Fixed { text } => format!("fix applied: {text}"),
        What::Hypothesis { text, .. } => format!("hypothesis: {text}"),
        What::Tested { hypothesis, state, text } => {
            let said = material.incident.hypotheses().into_iter().find(|one| one.key == *hypothesis);
            let about = said.map(|one| format!(" “{}”", first_line(&one.said.text))).unwrap_or_default();
            let words = if text.is_empty() { String::new() } else { format!(": {text}") };
            format!("hypothesis{about} {}{words}", state.title())
        }
        other => told_with(other, material.item_words),
    };
    clean(&told)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim()
}

/// What a line rests on.
fn evidence(incident: &Incident, entry: &Entry) -> Vec<String> {
    match &entry.what {
        What::Observed(seen) => {
            let onset = seen.onset.map(|at| format!("began at {}", at.format("%Y-%m-%d %H:%M:%S UTC")));
            let failed = seen.failed.map(|(failed, asked)| format!("{failed:.0} of {asked:.0} requests failed so far"));
            onset.into_iter().chain(failed).chain(seen.evidence.iter().cloned()).collect()
        }
        What::Hypothesis { evidence, .. } => evidence.clone(),
        What::Drafted { text, .. } => vec![text.clone()],
        What::Sent { update, .. } | What::NotSent { update, .. } => {
            let sent = incident.updates().into_iter().find(|one| one.key == *update);
            sent.map(|one| one.said.text).into_iter().collect()
        }
        What::HandedOver { text, .. } if text.lines().count() > 1 => vec![text.clone()],
        _ => Vec::new(),
    }
}
