//! The post-mortem: what the journal of an incident tells afterwards, as a document for people and for programs.
//!
//! [`document`] makes a [`Document`] from the fold of the journal and from what was measured; [`markdown`] writes it for
//! people, `serde` as JSON, [`svg`] draws the strips. All of it is pure; files are written elsewhere. It tells facts and
//! leaves room for people's words; it speaks of contributing factors, never of a root cause, and blames nobody.

mod course;
mod document;
mod factors;
mod markdown;
mod paper;
mod scale;
mod strips;
mod timeline;

pub use document::Material;
pub use document::Measured;
pub use document::began;
pub use document::document;
pub use document::over;
pub use markdown::markdown;
pub use paper::*;
pub use strips::Mark;
pub use strips::MarkKind;
pub use strips::Picture;
pub use strips::Series;
pub use strips::Strip;
pub use strips::svg;

#[cfg(test)]
mod tests;
