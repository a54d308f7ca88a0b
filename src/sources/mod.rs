//! Ask one endpoint one question, answer with a [`crate::facts::Reading`].
//!
//! Each source is one file: settings, an `async fn ask`, and a pure parser of its format. Nothing here judges
//! what it reads, keeps a schedule or knows the screen: pollers (in `runtime`) do the asking.

pub mod deploys;
pub mod embedded;
pub mod exposition;
pub mod http;
pub mod secret;
pub mod status;
