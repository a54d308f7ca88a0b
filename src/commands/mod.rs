//! The ways out that draw no screen: report, check. The same `App`, other endings.

pub mod cli;
