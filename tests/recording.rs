//! What was scraped survives: a restart, a reader, a death in the middle of a row. One scrapes, whoever looks.

#![cfg(test)]

#[path = "recording/engines.rs"]
mod engines;
#[path = "loopback/mod.rs"]
mod loopback;
#[path = "recording/measure.rs"]
mod measure;
#[path = "recording/processes.rs"]
mod processes;
