//! Answers go out: updates to channels, acknowledgements to those who page. The only place that tells others anything.
//!
//! A [`Channel`] takes a [`Parcel`](crate::incident::Parcel); what comes back is an answer in words or a
//! [`Failure`](crate::sources::http::Failure), which knows whether it is certain that nothing arrived: only then it is
//! tried again. A [`Pager`] lists what it has open and acknowledges one of it, after a look at how it stands now.
//! Secrets are looked up at each use and taken out of whatever comes back. When something may be sent, and that it is
//! journaled before, is decided above; nothing here reads a clock or keeps a state.

mod alertmanager;
mod answer;
mod body;
mod channel;
mod hidden;
mod oncall;
mod opsgenie;
mod pager;
mod pagerduty;
mod patience;
mod sign;

pub use channel::Arrived;
pub use channel::Channel;
pub use channel::Kind as ChannelKind;
pub use pager::Kind as PagerKind;
pub use pager::Pager;
pub use pager::Word;
pub use patience::Patience;
