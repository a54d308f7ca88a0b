//! The [`CallGraph`]: which service calls which, as far as anybody says.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::Arc;

/// Callers and callees. An empty graph means that nothing is known, not that nobody calls anybody.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CallGraph {
    callees: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    callers: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

impl CallGraph {
    /// A graph of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { callees: BTreeMap::new(), callers: BTreeMap::new() }
    }

    /// Notes that `from` calls `to`. A service that calls itself says nothing and is left out.
    pub fn add(&mut self, from: &Arc<str>, to: &Arc<str>) {
        if from == to {
            return;
        }
        self.callees.entry(Arc::clone(from)).or_default().insert(Arc::clone(to));
        self.callers.entry(Arc::clone(to)).or_default().insert(Arc::clone(from));
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.callees.is_empty()
    }

    /// Every service that is named.
    pub fn services(&self) -> impl Iterator<Item = &Arc<str>> {
        self.callees.keys().chain(self.callers.keys())
    }

    /// Whom a service calls.
    pub fn callees(&self, service: &str) -> impl Iterator<Item = &Arc<str>> {
        self.callees.get(service).into_iter().flatten()
    }

    /// Who calls a service.
    pub fn callers(&self, service: &str) -> impl Iterator<Item = &Arc<str>> {
        self.callers.get(service).into_iter().flatten()
    }

    /// The steps from one that calls to one that is called by the shortest way, at most `reach`; 0 for the same service.
    #[must_use]
    pub fn steps(&self, from: &str, to: &str, reach: usize) -> Option<usize> {
        walk(&self.callees, from, reach).into_iter().find(|(service, _)| **service == *to).map(|(_, steps)| steps)
    }

    /// Everybody who calls a service, straight or through others, with the steps; at most `reach` steps away,
    /// nearest first, the service itself left out.
    #[must_use]
    pub fn upstream<'a>(&'a self, service: &'a str, reach: usize) -> Vec<(&'a str, usize)> {
        walk(&self.callers, service, reach).into_iter().filter(|(_, steps)| *steps > 0).collect()
    }

    /// The same of everybody whom a service calls.
    #[must_use]
    pub fn downstream<'a>(&'a self, service: &'a str, reach: usize) -> Vec<(&'a str, usize)> {
        walk(&self.callees, service, reach).into_iter().filter(|(_, steps)| *steps > 0).collect()
    }
}

/// Breadth first, so that a circle ends and the steps are the fewest.
fn walk<'a>(ways: &'a BTreeMap<Arc<str>, BTreeSet<Arc<str>>>, from: &'a str, reach: usize) -> Vec<(&'a str, usize)> {
    let mut seen = BTreeSet::from([from]);
    let mut order = vec![(from, 0)];
    let mut queue = VecDeque::from([(from, 0)]);
    while let Some((service, steps)) = queue.pop_front() {
        if steps == reach {
            continue;
        }
        for next in ways.get(service).into_iter().flatten() {
            if seen.insert(next) {
                order.push((next, steps + 1));
                queue.push_back((next, steps + 1));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_the_fewest_and_circles_end() {
        let mut graph = CallGraph::new();
        for (caller, callee) in
            [("web", "api"), ("api", "db"), ("web", "cart"), ("cart", "api"), ("db", "web"), ("api", "api")]
        {
            graph.add(&caller.into(), &callee.into());
        }
        for (caller, callee, reach, steps) in [
            ("web", "db", 3, Some(2)),
            ("web", "db", 1, None),
            ("db", "cart", 3, Some(2)),
            ("api", "api", 0, Some(0)),
            ("api", "nobody", 9, None),
            ("nobody", "nobody", 9, Some(0)),
        ] {
            assert_eq!(graph.steps(caller, callee, reach), steps, "{caller} -> {callee} in {reach}");
        }
        assert_eq!(graph.upstream("api", 1), [("cart", 1), ("web", 1)]);
        assert_eq!(graph.upstream("api", 9), [("cart", 1), ("web", 1), ("db", 2)]);
        assert_eq!(graph.callees("api").count(), 1, "a call to oneself says nothing");
    }
}
