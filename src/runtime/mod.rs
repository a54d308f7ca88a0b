//! Clock, terminal, signals, pollers, effect executor, journal file: the edge.

pub mod journal;
