//! The numbers of the ranking, each with its reason. They are few, global, and none is sharp: halving or doubling
//! one moves the score of the shared cases by a point or two. Times are seconds.

use crate::triage::suspects::Kind;

/// A symptom is dated by rows, and the row that first shows it may lie before its true beginning (a rate window that
/// is dated at its middle) or after it (a queue that has to fill). Added to its own uncertainty, before and after.
pub const SYMPTOM_EARLY: f64 = 20.0;
/// See [`SYMPTOM_EARLY`].
pub const SYMPTOM_LATE: f64 = 30.0;
/// The share of symptoms that belong to the incident: about half of what leaves its usual range in a system of many
/// services is an old or an idle thing.
pub const BELONGS: f64 = 0.5;
/// A symptom that does not belong can have begun at any time of about an hour.
pub const STRAY: f64 = 3_600.0;
/// How far back an incident can have begun when nobody says when it did, and how quickly that grows unlikely: a
/// screen is opened because of something new.
pub const WINDOW: f64 = 2_400.0;
/// See [`WINDOW`].
pub const FRESH: f64 = 1_200.0;

/// A change acts within a minute or two: the processes are replaced, caches are cold, the first request hits it.
pub const QUICK: f64 = 100.0;
/// Some need a quarter of an hour: a slow rollout, a cache that expires, a queue that fills.
pub const SLOW: f64 = 900.0;
/// The share of the slow ones. A flag is read anew within the minute, and nothing has to be rolled out.
pub const fn slow_share(kind: Kind) -> f64 {
    match kind {
        Kind::Flag => 0.02,
        _ => 0.07,
    }
}
/// The share of changes that are noted after their effect, for clocks differ and logs are written at the end.
pub const LATE_SHARE: f64 = 0.1;
/// How much after.
pub const LATE: f64 = 15.0;
/// What came that much after an onset that is known, its uncertainty added, did not begin it.
pub const TOO_LATE: f64 = 45.0;
/// What is left of the odds then: enough for an order, not to be named.
pub const OUT_OF_TIME: f64 = 1e-6;
/// What is left of the odds of a change near the onset when something climbed for long and came to its limit then.
pub const BESIDE_A_CLIMB: f64 = 0.02;
/// Providers tell the world minutes after it has noticed.
pub const PROVIDER_LATE_SHARE: f64 = 0.5;
/// See [`PROVIDER_LATE_SHARE`].
pub const PROVIDER_LATE: f64 = 600.0;
/// The share of jobs that hurt at any time of their run, not at its beginning.
pub const DURING_SHARE: f64 = 0.4;
/// How far what is seen in the measures may lie from the beginning, on either side. Events begin with the trouble; a
/// mechanism may take longer to show, for a pool fills after the queries are slow; and what fills up slowly has no
/// sharp beginning.
pub const fn together(kind: Kind) -> f64 {
    match kind {
        Kind::Disk | Kind::Memory | Kind::Cpu => 300.0,
        Kind::Pool | Kind::Database | Kind::Drop | Kind::NotFound => 180.0,
        _ => 120.0,
    }
}

/// How likely a service shows a symptom when the trouble sits in it.
pub const SELF_HURTS: f64 = 0.7;
/// In a service that it is called by.
pub const CALLER_HURTS: f64 = 0.35;
/// In a caller of a caller.
pub const FAR_CALLER_HURTS: f64 = 0.12;
/// In a service that it calls: other load than usual.
pub const CALLEE_HURTS: f64 = 0.10;
/// In any other: by chance.
pub const OTHER_HURTS: f64 = 0.05;
/// Without a call graph the service that hurts may only wait for another one.
pub const SELF_HURTS_BLIND: f64 = 0.25;
/// And any other may wait for it.
pub const OTHER_HURTS_BLIND: f64 = 0.08;
/// Waiting and errors come to the callers too, but processor, memory and disk are a service's own: such a symptom
/// makes it so many times likelier that the trouble sits there.
pub const OWN: f64 = 3.0;
/// How far the effect is followed up the call graph.
pub const REACH: usize = 3;

/// The share of guilty changes whose record names no service.
pub const NAMELESS: f64 = 0.12;
/// The share of the others whose record names a service that does not hurt: a shared library, a wrong label, a
/// dependency that nobody drew.
pub const ASTRAY: f64 = 0.2;
/// There are more services than a small team watches: what is deployed under a name that nobody knows is one of those.
pub const AT_LEAST: usize = 8;

/// How often there is a trouble that no record explains.
pub const NO_RECORD: f64 = 0.25;
/// Above this probability that nothing on the list is it, nothing is named first.
pub const NOTHING_FITS: f64 = 0.45;

/// The usual shares count like that many changes, so that a short list does not make a kind look rare.
pub const KIND_PRIOR: f64 = 60.0;
/// The same for each service.
pub const PLACE_PRIOR: f64 = 10.0;
/// A list shorter than this says nothing of how often changes come.
pub const SHORTEST_LIST: f64 = 3_600.0;
/// Runs at the same minute of other hours or days that make a job routine.
pub const ROUTINE: usize = 2;
/// Events and mechanisms that are seen in the measures: one of a kind in that time by chance.
pub const SEEN_BY_CHANCE: f64 = 21_600.0;
/// A certain time of the day comes once a day.
pub const DAY: f64 = 86_400.0;

/// The share of each kind among what begins troubles, and among changes that come by chance. Deploys come most and
/// hurt as often as they come; settings hurt more than they come, for they are tested less; jobs come by the clock.
/// What is not a record has no second share.
pub const fn shares(kind: Kind) -> (f64, f64) {
    match kind {
        Kind::Deploy => (0.42, 0.44),
        Kind::Config => (0.24, 0.18),
        Kind::Flag => (0.12, 0.09),
        Kind::Scale => (0.10, 0.09),
        Kind::Job => (0.08, 0.18),
        Kind::Provider => (0.06, 0.03),
        // What is seen in the measures: how much better than chance it explains a trouble. A full disk and a request
        // rate of ten times the usual are seldom innocent; failing calls may be ours or theirs.
        Kind::Disk => (0.08, 0.01),
        Kind::Loop => (0.08, 0.02),
        Kind::Surge | Kind::Instance => (0.04, 0.02),
        Kind::Calls | Kind::RateLimited => (0.03, 0.02),
        Kind::Pool | Kind::Database | Kind::NotFound | Kind::Memory | Kind::Cpu | Kind::Clock => (0.02, 0.01),
        // A restart is most often the cure or the effect, and a drop is people who go away.
        Kind::Restart | Kind::Drop => (0.01, 0.01),
    }
}
