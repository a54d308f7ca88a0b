//! From rules to findings to the verdict in words: what is broken, how bad, since when, what changed.
//!
//! Deterministic and pure: the same facts at the same instant give the same words. It states facts with times and
//! what could not be checked; it never claims a cause. Main function: [`judge`].

mod context;
mod evidence;
mod finding;
pub mod leak;
pub mod onset;
pub mod quick_win;
mod recovery;
pub mod rules;
pub mod runbook;
mod sentences;
mod standing;
mod subject;
mod surroundings;
pub mod suspects;
mod verdict;
mod watcher;
mod words;

pub use evidence::Seen;
pub use evidence::seen;
pub use finding::Finding;
pub use leak::Leak;
pub use leak::Outlook;
pub use recovery::Before;
pub use recovery::Course;
pub use recovery::CourseState;
pub use recovery::HOLD;
pub use recovery::Recovery;
pub use recovery::recovery;
pub use recovery::recovery_by;
pub use rules::Against;
pub use rules::Condition;
pub use rules::Limit;
pub use rules::Rule;
pub use rules::Rules;
pub use rules::SentenceError;
pub use rules::Side;
pub use standing::about_time;
pub use standing::leak_words;
pub use standing::onset_words;
pub use standing::usual_words;
pub use subject::Subject;
pub use surroundings::Surroundings;
pub use verdict::Facts;
pub use verdict::Nearby;
pub use verdict::Severity;
pub use verdict::Unchecked;
pub use verdict::Vendor;
pub use verdict::Verdict;
pub use verdict::Watch;
pub use verdict::judge;
pub use watcher::Budget;
pub use watcher::Standing;
pub use watcher::Undecided;
pub use watcher::Watcher;
pub use words::Line;
pub use words::Phrase;
pub use words::SeverityNames;
pub use words::Tone;
pub use words::clock_time;
