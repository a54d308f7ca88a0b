//! An [`Event`] of a scenario: when and where something happens, and which quantities it changes.
//!
//! Plain data, in the units of [`Scenario`](crate::drill::Scenario); what follows is worked out by the world.

use crate::drill::Second;

/// What an event is about.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Place {
    /// A service.
    pub service: Option<String>,
    /// Instances of it, from 1; empty: all.
    pub instances: Vec<usize>,
    /// A route of it: `POST /pay`; `None`: all.
    pub route: Option<String>,
    /// A call of it, by whom it calls; then what is set is that of the call.
    pub to: Option<String>,
    /// A vendor.
    pub vendor: Option<String>,
}

/// Something happens.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// When.
    pub at: Second,
    /// Where.
    pub place: Place,
    /// What somebody altered, if so.
    pub change: Option<Alteration>,
    /// Quantities that change. With a deploy they are those of the new version: they begin on each instance with
    /// its restart, and end with its next deploy.
    pub set: Vec<Setting>,
    /// How long a quantity takes to its new value, in seconds, in a straight line.
    pub over: Second,
    /// When the quantities, and the manner to answer, go back to the usual.
    pub until: Option<Second>,
    /// How many instances there are from now on.
    pub scale: Option<usize>,
    /// The instances restart, and are away for so many seconds.
    pub restart: Option<Second>,
    /// How the metrics, or the page of a vendor, answer from now on.
    pub answers: Option<Manner>,
    /// What a vendor says.
    pub incident: Option<Incident>,
}

/// What sort of change it is, as the log says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AlterationKind {
    /// A new version of a program.
    Deploy,
    /// A feature flag.
    Flag,
    /// A setting.
    Config,
    /// Another number of instances.
    Scale,
    /// A job that somebody started.
    Job,
    /// Anything else.
    Note,
}

impl AlterationKind {
    /// The word in the log.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Flag => "flag",
            Self::Config => "config",
            Self::Scale => "scale",
            Self::Job => "job",
            Self::Note => "note",
        }
    }
}

/// Somebody altered production.
#[derive(Clone, PartialEq, Debug)]
pub struct Alteration {
    /// What sort of change.
    pub kind: AlterationKind,
    /// What was changed: a program, a flag.
    pub what: String,
    /// The version, or the value, afterwards; may be empty.
    pub version: String,
    /// Who did it; may be empty.
    pub by: String,
    /// One line about it; may be empty.
    pub title: String,
    /// How long it took, in seconds.
    pub takes: Second,
    /// Whether the log and the forge tell it.
    pub told: bool,
    /// Whether a deploy restarts the instances, one after the other.
    pub restarts: bool,
    /// Whether it failed in the end.
    pub failed: bool,
}

impl Alteration {
    /// `api v2.31.0`: as a verdict names it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.what, self.version).trim().to_owned()
    }
}

/// A quantity that a scenario can change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Quantity {
    /// Requests per second.
    Rate,
    /// The share of failed requests, or of failed calls.
    Errors,
    /// The share of answers with a status code.
    Code(u16),
    /// The median time.
    P50,
    /// The 95th percentile of the time.
    P95,
    /// Connections that are not given back, per second.
    PoolLeak,
    /// The most connections.
    PoolSize,
    /// How long a query takes, relative to the usual.
    DbTime,
    /// How many queries a request makes, relative to the usual.
    DbQueries,
    /// The share of requests that wait for a locked table.
    DbLocked,
    /// Bytes that are not given back, per second.
    MemoryLeak,
    /// Memory in use.
    Memory,
    /// The work of a request, relative to the usual.
    CpuTime,
    /// The share of the cores that is used by something else than requests.
    CpuBusy,
    /// Bytes written and kept, per second.
    DiskFill,
    /// The share of the disk that is used.
    Disk,
}

/// What a quantity becomes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value {
    /// What it was before any event.
    Usual,
    /// So many times the usual.
    Times(f64),
    /// This.
    To(f64),
}

/// One quantity and what it becomes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Setting {
    /// Which.
    pub quantity: Quantity,
    /// What it becomes.
    pub value: Value,
}

/// How an endpoint answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// As it should.
    Well,
    /// Nobody listens.
    Refused,
    /// It takes the question and says nothing.
    Hangs,
    /// With a status code and no metrics.
    Status(u16),
    /// With 200 and something that is no metrics.
    Garbage,
    /// With 200 and nothing.
    Empty,
}

/// How bad a vendor says that it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Impact {
    /// Slow or with faults.
    Minor,
    /// Part of it does not work.
    Major,
    /// It does not work.
    Critical,
}

/// An update of a vendor's incident.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incident {
    /// Its name: the updates of one incident have the same.
    pub name: String,
    /// `investigating`, `identified`, `monitoring` or `resolved`.
    pub state: String,
    /// How bad from now on; `None`: as before, at first [`Impact::Major`].
    pub impact: Option<Impact>,
    /// The components that it hurts; none named by any update: the vendor's first.
    pub components: Vec<String>,
    /// The region, of an AWS feed; empty: the one that is used.
    pub region: String,
    /// What they write.
    pub text: String,
}
