//! The clocks of an incident: what is due when. Nothing here reads a clock: now is an argument.
//!
//! What was done to a clock is in the journal ([`ClockAct`]); when it is due follows from the fold ([`due`]).

use std::time::Duration;

use chrono::TimeDelta;

use crate::facts::At;
use crate::incident::Incident;
use crate::incident::Stage;
use crate::incident::terms::words;

/// One of the clocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ClockKind {
    /// The next update is due: the first at once.
    Update,
    /// No progress for so long that somebody else should look.
    Escalate,
    /// Say aloud where we stand.
    CallOut,
    /// The post-mortem is due.
    PostMortem,
}

words!(ClockKind {
    Update = "update", "Next update";
    Escalate = "escalate", "Escalate";
    CallOut = "call-out", "Call out";
    PostMortem = "post-mortem", "Post-mortem";
});

/// What was done to a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockAct {
    /// A person set when it is due.
    Set(At),
    /// It is quiet until then.
    Snoozed(At),
    /// It was switched off.
    Off,
    /// It was switched on.
    On,
    /// It was due at that time, and people were told.
    Rang(At),
}

impl ClockAct {
    /// The word in the journal.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Set(_) => "set",
            Self::Snoozed(_) => "snoozed",
            Self::Off => "off",
            Self::On => "on",
            Self::Rang(_) => "rang",
        }
    }

    /// The time that belongs to it.
    #[must_use]
    pub const fn at(self) -> Option<At> {
        match self {
            Self::Set(at) | Self::Snoozed(at) | Self::Rang(at) => Some(at),
            Self::Off | Self::On => None,
        }
    }

    /// Reads the word of the journal and its time; `None` for a word that is not known, or that lacks its time.
    pub(super) fn of(word: &str, at: Option<At>) -> Option<Self> {
        match (word, at) {
            ("set", Some(at)) => Some(Self::Set(at)),
            ("snoozed", Some(at)) => Some(Self::Snoozed(at)),
            ("rang", Some(at)) => Some(Self::Rang(at)),
            ("off", _) => Some(Self::Off),
            ("on", _) => Some(Self::On),
            _ => None,
        }
    }
}

/// How long the clocks run, as the team set them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockSettings {
    /// From one update to the next; `None`: the clock is off unless somebody switches it on.
    pub update: Option<Duration>,
    /// Without progress.
    pub escalate: Option<Duration>,
    /// From one call-out to the next.
    pub call_out: Option<Duration>,
    /// After the end, the first reminder of the post-mortem, and the last.
    pub post_mortem: Option<(Duration, Duration)>,
    /// The terminal's bell rings once when one is due.
    pub bell: bool,
}

impl Default for ClockSettings {
    fn default() -> Self {
        Self {
            update: Some(Duration::from_mins(15)),
            escalate: Some(Duration::from_mins(20)),
            call_out: Some(Duration::from_mins(10)),
            post_mortem: Some((Duration::from_hours(24), Duration::from_hours(48))),
            bell: false,
        }
    }
}

/// How a clock stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockNow {
    /// Which one.
    pub kind: ClockKind,
    /// When it is due; `None`: it does not run.
    pub due: Option<At>,
    /// It was snoozed: `due` is the end of that.
    pub snoozed: bool,
    /// It is switched off.
    pub off: bool,
    /// People were told already that it is due.
    pub rang: bool,
}

impl ClockNow {
    /// Whether it is due.
    #[must_use]
    pub fn is_due(&self, now: At) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
}

/// How all clocks of an incident stand; none of an incident that nobody opened.
#[must_use]
pub fn clocks(incident: &Incident, settings: &ClockSettings) -> Vec<ClockNow> {
    if incident.opened_at().is_none() {
        return Vec::new();
    }
    ClockKind::ALL.iter().map(|kind| clock(incident, settings, *kind)).collect()
}

fn clock(incident: &Incident, settings: &ClockSettings, kind: ClockKind) -> ClockNow {
    let record = incident.clock(kind);
    // Who switches a clock on that the team does not use wants the usual one.
    let usual = match usual(incident, settings, kind) {
        None if record.off == Some(false) => usual(incident, &ClockSettings::default(), kind),
        usual => usual,
    };
    let off = record.off.unwrap_or(usual.is_none() && record.set.is_none() && !runs(settings, kind));
    let is_over = incident.resolved().is_some() != (kind == ClockKind::PostMortem);
    // What was set by hand holds until that what it reminds of was done once.
    let set = record.set.filter(|(_, said)| incident.reset_at(kind).is_none_or(|reset| reset < *said));
    let natural = set.map(|(at, _)| at).or(usual);
    let snoozed = record.snoozed.filter(|until| natural.is_some_and(|due| due < *until));
    let due = snoozed.or(natural).filter(|_| !off && !is_over);
    let rang = record.rang.is_some_and(|rang| due.is_some_and(|due| rang >= due));
    ClockNow { kind, due, snoozed: snoozed.is_some() && due.is_some(), off, rang }
}

/// Whether the team uses it.
const fn runs(settings: &ClockSettings, kind: ClockKind) -> bool {
    match kind {
        ClockKind::Update => settings.update.is_some(),
        ClockKind::Escalate => settings.escalate.is_some(),
        ClockKind::CallOut => settings.call_out.is_some(),
        ClockKind::PostMortem => settings.post_mortem.is_some(),
    }
}

/// When it would be due if nobody had touched it.
fn usual(incident: &Incident, settings: &ClockSettings, kind: ClockKind) -> Option<At> {
    let opened = incident.opened_at()?;
    let (stage, entered) = incident.stage()?;
    let after = |begin: At, length: Duration| begin + TimeDelta::from_std(length).unwrap_or_default();
    let reset = incident.reset_at(kind);
    match kind {
        // The first one is due at once.
        ClockKind::Update => settings.update.map(|length| reset.map_or(opened, |sent| after(sent, length))),
        // While one watches that it stays well there is nothing to escalate and nothing to call out. When it gets
        // worse after all, the time begins anew.
        ClockKind::Escalate | ClockKind::CallOut if stage == Stage::Monitor => None,
        ClockKind::Escalate => settings.escalate.map(|length| after(reset.unwrap_or(opened).max(entered), length)),
        ClockKind::CallOut => settings.call_out.map(|length| after(reset.unwrap_or(opened), length)),
        ClockKind::PostMortem => {
            let end = incident.resolved()?.at;
            // Written is written; until then the first reminder, and after it the last.
            if reset.is_some_and(|written| written >= end) {
                return None;
            }
            let (first, last) = settings.post_mortem?;
            let first = after(end, first);
            let told = incident.clock(kind).rang.is_some_and(|rang| rang >= first);
            Some(if told { after(end, last) } else { first })
        }
    }
}
