//! Secrets by file, environment or command; never in a configuration value, never shown.
