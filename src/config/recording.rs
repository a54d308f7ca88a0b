//! `[recording]`: whether what was scraped is kept on disk, and how much of it.

use super::Recording;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;

const EXAMPLE: &str = "size = \"256 MB\"";

/// Units of sizes in bytes; what people call MB is meant as it is written.
const UNITS: &[(&str, f64)] = &[
    ("MB", 1e6),
    ("GB", 1e9),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TB", 1e12),
    ("TiB", 1_099_511_627_776.0),
];

/// Less than this does not hold an hour of anything; more is a mistake in a unit.
const LEAST: f64 = 16e6;
const MOST: f64 = 1e12;

/// Reads the table into what is there by default.
pub(super) fn read(value: &Value<'_>, into: &mut Recording) {
    let Some(section) = value.section("[recording]", "[recording] on a line of its own") else { return };
    if let Some(value) = section.value("enabled") {
        match value.as_bool() {
            Some(enabled) => into.enabled = enabled,
            None => value.mismatch("enabled = true or enabled = false"),
        }
    }
    if let Some(size) = section.value("size").and_then(|value| value.text(EXAMPLE)?.map(size)) {
        into.size = size;
    }
    section.done();
}

/// A size as people write it, in bytes.
fn size(text: &str) -> Result<u64, Wrong> {
    let wrong = |cause: String| Err(Wrong::new(cause, format!("write {EXAMPLE}")));
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (digits, unit) = (text[..split].trim(), text[split..].trim());
    let Ok(number) = digits.parse::<f64>() else { return wrong(format!("{} is not a size", quoted(text))) };
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return wrong(match unit {
            "" => format!("{} has no unit", quoted(text)),
            unit => format!("{} is not a unit of size", quoted(unit)),
        });
    };
    let bytes = number * factor;
    if !(LEAST..=MOST).contains(&bytes) {
        return wrong(format!("{} is not between 16 MB and 1 TB", quoted(text)));
    }
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_mistakes_are_told() {
        for (text, bytes) in
            [("256 MB", 256_000_000), ("1.5GB", 1_500_000_000), ("64MiB", 67_108_864), ("16 MB", 16_000_000)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for (text, cause) in [
            ("256", "no unit"),
            ("256 mb", "not a unit"),
            ("1 MB", "not between"),
            ("9 TB", "not between"),
            ("", "not a size"),
            ("much", "not a size"),
        ] {
            assert!(size(text).unwrap_err().cause.contains(cause), "{text}: {:?}", size(text));
        }
    }
}
