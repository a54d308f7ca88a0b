//! A [`Story`]: what happens in the simulated world, and when, as plain data.
//!
//! All times are seconds relative to T, the end of the story's deploy, so that one story can be told at any
//! hour. The world that plays it is in [`world`](super::world); it adds the noise.

use super::curve::Curve;
use crate::facts::ChangeKind;

const GIB: f64 = 1_073_741_824.0;
const MIB: f64 = 1_048_576.0;

/// What happens when. Opaque: a story is chosen, the world tells it.
#[derive(Clone, PartialEq, Debug)]
pub struct Story {
    /// The name of the service, as its team says it.
    pub(in crate::drill) service: &'static str,
    /// The program whose deploys restart the simulated process.
    pub(in crate::drill) program: &'static str,
    /// The version that ran before the first deploy that the story knows.
    pub(in crate::drill) version_before: &'static str,
    /// Requests per second, without waves and noise.
    pub(in crate::drill) rate: Curve,
    /// What the requests ask for; the weights sum up to 1.
    pub(in crate::drill) routes: Vec<Route>,
    /// The share of requests that are answered with a 500, 0 to 1.
    pub(in crate::drill) errors: Curve,
    /// The median time to answer, in seconds.
    pub(in crate::drill) median: Curve,
    /// How widely times spread: the standard deviation of their natural logarithm.
    pub(in crate::drill) spread: Curve,
    /// The database pool.
    pub(in crate::drill) pool: Pool,
    /// The memory of the process.
    pub(in crate::drill) memory: Memory,
    /// Everything that somebody or something altered, oldest first.
    pub(in crate::drill) changes: Vec<StoryChange>,
    /// The outside service with a status page.
    pub(in crate::drill) provider: Provider,
    /// What the cloud's public feed reports.
    pub(in crate::drill) cloud: CloudEvent,
}

/// One route of the service.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::drill) struct Route {
    pub(in crate::drill) method: &'static str,
    /// The route's template, as a framework reports it.
    pub(in crate::drill) path: &'static str,
    /// Its share of all requests, 0 to 1.
    pub(in crate::drill) weight: f64,
    /// Its median time, relative to the story's.
    pub(in crate::drill) slowness: f64,
    /// How much more than others it fails when the service fails; 0 for a route without the database.
    pub(in crate::drill) fragility: f64,
    /// The status code and the share of requests that the caller got wrong.
    pub(in crate::drill) refusals: Option<(u16, f64)>,
}

/// A connection pool.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::drill) struct Pool {
    pub(in crate::drill) name: &'static str,
    /// The most connections it may open.
    pub(in crate::drill) size: f64,
    /// Connections it keeps open without work.
    pub(in crate::drill) idle: f64,
    /// Connections that honest work holds.
    pub(in crate::drill) busy: Curve,
    /// Connections that nobody gives back.
    pub(in crate::drill) leaked: Curve,
    /// Requests that wait for a connection.
    pub(in crate::drill) waiting: Curve,
}

/// The memory of the process, in bytes.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::drill) struct Memory {
    pub(in crate::drill) limit: f64,
    /// In use, averaged over the collector's saw-tooth.
    pub(in crate::drill) used: Curve,
    /// The height of the saw-tooth.
    pub(in crate::drill) saw: f64,
    /// Seconds from one collection to the next.
    pub(in crate::drill) saw_period: f64,
}

/// One change of the story.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::drill) struct StoryChange {
    pub(in crate::drill) kind: ChangeKind,
    pub(in crate::drill) what: &'static str,
    pub(in crate::drill) version: &'static str,
    pub(in crate::drill) who: &'static str,
    pub(in crate::drill) title: &'static str,
    /// When it began, in seconds relative to T.
    pub(in crate::drill) from: i64,
    /// When it was done, in seconds relative to T.
    pub(in crate::drill) until: i64,
}

/// An outside service that has a status page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::drill) struct Provider {
    pub(in crate::drill) name: &'static str,
    pub(in crate::drill) url: &'static str,
    /// Identity and name of the page's components.
    pub(in crate::drill) components: Vec<(&'static str, &'static str)>,
    /// The name of its incident.
    pub(in crate::drill) incident: &'static str,
    /// Which of the components the incident degrades.
    pub(in crate::drill) affected: Vec<&'static str>,
    /// Time relative to T, state and text of each update, oldest first. The last one resolves the incident.
    pub(in crate::drill) updates: Vec<(i64, &'static str, &'static str)>,
    /// When the page was last touched before the incident, relative to T.
    pub(in crate::drill) quiet_since: i64,
}

/// One event of the cloud's feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::drill) struct CloudEvent {
    pub(in crate::drill) region: &'static str,
    pub(in crate::drill) region_name: &'static str,
    pub(in crate::drill) summary: &'static str,
    /// Time relative to T, status 0 to 3 and text of each log entry, oldest first.
    pub(in crate::drill) log: Vec<(i64, u8, &'static str)>,
}

