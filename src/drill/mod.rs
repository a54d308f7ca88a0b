//! A simulated service and its story, served over HTTP on loopback in the real wire formats.
//!
//! A [`Story`] says what happens when, a [`World`] plays it with seeded noise as a pure function of time, and a
//! [`Server`] answers for the world as the service's `/metrics`, a vendor's status page, a cloud's event feed and
//! a forge's deployments would. `sixty demo` reads them through the very same sources as production.
//!
//! Nothing here knows what is drawn or judged, and nothing but [`Server`] does I/O.

mod curve;
mod deploys;
mod exposition;
mod noise;
mod server;
mod story;
mod traffic;
mod vendors;
mod world;

pub use server::Clock;
pub use server::Server;
pub use story::Story;
pub use world::World;
