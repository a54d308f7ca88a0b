//! The log: what happened to sources and files, newest last, for the log page and the debug-minded.

use std::collections::VecDeque;

use crate::facts::At;

/// One line of the log; clean text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// When it happened.
    pub at: At,
    /// Whether something went wrong.
    pub fault: bool,
    /// What happened.
    pub text: String,
}

/// The newest lines.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Log {
    lines: VecDeque<LogLine>,
}

impl Log {
    /// Lines that are kept: an hour of forty sources that fail and recover every minute.
    const KEPT: usize = 5_000;

    /// Adds a line.
    pub fn push(&mut self, at: At, fault: bool, text: String) {
        if self.lines.len() >= Self::KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(LogLine { at, fault, text });
    }

    /// The lines, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &LogLine> + ExactSizeIterator {
        self.lines.iter()
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}
