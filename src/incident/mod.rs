//! The journal of an incident and what is folded from it: who ticked what and when; and the checklists to tick.
//!
//! An [`Entry`] is one line of the journal; an [`Incident`] is the fold of all of them, the same in whatever order
//! and however often they arrive; a [`Checklist`] is a Markdown task list. All of it is pure: the file, its lock and
//! the clock are the runtime's, and which live fact stands beside an item is decided where the facts are.

mod body;
mod checklist;
mod clock;
mod debrief;
pub mod draft;
mod entry;
mod fold;
mod handover;
mod ids;
mod now;
mod outgoing;
mod part;
pub mod postmortem;
mod stage;
mod terms;
mod tidy;
mod told;
mod what;

pub use checklist::Checklist;
pub use checklist::Evidence;
pub use checklist::Item;
pub use checklist::Problem;
pub use clock::ClockAct;
pub use clock::ClockKind;
pub use clock::ClockNow;
pub use clock::ClockSettings;
pub use clock::clocks;
pub use debrief::Debrief;
pub use debrief::Outcome;
pub use debrief::Times;
pub use debrief::Tried;
pub use debrief::Truth;
pub use entry::By;
pub use entry::Entry;
pub use fold::Incident;
pub use fold::Tick;
pub use handover::HandOver;
pub use handover::hand_over;
pub use ids::id_part;
pub use now::Acknowledgement;
pub use now::ClockRecord;
pub use now::Delivery;
pub use now::DeliveryState;
pub use now::HypothesisNow;
pub use now::Said;
pub use now::UpdateNow;
pub use outgoing::OpenPage;
pub use outgoing::PageState;
pub use outgoing::Parcel;
pub use outgoing::Row;
pub use part::as_part;
pub use part::is_of_wild_clock;
pub use part::kind_of;
pub use stage::Stage;
pub use stage::StageTimes;
pub use terms::Question;
pub use terms::Role;
pub use terms::TestState;
pub use terms::UpdateStatus;
pub use tidy::LINE_MAX;
pub use tidy::NOTE_MAX;
pub use told::told;
pub use told::told_with;
pub use what::Observation;
pub use what::What;

#[cfg(test)]
mod tests;
