//! The state of an incident, folded from its entries. The same set of entries gives the same state in whatever
//! order and however often they arrive, so that a torn line, a second reader or a late writer cannot change history.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::facts::At;
use crate::incident::By;
use crate::incident::ClockAct;
use crate::incident::ClockKind;
use crate::incident::Entry;
use crate::incident::Question;
use crate::incident::Role;
use crate::incident::What;

/// The order of entries: by time, ties by id.
pub(super) type Key = (At, Arc<str>);

/// The state of one item of one checklist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tick {
    /// It is done; `false` after it was taken back.
    pub done: bool,
    /// Who said so last.
    pub who: String,
    /// When they said so.
    pub at: At,
    /// The entry that said so.
    pub id: String,
}

/// One incident: the fold of its entries. The default is an incident of which nothing is known yet.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Incident {
    pub(super) entries: BTreeMap<Key, Entry>,
    /// By the ids, which the keys share.
    pub(super) times: HashMap<Arc<str>, At>,
    pub(super) ticks: HashMap<String, HashMap<String, Tick>>,
    pub(super) opened: Option<Key>,
    /// The last word on whether it is over.
    pub(super) ended: Option<Key>,
    people: HashMap<String, Key>,
    pub(super) staged: Option<Key>,
    pub(super) observed: Option<Key>,
    pub(super) normal: Option<Key>,
    pub(super) fixed: Option<Key>,
    pub(super) exported: Option<Key>,
    pub(super) handed: Option<Key>,
    /// The last thing that a person did which brings the work on.
    pub(super) progress: Option<Key>,
    /// The last update that arrived.
    pub(super) updated: Option<Key>,
    /// The last call-out or anything that tells others.
    pub(super) clocks: HashMap<(ClockKind, &'static str), Key>,
    pub(super) assessed: HashMap<Question, Key>,
    pub(super) roles: HashMap<Role, Key>,
    pub(super) unsaved: HashMap<(String, String), Key>,
    pub(super) hypotheses: BTreeMap<String, (Option<Key>, Option<Key>)>,
    pub(super) updates: BTreeMap<String, UpdateKeys>,
    pub(super) acknowledged: BTreeSet<Key>,
    pub(super) observations: usize,
}

/// The entries that an update is made of.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct UpdateKeys {
    pub(super) drafted: Option<Key>,
    /// By channel: the last entry, and the first that says it arrived, which nothing takes back.
    pub(super) deliveries: BTreeMap<String, (Option<Key>, Option<Key>)>,
}

impl Incident {
    /// Folds entries, in any order, with or without repetitions.
    #[must_use]
    pub fn fold(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut incident = Self::default();
        for entry in entries {
            incident.apply(entry);
        }
        incident
    }

    /// Adds one entry. An id that is known already changes nothing; should two different entries claim one id, the
    /// later one counts (by time, then by text), whichever came first. Answers whether anything changed.
    pub fn apply(&mut self, entry: Entry) -> bool {
        if let Some((id, at)) = self.times.get_key_value(entry.id.as_str()) {
            let key = (*at, Arc::clone(id));
            let known = self.entries.get(&key);
            if known.is_some_and(|known| *known == entry || (known.at, known.line()) >= (entry.at, entry.line())) {
                return false;
            }
            // The state may rest on the entry that is replaced. This happens to damaged journals only: fold again.
            self.entries.remove(&key);
            let mut all = std::mem::take(&mut self.entries);
            all.insert((entry.at, key.1), entry);
            *self = Self::fold(all.into_values());
            return true;
        }
        let id: Arc<str> = entry.id.as_str().into();
        let key = (entry.at, Arc::clone(&id));
        self.times.insert(id, entry.at);
        match self.people.get_mut(&entry.who) {
            Some(first) if *first <= key => {}
            Some(first) => first.clone_from(&key),
            None => {
                self.people.insert(entry.who.clone(), key.clone());
            }
        }
        self.place(&entry, &key);
        self.entries.insert(key, entry);
        true
    }

