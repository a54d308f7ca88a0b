//! How an incident stands: the questions that the screen, the clocks and the post-mortem ask of its fold.
//!
//! Each answer is read from the entries that [`Incident`] noted as the last word on it; nothing is kept twice.

use std::collections::BTreeMap;

use crate::facts::At;
use crate::incident::ClockAct;
use crate::incident::ClockKind;
use crate::incident::Entry;
use crate::incident::Incident;
use crate::incident::Observation;
use crate::incident::Question;
use crate::incident::Role;
use crate::incident::Stage;
use crate::incident::TestState;
use crate::incident::UpdateStatus;
use crate::incident::What;
use crate::incident::fold::Key;
use crate::incident::fold::UpdateKeys;

/// Something that a person said, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// The words.
    pub text: String,
    /// Who.
    pub who: String,
    /// When.
    pub at: At,
}

/// A hypothesis as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HypothesisNow {
    /// The id of its entry.
    pub key: String,
    /// What it says, by whom, since when; empty words while only its test is known.
    pub said: Said,
    /// What speaks for it.
    pub evidence: Vec<String>,
    /// What came of it.
    pub state: TestState,
    /// The words about its last test, by whom, when.
    pub tested: Option<Said>,
}

/// An update as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UpdateNow {
    /// The id of its first draft.
    pub key: String,
    /// Which of the four.
    pub status: UpdateStatus,
    /// Its words, by whom, when they were last changed.
    pub said: Said,
    /// How it stands with each channel, by name.
    pub deliveries: BTreeMap<String, Delivery>,
}

impl UpdateNow {
    /// When it first arrived anywhere.
    #[must_use]
    pub fn sent_at(&self) -> Option<At> {
        self.deliveries.values().filter(|one| one.state == DeliveryState::Sent).map(|one| one.at).min()
    }
}

/// How an update stands with a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Whether it arrived.
    pub state: DeliveryState,
    /// Since when that is known.
    pub at: At,
    /// What came back; empty while it is on its way.
    pub answer: String,
}

/// Whether an update arrived at a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeliveryState {
    /// It left, and nothing more is known: it may have arrived.
    Sending,
    /// It certainly did not arrive: it may be sent again.
    NotSent,
    /// Nobody knows whether it arrived.
    Unknown,
    /// It arrived.
    Sent,
}

/// An acknowledgement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acknowledgement {
    /// Where; empty: only here.
    pub place: String,
    /// What it is called there.
    pub reference: String,
    /// What came back.
    pub answer: String,
    /// Who.
    pub who: String,
    /// When.
    pub at: At,
}

/// What was done to a clock.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ClockRecord {
    /// A person set it to this, at that time.
    pub set: Option<(At, At)>,
    /// It was snoozed until then.
    pub snoozed: Option<At>,
    /// It was switched off (or on); `None`: nobody touched it.
    pub off: Option<bool>,
    /// The last due time of which people were told.
    pub rang: Option<At>,
}

impl Incident {
    fn said(&self, key: Option<&Key>) -> Option<Said> {
        let entry = self.entry(key)?;
        let text = match &entry.what {
            What::Assessed { text, .. }
            | What::Hypothesis { text, .. }
            | What::Tested { text, .. }
            | What::Drafted { text, .. }
            | What::Fixed { text }
            | What::HandedOver { text, .. }
            | What::Unsaved { text, .. }
            | What::Note { text } => text.clone(),
            What::Took { name, .. } => name.clone(),
            _ => String::new(),
        };
        Some(Said { text, who: entry.who.clone(), at: entry.at })
    }

    /// The stage that the work is in, and since when; `None` while nobody opened the incident.
    #[must_use]
    pub fn stage(&self) -> Option<(Stage, At)> {
        if let Some(end) = self.resolved() {
            return Some((Stage::Resolved, end.at));
        }
        let opened = self.opened_at()?;
        Some(match self.entry(self.staged.as_ref()) {
            Some(Entry { what: What::Staged { stage }, at, .. }) => (*stage, *at),
            _ => (Stage::Breathe, opened),
        })
    }

