//! The embedded engine: a series store, and an evaluator of `PromQL` over it. Pure; never refuses silently.