impl Story {
    /// The default story: a deploy leaks database connections; the pool fills, latency climbs, errors follow.
    ///
    /// | after T | what |
    /// |---|---|
    /// | -26m, -10m, -80s | a flag, a job, and Stripe degraded: all innocent |
    /// | -90s to 0 | `api v2.31.0` is deployed by ana; the process restarts at 0 |
    /// | 0 to 4m50s | leaked connections fill the pool |
    /// | 4m20s to 5m25s | p95 from 0.24 s to 28 s |
    /// | 5m to 6m30s | errors from 0.4 % to 45 % |
    /// | from 5m20s | callers give up: 12 % fewer requests |
    ///
    /// Waiting requests level off at about 240, since the service refuses to queue more than it can bear; the
    /// refused ones and those that time out after 60 s are the errors.
    #[must_use]
    pub fn connection_leak() -> Self {
        Self {
            service: "checkout-api",
            program: "api",
            version_before: "v2.30.3",
            rate: Curve::steady(600.0).hold_to(320.0).smooth_to(420.0, 528.0),
            routes: routes(),
            errors: Curve::steady(0.004).hold_to(300.0).smooth_to(390.0, 0.45),
            median: Curve::steady(0.061).hold_to(260.0).ratio_to(325.0, 1.2),
            spread: Curve::steady(0.81).hold_to(260.0).smooth_to(325.0, 1.83),
            pool: Pool {
                name: "checkout-db",
                size: 100.0,
                idle: 8.0,
                busy: Curve::steady(21.0),
                // The last connections go at once, so that the pool is full at 4m50s whatever the noise says.
                leaked: Curve::steady(0.0).hold_to(0.0).slow_start_to(289.0, 76.0).jump_to(290.0, 83.0),
                waiting: Curve::steady(0.0)
                    .hold_to(290.0)
                    .line_to(330.0, 60.0)
                    .smooth_to(450.0, 190.0)
                    .line_to(680.0, 216.0)
                    .line_to(1_500.0, 240.0),
            },
            memory: Memory {
                limit: 2.0 * GIB,
                // A fresh process is smaller until its caches are warm. Towards the end the collector holds the
                // line just under its limit, at the price of its time.
                used: Curve::steady(1.24 * GIB)
                    .hold_to(-86_400.0)
                    .line_to(-4_200.0, 1.285 * GIB)
                    .line_to(-1.0, 1.30 * GIB)
                    .jump_to(0.0, 1.26 * GIB)
                    .smooth_to(60.0, 1.30 * GIB)
                    .line_to(60.0 + 0.62 * GIB / (12.0 * MIB) * 60.0, 1.92 * GIB),
                saw: 44.0 * MIB,
                saw_period: 95.0,
            },
            changes: changes(),
            provider: provider(),
            cloud: cloud(),
        }
    }
}

fn routes() -> Vec<Route> {
    vec![
        Route {
            method: "GET",
            path: "/cart/{id}",
            weight: 0.34,
            slowness: 0.9,
            fragility: 1.0,
            refusals: Some((404, 0.008)),
        },
        Route { method: "POST", path: "/cart/{id}/items", weight: 0.16, slowness: 1.1, fragility: 1.1, refusals: None },
        Route { method: "GET", path: "/healthz", weight: 0.01, slowness: 0.03, fragility: 0.0, refusals: None },
        Route {
            method: "POST",
            path: "/pay",
            weight: 0.18,
            slowness: 1.6,
            fragility: 1.4,
            refusals: Some((402, 0.012)),
        },
        Route {
            method: "GET",
            path: "/products/{sku}",
            weight: 0.31,
            slowness: 0.8,
            fragility: 0.7,
            refusals: Some((404, 0.015)),
        },
    ]
}

fn changes() -> Vec<StoryChange> {
    const HOUR: i64 = 3_600;
    let deploy = |what, version, who, title, from, until| StoryChange {
        kind: ChangeKind::Deploy,
        what,
        version,
        who,
        title,
        from,
        until,
    };
    vec![
        deploy("api", "v2.30.4", "kim", "Fix rounding of gift card amounts", -24 * HOUR - 85, -24 * HOUR),
        deploy("web", "v88", "sam", "New footer, smaller images", -6 * HOUR - 410, -6 * HOUR - 360),
        StoryChange {
            kind: ChangeKind::Flag,
            what: "new-tax",
            version: "on",
            who: "lee",
            title: "new-tax on for 100 % of users",
            from: -26 * 60,
            until: -26 * 60,
        },
        StoryChange {
            kind: ChangeKind::Job,
            what: "nightly-report",
            version: "",
            who: "cron",
            title: "Nightly revenue report",
            from: -10 * 60,
            until: -10 * 60 + 192,
        },
        deploy("api", "v2.31.0", "ana", "Retry card payments that time out", -90, 0),
    ]
}

fn provider() -> Provider {
    Provider {
        name: "Stripe",
        url: "https://status.stripe.example",
        components: vec![
            ("k1x9w0c7p2dm", "API"),
            ("q7m4s8zt31hb", "Dashboard"),
            ("v3n5r2ya90ke", "Webhooks"),
            ("h8c6d1ub47wf", "Checkout"),
        ],
        incident: "Elevated API latency",
        affected: vec!["k1x9w0c7p2dm"],
        updates: vec![
            (-80, "investigating", "We are investigating elevated latency of some API requests. Payments succeed."),
            (250, "identified", "A slow storage node is the cause of the latency. It is being taken out of rotation."),
            (1_140, "identified", "The node is out of rotation. Latency is falling; some requests still take longer."),
            (2_100, "monitoring", "Latency is back to normal. We keep watching."),
            (3_120, "resolved", "This incident is resolved."),
        ],
        quiet_since: -9 * 3_600 - 741,
    }
}

fn cloud() -> CloudEvent {
    CloudEvent {
        region: "ap-northeast-3",
        region_name: "Osaka",
        summary: "Increased Launch Times",
        log: vec![
            (-9_400, 1, "We are investigating increased launch times of instances in the AP-NORTHEAST-3 Region."),
            (
                -7_100,
                2,
                "We confirm increased launch times of instances in one Availability Zone. Running instances are not affected.",
            ),
        ],
    }
}
