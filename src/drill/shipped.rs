//! The scenarios that ship, by their names.

/// Name and text of each.
pub const SHIPPED: &[(&str, &str)] = &[
    ("connection-leak", include_str!("../../scenarios/connection-leak.toml")),
    ("disk-full", include_str!("../../scenarios/disk-full.toml")),
    ("false-page", include_str!("../../scenarios/false-page.toml")),
    ("midnight-utc", include_str!("../../scenarios/midnight-utc.toml")),
    ("nightly-backup", include_str!("../../scenarios/nightly-backup.toml")),
    ("null-field", include_str!("../../scenarios/null-field.toml")),
    ("unbounded-cache", include_str!("../../scenarios/unbounded-cache.toml")),
    ("user-surge", include_str!("../../scenarios/user-surge.toml")),
    ("webhook-loop", include_str!("../../scenarios/webhook-loop.toml")),
];

/// The text of a scenario that ships.
#[must_use]
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
