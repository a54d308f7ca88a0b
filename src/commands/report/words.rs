//! The words of the report's JSON: each enum of the vocabulary, spelled once more so that the schema lists its words.
//!
//! `serde` writes the values of the vocabulary through these; the compiler sees to it that none is forgotten.

use schemars::JsonSchema;
use serde::Serialize;

/// How bad it is.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::triage::Severity", rename_all = "snake_case")]
pub(super) enum Severity {
    /// All that is judged is within its limits.
    Ok,
    /// Worth knowing; nobody is hurt.
    Info,
    /// It cannot be judged.
    Unknown,
    /// Worth a look.
    Warning,
    /// Somebody is hurt.
    Critical,
}

/// How well a provider or a component is, by its own words.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::facts::Level", rename_all = "snake_case")]
pub(super) enum Level {
    /// Nothing is reported.
    Operational,
    /// Planned work is going on.
    Maintenance,
    /// It works, but slowly or with faults.
    Degraded,
    /// Part of it does not work.
    PartialOutage,
    /// It does not work.
    MajorOutage,
    /// No fresh answer, an unreadable one, or a word that is not known. Never the same as operational.
    Unknown,
}

/// Where a provider stands with an incident or a maintenance.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::facts::NoticeState", rename_all = "snake_case")]
pub(super) enum NoticeState {
    /// They look for the cause.
    Investigating,
    /// They know the cause.
    Identified,
    /// They watch the fix.
    Monitoring,
    /// It is over.
    Resolved,
    /// A maintenance that has not begun.
    Scheduled,
    /// A maintenance that is going on.
    InProgress,
    /// The provider does not say.
    Unknown,
}

/// What sort of change it was.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::facts::ChangeKind", rename_all = "snake_case")]
pub(super) enum ChangeKind {
    /// A new version of a program.
    Deploy,
    /// A feature flag.
    Flag,
    /// A setting.
    Config,
    /// More or fewer instances.
    Scale,
    /// A scheduled job.
    Job,
    /// Anything else that a person wrote down.
    Note,
}

/// How far a change got.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::facts::ChangeState", rename_all = "snake_case")]
pub(super) enum ChangeState {
    /// It is done.
    Succeeded,
    /// It ended in an error; parts of it may be live.
    Failed,
    /// It is going on.
    Running,
    /// It was taken back.
    RolledBack,
    /// The source does not say.
    Unknown,
}

/// Which question a source helps to answer.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::facts::SourceKind", rename_all = "snake_case")]
pub(super) enum SourceKind {
    /// Golden signals of one service: what is broken, how bad, since when.
    Metrics,
    /// A status page of somebody else: is it us?
    Status,
    /// Deploys, flags, jobs: what changed?
    Changes,
    /// Alerts and the rules behind them.
    Alerts,
}

/// How far an alert is.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::facts::AlertState", rename_all = "snake_case")]
pub(super) enum AlertState {
    /// Its condition holds, but not yet for as long as its rule demands.
    Pending,
    /// It fires.
    Firing,
}

/// How pressing an alert is.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::facts::Urgency", rename_all = "snake_case")]
pub(super) enum Urgency {
    /// It fires on purpose and for machines alone: nobody has to look.
    Machine,
    /// Good to know.
    Info,
    /// Nobody says how pressing it is, or in a word that is not known.
    Unsaid,
    /// To be looked at in working hours.
    Warning,
    /// Somebody is paged.
    Critical,
}

/// What went wrong, coarsely.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::facts::FaultKind", rename_all = "snake_case")]
pub(super) enum FaultKind {
    /// No connection: refused, unreachable, reset.
    Connect,
    /// The name of the host has no address.
    Dns,
    /// The certificate or the handshake is not acceptable.
    Tls,
    /// The deadline passed.
    Timeout,
    /// 401, 403 or a redirect to a login page.
    Denied,
    /// 429, or a provider's own rate limit.
    RateLimited,
    /// Any other HTTP status that is not a success.
    Status,
    /// The body is not what was asked for.
    Unreadable,
    /// The body, or what it unpacks to, is larger than the cap.
    TooLarge,
    /// The answer ended early.
    Truncated,
    /// A file or a program on this machine failed.
    Local,
    /// The answer was read, but what was looked for is not in it.
    NotFound,
}

