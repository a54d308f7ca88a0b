//! The hand-over text: the state of everything, in plain words, for the person who goes on.

use std::fmt::Write as _;

use crate::facts::At;
use crate::facts::Zone;
use crate::incident::ClockNow;
use crate::incident::DeliveryState;
use crate::incident::Incident;
use crate::incident::Role;
use crate::incident::TestState;
use crate::incident::What;

/// Notes that are told, the newest.
const NOTES: usize = 5;

/// What is known beside the journal.
#[derive(Clone, Debug)]
pub struct HandOver<'a> {
    /// The service.
    pub service: &'a str,
    /// What the verdict says now.
    pub headline: &'a str,
    /// The answers of the assessment that are known: question and words.
    pub answers: &'a [(&'static str, String)],
    /// The clocks.
    pub clocks: &'a [ClockNow],
    /// Now.
    pub now: At,
    /// The zone of the times, which are told in UTC as well.
    pub zone: &'a Zone,
}

impl HandOver<'_> {
    fn time(&self, at: At) -> String {
        let utc = at.format("%Y-%m-%d %H:%M UTC");
        if self.zone.name() == "UTC" {
            return utc.to_string();
        }
        format!("{utc} ({} {})", self.zone.local(at).format("%H:%M"), self.zone.abbreviation(at))
    }
}

/// The text: what is broken, where the work stands, what is known, what was tried, what is open.
#[must_use]
pub fn hand_over(incident: &Incident, facts: &HandOver<'_>) -> String {
    let mut lines = vec![format!("{} at {}", facts.service, facts.time(facts.now))];
    lines.push(format!("Now: {}", facts.headline));
    if let Some((stage, since)) = incident.stage() {
        lines.push(format!("Stage: {}, since {}", stage.title(), facts.time(since)));
    }
    if let Some(opened) = incident.opened_at() {
        lines.push(format!("Incident since {}", facts.time(opened)));
    }
    lines.extend(facts.answers.iter().map(|(question, words)| format!("{question}: {words}")));
    tell(&mut lines, "Hypotheses", hypotheses(incident));
    tell(&mut lines, "Done so far", tried(incident, facts));
    tell(&mut lines, "Updates", updates(incident, facts));
    let due = |clock: &ClockNow| Some(format!("{}: {}", clock.kind.title(), facts.time(clock.due?)));
    tell(&mut lines, "Due", facts.clocks.iter().filter_map(due).collect());
    let role = |role: &Role| Some(format!("{}: {}", role.title(), incident.role(*role)?.text));
    tell(&mut lines, "Roles", Role::ALL.iter().filter_map(role).collect());
    lines.join("\n")
}

fn tell(lines: &mut Vec<String>, title: &str, rows: Vec<String>) {
    if !rows.is_empty() {
        lines.push(format!("{title}:"));
        lines.extend(rows.into_iter().map(|row| format!("- {row}")));
    }
}

fn hypotheses(incident: &Incident) -> Vec<String> {
    let row = |one: crate::incident::HypothesisNow| {
        let mut row = format!("{}: {}", state(one.state), first_line(&one.said.text));
        if let Some(tested) = one.tested.filter(|tested| !tested.text.is_empty()) {
            let _ = write!(row, " ({})", first_line(&tested.text));
        }
        row
    };
    incident.hypotheses().into_iter().map(row).collect()
}

const fn state(state: TestState) -> &'static str {
    match state {
        TestState::Open => "not tested",
        TestState::Testing => "being tested",
        TestState::Right => "right",
        TestState::Wrong => "wrong",
    }
}

/// Fixes and the newest notes, oldest first.
fn tried(incident: &Incident, facts: &HandOver<'_>) -> Vec<String> {
    let mut rows: Vec<(At, String)> = Vec::new();
    let mut notes = 0;
    for entry in incident.entries().rev() {
        match &entry.what {
            What::Fixed { text } => rows.push((entry.at, format!("fix: {}", first_line(text)))),
            What::Note { text } if notes < NOTES => {
                notes += 1;
                rows.push((entry.at, first_line(text).to_owned()));
            }
            _ => {}
        }
    }
    rows.reverse();
    rows.into_iter().map(|(at, row)| format!("{}: {row}", facts.time(at))).collect()
}

fn updates(incident: &Incident, facts: &HandOver<'_>) -> Vec<String> {
    let row = |one: crate::incident::UpdateNow| {
        let mut row = format!("{}: ", one.status.title());
        if one.deliveries.is_empty() {
            row.push_str("not sent");
        }
        let told = one.deliveries.iter().map(|(to, delivery)| match delivery.state {
            DeliveryState::Sent => format!("sent to {to} at {}", facts.time(delivery.at)),
            DeliveryState::NotSent => format!("NOT sent to {to}"),
            DeliveryState::Sending | DeliveryState::Unknown => format!("perhaps sent to {to}"),
        });
        row.push_str(&told.collect::<Vec<_>>().join(", "));
        row
    };
    incident.updates().into_iter().map(row).collect()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::ClockKind;
    use crate::incident::Entry;
    use crate::incident::Stage;
    use crate::incident::UpdateStatus;

    #[test]
    fn it_tells_where_everything_stands() {
        let at = |second: i64| At::from_timestamp(1_800_000_000 + second, 0).unwrap();
        let all = [
            What::Opened { service: "checkout".into(), title: "errors".into() },
            What::Staged { stage: Stage::Hypothesis },
            What::Hypothesis { text: "the pool leaks".into(), evidence: Vec::new() },
            What::Tested { hypothesis: "2".into(), state: TestState::Wrong, text: "it was empty".into() },
            What::Note { text: "looked at the pool\nand more".into() },
            What::Drafted { update: "5".into(), status: UpdateStatus::Investigating, text: "we look".into() },
            What::Sending { update: "5".into(), to: "#incidents".into() },
            What::Took { role: Role::Scribe, name: "sam".into() },
        ];
        let entry = |(n, what): (usize, What)| Entry::new(&n.to_string(), at(60 * n as i64), "ana", "h", what);
        let incident = Incident::fold(all.into_iter().enumerate().map(entry));
        let clock = ClockNow { kind: ClockKind::Update, due: Some(at(900)), snoozed: false, off: false, rang: false };
        let facts = HandOver {
            service: "checkout",
            headline: "Errors 45 %.",
            answers: &[("What is broken", "payments".to_owned())],
            clocks: &[clock],
            now: at(600),
            zone: &Zone::utc(),
        };
        assert_eq!(
            hand_over(&incident, &facts),
            "checkout at 2027-01-15 08:10 UTC\nNow: Errors 45 %.\nStage: Hypothesis, since 2027-01-15 08:01 UTC\n\
             Incident since 2027-01-15 08:00 UTC\nWhat is broken: payments\nHypotheses:\n\
             - wrong: the pool leaks (it was empty)\nDone so far:\n- 2027-01-15 08:04 UTC: looked at the pool\nUpdates:\n\
             - Investigating: perhaps sent to #incidents\nDue:\n- Next update: 2027-01-15 08:15 UTC\nRoles:\n- Scribe: sam"
        );
    }
}
