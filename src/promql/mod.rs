//! The embedded engine: a series store, and an evaluator of `PromQL` over it.
//!
//! Floats only, with the semantics of Prometheus 3: windows are open on the left, metric names go at once. What the
//! engine does not do (native histograms, experimental functions, arithmetic in durations) is refused by name when
//! a query is parsed, never when it is evaluated. Everything here is pure: no clock, no I/O, no task; time is an
//! argument in milliseconds since the Unix epoch. Scraping and reading the exposition format are not done here.
//!
//! Main types: [`Store`] (what was scraped), [`Query`] (parsed and checked once), [`Template`] (a query whose
//! window follows the history that there is).

#![expect(clippy::float_cmp, reason = "PromQL compares numbers exactly, and so do its tests")]

mod absent;
mod aggregate;
mod axis;
mod binary;
mod by_label;
mod bytes;
mod calendar;
mod calls;
mod column;
mod compensated;
mod compile;
mod compile_call;
mod counters;
mod disguise;
mod durations;
mod edits;
mod eval;
mod fused;
mod grouping;
mod histogram;
mod label_functions;
mod leaf;
mod matching;
mod math;
mod memory;
mod order;
mod over_time;
mod packed;
mod pattern;
mod percentile;
mod plan;
mod prepared;
mod quantile;
mod query;
mod refusal;
mod regression;
mod ring;
mod rows;
mod sample;
mod samples;
mod scale;
mod scrape;
mod selector;
mod sets;
mod shape;
mod span;
mod steps;
mod store;
mod subquery;
mod tags;
mod template;
#[cfg(test)]
mod tests;
mod variables;
mod warm;
mod window;

pub use by_label::Group;
pub use by_label::by_label;
pub use by_label::quoted;
pub use percentile::Percentile;
pub use percentile::percentile;
pub use plan::Dialect;
pub use query::EvalError;
pub use query::Note;
pub use query::Noted;
pub use query::Query;
pub use query::Row;
pub use query::Value;
pub use refusal::Refusal;
pub use samples::Samples;
pub use scrape::Scrape;
pub use store::Full;
pub use store::Limits;
pub use store::NotLater;
pub use store::SeriesId;
pub use store::Store;
pub use store::TargetId;
pub use template::Template;
pub use variables::Vars;
pub use variables::expand;
pub use warm::fitting_window;
