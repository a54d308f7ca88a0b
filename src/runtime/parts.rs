//! A long answer of a server in parts: the past of its services in several messages, and what is left as the answer
//! itself. Pure; nothing is lost, and what is newest comes last.

use std::sync::Arc;

use crate::facts::Batch;
use crate::facts::Fleet;

/// Instants of one part at most, over its services. Each has about ten measures; a part takes a few milliseconds.
const PART: usize = 4_000;

/// The past of services by their names.
pub(super) type Past = Vec<(Arc<str>, Batch)>;

/// Takes the past out of an answer that is longer than a part; what is left has the newest instant of each service.
pub(super) fn split(fleet: &mut Fleet) -> Vec<Past> {
    let all: usize = fleet.services.iter().map(|(_, batch)| batch.points.len()).sum();
    if all <= PART {
        return Vec::new();
    }
    let mut parts: Vec<Past> = Vec::new();
    let mut size = usize::MAX;
    for (name, batch) in &mut fleet.services {
        let Some(newest) = batch.points.pop() else { continue };
        let points = std::mem::replace(&mut batch.points, vec![newest]);
        if points.is_empty() {
            continue;
        }
        if size.saturating_add(points.len()) > PART {
            parts.push(Vec::new());
            size = 0;
        }
        size += points.len();
        let past = Batch { points, splits: Vec::new(), changes: Vec::new(), about: Arc::clone(&batch.about) };
        if let Some(part) = parts.last_mut() {
            part.push((Arc::clone(name), past));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::At;
    use crate::facts::EngineReport;
    use crate::facts::Points;
    use std::collections::BTreeMap;

    fn fleet(services: usize, instants: i64) -> Fleet {
        let about = Arc::new(EngineReport::default());
        let points = |second| Points { at: At::from_timestamp(second, 0).unwrap(), answers: BTreeMap::new() };
        let one = |index: usize| {
            let points = (0..instants).map(points).collect();
            (
                format!("s{index}").into(),
                Batch { points, splits: Vec::new(), changes: Vec::new(), about: Arc::clone(&about) },
            )
        };
        Fleet { services: (0..services).map(one).collect(), left_out: 3, ..Fleet::default() }
    }

    #[test]
    fn nothing_is_lost_and_no_part_is_long() {
        for (services, instants, parts) in
            [(5, 361, 0), (200, 1, 0), (200, 121, 7), (1, 9_000, 1), (4, 1_001, 1), (5, 1_001, 2)]
        {
            let mut answer = fleet(services, instants);
            let whole = answer.clone();
            let past = split(&mut answer);
            assert_eq!(past.len(), parts, "{services} {instants}");
            let sum = |part: &Past| part.iter().map(|(_, batch)| batch.points.len()).sum::<usize>();
            assert!(past.iter().all(|part| part.len() == 1 || sum(part) <= PART));
            let mut joined = answer.clone();
            for (name, batch) in past.into_iter().flatten() {
                let (_, rest) = joined.services.iter_mut().find(|(other, _)| *other == name).unwrap();
                rest.points.splice(..0, batch.points);
            }
            assert_eq!(joined, whole);
        }
    }
}
