//! The right to act. Whoever may only look has none, and nothing that acts can be made without one.
//!
//! This is what makes read-only a promise: [`Act`] has no way to be made but [`Licence::to`], and only a
//! [`Mode::Interactive`](crate::app::Mode::Interactive) carries a licence. What the wall is told to do outside can
//! therefore be an act in no case, whatever keys are pressed and whatever arrives.
//!
//! ```compile_fail
//! // There is no other way to a licence than to claim a person.
//! let licence = sixty::app::Licence(());
//! ```
//!
//! ```compile_fail
//! // Nor to an act.
//! let act = sixty::app::Act(sixty::app::Deed::Copy(String::new()));
//! ```

use crate::app::Deed;
use crate::app::Effect;

/// The right to act, of a session with a person at its keyboard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Licence(());

impl Licence {
    /// Only for a session in which a person sits at the keyboard and did not ask to look only.
    #[must_use]
    pub const fn of_a_person() -> Self {
        Self(())
    }

    /// The effect that does something.
    #[must_use]
    #[expect(clippy::unused_self, reason = "the receiver is the right to act")]
    pub fn to(self, deed: Deed) -> Effect {
        Effect::Act(Act(Box::new(deed)))
    }
}

/// A deed that somebody had the right to.
#[derive(Clone, PartialEq, Debug)]
pub struct Act(Box<Deed>);

impl Act {
    /// What is to be done.
    #[must_use]
    pub const fn deed(&self) -> &Deed {
        &self.0
    }

    /// What is to be done.
    #[must_use]
    pub fn into_deed(self) -> Deed {
        *self.0
    }
}
