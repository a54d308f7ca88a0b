//! `[service.thresholds]`: from which value on a signal of this service is worth a word.

use crate::triage::Limit;
use crate::triage::Thresholds;

use super::reader::Value;
use super::reader::Wrong;
use super::units::Quantity;

/// A limit by its key, its unit and its place in [`Thresholds`].
struct Row {
    key: &'static str,
    quantity: Quantity,
    /// The limit is a minimum: the critical one is the smaller of the two.
    minimum: bool,
    limit: fn(&mut Thresholds) -> &mut Limit,
}

const ROWS: &[Row] = &[
    Row { key: "request_rate", quantity: Quantity::PerSecond, minimum: true, limit: |all| &mut all.request_rate },
    Row { key: "error_rate", quantity: Quantity::Ratio, minimum: false, limit: |all| &mut all.error_rate },
    Row { key: "latency_p95", quantity: Quantity::Seconds, minimum: false, limit: |all| &mut all.latency_p95 },
    Row { key: "db_pool", quantity: Quantity::Ratio, minimum: false, limit: |all| &mut all.db_pool },
    Row { key: "db_pool_waiting", quantity: Quantity::Count, minimum: false, limit: |all| &mut all.db_pool_waiting },
    Row { key: "memory", quantity: Quantity::Ratio, minimum: false, limit: |all| &mut all.memory },
];

/// The thresholds of a service; what is not written stays as it is by default.
pub(super) fn read(value: &Value<'_>) -> Thresholds {
    let mut all = Thresholds::default();
    let example = "error_rate = { warning = \"1 %\", critical = \"5 %\" }";
    let Some(section) = value.section("[service.thresholds]", example) else { return all };
    for row in ROWS {
        let Some(value) = section.value(row.key) else { continue };
        let one = row.quantity.example().split(" or ").next().unwrap_or_default();
        let example = format!("{} = {{ critical = {one} }}", row.key);
        let Some(pair) = value.section(&format!("the limits of {}", row.key), &example) else { continue };
        let limit = (row.limit)(&mut all);
        if let Some(value) = pair.value("warning") {
            limit.warning = level(&value, row.quantity, limit.warning);
        }
        if let Some(value) = pair.value("critical") {
            limit.critical = level(&value, row.quantity, limit.critical);
        }
        pair.done();
        let (Some(warning), Some(critical)) = (limit.warning, limit.critical) else { continue };
        let (swapped, word) = if row.minimum { (warning < critical, "below") } else { (warning > critical, "above") };
        if swapped {
            let cause =
                format!("the warning of {} is {word} its critical limit, so that it never comes first", row.key);
            value.wrong(Wrong::new(cause, "write both, the warning the milder one, or one of them as \"none\""));
        }
    }
    section.done();
    all
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
