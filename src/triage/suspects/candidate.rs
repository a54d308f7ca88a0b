//! A [`Candidate`]: something that happened, when, where, and of what [`Kind`]. No judgement yet.

use std::sync::Arc;

use crate::facts::At;
use crate::facts::ChangeState;

/// What sort of thing happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A new version of a program.
    Deploy,
    /// A setting was changed.
    Config,
    /// A feature flag was switched.
    Flag,
    /// A scheduled job ran.
    Job,
    /// The number or the size of instances was changed.
    Scale,
    /// A provider reports trouble.
    Provider,
    /// Processes began anew.
    Restart,
    /// Far more requests than usual.
    Surge,
    /// Far fewer requests than usual.
    Drop,
    /// Requests that beget requests.
    Loop,
    /// Requests are answered with 429, by us or by a vendor.
    RateLimited,
    /// Far more 404 answers than usual.
    NotFound,
    /// Every connection of a pool is in use.
    Pool,
    /// A filesystem is full.
    Disk,
    /// Every core that may be used is.
    Cpu,
    /// Memory is near its limit.
    Memory,
    /// It began at a round time of the clock.
    Clock,
    /// Outgoing calls fail.
    Calls,
    /// One instance of several is bad.
    Instance,
    /// The database is slow, or sessions wait for locks.
    Database,
}

/// How a kind can stand to a trouble.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Somebody or something altered production, and a record says when.
    Change,
    /// It came from outside or by itself, was seen in the measures, and can begin a trouble.
    Event,
    /// The way in which a trouble hurts; something else may have begun it, so it stands below what fits.
    Mechanism,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 20] = [
        Self::Deploy,
        Self::Config,
        Self::Flag,
        Self::Job,
        Self::Scale,
        Self::Provider,
        Self::Restart,
        Self::Surge,
        Self::Drop,
        Self::Loop,
        Self::RateLimited,
        Self::NotFound,
        Self::Pool,
        Self::Disk,
        Self::Cpu,
        Self::Memory,
        Self::Clock,
        Self::Calls,
        Self::Instance,
        Self::Database,
    ];

    /// The word on the screen and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Config => "config change",
            Self::Flag => "flag",
            Self::Job => "job",
            Self::Scale => "scaling",
            Self::Provider => "provider",
            Self::Restart => "restart",
            Self::Surge => "traffic surge",
            Self::Drop => "traffic drop",
            Self::Loop => "feedback loop",
            Self::RateLimited => "rate limit",
            Self::NotFound => "404 wave",
            Self::Pool => "full pool",
            Self::Disk => "full disk",
            Self::Cpu => "cpu limit",
            Self::Memory => "memory limit",
            Self::Clock => "clock time",
            Self::Calls => "failing calls",
            Self::Instance => "bad instance",
            Self::Database => "slow database",
        }
    }

    /// The name in files and reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Config => "config",
            Self::Flag => "flag",
            Self::Job => "job",
            Self::Scale => "scale",
            Self::Provider => "provider",
            Self::Restart => "restart",
            Self::Surge => "surge",
            Self::Drop => "drop",
            Self::Loop => "loop",
            Self::RateLimited => "rate_limited",
            Self::NotFound => "not_found",
            Self::Pool => "pool",
            Self::Disk => "disk",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Clock => "clock",
            Self::Calls => "calls",
            Self::Instance => "instance",
            Self::Database => "database",
        }
    }

    /// How it usually stands to a trouble.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Deploy | Self::Config | Self::Flag | Self::Job | Self::Scale => Role::Change,
            Self::Provider | Self::Restart | Self::Surge | Self::Loop | Self::Disk | Self::Calls | Self::Instance => {
                Role::Event
            }
            Self::Drop
            | Self::RateLimited
            | Self::NotFound
            | Self::Pool
            | Self::Cpu
            | Self::Memory
            | Self::Clock
            | Self::Database => Role::Mechanism,
        }
    }
}

/// Where it happened.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Place {
    /// At that service.
    Service(Arc<str>),
    /// Nobody says.
    Unknown,
}

impl Place {
    /// The name of the service, where it is known.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::Service(name) => Some(name),
            Self::Unknown => None,
        }
    }
}

/// Something that may lie behind a trouble. All texts are clean.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// Unique within a case.
    pub id: String,
    /// What sort of thing.
    pub kind: Kind,
    /// How it can stand to the trouble; usually [`Kind::role`].
    pub role: Role,
    /// When it took effect, or was first seen.
    pub at: At,
    /// When it ended, for what lasts (a job, a provider's incident); `None` for what has no length or still goes on.
    pub until: Option<At>,
    /// Still going on.
    pub running: bool,
    /// Where.
    pub place: Place,
    /// `api v2.31.0`.
    pub name: String,
    /// Of a deploy, the version that it brought; `""` when unknown.
    pub version: String,
    /// Of a deploy, the version before it; `""` when unknown.
    pub previous: String,
    /// What of the place it is: a flag, an instance, a route, a provider; `""` when it is all of it.
    pub part: String,
    /// How far a change got; `None` for what is no record of a change.
    pub state: Option<ChangeState>,
    /// How much more (> 1) or less (< 1) likely than usual for its kind, by evidence that only its finder knows.
    pub weight: f64,
    /// What else speaks for it, in short plain words.
    pub supports: Vec<String>,
    /// What else speaks against it.
    pub against: Vec<String>,
}

impl Candidate {
    /// A candidate of that kind at that instant, with nothing else known of it.
    #[must_use]
    pub fn new(id: impl Into<String>, kind: Kind, at: At, place: Place, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            kind,
            role: kind.role(),
            at,
            until: None,
            running: false,
            place,
            name: name.into(),
            version: String::new(),
            previous: String::new(),
            part: String::new(),
            state: None,
            weight: 1.0,
            supports: Vec::new(),
            against: Vec::new(),
        }
    }

    /// The same with an end, or still going on.
    #[must_use]
    pub const fn lasting(mut self, until: Option<At>) -> Self {
        self.running = until.is_none();
        self.until = until;
        self
    }
}
