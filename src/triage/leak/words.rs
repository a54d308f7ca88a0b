//! The pieces of the sentence about a leak.
use super::Leak;
pub struct Pieces;
pub fn pieces(_l: &Leak) -> Pieces { Pieces }
pub fn sentence(_l: &Leak) -> String { String::new() }