    /// What was done to a clock.
    #[must_use]
    pub fn clock(&self, kind: ClockKind) -> ClockRecord {
        let act = |slot: &'static str| match self.entry(self.clocks.get(&(kind, slot))) {
            Some(Entry { what: What::Clock { act, .. }, at, .. }) => Some((*act, *at)),
            _ => None,
        };
        ClockRecord {
            set: act("set").and_then(|(act, at)| Some((act.at()?, at))),
            snoozed: act("snoozed").and_then(|(act, _)| act.at()),
            off: act("off").map(|(act, _)| act == ClockAct::Off),
            rang: act("rang").and_then(|(act, _)| act.at()),
        }
    }

    /// When that of which a clock reminds was last done: an update arrived, the work went on, others were told, the
    /// post-mortem was written.
    #[must_use]
    pub fn reset_at(&self, kind: ClockKind) -> Option<At> {
        let at = |key: &Option<Key>| key.as_ref().map(|(at, _)| *at);
        match kind {
            ClockKind::Update => at(&self.updated),
            ClockKind::Escalate => at(&self.progress),
            // It comes again after it rang: there is nothing that a program could see of a call.
            ClockKind::CallOut => self.clocks.get(&(kind, ClockAct::Rang(At::UNIX_EPOCH).word())).map(|(at, _)| *at),
            ClockKind::PostMortem => at(&self.exported),
        }
    }

    /// What the verdict said last.
    #[must_use]
    pub fn observed(&self) -> Option<(&Observation, &Entry)> {
        let entry = self.entry(self.observed.as_ref())?;
        match &entry.what {
            What::Observed(seen) => Some((seen, entry)),
            _ => None,
        }
    }

    /// How often the verdict changed.
    #[must_use]
    pub const fn observations(&self) -> usize {
        self.observations
    }

    /// Since when all is as before, unless it got worse after that.
    #[must_use]
    pub fn normal_since(&self) -> Option<At> {
        let entry = self.entry(self.normal.as_ref())?;
        let worse = self
            .observed()
            .is_some_and(|(seen, told)| told.at > entry.at && seen.severity >= crate::triage::Severity::Warning);
        match entry.what {
            What::Normal { since } if !worse => Some(since),
            _ => None,
        }
    }

    /// What a person answered; `None` where the verdict's own words stand.
    #[must_use]
    pub fn assessed(&self, question: Question) -> Option<Said> {
        self.said(self.assessed.get(&question)).filter(|said| !said.text.is_empty())
    }

    /// The hypotheses, oldest first.
    #[must_use]
    pub fn hypotheses(&self) -> Vec<HypothesisNow> {
        let mut all: Vec<(At, HypothesisNow)> = Vec::new();
        for (key, (said, tested)) in &self.hypotheses {
            let Some(entry) = self.entry(said.as_ref()) else { continue };
            let evidence = match &entry.what {
                What::Hypothesis { evidence, .. } => evidence.clone(),
                _ => Vec::new(),
            };
            let state = match self.entry(tested.as_ref()).map(|entry| &entry.what) {
                Some(What::Tested { state, .. }) => *state,
                _ => TestState::Open,
            };
            let Some(words) = self.said(said.as_ref()) else { continue };
            let tested = self.said(tested.as_ref());
            all.push((entry.at, HypothesisNow { key: key.clone(), said: words, evidence, state, tested }));
        }
        all.sort_by(|a, b| (a.0, &a.1.key).cmp(&(b.0, &b.1.key)));
        all.into_iter().map(|(_, one)| one).collect()
    }

    /// The acknowledgements, oldest first.
    #[must_use]
    pub fn acknowledgements(&self) -> Vec<Acknowledgement> {
        let entries = self.acknowledged.iter().filter_map(|key| self.entries.get(key));
        entries
            .filter_map(|entry| match &entry.what {
                What::Acknowledged { place, reference, answer } => Some(Acknowledgement {
                    place: place.clone(),
                    reference: reference.clone(),
                    answer: answer.clone(),
                    who: entry.who.clone(),
                    at: entry.at,
                }),
                _ => None,
            })
            .collect()
    }

    /// Who has a role; `None` while nobody has.
    #[must_use]
    pub fn role(&self, role: Role) -> Option<Said> {
        self.said(self.roles.get(&role)).filter(|said| !said.text.is_empty())
    }

    /// The updates, oldest draft first; without those of which only a delivery is known.
    #[must_use]
    pub fn updates(&self) -> Vec<UpdateNow> {
        let mut all: Vec<UpdateNow> =
            self.updates.iter().filter_map(|(key, update)| self.update(key, update)).collect();
        all.sort_by(|a, b| (a.said.at, &a.key).cmp(&(b.said.at, &b.key)));
        all
    }

    fn update(&self, key: &str, update: &UpdateKeys) -> Option<UpdateNow> {
        let said = self.said(update.drafted.as_ref())?;
        let Some(What::Drafted { status, .. }) = self.entry(update.drafted.as_ref()).map(|entry| &entry.what) else {
            return None;
        };
        let delivery = |(last, sent): &(Option<Key>, Option<Key>)| {
            let entry = self.entry(sent.as_ref()).or_else(|| self.entry(last.as_ref()))?;
            let (state, answer) = match &entry.what {
                What::Sent { answer, .. } => (DeliveryState::Sent, answer.clone()),
                What::NotSent { answer, certain: true, .. } => (DeliveryState::NotSent, answer.clone()),
                What::NotSent { answer, certain: false, .. } => (DeliveryState::Unknown, answer.clone()),
                _ => (DeliveryState::Sending, String::new()),
            };
            Some(Delivery { state, at: entry.at, answer })
        };
        let deliveries = update.deliveries.iter().filter_map(|(to, keys)| Some((to.clone(), delivery(keys)?)));
        let deliveries = deliveries.collect();
        Some(UpdateNow { key: key.to_owned(), status: *status, said, deliveries })
    }

    /// The last thing that a person did to end it.
    #[must_use]
    pub fn fixed(&self) -> Option<Said> {
        self.said(self.fixed.as_ref())
    }

    /// The last hand-over: to whom, and what was said.
    #[must_use]
    pub fn handed_over(&self) -> Option<(&str, Said)> {
        match &self.entry(self.handed.as_ref())?.what {
            What::HandedOver { to, .. } => Some((to, self.said(self.handed.as_ref())?)),
            _ => None,
        }
    }

    /// What a person was writing when they left.
    #[must_use]
    pub fn unsaved(&self, who: &str, about: &str) -> Option<Said> {
        // The key is owned: a pair of borrowed parts cannot ask for it.
        self.said(self.unsaved.get(&(who.to_owned(), about.to_owned()))).filter(|said| !said.text.is_empty())
    }

    /// The last post-mortem that was written: its path and the hash of its text.
    #[must_use]
    pub fn exported(&self) -> Option<(&str, &str)> {
        match &self.entry(self.exported.as_ref())?.what {
            What::Exported { path, hash } => Some((path, hash)),
            _ => None,
        }
    }
}
