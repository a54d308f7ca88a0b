//! The signals over an incident as one picture (SVG): strips on one time axis, with marks for what was done.
//!
//! A gap is a gap: no line is drawn over time of which nothing is known. The colours are its own and readable on white
//! and on dark; each strip is told in words as well, for those who cannot see it. All text is escaped.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::TimeDelta;

use crate::facts::At;
use crate::facts::Number;
use crate::facts::Unit;
use crate::incident::postmortem::scale;
use crate::signals::units;

/// A picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Picture {
    /// What it shows, `checkout-api, 2026-02-03`.
    pub title: String,
    /// The left end of the time axis.
    pub from: At,
    /// The right end.
    pub to: At,
    /// The strips, from top to bottom.
    pub strips: Vec<Strip>,
    /// What happened when.
    pub marks: Vec<Mark>,
}

/// One signal.
#[derive(Clone, PartialEq, Debug)]
pub struct Strip {
    /// `Error rate`.
    pub title: String,
    /// The unit of all its values.
    pub unit: Unit,
    /// Its lines; the first is the one that counts, the others stand behind it.
    pub series: Vec<Series>,
    /// From this value on somebody is hurt.
    pub limit: Option<f64>,
    /// The expected distance of values.
    pub every: Duration,
}

/// One line of a strip.
#[derive(Clone, PartialEq, Debug)]
pub struct Series {
    /// `p95`; empty where there is only one.
    pub label: String,
    /// Its values, oldest first; `None` is a gap.
    pub points: Vec<(At, Option<f64>)>,
}

/// Something that happened at an instant.
#[derive(Clone, PartialEq, Debug)]
pub struct Mark {
    /// When.
    pub at: At,
    /// What sort of thing.
    pub kind: MarkKind,
    /// What, in a few words.
    pub text: String,
}

/// What sort of thing a mark stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MarkKind {
    /// The trouble began.
    Onset,
    /// Something was changed.
    Change,
    /// A person did something.
    Person,
    /// It was mended, normal, or over.
    End,
}

impl MarkKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Onset => "onset",
            Self::Change => "change",
            Self::Person => "person",
            Self::End => "end",
        }
    }
}

const WIDTH: f64 = 960.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 66.0;
const STRIP: f64 = 84.0;
const BETWEEN: f64 = 30.0;
const LEGEND: f64 = 17.0;

/// More marks than this make a picture that says nothing.
const MARKS: usize = 18;

/// More points than this are thinned out: two for each pixel.
const POINTS: usize = 1_600;

/// Most characters of a mark's words.
const TEXT: usize = 110;

const STYLE: &str = "\
svg{font:12px system-ui,sans-serif}.paper{fill:#ffffff}.text{fill:#1f2328}.soft{fill:#59636e}\
.grid{stroke:#d1d9e0;stroke-width:1}.line{fill:none;stroke:#0969da;stroke-width:1.6;stroke-linejoin:round}\
.second{stroke:#8c959f;stroke-width:1.2}.dot{fill:#0969da}.limit{stroke:#cf222e;stroke-dasharray:2 4}\
.mark{stroke-width:1.2;stroke-dasharray:5 3}.onset{stroke:#cf222e;fill:#cf222e}.change{stroke:#8250df;fill:#8250df}\
.person{stroke:#0550ae;fill:#0550ae}.end{stroke:#1a7f37;fill:#1a7f37}.tag{stroke:none;font-weight:600}\
@media (prefers-color-scheme:dark){.paper{fill:#0d1117}.text{fill:#e6edf3}.soft{fill:#9198a1}.grid{stroke:#30363d}\
.line{stroke:#58a6ff}.second{stroke:#6e7681}.dot{fill:#58a6ff}.limit{stroke:#ff7b72}\
.onset{stroke:#ff7b72;fill:#ff7b72}.change{stroke:#d2a8ff;fill:#d2a8ff}.person{stroke:#79c0ff;fill:#79c0ff}\
.end{stroke:#56d364;fill:#56d364}}.tag{stroke:none}";

