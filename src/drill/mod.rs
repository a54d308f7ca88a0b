//! Simulated services and their stories, served over HTTP on loopback in the real wire formats.
//!
//! A [`Scenario`] says what happens when and what a good verdict says of it, a [`World`] plays it with seeded
//! noise as a pure function of time, and a [`Server`] answers for the world as the services' `/metrics`, vendors'
//! status pages and a forge's deployments would. `sixty demo` reads them through the very same sources as
//! production. The [`Story`] of `sixty demo` without a file has a [`StoryWorld`] of its own.
//!
//! Nothing here knows what is drawn or judged, and nothing but [`Server`] does I/O.

mod drilled;
mod event;
mod expect;
mod fix;
mod fixed;
mod noise;
mod reckoning;
mod scenario;
mod server;
mod shipped;
mod tale;
mod truth;
mod world;

pub use drilled::Drilled;
pub use event::Alteration;
pub use event::AlterationKind;
pub use event::Event;
pub use event::Impact;
pub use event::Incident;
pub use event::Manner;
pub use event::Place;
pub use event::Quantity;
pub use event::Setting;
pub use event::Value;
pub use expect::Expect;
pub use expect::ExpectedChange;
pub use expect::Moment;
pub use expect::Severity;
pub use fix::Fix;
pub use fixed::Acts;
pub use reckoning::Reckoning;
pub use reckoning::Trial;
pub use scenario::Call;
pub use scenario::Cpu;
pub use scenario::Disk;
pub use scenario::Job;
pub use scenario::Memory;
pub use scenario::Page;
pub use scenario::Pool;
pub use scenario::Route;
pub use scenario::Scenario;
pub use scenario::Second;
pub use scenario::Service;
pub use scenario::Teller;
pub use scenario::Timetable;
pub use scenario::Vendor;
pub use server::Clock;
pub use server::Served;
pub use server::Server;
pub use shipped::SHIPPED;
pub use shipped::shipped;
pub use tale::Story;
pub use tale::StoryWorld;
pub use truth::Truth;
pub use world::Answered;
pub use world::Endpoints;
pub use world::Pulse;
pub use world::Watched;
pub use world::WatchedVendor;
pub use world::World;
