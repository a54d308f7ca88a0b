//! A [`Reading`]: one answer of one source, or the reason why there is none.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Alerting;
use crate::facts::At;
use crate::facts::Batch;
use crate::facts::Change;
use crate::facts::Fault;
use crate::facts::Fleet;
use crate::facts::ProviderStatus;

/// The name of a source as people know it (`metrics checkout-api`, `status Stripe`); unique in one run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SourceId(Arc<str>);

impl SourceId {
    /// Makes an id from a name; the caller keeps names unique.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which question a source helps to answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SourceKind {
    /// Golden signals of one service: what is broken, how bad, since when.
    Metrics,
    /// A status page of somebody else: is it us?
    Status,
    /// Deploys, flags, jobs: what changed?
    Changes,
    /// Alerts and the rules behind them: who was called, and by what?
    Alerts,
}

/// What is known of a source before it ever answered.
#[derive(Clone, PartialEq, Debug)]
pub struct SourceInfo {
    /// Its name.
    pub id: SourceId,
    /// Which question it helps to answer.
    pub kind: SourceKind,
    /// For metrics: the service whose signals it brings.
    pub service: Option<Arc<str>>,
    /// Where it is asked, with secrets taken out; fit to be shown.
    pub address: String,
    /// How often it is asked. A reading older than about twice this is stale.
    pub every: Duration,
}

/// One answer of one source, or the reason why there is none.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// Who answered.
    pub source: SourceId,
    /// When the answer was complete.
    pub at: At,
    /// From asking to the complete answer.
    pub took: Duration,
    /// The answer. A fault is data: it never ends the program.
    pub body: Result<Payload, Fault>,
}

/// What a source can answer.
#[derive(Clone, PartialEq, Debug)]
pub enum Payload {
    /// The signals of one service, and where they come from.
    Signals(Batch),
    /// The signals of all services that a server knows.
    Fleet(Fleet),
    /// All changes that the source knows of, in any order; replaces what the same source said before.
    Changes(Vec<Change>),
    /// What a provider says of itself.
    Status(ProviderStatus),
    /// Everything that fires, and the rules that never will; replaces what the same source said before.
    Alerts(Alerting),
    /// The source answered that nothing is new since it was last asked (HTTP 304).
    Unchanged,
}
