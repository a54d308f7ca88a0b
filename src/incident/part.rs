//! An incident that became a part of another: how its entries read there. And a row of the list of all incidents.
//!
//! What a person did in it stays what it was, under its id. What only says how that incident itself stood (opened,
//! over, its stage, its clocks) must not be taken for a word on the whole: it becomes a note that tells it.

use chrono::TimeDelta;

use crate::facts::At;
use crate::incident::By;
use crate::incident::Entry;
use crate::incident::Incident;
use crate::incident::Row;
use crate::incident::What;
use crate::incident::told;

/// An entry of an incident as it counts in the one that it became a part of.
#[must_use]
pub fn as_part(mut entry: Entry, incident: &str, service: &str) -> Entry {
    let own = is_own_standing(&entry.what);
    if own {
        // A note has no room for what it was.
        entry.id = format!("{incident}:{}:{}", entry.what.kind(), entry.id);
    } else if entry.by == By::Sixty {
        // What sixty sees has ids that are the same in every incident.
        entry.id = format!("{incident}:{}", entry.id);
    }
    if own {
        let text = format!("{service}: {}", told(&entry.what));
        return Entry { what: What::Note { text }, ..entry };
    }
    entry
}

/// The kind that an entry of a part had before it became a note; else its own.
#[must_use]
pub fn kind_of(entry: &Entry) -> &str {
    let mut words = entry.id.splitn(3, ':');
    match (&entry.what, words.next(), words.next(), words.next()) {
        (What::Note { .. }, Some(_), Some(kind), Some(_)) => kind,
        _ => entry.what.kind(),
    }
}

/// Whether an instant lies so far from the opening of its incident that the clock that told it was wrong.
#[must_use]
pub fn is_of_wild_clock(opened: Option<At>, at: At) -> bool {
    const FAR: TimeDelta = TimeDelta::days(30);
    opened.is_some_and(|opened| (at - opened).abs() > FAR)
}

/// Whether it says how its own incident stands as a whole.
const fn is_own_standing(what: &What) -> bool {
    matches!(
        what,
        What::Opened { .. }
            | What::Joined
            | What::Resolved
            | What::Reopened
            | What::MergedInto { .. }
            | What::Staged { .. }
            | What::Clock { .. }
            | What::Normal { .. }
            | What::Exported { .. }
    )
}

impl Row {
    /// The row of an incident, from its own entries: without those of its parts.
    #[must_use]
    pub fn of(id: &str, incident: &Incident) -> Self {
        let end = incident.resolved();
        let worst = incident.entries().filter_map(|entry| match &entry.what {
            What::Observed(seen) => Some(seen.severity),
            _ => None,
        });
        Self {
            id: id.to_owned(),
            service: incident.service().to_owned(),
            title: incident.title().to_owned(),
            opened_at: incident.opened_at(),
            resolved_at: end.filter(|entry| entry.what == What::Resolved).map(|entry| entry.at),
            merged_into: end.and_then(|entry| match &entry.what {
                What::MergedInto { incident } => Some(incident.clone()),
                _ => None,
            }),
            worst: worst.max(),
            people: incident.people().into_iter().map(str::to_owned).collect(),
            last_at: incident.entries().next_back().map(|entry| entry.at),
            has_post_mortem: incident.exported().is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::Stage;

    fn entry(id: &str, seconds: i64, what: What) -> Entry {
        Entry::new(id, At::from_timestamp(1_714_533_320 + seconds, 0).unwrap(), "ana", "bastion", what)
    }

    #[test]
    fn a_part_does_not_say_how_the_whole_stands() {
        let whole = Incident::fold([
            entry("o", 0, What::Opened { service: "api".into(), title: "slow".into() }),
            entry("s", 1, What::Staged { stage: Stage::Assess }),
        ]);
        let part = [
            entry("po", -9, What::Opened { service: "db".into(), title: "locks".into() }),
            entry("ps", 5, What::Staged { stage: Stage::Monitor }),
            entry("n", 6, What::Note { text: "vacuum".into() }),
            entry("m", 7, What::MergedInto { incident: "whole".into() }),
        ];
        let mut union = whole.clone();
        for one in part {
            union.apply(as_part(one, "part", "db"));
        }
        let kinds: Vec<&str> = union.entries().map(kind_of).collect();
        assert_eq!(kinds, ["opened", "opened", "staged", "staged", "note", "merged-into"]);
        assert_eq!((union.service(), union.title(), union.opened_at()), ("api", "slow", whole.opened_at()));
        assert_eq!(union.stage(), whole.stage());
        assert!(union.resolved().is_none());
        let texts: Vec<String> = union.entries().map(|entry| told(&entry.what)).collect();
        assert_eq!(
            texts,
            [
                "db: opened: locks",
                "opened: slow",
                "stage: Assess",
                "db: stage: Monitor",
                "vacuum",
                "db: goes on in incident whole"
            ]
        );
    }

    #[test]
    fn what_sixty_saw_in_both_is_there_twice() {
        let seen = |seconds| entry("observed-0-critical", seconds, What::Normal { since: At::UNIX_EPOCH }).by_sixty();
        let union = Incident::fold([seen(1), as_part(seen(2), "part", "db")]);
        assert_eq!(union.entries().len(), 2);
        assert!(Entry::parse(&as_part(seen(2), "20240501T031520Z-abcdef", "db").line()).is_ok());
    }

    #[test]
    fn a_row_says_how_it_stands() {
        let opened = entry("o", 0, What::Opened { service: "api".into(), title: "slow".into() });
        let mut incident = Incident::fold([opened]);
        let row = Row::of("i", &incident);
        assert_eq!((row.resolved_at, row.merged_into, row.people.len()), (None, None, 1));
        incident.apply(entry("r", 9, What::Resolved));
        assert_eq!(Row::of("i", &incident).resolved_at, incident.resolved().map(|entry| entry.at));
        incident.apply(entry("s", 10, What::MergedInto { incident: "other".into() }));
        let row = Row::of("i", &incident);
        assert_eq!((row.resolved_at, row.merged_into.as_deref()), (None, Some("other")));
        incident.apply(entry("t", 11, What::Reopened));
        let row = Row::of("i", &incident);
        assert_eq!(
            (row.resolved_at, row.merged_into, row.last_at),
            (None, None, incident.entries().last().map(|e| e.at))
        );
    }
}
