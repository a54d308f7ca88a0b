//! What there is to watch in a world, and what an answer of it is.

use crate::drill::Manner;
use crate::drill::Page;
use crate::drill::Scenario;
use crate::drill::Teller;

/// What a question is answered with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answered {
    /// An answer of HTTP.
    Body {
        /// The status code.
        status: u16,
        /// The content type.
        kind: &'static str,
        /// The body.
        bytes: Vec<u8>,
        /// The `Link` header, where there is a further page.
        link: Option<String>,
    },
    /// Nobody listens.
    Refused,
    /// The question is taken and never answered.
    Hangs,
}

impl Answered {
    /// Plain text.
    pub(super) fn text(status: u16, text: &str) -> Self {
        Self::Body { status, kind: "text/plain; charset=utf-8", bytes: text.as_bytes().to_vec(), link: None }
    }

    /// An exposition.
    pub(in crate::drill) fn metrics(text: String) -> Self {
        Self::Body { status: 200, kind: "text/plain; version=0.0.4; charset=utf-8", bytes: text.into(), link: None }
    }

    /// JSON, perhaps with a further page.
    pub(in crate::drill) fn json(status: u16, text: String, link: Option<String>) -> Self {
        Self::Body { status, kind: "application/json; charset=utf-8", bytes: text.into(), link }
    }

    /// Nothing is there.
    pub(in crate::drill) fn missing() -> Self {
        Self::text(404, "nothing is served here\n")
    }
}

/// What an endpoint says that does not answer as it should.
pub(super) fn bad(manner: Manner) -> Answered {
    match manner {
        Manner::Refused => Answered::Refused,
        Manner::Hangs => Answered::Hangs,
        Manner::Status(status) => Answered::text(status, "something went wrong\n"),
        Manner::Garbage => Answered::Body {
            status: 200,
            kind: "text/html; charset=utf-8",
            bytes: b"<!doctype html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>\n"
                .to_vec(),
            link: None,
        },
        Manner::Empty | Manner::Well => Answered::metrics(String::new()),
    }
}

/// Everything that can be watched; paths are below the address of the server, and begin with `/`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoints {
    /// The services, in the order of the scenario.
    pub services: Vec<Watched>,
    /// The vendors that publish their state.
    pub vendors: Vec<WatchedVendor>,
    /// Whether the deploy log tells of changes.
    pub log: bool,
    /// The GitHub repository that tells of deploys.
    pub repository: Option<&'static str>,
}

/// A service to watch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watched {
    /// Its name.
    pub name: String,
    /// Where it runs.
    pub environment: String,
    /// What changes call it beside its name.
    pub programs: Vec<String>,
    /// The metrics of each instance that there is at any time.
    pub paths: Vec<String>,
    /// The services and vendors that it calls.
    pub calls: Vec<String>,
}

/// A vendor to watch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchedVendor {
    /// Its name.
    pub name: String,
    /// What its page is; never [`Page::None`].
    pub page: Page,
    /// The root of a Statuspage, the feed of AWS.
    pub path: String,
    /// The region that is used of it; may be empty.
    pub region: String,
}

/// The repository of every scenario.
pub(super) const REPOSITORY: &str = "acme/shop";

impl Endpoints {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let services = scenario.services.iter().map(|service| {
            let most = most_instances(scenario, &service.name);
            Watched {
                name: service.name.clone(),
                environment: service.environment.clone(),
                programs: service.programs.clone(),
                paths: (1..=most).map(|instance| format!("/{}/{instance}/metrics", slug(&service.name))).collect(),
                calls: service.calls.iter().map(|call| call.to.clone()).collect(),
            }
        });
        let vendors = scenario.vendors.iter().filter(|vendor| vendor.page != Page::None).map(|vendor| WatchedVendor {
            name: vendor.name.clone(),
            page: vendor.page,
            path: match vendor.page {
                Page::Aws => format!("/vendors/{}/currentevents", slug(&vendor.name)),
                Page::Statuspage | Page::None => format!("/vendors/{}", slug(&vendor.name)),
            },
            region: vendor.region.clone(),
        });
        Self {
            services: services.collect(),
            vendors: vendors.collect(),
            log: scenario.told_by.contains(&Teller::Log),
            repository: scenario.told_by.contains(&Teller::Github).then_some(REPOSITORY),
        }
    }
}

/// The most instances that a service has at any time.
pub(in crate::drill) fn most_instances(scenario: &Scenario, service: &str) -> usize {
    let here = scenario.events.iter().filter(|event| event.place.service.as_deref() == Some(service));
    let scaled = here.filter_map(|event| event.scale).max().unwrap_or(0);
    let first = scenario.services.iter().find(|one| one.name == service).map_or(0, |one| one.instances);
    scaled.max(first).max(scenario.acts.room_of(service))
}

/// A name as a part of a path.
pub(super) fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(plain).collect()
}
