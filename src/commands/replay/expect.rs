//! What was expected, beside what was said: a [`Check`] for each thing that the scenario expects at an instant.
//!
//! Pure. Names are compared as people read them (in whatever case), instants within the margin that the scenario
//! gives. What is not expected is not looked at.

use std::time::Duration;

use chrono::TimeDelta;

use super::course::Course;
use super::said::Said;
use super::words::apart;
use super::words::offset;
use crate::drill::Expect;
use crate::drill::ExpectedChange;
use crate::drill::Moment;
use crate::drill::Scenario;
use crate::drill::Severity;
use crate::facts::At;
use crate::triage;

/// One thing that was expected, and whether it held.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Check {
    /// Where it stands in the file.
    pub line: usize,
    /// When the verdict was looked at.
    pub at: At,
    /// Of which service.
    pub service: String,
    /// What was looked at.
    pub what: &'static str,
    /// What a good verdict says.
    pub expected: String,
    /// What was said.
    pub said: String,
    /// Whether it held.
    pub ok: bool,
}

/// The verdict, and all that was said before, against what is expected of it.
pub(super) struct Bench<'a> {
    /// The story.
    pub scenario: &'a Scenario,
    /// What is expected.
    pub expect: &'a Expect,
    /// What is said at that instant.
    pub said: &'a Said,
    /// What was said from the beginning to the end.
    pub course: &'a Course,
}

/// What of an expectation holds: nothing where nothing is expected.
type Found = Option<(String, String, bool)>;

