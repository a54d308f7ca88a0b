//! What may lie behind an incident: candidates ranked by time, by place in the call graph and by kind, or "nothing
//! fits".
//!
//! The question is put as odds: how much likelier is it that this change came just there and then because it began
//! the trouble, than that it came by chance? The rate of chance is learnt from the list of changes itself, so that
//! with twenty changes an hour a near one says little, and with one a day it says much. It ranks and gives distances;
//! it never says that something is the cause. Main functions: [`gather`] makes candidates of what is known, [`rank`]
//! orders them, [`suspects`] does both.

mod calls;
mod candidate;
mod chance;
mod gather;
mod moments;
mod rank;
#[cfg(test)]
pub(crate) mod tests;
mod weights;
mod whereabouts;
mod words;

pub use crate::triage::onset::Symptom;
pub use calls::CallGraph;
pub use candidate::Candidate;
pub use candidate::Kind;
pub use candidate::Place;
pub use candidate::Role;
pub use gather::Around;
pub use gather::Climb;
pub use gather::Known;
pub use gather::gather;
pub use gather::suspects;
pub use rank::Anchor;
pub use rank::Case;
pub use rank::Distance;
pub use rank::Ranking;
pub use rank::Suspect;
pub use rank::rank;
pub use words::timing;
