//! What contributed to an incident, as far as it is known: hypotheses that were right, and suspects of the verdict.
//!
//! Wrong hypotheses are kept apart: what was ruled out is worth as much to the next person.

use crate::facts::At;
use crate::incident::Entry;
use crate::incident::HypothesisNow;
use crate::incident::Question;
use crate::incident::Role;
use crate::incident::TestState;
use crate::incident::What;
use crate::incident::postmortem::Action;
use crate::incident::postmortem::Assessed;
use crate::incident::postmortem::Factor;
use crate::incident::postmortem::Responder;
use crate::incident::postmortem::Said;
use crate::incident::postmortem::document::Material;

/// What contributed, and the other hypotheses.
pub(super) fn factors(material: &Material<'_>) -> (Vec<Factor>, Vec<Factor>) {
    let said = material.incident.hypotheses();
    let (right, others): (Vec<_>, Vec<_>) = said.into_iter().partition(|one| one.state == TestState::Right);
    let mut factors: Vec<Factor> = right.into_iter().map(hypothesis).collect();
    factors.extend(material.suspects.iter().map(|(text, evidence)| Factor {
        text: text.clone(),
        evidence: evidence.clone(),
        state: "suspect".to_owned(),
        who: "sixty".to_owned(),
        test: String::new(),
    }));
    (factors, others.into_iter().map(hypothesis).collect())
}

fn hypothesis(one: HypothesisNow) -> Factor {
    Factor {
        text: one.said.text,
        evidence: one.evidence,
        state: one.state.word().to_owned(),
        who: one.said.who,
        test: one.tested.map(|said| said.text).unwrap_or_default(),
    }
}

/// Every entry of a person, in the order of time.
fn of_people<'a>(material: &Material<'a>) -> Vec<&'a Entry> {
    material.incident.entries().filter(|entry| entry.by == crate::incident::By::Person).collect()
}

/// What people did to end it.
pub(super) fn fixes(material: &Material<'_>) -> Vec<Said> {
    let fixed = |entry: &Entry| match &entry.what {
        What::Fixed { text } => Some(Said { text: text.clone(), who: entry.who.clone(), at: entry.at }),
        _ => None,
    };
    of_people(material).into_iter().filter_map(fixed).collect()
}

/// What is to be done; one that was written twice counts once.
pub(super) fn actions(material: &Material<'_>) -> Vec<Action> {
    let mut found: Vec<Action> = Vec::new();
    for entry in of_people(material) {
        let What::Action { text, owner, due } = &entry.what else { continue };
        let action = Action { text: text.clone(), owner: owner.clone(), due: due.clone() };
        match found.iter_mut().find(|known| known.text == action.text) {
            // The later one knows more.
            Some(known) => *known = action,
            None => found.push(action),
        }
    }
    found
}

/// What people answered to the questions of the assessment.
pub(super) fn assessed(material: &Material<'_>) -> Vec<Assessed> {
    let asked = Question::ALL.iter().filter(|question| **question != Question::Users);
    let answers = asked.filter_map(|question| {
        let said = material.incident.assessed(*question)?;
        Some(Assessed { question: question.title().to_owned(), answer: said.text, who: said.who })
    });
    answers.collect()
}

/// Who took part, in the order in which they joined; whoever was only given a role as well.
pub(super) fn responders(material: &Material<'_>) -> Vec<Responder> {
    let mut found: Vec<Responder> = Vec::new();
    let mut note = |name: &str, at: At, wrote: usize| match found.iter_mut().find(|one| one.name == name) {
        Some(one) => {
            one.to = one.to.max(at);
            one.entries += wrote;
        }
        None => found.push(Responder { name: name.to_owned(), roles: Vec::new(), from: at, to: at, entries: wrote }),
    };
    let mut roles: Vec<(String, Role)> = Vec::new();
    for entry in of_people(material) {
        // Who writes the post-mortem did not take part by that.
        if matches!(entry.what, What::Exported { .. }) {
            continue;
        }
        note(&entry.who, entry.at, 1);
        if let What::Took { role, name } = &entry.what
            && !name.is_empty()
        {
            note(name, entry.at, 0);
            let one = (name.clone(), *role);
            if !roles.contains(&one) {
                roles.push(one);
            }
        }
    }
    for responder in &mut found {
        let theirs = roles.iter().filter(|(name, _)| *name == responder.name);
        responder.roles = theirs.map(|(_, role)| role.title().to_owned()).collect();
    }
    found
}
