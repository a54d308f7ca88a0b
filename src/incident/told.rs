//! An entry in words: what the timeline, `sixty show` and the post-mortem say of it.
//!
//! Plain text of one line; who, when and where stand beside it and are not said here.

use crate::incident::ClockAct;
use crate::incident::TestState;
use crate::incident::What;

/// What an entry tells, in one line without a full stop. Items are called by their keys: who knows the lists can do
/// better with [`told_with`].
#[must_use]
pub fn told(what: &What) -> String {
    told_with(what, &|_, item| item.replace('-', " "))
}

/// The same with the words of the items of lists, by the key of the list and of the item.
#[must_use]
pub fn told_with(what: &What, item_words: &dyn Fn(&str, &str) -> String) -> String {
    let with = |words: &str, text: &str| match text.lines().next().map(str::trim).unwrap_or_default() {
        "" => words.to_owned(),
        text => format!("{words}: {text}"),
    };
    match what {
        What::Opened { title, .. } => with("opened", title),
        What::Joined => "joined".to_owned(),
        What::Resolved => "resolved".to_owned(),
        What::Reopened => "reopened".to_owned(),
        What::MergedInto { incident } => format!("goes on in incident {incident}"),
        What::MergedFrom { incident, service } => format!("incident {incident} of {service} is a part of this one"),
        What::Ticked { list, item } => format!("done: {}", item_words(list, item)),
        What::Unticked { list, item } => format!("not done after all: {}", item_words(list, item)),
        What::Note { text } => text.clone(),
        What::Staged { stage } => format!("stage: {}", stage.title()),
        What::Clock { clock, act } => match act {
            ClockAct::Set(at) => format!("clock {} set to {}", clock.title().to_lowercase(), at.format("%H:%M:%S UTC")),
            ClockAct::Snoozed(at) => {
                format!("clock {} snoozed until {}", clock.title().to_lowercase(), at.format("%H:%M:%S UTC"))
            }
            ClockAct::Off => format!("clock {} switched off", clock.title().to_lowercase()),
            ClockAct::On => format!("clock {} switched on", clock.title().to_lowercase()),
            ClockAct::Rang(_) => format!("due: {}", clock.title().to_lowercase()),
        },
        What::Observed(seen) => with(seen.severity.word(), &seen.headline),
        What::Normal { since } => format!("back to normal since {}", since.format("%H:%M:%S UTC")),
        What::Assessed { question, text } => with(question.title(), text),
        What::Hypothesis { text, .. } => with("hypothesis", text),
        What::Tested { state, text, .. } => match state {
            TestState::Open => with("hypothesis open again", text),
            TestState::Testing => with("hypothesis is tested", text),
            TestState::Right => with("hypothesis right", text),
            TestState::Wrong => with("hypothesis wrong", text),
        },
        What::Acknowledged { place, reference, answer } => {
            let place = if place.is_empty() { String::new() } else { format!(" at {place}") };
            let reference = if reference.is_empty() { String::new() } else { format!(" ({reference})") };
            with(&format!("acknowledged{place}{reference}"), answer)
        }
        What::Took { role, name } if name.is_empty() => format!("nobody is {} any more", role.title().to_lowercase()),
        What::Took { role, name } => format!("{name} is {}", role.title().to_lowercase()),
        What::HandedOver { to, text } => with(&format!("handed over to {to}"), text),
        What::Drafted { status, text, .. } => with(&format!("draft ({})", status.word()), text),
        What::Sending { to, .. } => format!("sending an update to {to}"),
        What::Sent { to, answer, .. } => with(&format!("update sent to {to}"), answer),
        What::NotSent { to, answer, certain: true, .. } => with(&format!("update not sent to {to}"), answer),
        What::NotSent { to, answer, .. } => with(&format!("nobody knows whether the update reached {to}"), answer),
        What::Fixed { text } => with("fix applied", text),
        What::Action { text, owner, due } => {
            let owner = if owner.is_empty() { String::new() } else { format!(", {owner}") };
            let due = if due.is_empty() { String::new() } else { format!(", by {due}") };
            with("to be done", &format!("{text}{owner}{due}"))
        }
        What::Unsaved { about, .. } => format!("unfinished {about} kept"),
        What::Exported { path, .. } => format!("post-mortem written to {path}"),
        What::Looked { page } => format!("looked at {page}"),
        What::Unknown(_) => format!("something that this version does not know ({})", what.kind()),
    }
}