/// The base unit of a value.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::facts::Unit", rename_all = "snake_case")]
pub(super) enum Unit {
    /// Events per second.
    PerSecond,
    /// A share, 0 to 1.
    Ratio,
    /// Seconds.
    Seconds,
    /// Pieces.
    Count,
    /// Bytes.
    Bytes,
    /// Processor cores.
    Cores,
    /// An instant, in Unix seconds.
    Instant,
}

/// A strip of the screen.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::facts::Signal", rename_all = "snake_case")]
pub(super) enum Signal {
    /// Requests per second.
    RequestRate,
    /// Share of requests that failed through the fault of the server.
    ErrorRate,
    /// Time to answer.
    Latency,
    /// Database connections in use against those that there are.
    DbPool,
    /// Memory in use against its limit.
    Memory,
    /// Processor time against what there is.
    Cpu,
    /// The fullest disk.
    Disk,
    /// Calls of the service to others.
    Calls,
    /// How the database answers the service.
    Database,
}

/// What a limit is put on.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::triage::Subject", rename_all = "snake_case")]
pub(super) enum Subject {
    /// Share of failed requests.
    ErrorRate,
    /// 95th percentile of the time to answer.
    #[serde(rename = "latency_p95")]
    LatencyP95,
    /// Share of the pool in use.
    DbPool,
    /// Callers that wait for a connection.
    DbPoolWaiting,
    /// Share of the memory in use.
    Memory,
    /// Too few requests.
    RequestRate,
    /// Share of requests that were not found.
    NotFound,
    /// Share of requests that were too many.
    RateLimited,
    /// Share of the calls to others that failed.
    CallErrors,
    /// Share of the calls to others that were too many.
    CallsLimited,
    /// 95th percentile of the time that the database takes.
    DbLatency,
    /// Sessions of the database that wait for a lock.
    DbLocked,
    /// Share of the processor time in use.
    Cpu,
    /// Use of the fullest disk.
    Disk,
}

/// What a phrase means to the eye. Colour is put on top of the words, never instead of them.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::triage::Tone", rename_all = "snake_case")]
pub(super) enum Tone {
    /// Ordinary text.
    Plain,
    /// What must be read first.
    Strong,
    /// Secondary text.
    Muted,
    /// Somebody is hurt.
    Critical,
    /// Worth a look.
    Warning,
    /// As it should be.
    Good,
    /// A change: deploy, flag, job.
    Change,
    /// Not known.
    Unknown,
}

/// What sort of thing a suspect is.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::triage::suspects::Kind", rename_all = "snake_case")]
pub(super) enum SuspectKind {
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

/// How a suspect can stand to a trouble.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::triage::suspects::Role", rename_all = "snake_case")]
pub(super) enum Role {
    /// Somebody or something altered production, and a record says when.
    Change,
    /// It came from outside or by itself, was seen in the measures, and can begin a trouble.
    Event,
    /// The way in which a trouble hurts; something else may have begun it.
    Mechanism,
}

/// To which beginning a distance in time is measured.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::triage::suspects::Anchor", rename_all = "snake_case")]
pub(super) enum Anchor {
    /// When it began to hurt.
    Onset,
    /// When the slow climb began.
    Climb,
}

/// What can be done.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::triage::quick_win::Action", rename_all = "snake_case")]
pub(super) enum Action {
    /// Bring the version before back.
    #[serde(rename = "rollback")]
    RollBack,
    /// Put a flag back to what it was.
    SwitchBack,
    /// Put a setting back to what it was.
    Revert,
    /// Begin the processes anew.
    Restart,
    /// Take one instance out, or begin it anew.
    Replace,
    /// More instances, or as many as before.
    Scale,
    /// Use the other one.
    FailOver,
    /// Make room on a disk.
    FreeDisk,
    /// End a job.
    StopJob,
    /// Nothing but patience, and a word to the customers.
    #[serde(rename = "wait")]
    WaitForVendor,
    /// Keep a caller, a route, a webhook out.
    #[serde(rename = "block")]
    BlockCaller,
}

/// The kinds of round clock, the most telling first.
#[derive(Serialize, JsonSchema)]
#[serde(remote = "crate::triage::onset::RoundKind", rename_all = "snake_case")]
pub(super) enum RoundKind {
    /// 00:00 UTC.
    MidnightUtc,
    /// 00:00 on the wall.
    MidnightLocal,
    /// A full hour of the night on the wall.
    NightHour,
    /// Any other full hour.
    TopOfHour,
    /// A quarter of an hour.
    Quarter,
}
