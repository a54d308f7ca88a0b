//! Which metric names and label names a body has: what a preset is chosen by, and the "closest names".

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Format;
use super::Limits;
use super::lexer;
use super::lexer::Manner;
use super::line;
use super::plain;

/// The metric names of a body with the label names that occur at each, as they were sent: not cleaned.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Inventory {
    /// By metric name (`http_requests_total`, `x_bucket`): its label names, without `__name__`.
    pub names: BTreeMap<String, BTreeSet<String>>,
}

/// Lists the names of all samples of a body. Lines that are not samples are passed over; a line or a label set
/// beyond the default [`Limits`] is as well. No label set is built where the line is plain.
#[must_use]
pub fn inventory(body: &[u8], format: Format) -> Inventory {
    let limits = Limits::default();
    let manner = Manner { max_labels: limits.labels, known_escapes: false };
    let mut found = Inventory::default();
    let mut names = Vec::new();
    for line in line::lines(body).map(line::trim) {
        if line.is_empty() || line.len() > limits.line || line.starts_with(b"#") {
            if format == Format::OpenMetrics && line == b"# EOF" {
                break;
            }
            continue;
        }
        let Ok(split) = line::split(line, format, false) else { continue };
        names.clear();
        if let Some(metric) = plain::names(split.series, &mut |name| names.push(name))
            && names.len() <= limits.labels
            && !has_twins(&names)
        {
            found.add(metric, names.iter().copied());
        } else if let Ok(labels) = lexer::series(split.series, manner) {
            found.add(labels.name(), labels.iter().map(|(name, _)| name).filter(|name| *name != "__name__"));
        }
    }
    found
}

/// Whether a label is there twice: the line is no sample then, and the lexer passes over it.
fn has_twins(names: &[&str]) -> bool {
    names.iter().enumerate().any(|(index, name)| names[..index].contains(name))
}

impl Inventory {
    fn add<'n>(&mut self, metric: &str, labels: impl Iterator<Item = &'n str>) {
        if !self.names.contains_key(metric) {
            self.names.insert(metric.to_owned(), BTreeSet::new());
        }
        let Some(known) = self.names.get_mut(metric) else { return };
        for name in labels {
            if !known.contains(name) {
                known.insert(name.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_and_others_are_listed_alike() {
        for (line, listed) in [
            ("a 1", "a"),
            ("a{} 1", "a"),
            ("a{b=\"c\"} 1", "a b"),
            ("a{b=\"c\",d=\"\"} 1", "a b d"),
            ("a{b=\"c\",d=\"e\",} 1", "a b d"),
            ("a{ b = \"c\" } 1", "a b"),
            ("a:b{c=\"d\"} 1", "a:b c"),
            ("a{b=\"c,d=}\"} 1", "a b"),
            ("a{b=\"é\"} 1", "a b"),
            ("a{b=\"c\",b=\"d\"} 1", ""),
            ("a{b=\"c\" 1", ""),
        ] {
            let names = inventory(line.as_bytes(), Format::Text).names;
            let texts = names.iter().map(|(name, labels)| {
                std::iter::once(name).chain(labels).map(String::as_str).collect::<Vec<_>>().join(" ")
            });
            assert_eq!(texts.collect::<String>(), listed, "{line}");
        }
        assert!(inventory(b"a{b=\"\xff\"} 1", Format::Text).names.is_empty());
    }

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

    /// Prints what the names of a large body cost; to be run by hand in an optimised build.
    #[test]
    #[ignore = "a measurement, not a check"]
    fn inventory_cost() {
        let lines = (0..20_000).map(|line| (line / 100, line));
        let body = |brace: &str| {
            let line = |(name, route)| format!("x_{name}_total{brace}route=\"/r{route}\",code=\"200\"}} 1");
            lines.clone().map(line).collect::<Vec<_>>().join("\n")
        };
        for (what, body) in [("plain lines", body("{")), ("lines that are not plain", body("{ "))] {
            let start = std::time::Instant::now();
            assert_eq!(inventory(body.as_bytes(), Format::Text).names.len(), 200);
            println!("{:>10.1?} the names of 20,000 {what}", start.elapsed());
        }
    }
}
