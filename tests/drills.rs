//! Drills: what somebody tries changes the simulated world as it would a real one, and what came of it is told.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is surprised")]

#[path = "drills/fixes.rs"]
mod fixes;
#[path = "drills/held.rs"]
mod held;
#[expect(dead_code, clippy::expect_used, reason = "other tests use more of it, and a test ends where it is surprised")]
#[path = "terminal/pty.rs"]
mod pty;
