//! Which metric names and label names a body has: what a preset is chosen by, and the "closest names".

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Format;
use super::Limits;
use super::lexer;
use super::lexer::Manner;
use super::line;

/// The metric names of a body with the label names that occur at each, as they were sent: not cleaned.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Inventory {
    /// By metric name (`http_requests_total`, `x_bucket`): its label names, without `__name__`.
    pub names: BTreeMap<String, BTreeSet<String>>,
}

/// Lists the names of all samples of a body. Lines that are not samples are passed over; a line or a label set
/// beyond the default [`Limits`] is as well. Costs about as much as reading every series for the first time.
#[must_use]
pub fn inventory(body: &[u8], format: Format) -> Inventory {
    let limits = Limits::default();
    let manner = Manner { max_labels: limits.labels, known_escapes: false };
    let mut found = Inventory::default();
    for line in line::lines(body).map(line::trim) {
        if line.is_empty() || line.len() > limits.line || line.starts_with(b"#") {
            if format == Format::OpenMetrics && line == b"# EOF" {
                break;
            }
            continue;
        }
        let Ok(split) = line::split(line, format, false) else { continue };
        let Ok(labels) = lexer::series(split.series, manner) else { continue };
        if !found.names.contains_key(labels.name()) {
            found.names.insert(labels.name().to_owned(), BTreeSet::new());
        }
        let Some(known) = found.names.get_mut(labels.name()) else { continue };
        for (name, _) in labels.iter().filter(|(name, _)| *name != "__name__") {
            if !known.contains(name) {
                known.insert(name.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_label_names() {
        let body = b"# TYPE a counter\na{x=\"1\"} 1\na{y=\"1\"} 1\n{\"b.c\",z=\"1\"} 1\nd 1\nbroken{ 1\nhtml true\n";
        let names = inventory(body, Format::Text).names;
        let shown: Vec<_> = names
            .iter()
            .map(|(name, labels)| format!("{name}:{}", labels.iter().cloned().collect::<Vec<_>>().join(",")))
            .collect();
        assert_eq!(shown, ["a:x,y", "b.c:z", "d:"]);
        assert!(inventory(b"# EOF\na 1\n", Format::OpenMetrics).names.is_empty());
    }
}
