//! The embedded engine as a source: scrape the targets of a service, keep their series, evaluate its signals.
