//! The format of Prometheus' `PromQL` test files: times, series, values and what a case expects.

#![expect(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "a broken file is a failed test")]

use sixty::facts::Labels;

const STALE: u64 = 0x7ff0_0000_0000_0002;

/// What a case expects.
#[derive(Default, Clone)]
pub struct Expected<'l> {
    pub fails: bool,
    pub ordered: bool,
    /// First instant and step of a range of samples, in milliseconds.
    pub range_vector: Option<(i64, i64)>,
    pub text: Option<String>,
    pub lines: Vec<&'l str>,
}

impl<'l> Expected<'l> {
    /// What the lines under a command say.
    pub fn read(verb: &str, block: &[&'l str]) -> Self {
        let mut expected = Self { fails: verb == "eval_fail", ordered: verb == "eval_ordered", ..Self::default() };
        for line in block {
            let Some(what) = line.strip_prefix("expect ") else {
                if !line.starts_with("expected_fail") {
                    expected.lines.push(line);
                }
                continue;
            };
            expected.fails |= what.starts_with("fail");
            expected.ordered |= what.starts_with("ordered");
            if let Some(range) = what.strip_prefix("range vector from ") {
                let words: Vec<_> = range.split_whitespace().collect();
                expected.range_vector = Some((time(words[0]), time(words[4])));
            }
            if let Some(text) = what.strip_prefix("string ") {
                expected.text = Some(unquote(text.trim()).0);
            }
        }
        expected
    }

    /// The rows that are expected: the first value of each line is that of `start`.
    pub fn rows(&self, start: i64, end: i64, step: i64) -> std::collections::BTreeMap<Labels, Vec<(i64, f64)>> {
        let mut wanted: std::collections::BTreeMap<Labels, Vec<(i64, f64)>> = std::collections::BTreeMap::new();
        for line in &self.lines {
            let (labels, values) = series(line);
            let row = wanted.entry(labels).or_default();
            for (index, value) in (0_i64..).zip(numbers(values)) {
                if let Some(value) = value.filter(|_| start + index * step <= end) {
                    row.push((start + index * step, value));
                }
            }
        }
        wanted.retain(|_, row| !row.is_empty());
        wanted
    }

    /// The samples that are expected, in the order in which they stand.
    pub fn samples(&self) -> Vec<(Labels, f64)> {
        let sample = |line: &&str| {
            let (labels, values) = series(line);
            (labels, numbers(values).first().copied().flatten().unwrap())
        };
        self.lines.iter().map(sample).collect()
    }
}

/// Relative error of at most 1e-6; not-a-number equals itself.
pub fn close(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let (difference, sum) = ((a - b).abs(), a.abs() + b.abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < 1e-6 * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < 1e-6
}

/// Milliseconds from `1m30s`, `10s53ms` or plain seconds.
pub fn time(text: &str) -> i64 {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds * 1000.0).round() as i64;
    }
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
        let letters = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |index| digits + index);
        let unit = match &rest[digits..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            other => panic!("unit {other}"),
        };
        total += rest[..digits].parse::<i64>().unwrap() * unit;
        rest = &rest[letters..];
    }
    sign * total
}

/// The labels at the start of a line, and the rest of it.
pub fn series(line: &str) -> (Labels, &str) {
    let end = line.find(|c: char| c == '{' || c.is_whitespace()).unwrap_or(line.len());
    let (name, mut rest) = line.split_at(end);
    let mut pairs = Vec::new();
    if !name.is_empty() {
        pairs.push(("__name__".into(), name.into()));
    }
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside.trim_start();
        while !rest.starts_with('}') {
            let name = if rest.starts_with('"') {
                let (name, len) = unquote(rest);
                rest = rest[len..].trim_start();
                name
            } else {
                let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap();
                let name = rest[..end].to_owned();
                rest = rest[end..].trim_start();
                name
            };
            if let Some(value) = rest.strip_prefix('=') {
                let value = value.trim_start();
                let (text, len) = unquote(value);
                rest = value[len..].trim_start();
                pairs.push((name.into(), text.into()));
            } else {
                pairs.push(("__name__".into(), name.into()));
            }
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        rest = &rest[1..];
    }
    (Labels::new(pairs).unwrap(), rest.trim())
}

/// A text in quotes, and how many bytes it takes with them.
pub fn unquote(text: &str) -> (String, usize) {
    let quote = text.chars().next().unwrap();
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        match c {
            _ if c == quote => return (out, index + 1),
            '\\' if quote != '`' => match chars.next().unwrap().1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'x' => {
                    let digits: String = chars.by_ref().take(2).map(|(_, c)| c).collect();
                    out.push(char::from(u8::from_str_radix(&digits, 16).unwrap()));
                }
                other => out.push(other),
            },
            _ => out.push(c),
        }
    }
    panic!("no end of the text: {text}");
}

pub fn float(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// The values of a line; `None` is a gap.
pub fn numbers(text: &str) -> Vec<Option<f64>> {
    let mut values = Vec::new();
    for token in text.split_whitespace() {
        let (value, repeat) =
            token.split_once('x').map_or((token, None), |(v, n)| (v, Some(n.parse::<usize>().unwrap())));
        match value {
            "_" => values.extend(std::iter::repeat_n(None, repeat.unwrap_or(1))),
            "stale" => values.extend(std::iter::repeat_n(Some(f64::from_bits(STALE)), repeat.map_or(1, |n| n + 1))),
            _ => {
                let sign = value
                    .char_indices()
                    .skip(1)
                    .find(|(index, c)| matches!(c, '+' | '-') && !value[..*index].ends_with(['e', 'E']));
                let (first, step) = match sign.filter(|_| repeat.is_some()) {
                    Some((index, '+')) => (&value[..index], float(&value[index + 1..]).unwrap()),
                    Some((index, _)) => (&value[..index], float(&value[index..]).unwrap()),
                    None => (value, 0.0),
                };
                let mut current = float(first).unwrap_or_else(|| panic!("number {value} in {text}"));
                for _ in 0..=repeat.unwrap_or(0) {
                    values.push(Some(current));
                    current += step;
                }
            }
        }
    }
    values
}
