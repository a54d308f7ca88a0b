//! `[service.rules]`: a team's own sentences, in the place of the defaults about the same subjects.

use crate::triage::Rule;
use crate::triage::Rules;
use crate::triage::Severity;
use crate::triage::Subject;

use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::reader::suggestion;

const EXAMPLE: &str = "critical = [\"error_rate > 5% for 2m\"]";

/// The default rules with what a team wrote instead.
pub(super) fn read(value: &Value<'_>) -> Rules {
    let defaults = Rules::default();
    let Some(section) = value.section("[service.rules]", EXAMPLE) else { return defaults };
    let mut own = Vec::new();
    for (key, severity) in [("critical", Severity::Critical), ("warning", Severity::Warning), ("info", Severity::Info)]
    {
        let Some(value) = section.value(key) else { continue };
        for text in value.texts(EXAMPLE).unwrap_or_default() {
            match Rule::parse(severity, text.raw()) {
                Ok(rule) => own.push(rule),
                Err(error) => {
                    let place = error.at + 1;
                    let cause = format!("the rule {} stops at character {place}: {}", quoted(text.raw()), error.cause);
                    text.wrong(Wrong::new(cause, error.advice));
                }
            }
        }
    }
    let mut off = Vec::new();
    if let Some(value) = section.value("off") {
        let keys = Subject::ALL.map(Subject::key);
        for text in value.texts("off = [\"disk\"]").unwrap_or_default() {
            match Subject::ALL.into_iter().find(|subject| subject.key() == text.raw()) {
                Some(subject) => off.push(subject),
                None => text.wrong(Wrong::new(
                    format!("{} is not measured", quoted(text.raw())),
                    suggestion(text.raw(), &keys),
                )),
            }
        }
    }
    section.done();
    defaults.with(own, &off)
}
