//! A text that a person writes on the screen: what it will be, and the lines with a cursor.

use crate::incident::Question;
use crate::incident::Role;
use crate::incident::UpdateStatus;

/// What a text will be when it is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// A note.
    Note,
    /// A new hypothesis.
    Hypothesis,
    /// How a hypothesis was tested, by its key.
    Test(String),
    /// What was done to end it.
    Fix,
    /// An answer of the assessment.
    Assess(Question),
    /// Who has a role.
    Role(Role),
    /// The words of an update, by its key.
    Update(String, UpdateStatus),
    /// To whom it is handed over, and what they should know.
    HandOver,
    /// Something to be done afterwards: what, who, by when.
    Action,
    /// When a clock is due: `15m`, `04:20`.
    Clock(crate::incident::ClockKind),
}

/// Lines with a cursor.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Editor {
    text: String,
    /// In bytes, at the border of a character.
    cursor: usize,
}

impl Editor {
    /// A text with the cursor behind it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), cursor: text.len() }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor, and behind it.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }
}

/// A text that is being written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Writing {
    /// What it will be.
    pub purpose: Purpose,
    /// The text.
    pub editor: Editor,
    /// What was kept of it last, so that nothing is lost when the link goes.
    pub kept: String,
}
