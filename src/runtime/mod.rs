//! Clock, terminal, signals, pollers, effect executor, journal file: the edge.
//!
//! Everything above is pure; here time passes, bytes move and processes end. Nothing here decides what is true:
//! it carries messages to [`crate::app::App`] and carries out its effects.

mod clipboard;
mod clock;
pub mod courier;
mod editor;
pub mod exit;
pub mod export;
pub mod files;
mod input;
pub mod journal;
mod leading;
mod look;
mod outside;
mod parts;
pub mod pollers;
mod questions;
mod runbooks;
mod screen;
mod scribe;
mod session;
pub mod setup;
mod signals;
pub mod simulation;
pub mod turns;

pub use clock::Clock;
pub use look::look;
pub use outside::Outside;
pub use screen::check_terminal;
pub use screen::size;
pub use session::Ending;
pub use session::Session;
pub use signals::EndSignals;
