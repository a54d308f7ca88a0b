//! Whether what was broken is as it was before the incident, and since when: what the monitor stage and the timeline say.
//!
//! [`recovery`] is a pure function of the signals: what was usual in the hour before, what left it since, and what has
//! come back and stayed. Where data is missing it says so: silence is never called fine. It does not say why it is back.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::TimeDelta;

use crate::facts::At;
use crate::facts::Number;
use crate::facts::Zone;
use crate::signals::ServiceSignals;
use crate::signals::units;
use crate::triage::Line;
use crate::triage::Rules;
use crate::triage::Subject;
use crate::triage::Tone;
use crate::triage::clock_time;

/// So much of the time before the incident says what was usual.
const BEFORE: TimeDelta = TimeDelta::hours(1);

/// What comes so shortly before the onset may be its beginning already: an onset is known to about a minute.
const LEAD: TimeDelta = TimeDelta::minutes(1);

/// Fewer values than this do not say what was usual.
const NEEDED: usize = 6;

/// So long it must hold without a gap before it is called back; the guides verify a fix for as long.
pub const HOLD: Duration = Duration::from_secs(120);

/// Noise widths on each side that are usual.
const WIDTHS: f64 = 4.0;

/// So many times as far out as usual reaches it is called broken; between the two it is neither.
const BROKEN: f64 = 1.5;

/// How the signals of an incident stand against the time before it.
#[derive(Clone, PartialEq, Debug)]
pub struct Recovery {
    /// When the incident began.
    pub onset: At,
    /// The instant that this holds for.
    pub now: At,
    /// How long it must hold before it is called back.
    pub hold: Duration,
    /// What was broken since then, or has fallen silent; what hurts people most directly first.
    pub subjects: Vec<Course>,
    /// All that was broken is as before since then, for at least `hold` without a gap. `None` while it is not, while
    /// nobody can tell, and when nothing was broken.
    pub back_since: Option<At>,
}

/// One thing that was broken.
#[derive(Clone, PartialEq, Debug)]
pub struct Course {
    /// What it is.
    pub subject: Subject,
    /// What it is measured by.
    pub before: Before,
    /// The first value that was out; `None` when it fell silent before one was seen.
    pub broken_since: Option<At>,
    /// The worst value since the onset, and when it was.
    pub worst: Option<(At, f64)>,
    /// The newest value; `None` while there is none that is new enough.
    pub now: Option<(At, f64)>,
    /// How it stands.
    pub state: CourseState,
}

/// What a value is measured by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Before {
    /// What was usual in the hour before the onset.
    Usual {
        /// The least that was usual.
        low: f64,
        /// The median.
        middle: f64,
        /// The most that was usual.
        high: f64,
    },
    /// Too little is known of the time before: the limit of the rules stands for it.
    Limit(f64),
}

/// How one thing stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CourseState {
    /// It is still out, or out again.
    Out,
    /// It is as before since then, not for long enough yet.
    Returning(At),
    /// It is as before since then.
    Back(At),
    /// There is no value since then: nobody can tell.
    Unknown(At),
}

/// How the signals stand at `now` against the time before `onset`, by the default rules where that time is not known.
#[must_use]
pub fn recovery(signals: &ServiceSignals, onset: At, now: At) -> Recovery {
    recovery_by(signals, &Rules::default(), onset, now, HOLD)
}

/// The same with the rules of the service, and with how long it must hold before it is called back.
#[must_use]
pub fn recovery_by(signals: &ServiceSignals, rules: &Rules, onset: At, now: At, hold: Duration) -> Recovery {
    let courses = Subject::ALL.into_iter().filter_map(|subject| course(signals, rules, subject, (onset, now), hold));
    let subjects: Vec<Course> = courses.collect();
    let back = |course: &Course| match course.state {
        CourseState::Back(since) => Some(since),
        _ => None,
    };
    let all: Option<Vec<At>> = subjects.iter().map(back).collect();
    let back_since = all.and_then(|all| all.into_iter().max());
    Recovery { onset, now, hold, subjects, back_since }
}

