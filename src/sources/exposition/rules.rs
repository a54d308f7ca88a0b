//! What a format demands beyond one line: order and form of the comments, values that fit the type, the end mark.
//!
//! Only what can be judged line by line; see [`super::samples`] for what is left out.

use std::collections::HashMap;

use super::Format;
use super::lexer;
use super::lexer::Manner;
use super::line::Split;
use super::number;
use crate::facts::Labels;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    Info,
    StateSet,
    Unknown,
}

impl Kind {
    fn of(word: &str, format: Format) -> Option<Self> {
        Some(match (word, format) {
            ("counter", _) => Self::Counter,
            ("gauge", _) => Self::Gauge,
            ("histogram", _) => Self::Histogram,
            ("gaugehistogram", _) | ("gauge_histogram", Format::Text) => Self::GaugeHistogram,
            ("summary", _) => Self::Summary,
            ("info", _) => Self::Info,
            ("stateset", _) => Self::StateSet,
            ("unknown", _) | ("untyped", Format::Text) => Self::Unknown,
            _ => return None,
        })
    }

    /// What is appended to the family's name in the names of its samples.
    const fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter => &["", "_total", "_created"],
            Self::Histogram => &["", "_bucket", "_count", "_sum", "_created"],
            Self::GaugeHistogram => &["", "_bucket", "_gcount", "_gsum"],
            Self::Summary => &["", "_count", "_sum", "_created"],
            Self::Info => &["", "_info"],
            Self::Gauge | Self::StateSet | Self::Unknown => &[""],
        }
    }
}

#[derive(Default)]
struct Family {
    kind: Option<Kind>,
    /// The keywords of the comments that were there.
    said: Vec<&'static str>,
    has_unit: bool,
    sampled: bool,
}

/// What was read so far of one body.
pub(super) struct Rules {
    format: Format,
    families: HashMap<String, Family>,
    /// Which family a sample name belongs to, where a `# TYPE` line says so.
    owner: HashMap<String, String>,
    last: Option<(Labels, Option<f64>)>,
    ended: bool,
}

type Verdict = Result<(), String>;

fn demand(fine: bool, otherwise: &str) -> Verdict {
    if fine { Ok(()) } else { Err(otherwise.to_owned()) }
}

impl Rules {
    pub(super) fn new(format: Format) -> Self {
        Self { format, families: HashMap::new(), owner: HashMap::new(), last: None, ended: false }
    }

    /// Any line, before it is looked at closer.
    pub(super) fn line(&self, text: &[u8]) -> Verdict {
        demand(!self.ended, "there is text behind # EOF")?;
        demand(self.format == Format::Text || !text.is_empty(), "blank lines are not allowed")
    }

    /// The end of the body.
    pub(super) fn finish(&self) -> Verdict {
        demand(self.format == Format::Text || self.ended, "the end mark # EOF is missing")
    }

    /// A line that begins with `#`.
    pub(super) fn comment(&mut self, text: &str) -> Verdict {
        if self.format == Format::OpenMetrics && text == "# EOF" {
            self.ended = true;
            return Ok(());
        }
        let Some((keyword, rest)) = self.keyword(text)? else { return Ok(()) };
        let (name, what) = self.name(rest)?;
        let family = self.families.entry(name.clone()).or_default();
        demand(!family.said.contains(&keyword), "the same comment is there twice for one metric")?;
        demand(self.format == Format::Text || !family.sampled, "the comment stands behind the samples")?;
        family.said.push(keyword);
        match keyword {
            "TYPE" => self.kind(&name, &what),
            "UNIT" if !what.is_empty() => {
                family.has_unit = true;
                demand(name.ends_with(&format!("_{what}")), "the unit is not the end of the name")?;
                demand(!matches!(family.kind, Some(Kind::Info | Kind::StateSet)), "this type has no unit")
            }
            _ => Ok(()),
        }
    }

