//! The words of an incident: questions, roles, what came of a test, where an update stands. In the journal and on screen.

/// A question of the assessment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Question {
    /// What is broken: services, routes, status codes.
    What,
    /// How bad: share and count that fail.
    HowBad,
    /// Since when.
    Since,
    /// What changed.
    Changed,
    /// How many users are affected.
    Users,
}

/// What came of testing a hypothesis.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TestState {
    /// Nobody has tested it, or it is open again.
    Open,
    /// Somebody is testing it.
    Testing,
    /// It was right.
    Right,
    /// It was wrong.
    Wrong,
}

/// A role in an incident.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Decides.
    Commander,
    /// Writes down.
    Scribe,
    /// Knows the part that is broken.
    Expert,
    /// Tells the others.
    Liaison,
}

/// Where the work stands, in the words of status pages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum UpdateStatus {
    /// Something is broken, and somebody looks.
    Investigating,
    /// It is known what.
    Identified,
    /// It is mended, and watched.
    Monitoring,
    /// It is over.
    Resolved,
}

/// Words of an enum, in the journal and on the screen.
macro_rules! words {
    ($kind:ident { $($one:ident = $word:literal, $title:literal;)+ }) => {
        impl $kind {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$one),+];

            /// The word in the journal.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$one => $word),+ }
            }

            /// The words on the screen.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$one => $title),+ }
            }

            /// Reads the word of the journal.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$one),)+ _ => None }
            }
        }
    };
}
pub(super) use words;

words!(Question {
    What = "what", "What is broken";
    HowBad = "how-bad", "How bad";
    Since = "since", "Since when";
    Changed = "changed", "What changed";
    Users = "users", "Users affected";
});
words!(TestState {
    Open = "open", "not tested";
    Testing = "testing", "testing";
    Right = "right", "right";
    Wrong = "wrong", "wrong";
});
words!(Role {
    Commander = "commander", "Incident commander";
    Scribe = "scribe", "Scribe";
    Expert = "expert", "Subject matter expert";
    Liaison = "liaison", "Liaison";
});
words!(UpdateStatus {
    Investigating = "investigating", "Investigating";
    Identified = "identified", "Identified";
    Monitoring = "monitoring", "Monitoring";
    Resolved = "resolved", "Resolved";
});
