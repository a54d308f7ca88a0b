//! From thresholds to findings to the verdict in words. Pure.
