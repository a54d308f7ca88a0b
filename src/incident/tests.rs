//! Entries of all kinds for the tests that hold for every kind.

use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use crate::facts::At;
use crate::incident::ClockAct;
use crate::incident::ClockKind;
use crate::incident::Observation;
use crate::incident::Question;
use crate::incident::Role;
use crate::incident::Stage;
use crate::incident::TestState;
use crate::incident::UpdateStatus;
use crate::incident::What;
use crate::incident::body::KINDS;
use crate::triage::Severity;

const SEVERITIES: [Severity; 5] =
    [Severity::Ok, Severity::Info, Severity::Unknown, Severity::Warning, Severity::Critical];

/// Something of any kind that is known, with texts and times of these.
pub(super) fn whats(text: &BoxedStrategy<String>, at: &BoxedStrategy<At>) -> BoxedStrategy<What> {
    let t = || text.clone();
    let lines = || proptest::collection::vec(text.clone(), 0..3);
    let act = prop_oneof![
        at.clone().prop_map(ClockAct::Set),
        at.clone().prop_map(ClockAct::Snoozed),
        at.clone().prop_map(ClockAct::Rang),
        Just(ClockAct::Off),
        Just(ClockAct::On),
    ];
    let figures = proptest::option::of((0.0..1e9_f64, 0.0..1e9_f64));
    let seen = (select(&SEVERITIES[..]), t(), proptest::option::of(at.clone()), lines(), figures);
    let observed = seen.prop_map(|(severity, headline, onset, evidence, failed)| {
        What::Observed(Observation { severity, headline, onset, evidence, failed })
    });
    let standing = prop_oneof![
        (t(), t()).prop_map(|(service, title)| What::Opened { service, title }),
        Just(What::Joined),
        Just(What::Resolved),
        Just(What::Reopened),
        t().prop_map(|incident| What::MergedInto { incident }),
        (t(), t()).prop_map(|(incident, service)| What::MergedFrom { incident, service }),
        (t(), t()).prop_map(|(list, item)| What::Ticked { list, item }),
        (t(), t()).prop_map(|(list, item)| What::Unticked { list, item }),
        t().prop_map(|text| What::Note { text }),
        select(Stage::ALL).prop_map(|stage| What::Staged { stage }),
        (select(ClockKind::ALL), act).prop_map(|(clock, act)| What::Clock { clock, act }),
        observed,
        at.clone().prop_map(|since| What::Normal { since }),
    ];
    let work = prop_oneof![
        (select(Question::ALL), t()).prop_map(|(question, text)| What::Assessed { question, text }),
        (t(), lines()).prop_map(|(text, evidence)| What::Hypothesis { text, evidence }),
        (t(), select(TestState::ALL), t()).prop_map(|(hypothesis, state, text)| What::Tested {
            hypothesis,
            state,
            text
        }),
        (t(), t(), t()).prop_map(|(place, reference, answer)| What::Acknowledged { place, reference, answer }),
        (select(Role::ALL), t()).prop_map(|(role, name)| What::Took { role, name }),
        (t(), t()).prop_map(|(to, text)| What::HandedOver { to, text }),
        (t(), select(UpdateStatus::ALL), t()).prop_map(|(update, status, text)| What::Drafted { update, status, text }),
        (t(), t()).prop_map(|(update, to)| What::Sending { update, to }),
        (t(), t(), t()).prop_map(|(update, to, answer)| What::Sent { update, to, answer }),
        (t(), t(), t(), any::<bool>()).prop_map(|(update, to, answer, certain)| What::NotSent {
            update,
            to,
            answer,
            certain
        }),
        t().prop_map(|text| What::Fixed { text }),
        (t(), t(), t()).prop_map(|(text, owner, due)| What::Action { text, owner, due }),
        (t(), t()).prop_map(|(about, text)| What::Unsaved { about, text }),
        (t(), t()).prop_map(|(path, hash)| What::Exported { path, hash }),
        t().prop_map(|page| What::Looked { page }),
    ];
    prop_oneof![standing, work].boxed()
}

#[test]
fn every_kind_is_there() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let all = whats(&Just("x".to_owned()).boxed(), &Just(At::UNIX_EPOCH).boxed());
    let made: std::collections::BTreeSet<String> =
        (0..3_000).map(|_| all.new_tree(&mut runner).unwrap().current().kind().to_owned()).collect();
    let known: std::collections::BTreeSet<String> = KINDS.iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!(made, known);
}
