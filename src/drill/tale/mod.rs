//! The story of `sixty demo` without a file, drawn by hand: curves instead of mechanics.
//!
//! Older than the scenarios, and told to the second for pictures and tests; everything new is a scenario.

mod curve;
mod deploys;
mod exposition;
mod story;
mod traffic;
mod vendors;
mod world;

pub(in crate::drill) use deploys::REPOSITORY;
pub(in crate::drill) use deploys::Wanted;
pub use story::Story;
pub use world::StoryWorld;
