//! The journal of an incident and what is folded from it: who ticked what and when; and the checklists to tick.
//!
//! An [`Entry`] is one line of the journal; an [`Incident`] is the fold of all of them, the same in whatever order
//! and however often they arrive; a [`Checklist`] is a Markdown task list. All of it is pure: the file, its lock and
//! the clock are the runtime's, and which live fact stands beside an item is decided where the facts are.

mod checklist;
mod entry;
mod fold;

pub use checklist::Checklist;
pub use checklist::Evidence;
pub use checklist::Item;
pub use checklist::Problem;
pub use entry::Entry;
pub use entry::What;
pub use fold::Incident;
pub use fold::Tick;
