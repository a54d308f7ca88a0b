//! Measures that nobody misses: as long as one has never had a number, nothing is said of it. For both engines.
//!
//! Why a golden signal has no number is told by whoever evaluates it, not here.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::facts::Answer;
use crate::facts::Measure;

/// What is said of a query whose value is none: 0/0, as a rule.
pub(in crate::sources) const NO_NUMBER: &str = "the query gives no number (NaN or infinite)";

/// Takes back what would only say that something is not there. `own` are the measures whose query the team wrote, `seen`
/// those that had a number before; a gap in them is a gap.
pub(in crate::sources) fn hush(
    answers: &mut BTreeMap<Measure, Answer>,
    own: &BTreeSet<Measure>,
    seen: &mut BTreeSet<Measure>,
) {
    answers.retain(|measure, answer| {
        if Measure::GOLDEN.contains(measure) || own.contains(measure) {
            return true;
        }
        if matches!(answer, Answer::Known(_)) {
            seen.insert(*measure);
        } else if matches!(answer, Answer::NoData(why) if **why == *NO_NUMBER) {
            // A share of no calls, a percentile of none.
            *answer = Answer::NoTraffic;
        }
        seen.contains(measure)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Number;
    use std::time::Duration;

    #[test]
    fn what_never_was_there_is_not_missed() {
        let no_series = || Answer::NoData("the query finds no series".into());
        let number = || Answer::Known(Number { value: 0.5, at_least: false });
        let warming = || Answer::WarmingUp(Duration::from_secs(1));
        let none = || Answer::NoData(NO_NUMBER.into());
        let mut seen = BTreeSet::new();
        let own = BTreeSet::from([Measure::Disk]);
        let mut told = |answer: &dyn Fn() -> Answer| {
            let measures = [Measure::PoolMax, Measure::CallErrors, Measure::Disk];
            let mut answers: BTreeMap<_, _> = measures.into_iter().map(|one| (one, answer())).collect();
            hush(&mut answers, &own, &mut seen);
            assert_eq!((&answers[&Measure::PoolMax], &answers[&Measure::Disk]), (&answer(), &answer()));
            answers.remove(&Measure::CallErrors)
        };
        for silent in [&no_series as &dyn Fn() -> Answer, &warming, &none] {
            assert_eq!(told(silent), None);
        }
        assert_eq!(told(&number), Some(number()));
        assert_eq!(told(&none), Some(Answer::NoTraffic));
        assert_eq!(told(&no_series), Some(no_series()));
    }
}