/// The course of one subject; `None` where it was never out.
fn course(
    signals: &ServiceSignals,
    rules: &Rules,
    subject: Subject,
    (onset, now): (At, At),
    hold: Duration,
) -> Option<Course> {
    let rows = subject.values(signals, Some(onset - BEFORE)).take_while(|(at, _)| *at <= now);
    let (past, since): (Vec<_>, Vec<_>) = rows.partition(|(at, _)| *at < onset);
    let known = past.iter().filter(|(at, _)| *at < onset - LEAD).filter_map(|(_, value)| *value).collect();
    let yard = Yard::of(subject, known, rules)?;
    let mut walk = Walk::default();
    for (at, value) in &since {
        walk.step(&yard, signals.every(), *at, *value);
    }
    let last_known = walk.newest.map(|(at, _)| at);
    let lag = signals.about().map(|about| about.lag).unwrap_or_default();
    let patience = walk.patience(signals.every()) + delta(lag + Duration::from_secs(1));
    let fresh = walk.newest.filter(|(at, _)| !walk.in_gap && now - *at <= patience);
    let last_before = past.iter().rev().find(|(_, value)| value.is_some()).map(|(at, _)| *at);
    let state = match (walk.broken_since, fresh, walk.run) {
        // Only what tells whether people are served is missed when it was never seen to be broken.
        (None, None, _) if is_felt(subject) => CourseState::Unknown(last_known.or(last_before)?),
        (None, ..) => return None,
        (Some(broken), None, _) => CourseState::Unknown(last_known.unwrap_or(broken)),
        (Some(_), Some(_), None) => CourseState::Out,
        (Some(_), Some((last, _)), Some(run)) if last - run >= delta(hold) => CourseState::Back(run),
        (Some(_), Some(_), Some(run)) => CourseState::Returning(run),
    };
    let (broken_since, worst) = (walk.broken_since, walk.worst.filter(|_| walk.broken_since.is_some()));
    Some(Course { subject, before: yard.before, broken_since, worst, now: fresh, state })
}

/// Whether people feel it, so that its silence counts even where it was never seen to be broken.
const fn is_felt(subject: Subject) -> bool {
    matches!(subject, Subject::ErrorRate | Subject::LatencyP95 | Subject::RequestRate)
}

fn delta(span: Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
}

/// What is as before, and what is broken.
struct Yard {
    before: Before,
    low_hurts: bool,
    /// Beyond this it is not as before.
    edge: f64,
    /// Beyond this it is broken.
    broken: f64,
}

impl Yard {
    fn of(subject: Subject, known: Vec<f64>, rules: &Rules) -> Option<Self> {
        let low_hurts = subject.is_low();
        if known.len() < NEEDED {
            let limit = rules.limit(subject);
            let limit = limit.warning.or(limit.critical)?;
            return Some(Self { before: Before::Limit(limit), low_hurts, edge: limit, broken: limit });
        }
        let mut sorted = known;
        sorted.sort_by(f64::total_cmp);
        let middle = quantile(&sorted, 0.5);
        let mut far: Vec<f64> = sorted.iter().map(|value| (value - middle).abs()).collect();
        far.sort_by(f64::total_cmp);
        // The spread of a normal noise is 1.4826 times its median distance.
        let noise = WIDTHS * 1.4826 * quantile(&far, 0.5);
        let least = leeway(subject, middle);
        let up = noise.max(quantile(&sorted, 0.98) - middle).max(least);
        let down = noise.max(middle - quantile(&sorted, 0.02)).max(least);
        let (low, high) = ((middle - down).max(0.0), middle + up);
        let before = Before::Usual { low, middle, high };
        let (edge, broken) = if low_hurts {
            // However noisy it is: a tenth of it is not as before, a twentieth is broken.
            (low.max(0.1 * middle), (middle - BROKEN * down).max(0.05 * middle))
        } else {
            (high, middle + BROKEN * up)
        };
        Some(Self { before, low_hurts, edge, broken })
    }

    fn is_out(&self, value: f64) -> bool {
        if self.low_hurts { value < self.edge } else { value > self.edge }
    }