    /// The keyword of a comment; `None` for a comment without a meaning, which only the text format has.
    fn keyword<'a>(&self, text: &'a str) -> Result<Option<(&'static str, &'a str)>, String> {
        let strict = self.format == Format::OpenMetrics;
        let behind = if strict { text.strip_prefix("# ") } else { Some(text[1..].trim_start_matches([' ', '\t'])) };
        let behind = behind.ok_or("a comment begins with # and one blank")?;
        let (word, rest) = behind.split_once([' ', '\t']).unwrap_or((behind, ""));
        let keyword = ["HELP", "TYPE", "UNIT"].into_iter().find(|known| *known == word);
        match keyword {
            Some("UNIT") if !strict => Ok(None),
            Some(keyword) => Ok(Some((keyword, rest))),
            None if strict => Err("a comment that is not HELP, TYPE, UNIT or EOF".to_owned()),
            None => Ok(None),
        }
    }

    /// The metric name of a comment and what it says of it.
    fn name(&self, rest: &str) -> Result<(String, String), String> {
        let strict = self.format == Format::OpenMetrics;
        let rest = if strict { rest } else { rest.trim_start_matches([' ', '\t']) };
        let (name, what) = if rest.starts_with('"') {
            let manner = Manner { max_labels: 0, known_escapes: !strict };
            let (name, what) = lexer::quoted(rest, manner).map_err(|reason| reason.to_string())?;
            (name.into_string(), what)
        } else {
            let end = rest.find([' ', '\t']).unwrap_or(rest.len());
            demand(lexer::is_metric_name(&rest.as_bytes()[..end]), "a comment without a proper metric name")?;
            (rest[..end].to_owned(), &rest[end..])
        };
        if strict {
            let what = what.strip_prefix(' ').ok_or("a comment that says nothing")?;
            return Ok((name, what.to_owned()));
        }
        Ok((name, what.trim_matches([' ', '\t']).to_owned()))
    }

    fn kind(&mut self, name: &str, word: &str) -> Verdict {
        let kind = Kind::of(word, self.format).ok_or("an unknown type")?;
        let family = self.families.entry(name.to_owned()).or_default();
        demand(!family.has_unit || !matches!(kind, Kind::Info | Kind::StateSet), "this type has no unit")?;
        family.kind = Some(kind);
        for suffix in kind.suffixes() {
            let before = self.owner.insert(format!("{name}{suffix}"), name.to_owned());
            demand(self.format == Format::Text || before.is_none(), "the names of two metrics clash")?;
        }
        Ok(())
    }

    /// A sample, after its line was read.
    pub(super) fn sample(&mut self, labels: &Labels, split: &Split<'_>) -> Verdict {
        let name = labels.name();
        let family_name = self.owner.get(name).map_or(name, String::as_str);
        let suffix = name.strip_prefix(family_name).unwrap_or("");
        let kind = self.families.get(family_name).and_then(|family| family.kind);
        if let Some(kind) = kind {
            bounds(kind, suffix, labels)?;
            if self.format == Format::OpenMetrics {
                required_labels(kind, suffix, family_name, labels)?;
                value(kind, suffix, split.tail.value)?;
                let may = matches!(
                    (kind, suffix),
                    (Kind::Unknown, _)
                        | (Kind::Counter, "_total")
                        | (Kind::Histogram | Kind::GaugeHistogram, "_bucket")
                );
                demand(split.tail.exemplar.is_none() || may, "this sample must not have an exemplar")?;
            } else if kind == Kind::Histogram && matches!(suffix, "_bucket" | "_count") {
                demand(split.tail.value >= 0.0, "a count is negative or not a number")?;
            }
        }
        if self.format == Format::OpenMetrics {
            let stamp = if split.tail.stamp.is_empty() { None } else { number::seconds(split.tail.stamp) };
            self.families.entry(family_name.to_owned()).or_default().sampled = true;
            self.in_time(labels, stamp)?;
        }
        Ok(())
    }

    /// Samples of one series that follow each other all have timestamps that do not fall, or none has one.
    fn in_time(&mut self, labels: &Labels, stamp: Option<f64>) -> Verdict {
        if let Some((last, before)) = &self.last
            && last == labels
        {
            demand(before.is_some() == stamp.is_some(), "a series with and without timestamps")?;
            demand(before <= &stamp, "a series goes back in time")?;
        }
        self.last = Some((labels.clone(), stamp));
        Ok(())
    }
}

/// Bounds of buckets and quantiles are numbers.
fn bounds(kind: Kind, suffix: &str, labels: &Labels) -> Verdict {
    let bound = match (kind, suffix) {
        (Kind::Histogram | Kind::GaugeHistogram, "_bucket") => labels.get("le"),
        (Kind::Summary, "") => labels.get("quantile"),
        _ => None,
    };
    let fine = bound.is_none_or(|bound| number::value(bound.as_bytes()).is_some());
    demand(fine, "a bound is not a number")
}

/// Labels that a type must have, and their range.
fn required_labels(kind: Kind, suffix: &str, family: &str, labels: &Labels) -> Verdict {
    match (kind, suffix) {
        (Kind::Histogram | Kind::GaugeHistogram, "_bucket") => {
            let le = labels.get("le").ok_or("a bucket without le")?;
            let infinite = number::value(le.as_bytes()) == Some(f64::INFINITY);
            demand(!infinite || le == "+Inf", "the highest bound must be written +Inf")
        }
        (Kind::Summary, "") => {
            let quantile = labels.get("quantile").and_then(|text| number::value(text.as_bytes()));
            let fine = quantile.is_some_and(|quantile| (0.0..=1.0).contains(&quantile));
            demand(fine, "a quantile that is not from 0 to 1")
        }
        (Kind::StateSet, _) => demand(labels.get(family).is_some(), "a state set without its label"),
        _ => Ok(()),
    }
}

