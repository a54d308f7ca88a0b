//! The strips, from data written by hand: XML that a reader takes, gaps that stay gaps, texts that stay texts.

use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;
use crate::facts::At;
use crate::facts::Unit;

fn at(second: i64) -> At {
    At::from_timestamp(1_770_160_500 + second, 0).unwrap()
}

/// Points every ten seconds; seconds in `gone` have none.
fn series(label: &str, span: std::ops::Range<i64>, gone: std::ops::Range<i64>, value: impl Fn(i64) -> f64) -> Series {
    let seconds = span.step_by(10).filter(|second| !gone.contains(second));
    Series { label: label.into(), points: seconds.map(|second| (at(second), Some(value(second)))).collect() }
}

fn strip(title: &str, unit: Unit, series: Vec<Series>) -> Strip {
    Strip { title: title.into(), unit, series, limit: None, every: Duration::from_secs(10) }
}

fn night() -> Picture {
    let bad = |second: &i64| (900..3300).contains(second);
    let rate = |second: i64| 600.0 + f64::from((second % 70) as i32) - if bad(&second) { 150.0 } else { 0.0 };
    let errors = |second: i64| if bad(&second) { 0.45 - second as f64 / 20_000.0 } else { 0.003 };
    let used =
        |second: i64| (20.0 + (second as f64 - 300.0).max(0.0) / 6.0).min(if second < 3300 { 100.0 } else { 25.0 });
    let memory = |second: i64| 1.2e9 + second as f64 * 1.2e5;
    let mark = |second, kind, text: &str| Mark { at: at(second), kind, text: text.into() };
    Picture {
        title: "checkout-api, 2026-02-03".into(),
        from: at(0),
        to: at(4500),
        strips: vec![
            strip("Request rate", Unit::PerSecond, vec![series("", 0..4500, 1500..1620, rate)]),
            Strip {
                limit: Some(0.05),
                ..strip("Error rate", Unit::Ratio, vec![series("", 0..4500, 1500..1620, errors)])
            },
            strip(
                "DB pool",
                Unit::Count,
                vec![series("in use", 0..4500, 0..0, used), series("limit", 0..4500, 0..0, |_| 100.0)],
            ),
            strip("Memory", Unit::Bytes, vec![series("in use", 0..4500, 0..0, memory)]),
        ],
        marks: vec![
            mark(660, MarkKind::Change, "deploy api v2.31.0"),
            mark(900, MarkKind::Onset, "it began"),
            mark(960, MarkKind::Person, "opened"),
            mark(990, MarkKind::Person, "acknowledged by ana"),
            mark(3240, MarkKind::Person, "fix: rolled back <api> & \"db\"\n\u{1b}[2J"),
            mark(3300, MarkKind::End, "as before"),
            mark(9000, MarkKind::End, "long after"),
        ],
    }
}

/// All text, as a reader of XML has it, which refuses what is not well-formed.
fn read(svg: &str) -> Vec<String> {
    let mut reader = Reader::from_str(svg);
    let mut texts = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Text(text) => texts.push(text.to_string()),
            Event::GeneralRef(name) => assert!(["amp", "lt", "gt", "quot", "#39"].contains(&&*name), "{name:?}"),
            Event::Eof => return texts,
            _ => {}
        }
    }
}

#[test]
fn a_picture_is_xml_and_is_told_in_words() {
    let svg = svg(&night());
    let texts = read(&svg).join("\n");
    for words in
        ["Request rate", "DB pool: in use, behind it limit", "800 req/s", "2.00 GiB", "04 Feb", "it began", "as before"]
    {
        assert!(texts.contains(words), "{words}: {texts}");
    }
    assert!(!svg.contains("<api>") && !svg.contains('\u{1b}') && !texts.contains("long after"));
    assert!(svg.contains("role=\"img\" aria-labelledby=\"title desc\"") && svg.contains("prefers-color-scheme:dark"));
    let described = &svg[svg.find("<desc").unwrap()..svg.find("</desc>").unwrap()];
    assert!(described.contains("Error rate: 0.30 % to 40.5 %, at its highest at 23:30:00"), "{described}");
    assert!(described.contains("acknowledged by ana"));
}

#[test]
fn a_gap_is_a_gap_and_one_value_alone_is_a_dot() {
    let paths = |strip: Strip| {
        let picture = Picture { strips: vec![strip], marks: Vec::new(), ..night() };
        let svg = svg(&picture);
        (svg.matches("<path").count(), svg.matches("<circle").count())
    };
    let of = |series: Series| paths(strip("x", Unit::Count, vec![series]));
    assert_eq!(of(series("", 0..4500, 0..0, |_| 1.0)), (1, 0));
    assert_eq!(of(series("", 0..4500, 1500..1620, |_| 1.0)), (2, 0));
    // One scrape that was lost is no hole; one that failed is.
    assert_eq!(of(series("", 0..4500, 1500..1510, |_| 1.0)), (1, 0));
    let mut failed = series("", 0..4500, 0..0, |_| 1.0);
    failed.points[100].1 = None;
    failed.points[102].1 = None;
    assert_eq!(of(failed), (2, 1));
    assert_eq!(of(Series { label: String::new(), points: vec![(at(5), Some(f64::NAN)), (at(15), None)] }), (0, 0));
    // The past of a server has longer steps.
    let mut mixed = Series { label: String::new(), points: (0..30).map(|step| (at(step * 90), Some(1.0))).collect() };
    mixed.points.extend(series("", 2700..4500, 0..0, |_| 1.0).points);
    assert_eq!(of(mixed), (1, 0));
}

#[test]
fn much_is_thinned_out_and_its_peaks_stay() {
    let points = (0..20_000).map(|index| {
        let value = if index == 7_777 { 900.0 } else { 100.0 };
        (at(0) + chrono::TimeDelta::milliseconds(index * 200), Some(value))
    });
    let all = Series { label: String::new(), points: points.collect() };
    let strip = Strip { every: Duration::from_millis(200), ..strip("x", Unit::Count, vec![all]) };
    let svg = svg(&Picture { strips: vec![strip], marks: Vec::new(), ..night() });
    assert!(svg.len() < 60_000, "{}", svg.len());
    let path = &svg[svg.find("<path").unwrap()..];
    let heights = path[..path.find("/>").unwrap()].split(['M', 'L']).filter_map(|pair| pair.split_once(' '));
    let top = heights.filter_map(|(_, y)| y.trim_end_matches('"').parse::<f64>().ok()).fold(f64::MAX, f64::min);
    assert!(top < 80.0, "the peak is drawn near the top: {top}");
}

#[test]
fn an_empty_picture_and_one_of_an_instant_are_pictures() {
    for picture in [
        Picture { strips: Vec::new(), marks: Vec::new(), ..night() },
        Picture { to: at(0), ..night() },
        Picture { from: at(100), to: at(0), ..night() },
    ] {
        assert!(!read(&svg(&picture)).is_empty());
    }
    let marks =
        (0..40).map(|index| Mark { at: at(index * 20), kind: MarkKind::Change, text: format!("deploy {index}") });
    let svg = svg(&Picture { marks: marks.collect(), ..night() });
    assert!(read(&svg).concat().contains("and 22 more, which the timeline tells"));
}