    fn is_broken(&self, value: f64) -> bool {
        if self.low_hurts { value < self.broken } else { value > self.broken }
    }

    fn is_worse(&self, value: f64, than: f64) -> bool {
        if self.low_hurts { value < than } else { value > than }
    }
}

/// What makes no difference to anybody: so far from the middle it is usual in any case, in the subject's unit.
fn leeway(subject: Subject, middle: f64) -> f64 {
    match subject {
        Subject::ErrorRate | Subject::CallsLimited => 0.005,
        Subject::NotFound | Subject::RateLimited | Subject::CallErrors => 0.02,
        Subject::Disk => 0.03,
        Subject::Memory => 0.05,
        Subject::DbPool => 0.1,
        Subject::Cpu => 0.15,
        Subject::LatencyP95 | Subject::DbLatency => (0.25 * middle).max(0.025),
        Subject::DbPoolWaiting | Subject::DbLocked => 0.5,
        Subject::RequestRate => 0.35 * middle,
    }
}

/// A quantile of sorted values; they are not empty.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((share * last as f64).round() as usize).copied().unwrap_or_default()
}

/// What is remembered while the values since the onset are walked through.
#[derive(Default)]
struct Walk {
    newest: Option<(At, f64)>,
    in_gap: bool,
    /// The distances of the last values.
    steps: VecDeque<TimeDelta>,
    /// Since when it is as before.
    run: Option<At>,
    /// The first of the values in a row that are broken, and how many.
    broken: Option<(At, u32)>,
    /// Whether the value before was out.
    was_out: bool,
    broken_since: Option<At>,
    worst: Option<(At, f64)>,
}

impl Walk {
    fn step(&mut self, yard: &Yard, every: Duration, at: At, value: Option<f64>) {
        let Some(value) = value else {
            self.in_gap = true;
            (self.run, self.broken) = (None, None);
            return;
        };
        if let Some((before, _)) = self.newest {
            if at - before > self.patience(every) {
                self.run = None;
            }
            self.steps.push_back(at - before);
            if self.steps.len() > 3 {
                self.steps.pop_front();
            }
        }
        self.newest = Some((at, value));
        self.in_gap = false;
        if self.worst.is_none_or(|(_, worst)| yard.is_worse(value, worst)) {
            self.worst = Some((at, value));
        }
        if yard.is_broken(value) {
            let (first, count) = self.broken.map_or((at, 1), |(first, count)| (first, count + 1));
            self.broken = Some((first, count));
            // One value alone is a hiccup.
            if count >= 2 {
                self.broken_since = self.broken_since.or(Some(first));
            }
        } else {
            self.broken = None;
        }
        let is_out = yard.is_out(value);
        // One value a little beside it ends nothing; two in a row do, or one that is far off.
        if is_out && (self.was_out || yard.is_broken(value)) {
            self.run = None;
        } else if !is_out {
            self.run = self.run.or(Some(at));
        }
        self.was_out = is_out;
    }

    /// Two values that lie further apart have a gap between them. The past of a server has longer steps.
    fn patience(&self, every: Duration) -> TimeDelta {
        let usual = self.steps.iter().min().copied().unwrap_or_default();
        delta(every.saturating_mul(3)).max(usual * 8 / 5)
    }
}

impl Recovery {
    /// What nobody can tell now.
    pub fn unknown(&self) -> impl Iterator<Item = &Course> {
        self.subjects.iter().filter(|course| matches!(course.state, CourseState::Unknown(_)))
    }

    /// What is out, or out again.
    pub fn out(&self) -> impl Iterator<Item = &Course> {
        self.subjects.iter().filter(|course| course.state == CourseState::Out)
    }

