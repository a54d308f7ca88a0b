//! One HTTP client for all sources: deadlines, capped bodies, faults with causes.
