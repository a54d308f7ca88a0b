//! The scenarios that ship, by their names.

/// Name and text of each.
pub const SHIPPED: &[(&str, &str)] = &[
    ("connection-leak", include_str!("../../scenarios/connection-leak.toml")),
    ("null-field", include_str!("../../scenarios/null-field.toml")),
];

/// The text of a scenario that ships.
#[must_use]
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
