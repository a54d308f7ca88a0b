//! The story of `sixty demo` without a file, drawn by hand: curves instead of mechanics.
//!
//! Older than the scenarios, and told to the second for pictures and tests; everything new is a scenario.

mod curve;
mod deploys;
mod exposition;
mod served;
mod story;
mod traffic;
mod vendors;
mod world;

pub use story::Story;
pub use world::StoryWorld;