impl Bench<'_> {
    /// Everything that the expectation names, in a fixed order.
    pub(super) fn checks(&self) -> Vec<Check> {
        let named: [(&'static str, Found); 12] = [
            ("severity", self.severity()),
            ("first verdict", self.first_verdict()),
            ("never worse", self.never_worse()),
            ("turns", self.turns()),
            ("onset", self.moment(self.expect.onset, self.said.onset)),
            ("began", self.moment(self.expect.began, self.said.began)),
            ("change", self.change()),
            ("suspect", self.suspect()),
            ("runbook", self.runbook()),
            ("quick win", self.quick_win()),
            ("innocent", self.innocent()),
            ("says", self.says()),
        ];
        let check = |(what, found): (&'static str, Found)| {
            let (expected, said, ok) = found?;
            let service = self.said.service.to_string();
            Some(Check { line: self.expect.line, at: self.at(), service, what, expected, said, ok })
        };
        named.into_iter().filter_map(check).collect()
    }

    fn at(&self) -> At {
        self.scenario.instant(self.expect.at)
    }

    fn severity(&self) -> Found {
        let expected = self.expect.severity?.word();
        let said = self.said.severity.word();
        Some((expected.to_owned(), said.to_owned(), expected == said))
    }

    fn first_verdict(&self) -> Found {
        let within = self.expect.first_within?;
        let visible = self.scenario.instant(self.expect.visible);
        let expected = format!(
            "{} at most {} after {}",
            self.expect.severity.unwrap_or(Severity::Warning).word(),
            apart(delta(within)),
            offset(visible, self.scenario.zero_at())
        );
        let Some(first) = first_verdict(self.course, &self.said.service, self.scenario, self.expect) else {
            return Some((expected, "never".to_owned(), false));
        };
        let late = first - visible;
        let said = if late < TimeDelta::zero() {
            format!("{} before", apart(-late))
        } else {
            format!("{} after", apart(late))
        };
        // What was said long before anything could be seen was said of something else.
        let in_time = late <= delta(within) && late >= -delta(self.expect.first_early);
        Some((expected, said, in_time && first <= self.at()))
    }

    fn never_worse(&self) -> Found {
        let most = self.expect.never_worse?;
        let worse = self.severities().into_iter().find(|(_, said)| rank(*said) > Some(most));
        let zero = self.scenario.zero_at();
        let since = offset(self.scenario.instant(self.expect.since), zero);
        let said = match worse {
            Some((at, severity)) => format!("{} from {} on", severity.word(), offset(at, zero)),
            None => format!("at most {}", most.word()),
        };
        Some((format!("at most {} since {since}", most.word()), said, worse.is_none()))
    }

    fn turns(&self) -> Found {
        let most = self.expect.turns?;
        let turns = self.severities().len().saturating_sub(1);
        let since = offset(self.scenario.instant(self.expect.since), self.scenario.zero_at());
        Some((format!("at most {most} since {since}"), turns.to_string(), turns <= most))
    }

    fn severities(&self) -> Vec<(At, triage::Severity)> {
        self.course.severities(&self.said.service, self.scenario.instant(self.expect.since), self.at())
    }

    fn moment(&self, expected: Option<Moment>, said: Option<At>) -> Found {
        let Moment { at, within } = expected?;
        let (at, zero) = (self.scenario.instant(at), self.scenario.zero_at());
        let expected = format!("{} within {}", offset(at, zero), apart(delta(within)));
        let Some(said) = said else { return Some((expected, "none".to_owned(), false)) };
        let off = said - at;
        let words = match off.num_milliseconds() {
            0 => String::new(),
            ..0 => format!(", {} early", apart(-off)),
            1.. => format!(", {} late", apart(off)),
        };
        Some((expected, format!("{}{words}", offset(said, zero)), off.abs() <= delta(within)))
    }

    fn change(&self) -> Found {
        let first = self.said.changes().next();
        Some(match self.expect.change.as_ref()? {
            ExpectedChange::Nothing => {
                let accused = self.said.changes().find(|change| change.is_near);
                ("none".to_owned(), accused.map_or("none", |one| &one.name).to_owned(), accused.is_none())
            }
            ExpectedChange::Named(name) => {
                let rank = change_rank(self.said, name);
                let behind = rank.filter(|rank| *rank > 1).map(|rank| format!(", before it as number {rank}"));
                let said = first.map_or("none", |first| &first.name);
                (name.clone(), format!("{said}{}", behind.unwrap_or_default()), rank == Some(1))
            }
        })
    }

    fn suspect(&self) -> Found {
        let expected = self.expect.suspect.as_ref()?;
        let said = self.said.suspects.first().map_or("none", |first| &first.kind);
        Some((expected.clone(), said.to_owned(), is_same(expected, said)))
    }

    fn runbook(&self) -> Found {
        let expected = self.expect.runbook.as_ref()?;
        let said = self.said.runbook.as_deref().unwrap_or("none");
        Some((expected.clone(), said.to_owned(), is_same(expected, said)))
    }

    fn quick_win(&self) -> Found {
        let expected = self.expect.quick_win.as_ref()?;
        let said = self.said.quick_win.as_deref().unwrap_or("none");
        Some((expected.clone(), said.to_owned(), holds(said, expected)))
    }

    /// The innocent are not the first suspects now, and were no suspects at all while all was well.
    fn innocent(&self) -> Found {
        if self.expect.innocent.is_empty() {
            return None;
        }
        let is_innocent = |name: &&super::said::Suspect| self.expect.innocent.iter().any(|own| name.is_called(own));
        let well = |said: &Said| said.severity == triage::Severity::Ok;
        let mut accused: Vec<String> = Vec::new();
        if well(self.said) {
            accused.extend(self.said.suspects.iter().filter(is_innocent).map(|one| format!("{} now", one.name)));
        } else {
            accused.extend(self.said.suspects.first().filter(is_innocent).map(|one| format!("{} first", one.name)));
        }
        let until = self.at();
        for step in self.course.of(&self.said.service).filter(|step| step.at <= until && well(&step.said)) {
            let when = offset(step.at, self.scenario.zero_at());
            let names = step.said.suspects.iter().filter(is_innocent);
            accused.extend(names.map(|one| format!("{} at {when}, while all was well", one.name)));
        }
        let expected = format!("not {}", self.expect.innocent.join(", "));
        let said = if accused.is_empty() { "not accused".to_owned() } else { accused.join("; ") };
        Some((expected, said, accused.is_empty()))
    }

    fn says(&self) -> Found {
        if self.expect.says.is_empty() {
            return None;
        }
        let sentences = self.said.sentences();
        let quoted = |words: &String| format!("“{words}”");
        let expected: Vec<String> = self.expect.says.iter().map(quoted).collect();
        let ok = self.expect.says.iter().all(|words| holds(&sentences, words));
        Some((expected.join(", "), sentences, ok))
    }
}

/// When it was first said that it is as bad as expected; where nothing is, at least a warning.
pub(super) fn first_verdict(course: &Course, service: &str, scenario: &Scenario, expect: &Expect) -> Option<At> {
    let visible = scenario.instant(expect.visible);
    match expect.severity {
        // What is not known is not half as bad as a warning.
        Some(same @ (Severity::Ok | Severity::Unknown)) => {
            course.first(service, |said| said.word() == same.word(), visible)
        }
        Some(least) => course.first(service, |said| rank(said) >= Some(least), visible),
        None => course.first(service, |said| rank(said) >= Some(Severity::Warning), visible),
    }
}

/// The place of a change among those that are suspected, from 1.
pub(super) fn change_rank(said: &Said, name: &str) -> Option<usize> {
    said.changes().position(|change| change.is_called(name)).map(|index| index + 1)
}

/// The same severity in the words of scenarios.
fn rank(said: triage::Severity) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity.word() == said.word())
}

