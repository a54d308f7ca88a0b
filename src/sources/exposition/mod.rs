//! Reads the exposition formats: text 0.0.4, `OpenMetrics`, `Prometheus` 3 quoted names.