    /// In one line: `back to normal since 03:31:10, 12m`, `not as before yet: error rate 4.1 %, before at most 0.70 %`,
    /// `cannot tell: no error rate since 03:30:05`.
    #[must_use]
    pub fn line(&self, zone: &Zone) -> Line {
        let line = Line::new();
        if let Some(since) = self.back_since {
            let held = units::between(since, self.now);
            let at = clock_time(since, self.now, zone);
            return line.with(Tone::Good, format!("back to normal since {at}")).with(Tone::Plain, format!(", {held}"));
        }
        if let Some(out) = self.out().next() {
            let more = match self.out().count() - 1 {
                0 => String::new(),
                count => format!(", and {count} more"),
            };
            let words = format!("{}{more}", out.standing());
            return line.with(Tone::Warning, "not as before yet: ").with(Tone::Plain, words);
        }
        if let Some(silent) = self.unknown().next() {
            let CourseState::Unknown(since) = silent.state else { return line };
            let words = format!("no {} since {}", silent.name(), clock_time(since, self.now, zone));
            return line.with(Tone::Unknown, "cannot tell: ").with(Tone::Plain, words);
        }
        let returning = self.subjects.iter().filter_map(|course| match course.state {
            CourseState::Returning(since) | CourseState::Back(since) => Some(since),
            _ => None,
        });
        let Some(since) = returning.max() else {
            return line.with(Tone::Muted, "nothing left what was usual before");
        };
        let asked = format!("; called normal after {}", units::age(self.hold));
        line.with(Tone::Plain, format!("as before for {}", units::between(since, self.now))).with(Tone::Muted, asked)
    }
}

impl Course {
    /// `error rate`.
    #[must_use]
    pub fn name(&self) -> String {
        self.subject.key().replace('_', " ")
    }

    /// `error rate 4.1 %, before at most 0.70 %`.
    fn standing(&self) -> String {
        let now = self.now.map_or_else(|| "not known".to_owned(), |(_, value)| self.shown(value));
        format!("{} {now}, {}", self.name(), self.before_words())
    }

    /// `before at most 0.70 %`, `before at least 380 req/s`, `its limit is 1.0 %`.
    fn before_words(&self) -> String {
        match self.before {
            Before::Usual { low, .. } if self.subject.is_low() => format!("before at least {}", self.shown(low)),
            Before::Usual { high, .. } => format!("before at most {}", self.shown(high)),
            Before::Limit(limit) => format!("its limit is {}", self.shown(limit)),
        }
    }

    /// What it was before, at its worst, and is now, in one line:
    /// `error rate: 0.20 % before, 45.2 % at its worst at 03:21:10, 0.31 % now, as before since 03:31:10`.
    #[must_use]
    pub fn line(&self, now: At, zone: &Zone) -> Line {
        let clock = |at: At| clock_time(at, now, zone);
        let before = match self.before {
            Before::Usual { middle, .. } => format!("{} before", self.shown(middle)),
            Before::Limit(limit) => format!("limit {}, before not known", self.shown(limit)),
        };
        let worst = self.worst.map(|(at, value)| format!(", {} at its worst at {}", self.shown(value), clock(at)));
        let newest = self.now.map(|(_, value)| format!(", {} now", self.shown(value)));
        let said = format!("{}: {before}{}{}", self.name(), worst.unwrap_or_default(), newest.unwrap_or_default());
        let line = Line::new().with(Tone::Plain, said).with(Tone::Plain, ", ");
        match self.state {
            CourseState::Out => line.with(Tone::Warning, "not as before yet"),
            CourseState::Returning(since) => {
                line.with(Tone::Plain, format!("as before for {}", units::between(since, now)))
            }
            CourseState::Back(since) => line.with(Tone::Good, format!("as before since {}", clock(since))),
            CourseState::Unknown(since) => line.with(Tone::Unknown, format!("no value since {}", clock(since))),
        }
    }