    /// Notes what the entry is the last word on.
    fn place(&mut self, entry: &Entry, key: &Key) {
        match &entry.what {
            What::Opened { .. } => earliest(&mut self.opened, key),
            What::Resolved | What::Reopened | What::MergedInto { .. } => latest(&mut self.ended, key),
            What::Ticked { list, item } => self.mark(true, list, item, entry),
            What::Unticked { list, item } => self.mark(false, list, item, entry),
            What::Staged { .. } => latest(&mut self.staged, key),
            What::Clock { clock, act } => {
                // Off and on are words on one thing.
                let slot = match act {
                    ClockAct::Off | ClockAct::On => "off",
                    other => other.word(),
                };
                later(self.clocks.entry((*clock, slot)), key);
            }
            What::Observed(_) => {
                self.observations += 1;
                latest(&mut self.observed, key);
            }
            What::Normal { .. } => latest(&mut self.normal, key),
            What::Assessed { question, .. } => later(self.assessed.entry(*question), key),
            What::Hypothesis { .. } => latest(&mut self.hypotheses.entry(entry.id.clone()).or_default().0, key),
            What::Tested { hypothesis, .. } => {
                latest(&mut self.hypotheses.entry(hypothesis.clone()).or_default().1, key);
            }
            What::Acknowledged { .. } => {
                self.acknowledged.insert(key.clone());
            }
            What::Took { role, .. } => later(self.roles.entry(*role), key),
            What::HandedOver { .. } => latest(&mut self.handed, key),
            What::Drafted { update, .. } => {
                latest(&mut self.updates.entry(update.clone()).or_default().drafted, key);
            }
            What::Sending { update, to } | What::NotSent { update, to, .. } => {
                let update = self.updates.entry(update.clone()).or_default();
                latest(&mut update.deliveries.entry(to.clone()).or_default().0, key);
            }
            What::Sent { update, to, .. } => {
                let update = self.updates.entry(update.clone()).or_default();
                earliest(&mut update.deliveries.entry(to.clone()).or_default().1, key);
                latest(&mut self.updated, key);
            }
            What::Fixed { .. } => latest(&mut self.fixed, key),
            What::Unsaved { about, .. } => later(self.unsaved.entry((entry.who.clone(), about.clone())), key),
            What::Exported { .. } => latest(&mut self.exported, key),
            What::Joined
            | What::MergedFrom { .. }
            | What::Note { .. }
            | What::Action { .. }
            | What::Looked { .. }
            | What::Unknown(_) => {}
        }
        if entry.by == By::Person && is_progress(&entry.what) {
            latest(&mut self.progress, key);
        }
    }

    fn mark(&mut self, done: bool, list: &str, item: &str, entry: &Entry) {
        let tick = Tick { done, who: entry.who.clone(), at: entry.at, id: entry.id.clone() };
        let items = self.ticks.entry(list.to_owned()).or_default();
        match items.get_mut(item) {
            Some(known) if (known.at, &known.id) >= (tick.at, &tick.id) => {}
            Some(known) => *known = tick,
            None => {
                items.insert(item.to_owned(), tick);
            }
        }
    }

    /// The state of an item; `None` when nobody ever touched it.
    #[must_use]
    pub fn tick(&self, list: &str, item: &str) -> Option<&Tick> {
        self.ticks.get(list)?.get(item)
    }

    /// The time to give to a tick that is made at `now`: `now`, or just after the last word on the same item where
    /// the clock of who said it is ahead. Without it a key would seem dead until `now` has caught up.
    #[must_use]
    pub fn tick_time(&self, list: &str, item: &str, now: At) -> At {
        match self.tick(list, item) {
            Some(tick) if tick.at >= now => tick.at + chrono::TimeDelta::milliseconds(1),
            _ => now,
        }
    }

    /// The time to give to `Resolved` and `Reopened` that are said at `now`: `now`, or just after the last word on
    /// that where the clock of who said it is ahead.
    #[must_use]
    pub fn end_time(&self, now: At) -> At {
        match &self.ended {
            Some((at, _)) if *at >= now => *at + chrono::TimeDelta::milliseconds(1),
            _ => now,
        }
    }

    /// When it began: the earliest `Opened`; `None` while none is known.
    #[must_use]
    pub fn opened_at(&self) -> Option<At> {
        self.opened.as_ref().map(|(at, _)| *at)
    }

    /// The service that it is about; empty while unknown.
    #[must_use]
    pub fn service(&self) -> &str {
        self.opening().0
    }

    /// Its headline; may be empty.
    #[must_use]
    pub fn title(&self) -> &str {
        self.opening().1
    }

    fn opening(&self) -> (&str, &str) {
        match self.opened.as_ref().and_then(|key| self.entries.get(key)).map(|entry| &entry.what) {
            Some(What::Opened { service, title }) => (service, title),
            _ => ("", ""),
        }
    }

    /// The entry that ended it; `None` while it goes on, or goes on again.
    #[must_use]
    pub fn resolved(&self) -> Option<&Entry> {
        self.entry(self.ended.as_ref()).filter(|entry| entry.what != What::Reopened)
    }

    pub(super) fn entry(&self, key: Option<&Key>) -> Option<&Entry> {
        self.entries.get(key?)
    }

    /// Everybody who wrote an entry, in the order in which they joined.
    #[must_use]
    pub fn people(&self) -> Vec<&str> {
        let mut people: Vec<_> = self.people.iter().collect();
        people.sort_unstable_by(|a, b| a.1.cmp(b.1));
        people.into_iter().map(|(who, _)| who.as_str()).collect()
    }

    /// All entries, by time, ties by id.
    #[must_use]
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.values()
    }

    /// Nothing is known yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Whether it brings the work on, so that nobody need be called yet.
const fn is_progress(what: &What) -> bool {
    matches!(
        what,
        What::Ticked { .. }
            | What::Note { .. }
            | What::Staged { .. }
            | What::Assessed { .. }
            | What::Hypothesis { .. }
            | What::Tested { .. }
            | What::Acknowledged { .. }
            | What::HandedOver { .. }
            | What::Fixed { .. }
            | What::Sent { .. }
    )
}

