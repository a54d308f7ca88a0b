//! Which signals a service has, which it lacks and why, a line each.

use super::Line;
use super::Word;
use crate::facts::Answer;
use crate::facts::Batch;
use crate::facts::Measure;
use crate::facts::Points;
use crate::facts::Signal;

/// Which signals the service has, and why it lacks others. Without errors and latency nobody can say that it is well.
pub(super) fn signals(name: &str, batch: &Batch) -> Vec<Line> {
    let Some(points) = batch.points.last() else { return Vec::new() };
    let there = |measure: &Measure| is_known(points, *measure);
    let (known, missing): (Vec<_>, Vec<_>) =
        Signal::ALL.into_iter().partition(|signal| signal.measures().iter().any(there));
    let titles: Vec<_> = known.iter().map(|signal| signal.title().to_lowercase()).collect();
    let decided = [Signal::ErrorRate, Signal::Latency].iter().any(|signal| known.contains(signal));
    let (word, found) = match (titles.is_empty(), decided) {
        (true, _) => (Word::Warn, "no signal can be read".to_owned()),
        (false, true) => (Word::Ok, format!("signals: {}", titles.join(", "))),
        (false, false) => {
            (Word::Warn, format!("signals: {}; neither errors nor latency, so no verdict", titles.join(", ")))
        }
    };
    let mut lines = vec![Line::new(word, name, found)];
    let mut told: Vec<&str> = Vec::new();
    for signal in missing {
        let why = signal.measures().iter().find_map(|measure| match points.answers.get(measure) {
            Some(Answer::NoData(why)) => Some(&**why),
            _ => None,
        });
        let Some(why) = why else { continue };
        if !told.contains(&why) {
            told.push(why);
            lines.push(Line::new(Word::Info, name, format!("{}: {why}", signal.title().to_lowercase())));
        }
    }
    lines
}

/// Whether there is an answer for a measure, be it that nothing is known yet.
pub(super) fn is_known(points: &Points, measure: Measure) -> bool {
    matches!(points.answers.get(&measure), Some(answer) if !matches!(answer, Answer::NoData(_)))
}
