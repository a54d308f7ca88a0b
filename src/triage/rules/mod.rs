//! Rules: sentences such as `error_rate > 5% for 2m` that say when a service is in trouble, and how badly.
//!
//! [`Rules`] are the ones that hold for one service: the defaults, each with its reason, and what the team wrote
//! instead. A [`Rule`] is read from its sentence by [`Rule::parse`] and written as one again. Whether a rule holds is
//! found out by the [`Watcher`](crate::triage::Watcher); nothing here looks at a value.

pub(crate) mod baseline;
mod defaults;
mod sentence;
#[cfg(test)]
mod tests;
pub(crate) mod watch;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Signal;
use crate::triage::Severity;
use crate::triage::Subject;

pub use defaults::Default as DefaultRule;
pub use defaults::defaults;
pub use sentence::SentenceError;

/// On which side of its bound a value is bad.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

impl Side {
    /// The sign in a sentence.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
        }
    }

    /// Whether small values are the bad ones.
    #[must_use]
    pub const fn is_low(self) -> bool {
        matches!(self, Self::Below | Self::AtMost)
    }

    /// Whether a value is on the bad side of a bound.
    #[must_use]
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Above => value > bound,
            Self::AtLeast => value >= bound,
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
        }
    }
}

/// What a value is compared with.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Against {
    /// A value in the subject's base unit.
    Level(f64),
    /// A factor of what is usual for the series: 0.5 is `50% of baseline`.
    Baseline(f64),
    /// The subject reaches its limit within that time if it goes on as it does.
    FullIn(Duration),
}

/// One comparison of a sentence.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Condition {
    /// What is compared.
    pub subject: Subject,
    /// On which side it is bad.
    pub side: Side,
    /// With what.
    pub against: Against,
    /// How long it must hold; zero: two answers in a row.
    pub lasting: Duration,
}

/// One sentence and how bad it is when it holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// How bad.
    pub severity: Severity,
    /// It holds when all conditions of any of these hold.
    pub groups: Vec<Vec<Condition>>,
    /// Why the rule is there; empty for a team's own.
    pub reason: &'static str,
}

impl Rule {
    /// The subjects that the rule is about, in the order of the sentence.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> {
        self.groups.iter().flatten().map(|condition| condition.subject)
    }
}

/// The limits of a subject for the eye: where a strip draws its lines.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Limit {
    /// From this value on: look at it.
    pub warning: Option<f64>,
    /// From this value on: somebody is hurt.
    pub critical: Option<f64>,
}

/// The rules of one service. Shared, since most services have the same.
#[derive(Clone, PartialEq, Debug)]
pub struct Rules(Arc<[Arc<Rule>]>);

impl Default for Rules {
    fn default() -> Self {
        Self(defaults().iter().map(|one| Arc::clone(&one.rule)).collect())
    }
}

impl Rules {
    /// Exactly these rules.
    #[must_use]
    pub fn of(rules: Vec<Rule>) -> Self {
        Self(rules.into_iter().map(Arc::new).collect())
    }

    /// All rules, the worst first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.0.iter()
    }

    /// The rules of a team: what it writes about a subject takes the place of all defaults that begin with that
    /// subject; what it switches off is gone.
    #[must_use]
    pub fn with(&self, own: Vec<Rule>, off: &[Subject]) -> Self {
        let named: Vec<Subject> = own.iter().flat_map(Rule::subjects).chain(off.iter().copied()).collect();
        let rest = self.0.iter().filter(|rule| !rule.subjects().next().is_some_and(|first| named.contains(&first)));
        let mut all: Vec<Arc<Rule>> = rest.cloned().chain(own.into_iter().map(Arc::new)).collect();
        all.sort_by_key(|rule| std::cmp::Reverse(rule.severity));
        Self(all.into())
    }

    /// The rules with another level for the plain rules of a subject; `None` switches the rule of that severity off.
    #[must_use]
    pub fn with_limit(&self, subject: Subject, severity: Severity, level: Option<f64>) -> Self {
        let plain =
            |condition: &Condition| condition.subject == subject && matches!(condition.against, Against::Level(_));
        let mut found = false;
        let mut all: Vec<Arc<Rule>> = Vec::new();
        for rule in self.0.iter() {
            if rule.severity != severity || !rule.groups.iter().any(|group| group.len() == 1 && plain(&group[0])) {
                all.push(Arc::clone(rule));
                continue;
            }
            let mut rule = Rule::clone(rule);
            rule.groups.retain_mut(|group| match group.as_mut_slice() {
                [one] if plain(one) => {
                    found |= level.is_some();
                    level.is_some_and(|level| {
                        one.against = Against::Level(level);
                        true
                    })
                }
                _ => true,
            });
            if !rule.groups.is_empty() {
                all.push(Arc::new(rule));
            }
        }
        if let (false, Some(level)) = (found, level) {
            let side = if subject.is_low() { Side::AtMost } else { Side::AtLeast };
            let lasting = Duration::from_secs(if severity == Severity::Critical { 10 } else { 30 });
            let condition = Condition { subject, side, against: Against::Level(level), lasting };
            all.push(Arc::new(Rule { severity, groups: vec![vec![condition]], reason: "" }));
        }
        all.sort_by_key(|rule| std::cmp::Reverse(rule.severity));
        Self(all.into())
    }

    /// Where the plain rules of a subject begin to hold.
    #[must_use]
    pub fn limit(&self, subject: Subject) -> Limit {
        let level = |severity: Severity| {
            let rules = self.0.iter().filter(|rule| rule.severity == severity);
            let alone = rules.flat_map(|rule| &rule.groups).filter(|group| group.len() == 1).map(|group| group[0]);
            let levels = alone.filter(|one| one.subject == subject).filter_map(|one| match one.against {
                Against::Level(level) => Some(level),
                Against::Baseline(_) | Against::FullIn(_) => None,
            });
            levels.reduce(if subject.is_low() { f64::max } else { f64::min })
        };
        Limit { warning: level(Severity::Warning), critical: level(Severity::Critical) }
    }

    /// How bad a value is by the plain rules alone, whatever was before.
    #[must_use]
    pub fn severity(&self, subject: Subject, value: f64) -> Severity {
        let limit = self.limit(subject);
        let over = |bound: Option<f64>| {
            bound.is_some_and(|bound| if subject.is_low() { value <= bound } else { value >= bound })
        };
        if over(limit.critical) {
            Severity::Critical
        } else if over(limit.warning) {
            Severity::Warning
        } else {
            Severity::Ok
        }
    }

    /// The rules that say something about a signal.
    pub fn about(&self, signal: Signal) -> impl Iterator<Item = &Arc<Rule>> {
        self.0.iter().filter(move |rule| rule.subjects().any(|subject| subject.signal() == signal))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sentence::write(self, f)
    }
}
