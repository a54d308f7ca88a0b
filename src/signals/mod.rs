//! The golden signals as points with gaps: histories, freshness, people's units, presets.
//!
//! A missing point is a gap, never zero; an old one says its age. Nothing here evaluates a query (an engine did)
//! or judges a value (`triage` does). Main type: [`ServiceSignals`].

mod columns;
mod history;
pub mod preset;
mod service;
pub mod units;

pub use columns::Column;
pub use columns::columns;
pub use columns::held;
pub use history::History;
pub use history::Point;
pub use service::Freshness;
pub use service::ServiceSignals;
pub use service::Track;
