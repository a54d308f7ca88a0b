//! Reads the exposition formats: text 0.0.4, `OpenMetrics`, `Prometheus` 3 quoted names.
//!
//! [`Format::of`] decides what a body is, so that a login page is a fault and not an idle service. A [`Reader`]
//! hands every sample to a [`Sink`]; it reads each series' text once in its life and later only the number.
//! [`samples`] is the strict reader for tests, [`inventory`] lists the names in a body. Label values are kept as
//! they were sent, since queries match them: whoever draws one cleans it. Nothing here asks the network, keeps
//! samples or knows `PromQL`.

mod format;
mod inventory;
mod lexer;
mod line;
mod number;
mod plain;
mod reader;
mod rules;
mod strict;
mod texts;

pub use format::ACCEPT;
pub use format::Format;
pub use inventory::Inventory;
pub use inventory::inventory;
pub use plain::warm_up;
pub use reader::Limits;
pub use reader::NameFilter;
pub use reader::Reader;
pub use reader::Sink;
pub use strict::BothWays;
pub use strict::Refusal;
pub use strict::both_ways;
pub use strict::samples;
