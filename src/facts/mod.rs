//! The vocabulary that every layer speaks: what was read, from where, and what went wrong. Plain data.
//!
//! Nothing here does I/O, reads a clock or knows how a fact is drawn. Its one piece of behaviour is
//! [`clean`](text::clean), the single place where text from outside is made harmless. Main type: [`Reading`].

mod alert;
mod change;
mod engine;
mod fault;
mod fleet;
mod labels;
pub mod markdown;
mod measure;
mod notice;
mod question;
mod reading;
pub mod text;
mod zone;

pub use alert::Alert;
pub use alert::AlertState;
pub use alert::Alerting;
pub use alert::BrokenRule;
pub use alert::Urgency;
pub use change::Change;
pub use change::ChangeKind;
pub use change::ChangeState;
pub use engine::Batch;
pub use engine::EngineReport;
pub use engine::PresetReport;
pub use engine::ScrapeReport;
pub use engine::TargetReport;
pub use fault::Fault;
pub use fault::FaultKind;
pub use fleet::Calls;
pub use fleet::Fleet;
pub use labels::Labels;
pub use measure::Answer;
pub use measure::Measure;
pub use measure::Number;
pub use measure::Part;
pub use measure::Points;
pub use measure::Signal;
pub use measure::Split;
pub use measure::Unit;
pub use notice::Component;
pub use notice::Level;
pub use notice::Notice;
pub use notice::NoticeState;
pub use notice::NoticeUpdate;
pub use notice::ProviderStatus;
pub use question::Question;
pub use question::Reply;
pub use question::Rows;
pub use reading::Payload;
pub use reading::Reading;
pub use reading::SourceId;
pub use reading::SourceInfo;
pub use reading::SourceKind;
pub use zone::Zone;

/// An instant. Every time in `sixty` is UTC until it is drawn.
pub type At = chrono::DateTime<chrono::Utc>;