    fn shown(&self, value: f64) -> String {
        units::shown(Number { value, at_least: false }, self.subject.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Measure;
    use crate::triage::finding::tests::Row;
    use crate::triage::finding::tests::at;
    use crate::triage::finding::tests::signals;

    type Value = (Measure, Option<f64>);

    /// Rows every ten seconds from `from` to `to`, as a function of the second.
    fn world(from: i64, to: i64, values: impl Fn(i64) -> Vec<Value>) -> ServiceSignals {
        let rows: Vec<(i64, Vec<Value>)> =
            (from..=to).step_by(10).map(|second| (second, values(second))).filter(|(_, row)| !row.is_empty()).collect();
        let rows: Vec<Row<'_>> = rows.iter().map(|(second, row)| (*second, row.as_slice())).collect();
        signals(10, &rows)
    }

    /// Without a pattern: a little up, a little down.
    fn noise(second: i64, size: f64) -> f64 {
        (((second / 10) * 7919).rem_euclid(101) as f64 / 50.0 - 1.0) * size
    }

    fn errors(second: i64, bad: std::ops::Range<i64>) -> f64 {
        if bad.contains(&second) { 0.4 + noise(second, 0.05) } else { 0.003 + noise(second, 0.001) }
    }

    fn told(signals: &ServiceSignals, now: i64) -> (Option<i64>, String) {
        let found = recovery(signals, at(0), at(now));
        (found.back_since.map(|since| (since - at(0)).num_seconds()), found.line(&Zone::utc()).text())
    }

    #[test]
    fn a_burst_a_roll_back_and_back_to_normal() {
        let burst = |to| world(-3600, to, |second| vec![(Measure::ErrorRate, Some(errors(second, 0..600)))]);
        for (now, back, words) in [
            (300, None, "not as before yet: error rate "),
            (600, None, "as before for 0s"),
            (690, None, "as before for 1m30s; called normal after 2m"),
            (720, Some(600), "back to normal since 08:10:00, 2m"),
            (1200, Some(600), "back to normal since 08:10:00, 10m"),
        ] {
            let (since, line) = told(&burst(now), now);
            assert_eq!(since, back, "{now}");
            assert!(line.starts_with(words), "{line}");
        }
        let found = recovery(&burst(900), at(0), at(900));
        let [course] = found.subjects.as_slice() else { panic!("{found:?}") };
        assert_eq!((course.subject, course.broken_since), (Subject::ErrorRate, Some(at(0))));
        assert!(course.worst.is_some_and(|(_, worst)| worst > 0.4) && matches!(course.before, Before::Usual { .. }));
        let line = course.line(at(900), &Zone::utc()).text();
        assert!(line.starts_with("error rate: 0.3") && line.ends_with("as before since 08:10:00"), "{line}");
    }

    #[test]
    fn one_bad_answer_ends_it_when_it_is_far_off_and_not_when_it_is_a_little_beside() {
        for (value, back) in [(0.009, Some(300)), (0.3, None)] {
            let signals = world(-1800, 600, |second| {
                let value = if second == 540 { value } else { errors(second, 0..300) };
                vec![(Measure::ErrorRate, Some(value))]
            });
            assert_eq!(told(&signals, 600).0, back, "{value}");
        }
    }

    #[test]
    fn a_leak_that_restarts_is_back_until_it_is_out_again() {
        let leak = |second: i64| {
            let climb = |from: i64| 0.35 + 0.001 * (second - from).max(0) as f64;
            let used = if second < 600 { climb(0) } else { climb(1000) };
            vec![
                (Measure::MemoryUsed, Some(used.min(1.0) * 1e9)),
                (Measure::MemoryLimit, Some(1e9)),
                (Measure::ErrorRate, Some(errors(second, 500..600))),
            ]
        };
        let until = |now| told(&world(-3600, now, leak), now);
        assert_eq!(until(590).0, None);
        assert_eq!(until(800), (Some(600), "back to normal since 08:10:00, 3m20s".to_owned()));
        let (since, line) = until(1500);
        assert!(since.is_none() && line.starts_with("not as before yet: memory 85.0 %, before at most 40"), "{line}");
    }

    #[test]
    fn silence_is_not_fine() {
        let silent = |gap: std::ops::Range<i64>, to| {
            world(-1800, to, move |second| {
                if gap.contains(&second) {
                    return Vec::new();
                }
                vec![(Measure::ErrorRate, Some(errors(second, 0..300)))]
            })
        };
        // It fell silent while it was broken, and after it was back.
        for (gap, expected) in [
            (250..10_000, "cannot tell: no error rate since 08:04:00"),
            (500..10_000, "cannot tell: no error rate since 08:08:10"),
        ] {
            let (since, line) = told(&silent(gap, 900), 900);
            assert_eq!((since, line.as_str()), (None, expected));
        }
        // What comes after the gap counts from there.
        assert_eq!(told(&silent(400..600, 690), 690).0, None);
        assert_eq!(told(&silent(400..600, 720), 720).0, Some(600));
        // It was silent since before the onset.
        let (since, line) = told(&silent(-60..10_000, 900), 900);
        assert_eq!((since, line.as_str()), (None, "cannot tell: no error rate since 07:58:50"));
    }

    #[test]
    fn a_gap_that_was_noted_is_a_gap() {
        let signals = world(-1800, 600, |second| {
            let gone = (400..=410).contains(&second);
            vec![(Measure::ErrorRate, (!gone).then(|| errors(second, 0..300)))]
        });
        assert_eq!(told(&signals, 600).0, Some(420));
    }

    #[test]
    fn traffic_that_is_gone_is_not_fine() {
        let signals = world(-1800, 900, |second| {
            let gone = second >= 0;
            vec![
                (Measure::RequestRate, Some(if gone { 0.0 } else { 200.0 + noise(second, 40.0) })),
                (Measure::ErrorRate, (!gone).then(|| errors(second, 0..0))),
            ]
        });
        let found = recovery(&signals, at(0), at(900));
        let states: Vec<_> = found.subjects.iter().map(|one| (one.subject, one.state)).collect();
        assert_eq!(
            states,
            [(Subject::ErrorRate, CourseState::Unknown(at(-10))), (Subject::RequestRate, CourseState::Out)]
        );
        assert_eq!(found.back_since, None);
        let line = found.line(&Zone::utc()).text();
        assert!(line.starts_with("not as before yet: request rate 0 req/s, before at least 8"), "{line}");
        // A night that is calmer is no trouble, and a surge that waits for us neither.
        for factor in [0.7, 2.5] {
            let signals = world(-1800, 900, |second| {
                let rate = if second >= 0 { 200.0 * factor } else { 200.0 };
                vec![(Measure::RequestRate, Some(rate + noise(second, 10.0)))]
            });
            assert_eq!(recovery(&signals, at(0), at(900)).subjects, [], "{factor}");
        }
    }

    #[test]
    fn without_a_before_the_limits_stand_for_it() {
        let signals = world(-20, 900, |second| vec![(Measure::ErrorRate, Some(errors(second, -20..300)))]);
        let found = recovery(&signals, at(0), at(900));
        assert_eq!((found.back_since, found.subjects[0].before), (Some(at(300)), Before::Limit(0.01)));
        let line = found.subjects[0].line(at(900), &Zone::utc()).text();
        assert!(line.starts_with("error rate: limit 1.0 %, before not known, 4"), "{line}");
        // What has no limit either cannot be told, and is not called broken.
        let signals = world(0, 900, |_| vec![(Measure::RequestRate, Some(1.0))]);
        assert_eq!(recovery(&signals, at(0), at(900)).subjects, []);
    }

    #[test]
    fn nothing_broken_is_nothing_to_be_back_from() {
        let signals = world(-1800, 900, |second| vec![(Measure::ErrorRate, Some(errors(second, 0..0)))]);
        assert_eq!(told(&signals, 900), (None, "nothing left what was usual before".to_owned()));
        assert_eq!(told(&world(0, -10, |_| Vec::new()), 900).0, None);
    }

    #[test]
    fn the_long_steps_of_a_server_are_no_gaps() {
        let rows: Vec<(i64, [Value; 1])> = (-40..=20)
            .map(|step| (step * 60, [(Measure::LatencyP95, Some(if (0..8).contains(&step) { 4.0 } else { 0.2 }))]))
            .collect();
        let rows: Vec<Row<'_>> = rows.iter().map(|(second, row)| (*second, row.as_slice())).collect();
        let signals = signals(10, &rows);
        assert_eq!(told(&signals, 1210), (Some(480), "back to normal since 08:08:00, 12m".to_owned()));
    }
}
