//! `[severities]`: the team's own names of how bad it is (`critical = "SEV1"`), as they stand in its own guides.

use crate::facts::text::clean_line;
use crate::triage::SeverityNames;

use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;

const EXAMPLE: &str = "critical = \"SEV1\"";

/// A longer name would push the rest out of the first row.
const LONGEST: usize = 12;

/// The names that a team wrote.
pub(super) fn read(value: &Value<'_>) -> SeverityNames {
    let mut names = SeverityNames::default();
    let Some(section) = value.section("[severities]", EXAMPLE) else { return names };
    for severity in SeverityNames::NAMED {
        let Some(text) = section.value(severity.word()).and_then(|value| value.text(EXAMPLE)) else { continue };
        let name = clean_line(text.raw().trim(), 60);
        let count = name.chars().count();
        if (1..=LONGEST).contains(&count) {
            names.set(severity, name);
        } else {
            let cause = format!("{} is no short name", quoted(text.raw()));
            text.wrong(Wrong::new(cause, format!("write 1 to {LONGEST} characters, as in {EXAMPLE}")));
        }
    }
    section.done();
    names
}
