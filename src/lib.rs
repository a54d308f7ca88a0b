//! `sixty`: what is broken, how bad, since when, what changed, on one terminal screen.
//!
//! Facts come in as data, one pure function folds them into state, one pure function draws state, effects go out
//! as data. I/O, clocks and terminals live at the edge. The modules, lowest first; each may import only those
//! above it in this list (`tests/layers.rs` keeps it so):
//!
//! | module | what it is for |
//! |---|---|
//! | [`facts`] | the vocabulary: readings, faults, samples, changes, notices; and the one place that cleans foreign text |
//! | [`promql`] | the embedded engine: a series store and an evaluator of `PromQL` over it |
//! | [`sources`] | ask one endpoint one question, answer with a [`facts::Reading`] |
//! | [`signals`] | the golden signals as points with gaps: presets, units, freshness |
//! | [`triage`] | thresholds to findings to the verdict in words |
//! | [`incident`] | the journal and its folds: checklist, ticks, who and when |
//! | [`courier`] | answers go out: updates to channels, acknowledgements to pagers |
//! | [`app`] | `Msg` in, `Effect` out, the key table; the only place where state changes |
//! | [`ui`] | state to cells: layout, strips, panes, theme roles |
//! | [`config`] | what the team wrote, checked: all problems at once, each with its place |
//! | [`drill`] | a simulated service behind the real wire formats |
//! | [`runtime`] | clock, terminal, signals, pollers, effect executor, journal file |
//! | [`commands`] | the ways out that draw no screen: report, check |
//!
//! The life of one reading: a poller asks its source (deadline, back-off, body cap) → [`facts::Reading`] → one
//! channel → `App::update(at, Msg) -> Vec<Effect>` → signals → verdict → a frame. Keys are messages like any
//! other. Nothing below [`runtime`] reads a clock: time is an argument, so that a drill, a replay and a test are
//! exact and can run faster than life.

pub mod app;
pub mod commands;
pub mod config;
pub mod courier;
pub mod drill;
pub mod facts;
pub mod incident;
pub mod promql;
pub mod runtime;
pub mod signals;
pub mod sources;
pub mod triage;
pub mod ui;
