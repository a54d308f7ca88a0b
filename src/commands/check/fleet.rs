//! What a server brings, in a line or two: its services by name, and how many of them have which signal.

use super::Word;
use super::counted;
use super::signals::is_known;
use crate::facts::Fleet;
use crate::facts::Points;
use crate::facts::Signal;

/// Names of services that are listed; the screen and the report have the others.
const NAMES: usize = 20;
/// The same for those without numbers.
const FEW: usize = 5;

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

/// How many of the services of a server have which signal, and which have none: a name that the server does not know
/// looks like this.
pub(super) fn coverage(fleet: &Fleet) -> Option<String> {
    let has = |signal: Signal| {
        let answers = fleet.services.iter().filter_map(|(_, batch)| batch.points.last());
        answers.filter(|points| signal.measures().iter().any(|measure| is_known(points, *measure))).count()
    };
    let signals = Signal::ALL.map(|signal| format!("{} {}", signal.title().to_lowercase(), has(signal)));
    let none = without_numbers(fleet);
    let none = match none.len() {
        0 => String::new(),
        1..=FEW => format!("; without any number: {}", none.join(", ")),
        more => format!("; without any number: {} and {} more", none[..FEW].join(", "), more - FEW),
    };
    let all = fleet.services.len();
    (all > 0).then(|| format!("of {all} services have {}{none}", signals.join(", ")))
}

/// The services that have no signal at all, by their names.
fn without_numbers(fleet: &Fleet) -> Vec<&str> {
    let has_one = |points: &Points| {
        let mut measures = Signal::ALL.iter().flat_map(|signal| signal.measures());
        measures.any(|measure| is_known(points, *measure))
    };
    let without = fleet.services.iter().filter(|(_, batch)| !batch.points.iter().any(has_one));
    let mut names: Vec<&str> = without.map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::facts::Answer;
    use crate::facts::At;
    use crate::facts::Batch;
    use crate::facts::EngineReport;
    use crate::facts::Measure;
    use crate::facts::Number;

    fn fleet(services: &[(&str, Option<f64>)]) -> Fleet {
        let batch = |number: &Option<f64>| {
            let answer = match number.and_then(Number::exact) {
                Some(number) => Answer::Known(number),
                None => Answer::NoData("no request metric known".into()),
            };
            let points = Points { at: At::UNIX_EPOCH, answers: BTreeMap::from([(Measure::RequestRate, answer)]) };
            let about = EngineReport::default();
            Batch { points: vec![points], splits: Vec::new(), changes: Vec::new(), about: Arc::new(about) }
        };
        let services = services.iter().map(|(name, number)| (Arc::from(*name), batch(number))).collect();
        Fleet { services, left_out: 0, ..Fleet::default() }
    }

    #[test]
    fn a_service_without_any_number_is_named() {
        let told = coverage(&fleet(&[("web", Some(3.0)), ("cart", None)])).unwrap();
        assert!(told.starts_with("of 2 services have request rate 1, error rate 0"), "{told}");
        assert!(told.ends_with("; without any number: cart"), "{told}");
        assert!(!coverage(&fleet(&[("web", Some(3.0))])).unwrap().contains("without"));
        let many = ["a", "b", "c", "d", "e", "f", "g"].map(|name| (name, None));
        assert!(coverage(&fleet(&many)).unwrap().ends_with("; without any number: a, b, c, d, e and 2 more"));
        assert_eq!(coverage(&fleet(&[])), None);
    }
}