/// Whether two names are read as the same: `traffic-surge`, `Traffic surge`.
fn is_same(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.trim().to_lowercase().replace(['-', '_'], " ");
    plain(a) == plain(b)
}

fn holds(text: &str, words: &str) -> bool {
    text.to_lowercase().contains(&words.to_lowercase())
}

fn delta(span: Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::replay::course::Step;
    use crate::commands::replay::said::Suspect;

    /// T is ten minutes after the beginning.
    fn scenario() -> Scenario {
        super::super::tests::scenario("2026-11-20T08:00:00Z", 3_600, 600)
    }

    fn expect() -> Expect {
        Expect {
            line: 7,
            at: 900,
            service: None,
            severity: None,
            first_within: None,
            first_early: Duration::ZERO,
            visible: 600,
            never_worse: None,
            turns: None,
            since: 0,
            onset: None,
            began: None,
            change: None,
            suspect: None,
            innocent: Vec::new(),
            runbook: None,
            quick_win: None,
            says: Vec::new(),
        }
    }

    fn said(severity: triage::Severity, suspects: &[(&str, &str, bool)]) -> Said {
        let suspect = |(what, version, is_change): &(&str, &str, bool)| Suspect {
            name: format!("{what} {version}").trim().to_owned(),
            what: (*what).to_owned(),
            is_near: true,
            kind: if *is_change { "deploy" } else { "traffic surge" }.to_owned(),
            is_change: *is_change,
        };
        Said {
            service: "shop".into(),
            severity,
            headline: "Errors 45 % of requests.".to_owned(),
            context: String::new(),
            aside: "Stripe says degraded.".to_owned(),
            onset: Some(scenario().instant(650)),
            began: None,
            suspects: suspects.iter().map(suspect).collect(),
            quick_win: Some("Roll back api v2 to v1".to_owned()),
            runbook: Some("error-spike".to_owned()),
        }
    }

    fn course(steps: &[(i64, triage::Severity)]) -> Course {
        let mut course = Course::default();
        let step = |(second, severity): &(i64, triage::Severity)| Step {
            at: scenario().instant(*second),
            said: said(*severity, &[]),
        };
        course.steps = steps.iter().map(step).collect();
        course
    }

    /// What was looked at, what was said of it, whether it holds.
    fn checked(expect: &Expect, said: &Said, course: &Course) -> Vec<(&'static str, String, bool)> {
        let scenario = scenario();
        let bench = Bench { scenario: &scenario, expect, said, course };
        bench.checks().into_iter().map(|check| (check.what, check.said, check.ok)).collect()
    }

    #[test]
    fn what_is_not_expected_is_not_looked_at() {
        let said = said(triage::Severity::Critical, &[("api", "v2", true)]);
        assert_eq!(checked(&expect(), &said, &Course::default()), []);
    }

    #[test]
    fn the_first_verdict_counts_from_when_the_trouble_is_visible() {
        use triage::Severity::{Critical, Ok, Unknown, Warning};
        let all = expect();
        let within = Expect { first_within: Some(Duration::from_secs(60)), ..all };
        for (steps, severity, words, ok) in [
            (&[(0, Ok), (640, Critical)][..], Severity::Critical, "40 s after", true),
            (&[(0, Ok), (640, Warning), (670, Critical)], Severity::Critical, "1m10s after", false),
            (&[(0, Ok), (640, Warning), (670, Critical)], Severity::Warning, "40 s after", true),
            // What was said before anything could be seen is a guess, unless the file allows for it.
            (&[(0, Ok), (590, Warning)], Severity::Warning, "10 s before", false),
            // A false alarm that is long over is no early verdict.
            (&[(0, Ok), (300, Warning), (400, Ok), (650, Warning)], Severity::Warning, "50 s after", true),
            (&[(0, Ok), (610, Unknown)], Severity::Warning, "never", false),
            (&[(0, Ok), (610, Unknown)], Severity::Unknown, "10 s after", true),
            (&[(0, Ok), (610, Critical)], Severity::Unknown, "never", false),
        ] {
            let expect = Expect { severity: Some(severity), ..within.clone() };
            let all = checked(&expect, &said(Critical, &[]), &course(steps));
            let first = all.iter().find(|check| check.0 == "first verdict").unwrap();
            assert_eq!((first.1.as_str(), first.2), (words, ok), "{steps:?} {severity:?}");
        }
        let early = course(&[(0, Ok), (590, Warning)]);
        for (seconds, ok) in [(9, false), (10, true)] {
            let first_early = Duration::from_secs(seconds);
            let expect = Expect { severity: Some(Severity::Warning), first_early, ..within.clone() };
            let all = checked(&expect, &said(Critical, &[]), &early);
            assert!(all.iter().any(|check| check.0 == "first verdict" && check.2 == ok), "{seconds}");
        }
    }

    #[test]
    fn a_span_is_looked_at_from_its_beginning_to_the_time() {
        use triage::Severity::{Critical, Ok, Unknown, Warning};
        let steps = [(0, Unknown), (1, Ok), (100, Warning), (200, Warning), (300, Ok), (700, Critical), (950, Ok)];
        for (never_worse, since, words, ok) in [
            (Severity::Critical, 0, "at most critical", true),
            (Severity::Warning, 0, "critical from T+1m40s on", false),
            (Severity::Ok, 0, "warning from T-8m20s on", false),
            (Severity::Ok, 250, "warning from T-6m40s on", false),
            (Severity::Ok, 300, "critical from T+1m40s on", false),
        ] {
            let expect = Expect { never_worse: Some(never_worse), since, ..expect() };
            let found = checked(&expect, &said(Critical, &[]), &course(&steps));
            assert_eq!(found, [("never worse", words.to_owned(), ok)], "{never_worse:?} {since}");
        }
        for (turns, since, words, ok) in
            [(3, 0, "3", true), (2, 0, "3", false), (2, 200, "2", true), (0, 700, "0", true)]
        {
            let expect = Expect { turns: Some(turns), since, ..expect() };
            let found = checked(&expect, &said(Critical, &[]), &course(&steps));
            assert_eq!(found, [("turns", words.to_owned(), ok)], "{turns} {since}");
        }
    }

    #[test]
    fn moments_have_a_margin() {
        let said = said(triage::Severity::Critical, &[]);
        let moment = |at, within| Some(Moment { at, within: Duration::from_secs(within) });
        for (onset, words, ok) in [
            (moment(650, 0), "T+50s", true),
            (moment(640, 10), "T+50s, 10 s late", true),
            (moment(661, 10), "T+50s, 11 s early", false),
        ] {
            let found = checked(&Expect { onset, ..expect() }, &said, &Course::default());
            assert_eq!(found, [("onset", words.to_owned(), ok)]);
        }
        let began = Expect { began: moment(1, 1), ..expect() };
        assert_eq!(checked(&began, &said, &Course::default()), [("began", "none".to_owned(), false)]);
    }

    #[test]
    fn changes_are_ranked_among_changes_and_known_with_or_without_a_version() {
        let said = said(triage::Severity::Critical, &[("shop", "", false), ("web", "v88", true), ("api", "v2", true)]);
        let named = |name: &str| Some(ExpectedChange::Named(name.to_owned()));
        for (change, words, ok) in [
            (named("web v88"), "web v88", true),
            (named("Web"), "web v88", true),
            (named("api v2"), "web v88, before it as number 2", false),
            (named("shop"), "web v88", false),
            (Some(ExpectedChange::Nothing), "web v88", false),
        ] {
            let found = checked(&Expect { change, ..expect() }, &said, &Course::default());
            assert_eq!(found, [("change", words.to_owned(), ok)]);
        }
        let mut far = said.clone();
        far.suspects.iter_mut().for_each(|one| one.is_near = false);
        let nothing = Expect { change: Some(ExpectedChange::Nothing), ..expect() };
        assert!(checked(&nothing, &far, &Course::default())[0].2, "what is far behind is not accused");
        let expect = Expect {
            suspect: Some("traffic-surge".to_owned()),
            runbook: Some("Error spike".to_owned()),
            quick_win: Some("roll back api".to_owned()),
            says: vec!["45 %".to_owned(), "stripe".to_owned()],
            ..expect()
        };
        let found = checked(&expect, &said, &Course::default());
        assert!(found.len() == 4 && found.iter().all(|(.., ok)| *ok), "{found:?}");
    }

    #[test]
    fn the_innocent_are_accused_of_nothing_while_all_is_well() {
        let innocent = Expect { innocent: vec!["web v88".to_owned()], ..expect() };
        let accused = [("web", "v88", true)];
        let (critical, ok) = (triage::Severity::Critical, triage::Severity::Ok);
        let second = [("api", "v2", true), ("web", "v88", true)];
        assert!(checked(&innocent, &said(critical, &second), &Course::default())[0].2);
        assert!(!checked(&innocent, &said(critical, &accused), &Course::default())[0].2);
        assert!(!checked(&innocent, &said(ok, &second), &Course::default())[0].2);
        let mut before = course(&[(100, ok), (950, critical)]);
        before.steps[0].said.suspects = said(ok, &accused).suspects;
        let found = checked(&innocent, &said(critical, &second), &before);
        assert_eq!(found, [("innocent", "web v88 at T-8m20s, while all was well".to_owned(), false)]);
    }
}
