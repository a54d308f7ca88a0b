//! A [`Fleet`]: what one server says of all services that it knows.

use std::sync::Arc;

use crate::facts::Batch;

/// The answer of a server that knows several services, found by a label of its series.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fleet {
    /// The services, each with what is new of it; sorted by name. A service that the server does not know any more
    /// is not among them.
    pub services: Vec<(Arc<str>, Batch)>,
    /// How many services were left out because there are too many; those that are kept are the ones named in the
    /// configuration and then the first by name.
    pub left_out: usize,
    /// Which of them calls which other, as far as the server knows.
    pub calls: Arc<Calls>,
}

/// Who calls whom: names of services, or of somebody outside.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Calls {
    /// Caller and callee, each pair once, sorted. Clean.
    pub pairs: Vec<(Arc<str>, Arc<str>)>,
}
