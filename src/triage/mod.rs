//! From thresholds to findings to the verdict in words: what is broken, how bad, since when, what changed.
//!
//! Deterministic and pure: the same facts at the same instant give the same words. It states facts with times and
//! what could not be checked; it never claims a cause. Main function: [`judge`].

mod evidence;
mod finding;
pub mod runbook;
mod sentences;
mod thresholds;
mod verdict;
mod words;

pub use evidence::Seen;
pub use evidence::seen;
pub use finding::Finding;
pub use finding::Subject;
pub use finding::findings;
pub use thresholds::Limit;
pub use thresholds::Thresholds;
pub use verdict::Facts;
pub use verdict::Nearby;
pub use verdict::Severity;
pub use verdict::Unchecked;
pub use verdict::Vendor;
pub use verdict::Verdict;
pub use verdict::Watch;
pub use verdict::judge;
pub use words::Line;
pub use words::Phrase;
pub use words::Tone;
pub use words::clock_time;