/// Values that a type may have.
fn value(kind: Kind, suffix: &str, value: f64) -> Verdict {
    let counts = matches!(
        (kind, suffix),
        (Kind::Counter, "" | "_total")
            | (Kind::Histogram | Kind::GaugeHistogram, "_bucket")
            | (Kind::Histogram | Kind::Summary, "_count")
            | (Kind::GaugeHistogram, "_gcount")
    );
    demand(!counts || value >= 0.0, "a count is negative or not a number")?;
    let sums = matches!((kind, suffix), (Kind::Histogram | Kind::Summary, "_sum"));
    // A sum may be NaN, when NaN was observed.
    demand(!sums || value.is_nan() || value >= 0.0, "a sum is negative")?;
    match kind {
        Kind::StateSet => demand([0.0, 1.0].contains(&value), "a state is neither 0 nor 1"),
        Kind::Info => demand([1.0].contains(&value), "an info is not 1"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::exposition::samples;

    #[test]
    fn what_each_format_demands() {
        for (body, open, text) in [
            ("", "the end mark # EOF is missing", ""),
            ("# EOF", "", ""),
            ("# EOF\na 1", "there is text behind # EOF", ""),
            ("\n# EOF", "blank lines are not allowed", ""),
            ("# free text\n# EOF", "a comment that is not HELP, TYPE, UNIT or EOF", ""),
            ("#x\n# EOF", "a comment begins with # and one blank", ""),
            ("# TYPE a untyped\n# EOF", "an unknown type", ""),
            ("# TYPE a meh\n# EOF", "an unknown type", "an unknown type"),
            ("# TYPE a  gauge\n# EOF", "an unknown type", ""),
            ("# HELP a\n# EOF", "a comment that says nothing", ""),
            ("# HELP a.b c\n# EOF", "a comment without a proper metric name", "a comment without a proper metric name"),
            ("# HELP \"a.b\" c\n# EOF", "", ""),
            ("# HELP \"a.b c\n# EOF", "a quote or a brace is not closed", "a quote or a brace is not closed"),
            ("# HELP a b\n# HELP a c\n# EOF", "the same comment is there twice for one metric", TWICE),
            ("a 1\n# HELP a b\n# EOF", "the comment stands behind the samples", ""),
            ("# UNIT a_s m\n# EOF", "the unit is not the end of the name", ""),
            ("# TYPE a_s info\n# UNIT a_s s\n# EOF", "this type has no unit", ""),
            ("# UNIT a_s s\n# TYPE a_s info\n# EOF", "this type has no unit", ""),
            ("# TYPE a_total gauge\n# TYPE a counter\n# EOF", "the names of two metrics clash", ""),
            ("# TYPE a counter\na_total -1\n# EOF", "a count is negative or not a number", ""),
            ("# TYPE a histogram\na_count -1\n# EOF", COUNT, COUNT),
            ("# TYPE a histogram\na_bucket{le=\"x\"} 1\n# EOF", BOUND, BOUND),
            ("# TYPE a histogram\na_bucket{le=\"inf\"} 1\n# EOF", "the highest bound must be written +Inf", ""),
            ("# TYPE a summary\na{quantile=\"2\"} 1\n# EOF", "a quantile that is not from 0 to 1", ""),
            ("# TYPE a summary\na_sum NaN\n# EOF", "", ""),
            ("# TYPE a info\na_info 2\n# EOF", "an info is not 1", ""),
            ("# TYPE a stateset\na{a=\"x\"} 0.5\n# EOF", "a state is neither 0 nor 1", ""),
            ("# TYPE a gauge\na 1 2\na 1 1\n# EOF", "a series goes back in time", ""),
            ("# TYPE a gauge\na 1\na 1 1\n# EOF", "a series with and without timestamps", ""),
            ("# TYPE a counter\na_total 1 # {b=\"c\"} 1 2\n# EOF", "", BEHIND),
            ("# TYPE a gauge\na 1 # {b=\"c\"} 1\n# EOF", "this sample must not have an exemplar", BEHIND),
        ] {
            for (format, expected) in [(Format::OpenMetrics, open), (Format::Text, text)] {
                let reason = samples(body.as_bytes(), format).err().map_or(String::new(), |refusal| refusal.reason);
                assert_eq!(reason, expected, "{format:?}: {body}");
            }
        }
    }

    const TWICE: &str = "the same comment is there twice for one metric";
    const COUNT: &str = "a count is negative or not a number";
    const BOUND: &str = "a bound is not a number";
    const BEHIND: &str = "the timestamp is not a number of the right form";
}