fn later<K>(slot: std::collections::hash_map::Entry<'_, K, Key>, key: &Key) {
    slot.and_modify(|known| {
        if key > known {
            known.clone_from(key);
        }
    })
    .or_insert_with(|| key.clone());
}

fn latest(slot: &mut Option<Key>, key: &Key) {
    if slot.as_ref().is_none_or(|known| key > known) {
        *slot = Some(key.clone());
    }
}

fn earliest(slot: &mut Option<Key>, key: &Key) {
    if slot.as_ref().is_none_or(|known| key < known) {
        *slot = Some(key.clone());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop_oneof};
    use proptest::sample::Index;

    use super::*;
    use crate::incident::tests::whats;

    fn at(seconds: i64) -> At {
        At::from_timestamp(1_714_533_320 + seconds, 0).unwrap()
    }

    fn entry(id: &str, seconds: i64, who: &str, what: What) -> Entry {
        Entry::new(id, at(seconds), who, "bastion", what)
    }

    fn ticked(item: &str) -> What {
        What::Ticked { list: "l".into(), item: item.into() }
    }

    fn unticked(item: &str) -> What {
        What::Unticked { list: "l".into(), item: item.into() }
    }

    #[test]
    fn the_last_word_counts_whatever_comes_first() {
        let incident = Incident::fold([
            entry("c", 9, "sam", unticked("down")),
            entry("b", 5, "ana", ticked("down")),
            entry("d", 7, "ana", ticked("ack")),
            entry("a", 0, "ana", What::Opened { service: "api".into(), title: "slow".into() }),
            entry("e", 20, "sam", What::Opened { service: "other".into(), title: String::new() }),
        ]);
        assert_eq!(
            incident.tick("l", "down"),
            Some(&Tick { done: false, who: "sam".into(), at: at(9), id: "c".into() })
        );
        assert!(incident.tick("l", "ack").unwrap().done);
        assert_eq!(incident.tick("other", "ack"), None);
        assert_eq!((incident.service(), incident.title(), incident.opened_at()), ("api", "slow", Some(at(0))));
        assert_eq!(incident.people(), ["ana", "sam"]);
        assert_eq!(incident.entries().map(|entry| entry.id.as_str()).collect::<String>(), "abdce");
        assert!(incident.resolved().is_none());
    }

    #[test]
    fn at_the_same_time_the_id_decides() {
        let (tick, untick) = (entry("1", 5, "ana", ticked("x")), entry("2", 5, "ana", unticked("x")));
        for entries in [[tick.clone(), untick.clone()], [untick, tick]] {
            assert!(!Incident::fold(entries).tick("l", "x").unwrap().done);
        }
    }

    #[test]
    fn a_clock_that_is_ahead_does_not_deaden_a_key() {
        let mut incident = Incident::fold([entry("z", 3600, "sam", ticked("x"))]);
        let time = incident.tick_time("l", "x", at(10));
        assert!(incident.apply(Entry::new("a", time, "ana", "h", unticked("x"))));
        assert!(!incident.tick("l", "x").unwrap().done);
        assert_eq!(incident.tick_time("l", "y", at(10)), at(10));
    }

    #[test]
    fn known_entries_change_nothing() {
        let mut incident = Incident::default();
        assert!(incident.is_empty());
        assert!(incident.apply(entry("a", 0, "ana", What::Resolved)));
        assert!(!incident.apply(entry("a", 0, "ana", What::Resolved)));
        assert_eq!(incident.resolved().unwrap().who, "ana");
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let what = prop_oneof![
            9 => whats(&"[a-c]".boxed(), &(0_i64..4).prop_map(at).boxed()),
            1 => (0..3).prop_map(|n| What::Unknown(serde_json::json!({"kind": "later", "n": n}))),
        ];
        // Few ids and times, so that ties and damaged journals with one id for two entries occur.
        let entry = ("[a-f]", 0_i64..4, "[pq]", what, proptest::bool::ANY).prop_map(|(id, at, who, what, seen)| {
            let entry = entry(&id, at, &who, what);
            if seen { entry.by_sixty() } else { entry }
        });
        proptest::collection::vec(entry, 0..14)
    }

    proptest::proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(
            entries in entries(),
            picks in proptest::collection::vec(proptest::prelude::any::<Index>(), 0..40),
        ) {
            let once = Incident::fold(entries.clone());
            let mut shuffled = entries.clone();
            if !entries.is_empty() {
                shuffled.extend(picks.iter().map(|pick| entries[pick.index(entries.len())].clone()));
                for (a, pick) in picks.iter().enumerate() {
                    let len = shuffled.len();
                    shuffled.swap(a % len, pick.index(len));
                }
            }
            let mut again = Incident::fold(shuffled);
            proptest::prop_assert_eq!(&again, &once);
            for entry in entries {
                proptest::prop_assert!(!again.apply(entry));
            }
        }
    }
}
