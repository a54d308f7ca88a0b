//! `[service.thresholds]`: from which value on a signal of this service is worth a word. A short way to move the plain
//! rules; whole sentences stand in `[service.rules]`.

use crate::facts::Unit;
use crate::triage::Rules;
use crate::triage::Severity;
use crate::triage::Subject;

use super::reader::Value;
use super::reader::Wrong;
use super::units::Quantity;

/// The rules of a service with the limits that are written; the others stay as they are.
pub(super) fn read(value: &Value<'_>, rules: &Rules) -> Rules {
    let mut rules = rules.clone();
    let example = "error_rate = { warning = \"1 %\", critical = \"5 %\" }";
    let Some(section) = value.section("[service.thresholds]", example) else { return rules };
    for subject in Subject::ALL {
        let Some(value) = section.value(subject.key()) else { continue };
        let quantity = quantity(subject);
        let one = quantity.example().split(" or ").next().unwrap_or_default();
        let example = format!("{} = {{ critical = {one} }}", subject.key());
        let Some(pair) = value.section(&format!("the limits of {}", subject.key()), &example) else { continue };
        for (key, severity) in [("warning", Severity::Warning), ("critical", Severity::Critical)] {
            let before = rules.limit(subject);
            let before = if severity == Severity::Critical { before.critical } else { before.warning };
            let Some(value) = pair.value(key) else { continue };
            let after = level(&value, quantity, before);
            if after != before {
                rules = rules.with_limit(subject, severity, after);
            }
        }
        pair.done();
        let limit = rules.limit(subject);
        let (Some(warning), Some(critical)) = (limit.warning, limit.critical) else { continue };
        let (swapped, word) =
            if subject.is_low() { (warning < critical, "below") } else { (warning > critical, "above") };
        if swapped {
            let cause =
                format!("the warning of {} is {word} its critical limit, so that it never comes first", subject.key());
            value.wrong(Wrong::new(cause, "write both, the warning the milder one, or one of them as \"none\""));
        }
    }
    section.done();
    rules
}

const fn quantity(subject: Subject) -> Quantity {
    match subject.unit() {
        Unit::Ratio => Quantity::Ratio,
        Unit::Seconds => Quantity::Seconds,
        Unit::PerSecond => Quantity::PerSecond,
        Unit::Count | Unit::Bytes | Unit::Cores | Unit::Instant => Quantity::Count,
    }
}

/// One limit; `"none"` switches it off, and a wrong one leaves what there was.
fn level(value: &Value<'_>, quantity: Quantity, before: Option<f64>) -> Option<f64> {
    let read = if let Some(number) = value.as_number() {
        quantity.bare(number)
    } else {
        let Some(text) = value.text(quantity.example()) else { return before };
        if text.raw() == "none" {
            return None;
        }
        quantity.parse(text.raw())
    };
    match read {
        Ok(limit) => Some(limit),
        Err(wrong) => {
            value.wrong(wrong);
            before
        }
    }
}
