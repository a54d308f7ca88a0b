//! The rows of the incident's page, in their order: what can be chosen there.

use crate::app::App;
use crate::incident::ClockKind;
use crate::incident::Question;
use crate::incident::Role;

/// A row that can be chosen on the incident's page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IncidentRow {
    /// The stage: Enter goes to the next.
    Stage,
    /// A clock: Enter sets it, `z` snoozes it, Space switches it off or on.
    Clock(ClockKind),
    /// A question of the assessment: Enter edits the answer.
    Question(Question),
    /// A hypothesis, by its key: Enter goes on to testing, right, wrong.
    Hypothesis(String),
    /// A new hypothesis.
    NewHypothesis,
    /// A role: Enter names who has it.
    Role(Role),
    /// An update, by its key: Enter opens it.
    Update(String),
    /// A hand-over to the next person.
    HandOver,
    /// Something to be done afterwards.
    NewAction,
    /// The post-mortem: Enter writes it to a file.
    PostMortem,
}

impl App {
    /// The rows of the incident's page for the shown service.
    pub fn incident_rows(&self) -> Vec<IncidentRow> {
        let Some(incident) = self.incident() else { return Vec::new() };
        let mut rows = vec![IncidentRow::Stage];
        rows.extend(Question::ALL.iter().map(|one| IncidentRow::Question(*one)));
        rows.extend(incident.hypotheses().into_iter().map(|one| IncidentRow::Hypothesis(one.key)));
        rows.push(IncidentRow::NewHypothesis);
        rows.extend(ClockKind::ALL.iter().map(|one| IncidentRow::Clock(*one)));
        rows.extend(Role::ALL.iter().map(|one| IncidentRow::Role(*one)));
        rows.extend(incident.updates().into_iter().map(|one| IncidentRow::Update(one.key)));
        rows.extend([IncidentRow::HandOver, IncidentRow::NewAction, IncidentRow::PostMortem]);
        rows
    }
}
