//! State, and the only place where it changes: `Msg` in, `Effect` out.
//!
//! [`App::update`] is a plain function of the state, the time and a message; it does no I/O, reads no clock and
//! knows nothing of cells or colours. What it wants of the world it returns as data. Main type: [`App`].

mod alerts;
mod asking;
mod calls;
mod changed;
mod copying;
mod feeds;
mod fleet;
mod judging;
mod keys;
mod log;
mod msg;
mod navigation;
mod prompt;
mod runbooks;
mod service;
mod settings;
mod state;
mod ticking;
mod update;

pub use alerts::AlertsKnown;
pub use alerts::KnownAlert;
pub use asking::Asked;
pub use asking::Asking;
pub use changed::Changed;
pub use feeds::SourceHealth;
pub use fleet::FleetSettings;
pub use fleet::Waiting;
pub use keys::Binding;
pub use keys::Command;
pub use keys::KEYS;
pub use keys::KeyCode;
pub use keys::KeyMap;
pub use keys::KeyPress;
pub use log::Log;
pub use log::LogLine;
pub use msg::Effect;
pub use msg::JournalNews;
pub use msg::Msg;
pub use navigation::Navigation;
pub use navigation::Page;
pub use navigation::Pane;
pub use prompt::Offer;
pub use prompt::Prompt;
pub use prompt::REMEMBERED;
pub use runbooks::OpenRunbook;
pub use runbooks::StepNow;
pub use service::Check;
pub use service::ServiceState;
pub use settings::Mode;
pub use settings::ServiceSettings;
pub use settings::Settings;
pub use state::App;
