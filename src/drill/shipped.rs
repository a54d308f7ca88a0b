//! The scenarios that ship, by their names.

/// Name and text of each.
pub const SHIPPED: &[(&str, &str)] = &[
    ("connection-leak", include_str!("../../scenarios/connection-leak.toml")),
    ("errors-without-change", include_str!("../../scenarios/errors-without-change.toml")),
    ("high-latency", include_str!("../../scenarios/high-latency.toml")),
    ("metrics-dead", include_str!("../../scenarios/metrics-dead.toml")),
    ("not-found-wave", include_str!("../../scenarios/not-found-wave.toml")),
    ("null-field", include_str!("../../scenarios/null-field.toml")),
    ("payment-vendor-down", include_str!("../../scenarios/payment-vendor-down.toml")),
    ("rate-limited", include_str!("../../scenarios/rate-limited.toml")),
    ("slow-dependency", include_str!("../../scenarios/slow-dependency.toml")),
    ("slow-queries", include_str!("../../scenarios/slow-queries.toml")),
    ("table-lock", include_str!("../../scenarios/table-lock.toml")),
    ("traffic-drop", include_str!("../../scenarios/traffic-drop.toml")),
];

/// The text of a scenario that ships.
#[must_use]
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
