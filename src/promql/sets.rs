//! Set operators between vectors: `and`, `or`, `unless`.

use crate::promql::grouping::Groups;
use crate::promql::grouping::Projection;
use crate::promql::plan::Dialect;
use crate::promql::plan::Keep;
use crate::promql::sample::Sample;

pub(super) fn apply<'a>(
    keep: Keep,
    left: Vec<Sample<'a>>,
    right: Vec<Sample<'a>>,
    on: &Projection,
    dialect: Dialect,
) -> Vec<Sample<'a>> {
    let (founders, others) = if keep == Keep::Or { (&left, &right) } else { (&right, &left) };
    let mut groups = Groups::new(on, dialect);
    for index in 0..founders.len() {
        groups.place(founders, index);
    }
    let found: Vec<bool> = others.iter().map(|sample| groups.find(founders, sample).is_some()).collect();
    let those = |samples: Vec<Sample<'a>>, wanted: bool| {
        samples.into_iter().zip(found).filter(move |(_, found)| *found == wanted).map(|(sample, _)| sample)
    };
    match keep {
        Keep::And => those(left, true).collect(),
        Keep::Unless => those(left, false).collect(),
        Keep::Or => {
            let added: Vec<_> = those(right, false).collect();
            left.into_iter().chain(added).collect()
        }
    }
}