/// The picture as a file.
#[must_use]
pub fn svg(picture: &Picture) -> String {
    let axis = Axis { from: picture.from, to: picture.to.max(picture.from + TimeDelta::seconds(1)) };
    let mut marks: Vec<&Mark> =
        picture.marks.iter().filter(|mark| mark.at >= axis.from && mark.at <= axis.to).collect();
    marks.sort_by_key(|mark| (mark.at, mark.kind));
    let hidden = marks.len().saturating_sub(MARKS);
    marks.truncate(MARKS);
    let bottom = TOP + picture.strips.len() as f64 * (STRIP + BETWEEN) - BETWEEN;
    let legend = marks.len() + usize::from(hidden > 0);
    let height = bottom + 44.0 + legend as f64 * LEGEND;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
         <style>{STYLE}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
        escape(&picture.title),
        escape(&described(picture, &marks)),
    );
    text(&mut out, "text", LEFT, 22.0, "start", &picture.title);
    let range = format!("{} to {} UTC", axis.from.format("%Y-%m-%d %H:%M"), axis.to.format("%Y-%m-%d %H:%M"));
    text(&mut out, "soft", WIDTH - RIGHT, 22.0, "end", &range);
    time_axis(&mut out, axis, bottom);
    for (index, strip) in picture.strips.iter().enumerate() {
        draw_strip(&mut out, axis, strip, TOP + index as f64 * (STRIP + BETWEEN));
    }
    draw_marks(&mut out, axis, &marks, bottom);
    if hidden > 0 {
        let y = bottom + 44.0 + marks.len() as f64 * LEGEND;
        text(&mut out, "soft", LEFT, y, "start", &format!("and {hidden} more, which the timeline tells"));
    }
    out.push_str("</svg>\n");
    out
}

/// The time axis of all strips.
#[derive(Clone, Copy)]
struct Axis {
    from: At,
    to: At,
}

impl Axis {
    fn x(self, at: At) -> f64 {
        let share = (at - self.from).as_seconds_f64() / (self.to - self.from).as_seconds_f64();
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }
}

fn time_axis(out: &mut String, axis: Axis, bottom: f64) {
    let (ticks, step) = scale::ticks(axis.from, axis.to, 9);
    let mut day = axis.from.date_naive();
    for tick in ticks {
        let x = axis.x(tick);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\" stroke-opacity=\"0.6\"/>"
        );
        let is_new = std::mem::replace(&mut day, tick.date_naive()) != tick.date_naive();
        let format = match (is_new || step >= TimeDelta::days(1), step < TimeDelta::minutes(1)) {
            (true, _) => "%d %b",
            (false, true) => "%H:%M:%S",
            (false, false) => "%H:%M",
        };
        text(out, "soft", x, bottom + 16.0, "middle", &tick.format(format).to_string());
    }
}

