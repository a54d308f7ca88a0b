//! The scenarios that ship, by their names.

/// Name and text of each.
pub const SHIPPED: &[(&str, &str)] = &[
    ("bad-canary", include_str!("../../scenarios/bad-canary.toml")),
    ("config-in-production", include_str!("../../scenarios/config-in-production.toml")),
    ("config-untold", include_str!("../../scenarios/config-untold.toml")),
    ("connection-leak", include_str!("../../scenarios/connection-leak.toml")),
    ("disk-full", include_str!("../../scenarios/disk-full.toml")),
    ("errors-without-change", include_str!("../../scenarios/errors-without-change.toml")),
    ("false-page", include_str!("../../scenarios/false-page.toml")),
    ("flag-on", include_str!("../../scenarios/flag-on.toml")),
    ("high-latency", include_str!("../../scenarios/high-latency.toml")),
    ("metrics-dead", include_str!("../../scenarios/metrics-dead.toml")),
    ("midnight-utc", include_str!("../../scenarios/midnight-utc.toml")),
    ("n-plus-one", include_str!("../../scenarios/n-plus-one.toml")),
    ("nightly-backup", include_str!("../../scenarios/nightly-backup.toml")),
    ("not-found-wave", include_str!("../../scenarios/not-found-wave.toml")),
    ("null-field", include_str!("../../scenarios/null-field.toml")),
    ("one-bad-instance", include_str!("../../scenarios/one-bad-instance.toml")),
    ("payment-vendor-down", include_str!("../../scenarios/payment-vendor-down.toml")),
    ("rate-limited", include_str!("../../scenarios/rate-limited.toml")),
    ("slow-dependency", include_str!("../../scenarios/slow-dependency.toml")),
    ("slow-queries", include_str!("../../scenarios/slow-queries.toml")),
    ("table-lock", include_str!("../../scenarios/table-lock.toml")),
    ("traffic-drop", include_str!("../../scenarios/traffic-drop.toml")),
    ("two-things", include_str!("../../scenarios/two-things.toml")),
    ("unbounded-cache", include_str!("../../scenarios/unbounded-cache.toml")),
    ("user-surge", include_str!("../../scenarios/user-surge.toml")),
    ("webhook-loop", include_str!("../../scenarios/webhook-loop.toml")),
];

/// The text of a scenario that ships.
#[must_use]
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
