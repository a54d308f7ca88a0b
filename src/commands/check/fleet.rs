//! What a server brings, in a line or two: its services by name, and how many of them have which signal.

use super::Word;
use super::counted;
use super::signals::is_known;
use crate::facts::Fleet;
use crate::facts::Signal;

/// Names of services that are listed; the screen and the report have the others.
const NAMES: usize = 20;

/// The services of a server by their names, of many the first.
pub(super) fn services(fleet: &Fleet) -> (Word, String) {
    let mut names: Vec<&str> = fleet.services.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    let count = counted(names.len(), "service");
    let mut found = match names.len() {
        0 => "it answers, but names no service; say with `label` which label of its series does".to_owned(),
        1..=NAMES => format!("{count}: {}", names.join(", ")),
        more => format!("{count}: {} and {} more", names[..NAMES].join(", "), more - NAMES),
    };
    if fleet.left_out > 0 {
        found = format!("{found}; {} more are left out", fleet.left_out);
    }
    (if names.is_empty() || fleet.left_out > 0 { Word::Warn } else { Word::Ok }, found)
}

/// How many of the services of a server have which signal.
pub(super) fn coverage(fleet: &Fleet) -> Option<String> {
    let has = |signal: Signal| {
        let answers = fleet.services.iter().filter_map(|(_, batch)| batch.points.last());
        answers.filter(|points| signal.measures().iter().any(|measure| is_known(points, *measure))).count()
    };
    let signals = Signal::ALL.map(|signal| format!("{} {}", signal.title().to_lowercase(), has(signal)));
    (!fleet.services.is_empty()).then(|| format!("of {} services have {}", fleet.services.len(), signals.join(", ")))
}
