//! What a query gives: series of numbers, read from JSON without a tree in between.
//!
//! Values come as texts (`"NaN"`, `"+Inf"`), times as seconds. Instant and range answers become the same rows.
//! Native histograms are counted and left out: a number is what is drawn.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::facts::Labels;
use crate::promql::Row;

/// The `data` of `query` and `query_range`.
#[derive(Clone, PartialEq, Debug)]
pub struct Rows {
    /// Each series with its points in milliseconds since the epoch, oldest first. A scalar is one without labels.
    pub series: Vec<Row>,
    /// Series that are native histograms, which are not numbers.
    pub histograms: usize,
    /// The query gives a text.
    pub is_text: bool,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Series>),
    Matrix(Vec<Series>),
    Scalar(Point),
    String(IgnoredAny),
}

#[derive(Deserialize)]
struct Series {
    #[serde(default, deserialize_with = "labels")]
    metric: Labels,
    #[serde(default)]
    value: Option<Point>,
    #[serde(default)]
    values: Vec<Point>,
}

/// `[1795155819.459, "1"]`
struct Point(i64, f64);

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Self { series: Vec::new(), histograms: 0, is_text: false };
        match Data::deserialize(deserializer)? {
            Data::Vector(series) | Data::Matrix(series) => {
                all.series.reserve(series.len());
                for one in series {
                    let points: Vec<_> =
                        one.value.into_iter().chain(one.values).map(|Point(at, value)| (at, value)).collect();
                    if points.is_empty() {
                        all.histograms += 1;
                    } else {
                        all.series.push((one.metric, points));
                    }
                }
            }
            Data::Scalar(Point(at, value)) => all.series.push((Labels::default(), vec![(at, value)])),
            Data::String(_) => all.is_text = true,
        }
        Ok(all)
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Point;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time in seconds and a value as a text")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Point, A::Error> {
                let time: f64 = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
                let Value(value) = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
                Ok(Point((time * 1000.0).round() as i64, value))
            }
        }
        deserializer.deserialize_seq(Pair)
    }
}

struct Value(f64);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number as a text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                text.parse().map(Value).map_err(|_| E::custom(format_args!("`{text}` is not a number")))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

fn labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
    struct Pairs;
    impl<'de> Visitor<'de> for Pairs {
        type Value = Labels;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("labels")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
            let mut pairs = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, String>()? {
                pairs.push((name.into_boxed_str(), value.into_boxed_str()));
            }
            Labels::new(pairs).map_err(|name| A::Error::custom(format_args!("the label {name} is there twice")))
        }
    }
    deserializer.deserialize_map(Pairs)
}