fn draw_strip(out: &mut String, axis: Axis, strip: &Strip, y: f64) {
    let inside = |at: At| at >= axis.from && at <= axis.to;
    let values = strip.series.iter().flat_map(|series| &series.points).filter(|(at, _)| inside(*at));
    let highest = values.filter_map(|(_, value)| *value).fold(0.0, f64::max);
    // A limit far above all that was is not worth the room.
    let limit = strip.limit.filter(|limit| *limit <= highest * 1.5 && *limit > 0.0);
    let top = scale::top(highest.max(limit.unwrap_or(0.0)), strip.unit);
    let at_height = |value: f64| y + STRIP - (value / top).clamp(0.0, 1.0) * STRIP;
    let _ = writeln!(out, "<g><title>{}</title>", escape(&told(strip, axis)));
    text(out, "text", LEFT, y - 6.0, "start", &heading(strip));
    for share in [0.0, 0.5, 1.0] {
        let line = at_height(top * share);
        let end = WIDTH - RIGHT;
        let _ = writeln!(out, "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{line:.1}\" x2=\"{end}\" y2=\"{line:.1}\"/>");
        text(out, "soft", LEFT - 8.0, line + 4.0, "end", &shown(top * share, strip.unit));
    }
    if let Some(limit) = limit {
        let (line, end) = (at_height(limit), WIDTH - RIGHT);
        let _ = writeln!(out, "<line class=\"limit\" x1=\"{LEFT}\" y1=\"{line:.1}\" x2=\"{end}\" y2=\"{line:.1}\"/>");
    }
    for (index, series) in strip.series.iter().enumerate().rev() {
        let class = if index == 0 { "line" } else { "line second" };
        for run in runs(&series.points, axis, strip.every) {
            if let [(at, value)] = run.as_slice() {
                let (x, y) = (axis.x(*at), at_height(*value));
                let _ = writeln!(out, "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1.6\"/>");
                continue;
            }
            let mut path = String::new();
            for (index, (at, value)) in run.iter().enumerate() {
                let letter = if index == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{letter}{:.1} {:.1}", axis.x(*at), at_height(*value));
            }
            let _ = writeln!(out, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }
    out.push_str("</g>\n");
}

fn heading(strip: &Strip) -> String {
    let labels: Vec<&str> =
        strip.series.iter().map(|series| series.label.as_str()).filter(|label| !label.is_empty()).collect();
    if labels.is_empty() { strip.title.clone() } else { format!("{}: {}", strip.title, labels.join(", behind it ")) }
}

/// The values in pieces between which nothing is known.
fn runs(points: &[(At, Option<f64>)], axis: Axis, every: Duration) -> Vec<Vec<(At, f64)>> {
    let inside: Vec<(At, Option<f64>)> =
        points.iter().filter(|(at, _)| *at >= axis.from && *at <= axis.to).copied().collect();
    let patience = TimeDelta::from_std(every.saturating_mul(3)).unwrap_or(TimeDelta::MAX);
    let mut runs: Vec<Vec<(At, f64)>> = vec![Vec::new()];
    let mut last: Option<(At, TimeDelta)> = None;
    for (at, value) in inside {
        let step = last.map(|(before, _)| at - before);
        // The past of a server has longer steps than what was asked later.
        let usual = last.map_or(TimeDelta::zero(), |(_, usual)| usual);
        let is_gap =
            value.is_none() || step.is_some_and(|step| usual > TimeDelta::zero() && step > patience.max(usual * 2));
        if is_gap && runs.last().is_some_and(|run| !run.is_empty()) {
            runs.push(Vec::new());
        }
        if let (Some(value), Some(run)) = (value.filter(|value| value.is_finite()), runs.last_mut()) {
            run.push((at, value));
        }
        last = Some((at, step.filter(|_| !is_gap).unwrap_or(usual)));
    }
    runs.retain(|run| !run.is_empty());
    let all: usize = runs.iter().map(Vec::len).sum();
    if all > POINTS {
        for run in &mut runs {
            *run = thinned(run, all.div_ceil(POINTS / 2));
        }
    }
    runs
}

/// The least and the greatest of so many values, each where it was: a peak is never thinned out.
fn thinned(run: &[(At, f64)], size: usize) -> Vec<(At, f64)> {
    let mut out = Vec::new();
    for chunk in run.chunks(size.max(1)) {
        let least = chunk.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let most = chunk.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        let mut both: Vec<(At, f64)> = least.into_iter().chain(most).copied().collect();
        both.sort_by_key(|(at, _)| *at);
        both.dedup();
        out.extend(both);
    }
    out
}

fn draw_marks(out: &mut String, axis: Axis, marks: &[&Mark], bottom: f64) {
    let mut ends = [f64::MIN; 2];
    for (index, mark) in marks.iter().enumerate() {
        let (x, tag, class) = (axis.x(mark.at), tag(index), mark.kind.class());
        let line = format!("{tag} {} {}", mark.at.format("%H:%M:%S"), shortened(&mark.text));
        let _ = writeln!(
            out,
            "<g class=\"{class}\"><title>{}</title><line class=\"mark\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" \
             y2=\"{bottom:.1}\"/></g>",
            escape(&line),
            TOP - 8.0
        );
        // Tags that stand close together stand in two rows.
        let row = ends.iter().position(|end| x - end > 11.0).unwrap_or(0);
        ends[row] = x;
        text(out, &format!("{class} tag"), x, TOP - 11.0 - row as f64 * 12.0, "middle", &tag);
        text(out, &format!("{class} tag"), LEFT - 8.0, bottom + 44.0 + index as f64 * LEGEND, "end", &tag);
        let told = format!("{}  {}", mark.at.format("%H:%M:%S"), shortened(&mark.text));
        text(out, "text", LEFT, bottom + 44.0 + index as f64 * LEGEND, "start", &told);
    }
}

/// A to Z.
fn tag(index: usize) -> String {
    char::from(b'A' + (index % 26) as u8).to_string()
}

fn shortened(text: &str) -> String {
    crate::facts::text::clean_line(text, TEXT)
}

/// The picture in words.
fn described(picture: &Picture, marks: &[&Mark]) -> String {
    let axis = Axis { from: picture.from, to: picture.to };
    let strips = picture.strips.iter().map(|strip| told(strip, axis));
    let marks = marks.iter().map(|mark| format!("{} {}", mark.at.format("%H:%M:%S"), shortened(&mark.text)));
    strips.chain(marks).collect::<Vec<_>>().join(". ")
}

/// A strip in words: `Error rate: 0 to 45.2 %, at its highest at 03:21:10`.
fn told(strip: &Strip, axis: Axis) -> String {
    let Some(series) = strip.series.first() else { return strip.title.clone() };
    let inside = series.points.iter().filter(|(at, _)| *at >= axis.from && *at <= axis.to);
    let values: Vec<(At, f64)> = inside.filter_map(|(at, value)| Some((*at, (*value)?))).collect();
    let least = values.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
    let Some((at, most)) = values.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return format!("{}: nothing is known", heading(strip));
    };
    let (least, most) = (shown(least, strip.unit), shown(most, strip.unit));
    format!("{}: {least} to {most}, at its highest at {}", heading(strip), at.format("%H:%M:%S"))
}

fn shown(value: f64, unit: Unit) -> String {
    units::shown(Number { value, at_least: false }, unit)
}

fn text(out: &mut String, class: &str, x: f64, y: f64, anchor: &str, words: &str) {
    let words = escape(words);
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
}

/// Text as XML has it; without what XML does not allow at all.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
