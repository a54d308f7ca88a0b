//! From the text of a file to a [`Config`]: the top level, and what several parts must agree on.

use std::cell::RefCell;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::Config;
use super::Intervals;
use super::Problem;
use super::Problems;
use super::World;
use super::channels;
use super::commands;
use super::incident;
use super::keys;
use super::pagers;
use super::paths;
use super::problem::place;
use super::prometheus;
use super::reader::Found;
use super::reader::Ground;
use super::reader::Section;
use super::reader::Sink;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::reader::suggestion;
use super::recording;
use super::service;
use super::severities;
use super::sources;
use super::syntax;
use super::units;
use super::units::spell;
use super::zones;

/// The largest file that is read, in bytes: a larger one is not a configuration.
const LARGEST: u64 = 1024 * 1024;

/// What the readers of the parts share.
pub(super) struct Context<'a> {
    /// The folder that paths are relative to.
    pub(super) base: &'a Path,
    pub(super) world: &'a World<'a>,
    /// Of the whole file: they are the default of each `every`.
    pub(super) intervals: Intervals,
    /// Problems of other files that this one names.
    pub(super) elsewhere: RefCell<Vec<Problem>>,
}

/// Reads and checks a file.
///
/// # Errors
/// All problems of it, or the one reason why it cannot be read.
pub fn load(path: &Path, world: &World<'_>) -> Result<Config, Problems> {
    let shown = path.display().to_string();
    let text = text_of(path, "configuration")?;
    let base = path.parent().unwrap_or(Path::new(""));
    Ok(Config { path: Some(path.to_owned()), ..parse(&text, &shown, base, world)? })
}

/// The text of a file that is called `what`.
///
/// # Errors
/// The one reason why it cannot be read.
pub(super) fn text_of(path: &Path, what: &str) -> Result<String, Problems> {
    let shown = path.display().to_string();
    let unreadable = |cause: &str, advice: &str| Problems::from(Problem::new(&shown, None, cause, advice));
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(unreadable(&format!("cannot be read: {error}"), "check the path and its permissions"));
    }
    if bytes.len() as u64 > LARGEST {
        return Err(unreadable("is larger than 1 MiB", &format!("check the path: this is hardly a {what}")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let place = place(&before, before.len());
        Problem::new(&shown, Some(place), "this is not UTF-8", "save the file as UTF-8").into()
    })
}

/// Checks a text. `shown_path` is what messages call the file, `base` what its paths are relative to.
///
/// # Errors
/// All problems, each with a place in the text.
pub fn parse(text: &str, shown_path: &str, base: &Path, world: &World<'_>) -> Result<Config, Problems> {
    checked(text, shown_path, |top| document(top, base, world))
}

/// What `read` makes of a text, and of the problems of other files that it tells, unless anything is wrong.
///
/// # Errors
/// All problems, each with a place in the text.
pub(super) fn checked<T>(
    text: &str,
    shown_path: &str,
    read: impl FnOnce(Section<'_>) -> (T, Vec<Problem>),
) -> Result<T, Problems> {
    let syntax::Parsed { table, mut found, guessed } = syntax::parse(text);
    let sink = Sink::default();
    let (made, elsewhere) = read(Section::new(&sink, table.get_ref(), 0, "the file"));
    found.extend(sink.into_found().into_iter().filter(|found| is_sure(found, &guessed)));
    let problems = found
        .into_iter()
        .map(|found| Problem::new(shown_path, Some(place(text, found.at)), &found.wrong.cause, &found.wrong.advice));
    match Problems::sorted(problems.chain(elsewhere).collect()) {
        Some(problems) => Err(problems),
        None => Ok(made),
    }
}

/// Whether a problem is real although parts of the text are `guessed`: a line that could not be read takes keys away
/// and puts others into the wrong table, but does not change the values of other lines.
fn is_sure(found: &Found, guessed: &[Range<usize>]) -> bool {
    guessed.is_empty() || (found.ground == Ground::Value && !guessed.iter().any(|bytes| bytes.contains(&found.at)))
}

fn document(top: Section<'_>, base: &Path, world: &World<'_>) -> (Config, Vec<Problem>) {
    let top = top.with_elsewhere(&["deploys.file", "deploys.command", "deploys.github", "deploys.git"]);
    let mut config = Config::default();
    let mut context = Context { base, world, intervals: config.intervals, elsewhere: RefCell::default() };
    general(&top, &context, &mut config);
    if let Some(value) = top.value("intervals") {
        intervals(&value, &mut context.intervals);
    }
    config.intervals = context.intervals;
    if let Some(value) = top.value("keys") {
        config.keys = keys::read(&value);
    }
    if let Some(value) = top.value("commands") {
        config.commands = commands::read(&value);
    }
    if let Some(value) = top.value("severities") {
        config.severities = severities::read(&value);
    }
    let mut servers = Vec::new();
    config.prometheus = prometheus::read(&top, &context, &mut servers);
    times(&top, &mut config);
    let mut names = Vec::new();
    for section in top.value("service").map(|value| value.sections("service")).unwrap_or_default() {
        config.services.extend(service::read(section, &context, &mut names, &servers));
    }
    for service in &config.services {
        prometheus::assign(service, &mut config.prometheus);
    }
    config.status = sources::status(&top, &context);
    config.deploys = sources::deploys(&top, &context);
    outside(&top, &context, &mut config);
    top.done();
    (config, context.elsewhere.into_inner())
}

/// Who is told, and who pages. It is checked in any case; where nobody may act nothing of it is kept. No secret of it is
/// looked for: in the middle of an incident one that is missing must not keep the screen away, and `sixty check` tells.
fn outside(top: &Section<'_>, context: &Context<'_>, config: &mut Config) {
    let blind = World { missing_secret: &|_| None, ..*context.world };
    let (base, intervals) = (context.base, context.intervals);
    let inner = Context { base, world: &blind, intervals, elsewhere: RefCell::default() };
    let (channels, pagers) = (channels::read(top, &inner), pagers::read(top, &inner));
    context.elsewhere.borrow_mut().extend(inner.elsewhere.into_inner());
    if context.world.acts {
        (config.channels, config.pagers) = (channels, pagers);
    }
}

/// What stands alone: how it looks, who uses it, where its files are.
fn general(top: &Section<'_>, context: &Context<'_>, config: &mut Config) {
    let world = context.world;
    let path = |text: &str| paths::expand(text, context.base, world.home);
    let existing = |text: &str| {
        let path = path(text)?;
        if (world.is_file)(&path) {
            return Ok(path);
        }
        let cause = format!("there is no file {} that can be read", quoted(&path.display().to_string()));
        Err(Wrong::new(cause, "write the path of one; it is relative to the configuration"))
    };
    let text = |key, example: &str| top.value(key)?.text(example);
    if let Some(zone) = text("time_zone", "time_zone = \"Europe/Berlin\"") {
        config.time_zone =
            zone.map(|name| if name == "local" { Ok(None) } else { zones::parse_zone(name).map(Some) }).flatten();
    }
    let theme = text("theme", "theme = \"terminal\"").and_then(|text| {
        text.map(|name| {
            if name.contains('/') || Path::new(name).extension().is_some_and(|end| end == "toml") {
                return existing(name).map(|path| path.display().to_string());
            }
            if world.themes.is_empty() || world.themes.contains(&name) {
                return Ok(name.to_owned());
            }
            let advice =
                format!("{}, or the path of a theme's file", suggestion(name, world.themes).trim_end_matches('?'));
            Err(Wrong::new(format!("unknown theme {}", quoted(name)), advice))
        })
    });
    config.theme = theme.unwrap_or_else(|| std::mem::take(&mut config.theme));
    if let Some(value) = top.value("ascii") {
        config.ascii = value.as_bool();
        if config.ascii.is_none() && value.as_text().is_none_or(|text| text.raw() != "auto") {
            value.mismatch("ascii = true, ascii = false or ascii = \"auto\"");
        }
    }
    if let Some(value) = top.value("max_series") {
        config.max_series = max_series(&value).unwrap_or(config.max_series);
    }
    if let Some(value) = top.value("recording") {
        recording::read(&value, &mut config.recording);
    }
    config.who = text("who", "who = \"ana\"").and_then(|text| service::name(&text, &mut Vec::new()));
    config.state_dir = text("state_dir", "state_dir = \"~/incidents\"").and_then(|text| text.map(path));
    config.checklist = text("checklist", "checklist = \"first-60-seconds.md\"").and_then(|text| text.map(existing));
    if let Some(value) = top.value("incident") {
        let on_server = top.has("prometheus");
        incident::read(&value, &existing, on_server, &mut config.incident);
    }
    let folder = |text: &str| {
        let path = path(text)?;
        if (world.is_folder)(&path) {
            return Ok(path);
        }
        let cause = format!("there is no folder {}", quoted(&path.display().to_string()));
        Err(Wrong::new(cause, "write the path of one; it is relative to the configuration"))
    };
    config.runbooks = text("runbooks", "runbooks = \"runbooks\"").and_then(|text| text.map(folder));
}

fn max_series(value: &Value<'_>) -> Option<usize> {
    let whole = usize::try_from(value.whole("max_series = 5000")?).unwrap_or(usize::MAX);
    // One service with all presets needs some hundred; a million kept for six hours is more than a bastion has.
    if (100..=1_000_000).contains(&whole) {
        return Some(whole);
    }
    value.wrong(Wrong::new("`max_series` is not between 100 and 1000000", "write max_series = 5000"));
    None
}

fn intervals(value: &Value<'_>, into: &mut Intervals) {
    let Some(section) = value.section("[intervals]", "[intervals] on a line of its own") else { return };
    // The floor of `status` is another one for pages of others: it is checked where such a page is read.
    for (key, example, interval) in [
        ("metrics", "metrics = \"5s\"", &mut into.metrics),
        ("status", "status = \"60s\"", &mut into.status),
        ("changes", "changes = \"30s\"", &mut into.changes),
    ] {
        if let Some(value) = section.value(key) {
            *interval = every(&value, example, Duration::from_secs(1)).unwrap_or(*interval);
        }
    }
    section.done();
}

/// An interval of at least `floor` and at most a day.
pub(super) fn every(value: &Value<'_>, example: &str, floor: Duration) -> Option<Duration> {
    let span = value.text(example)?.map(units::parse_duration)?;
    let day = Duration::from_secs(86_400);
    if span < floor || span > day {
        let cause = format!("`{}` is {}, and must be between {} and a day", value.name(), spell(span), spell(floor));
        value.wrong(Wrong::new(cause, format!("write {example}")));
        return None;
    }
    Some(span)
}

/// The time spans, which must fit together.
fn times(top: &Section<'_>, config: &mut Config) {
    let span = |key, example: &str, least: u64, most: u64| {
        let value: Value<'_> = top.value(key)?;
        let span = value.text(example)?.map(units::parse_duration)?;
        let (least, most) = (Duration::from_secs(least), Duration::from_secs(most));
        if span < least || span > most {
            let cause = format!("`{key}` is {}, and must be between {} and {}", spell(span), spell(least), spell(most));
            value.wrong(Wrong::new(cause, format!("write {example}")));
            return None;
        }
        Some((value, span))
    };
    let retention = span("retention", "retention = \"6h\"", 600, 7 * 86_400);
    let window = span("window", "window = \"1h\"", 60, 7 * 86_400);
    config.retention = retention.as_ref().map_or(config.retention, |(_, span)| *span);
    config.window = window.as_ref().map_or(config.window, |(_, span)| *span);
    if config.window > config.history()
        && let Some((value, _)) = window.or(retention)
    {
        let cause = format!(
            "the window ({}) is longer than samples are kept ({})",
            spell(config.window),
            spell(config.history())
        );
        let advice = format!("write window = \"{}\" or a longer retention", spell(config.history()));
        value.wrong(Wrong::new(cause, advice));
    }
    let is_auto = top.value("rate_window").and_then(|value| value.as_text()).is_some_and(|text| text.raw() == "auto");
    if is_auto {
        return;
    }
    if let Some((value, span)) = span("rate_window", "rate_window = \"auto\" or \"1m\"", 2, 86_400) {
        config.rate_window = Some(span);
        if span < config.intervals.metrics * 2 {
            let cause = format!(
                "a rate needs two samples, and in {} there are none (one every {})",
                spell(span),
                spell(config.intervals.metrics)
            );
            let advice =
                format!("write rate_window = \"{}\" or more, or \"auto\"", spell(config.intervals.metrics * 4));
            value.wrong(Wrong::new(cause, advice));
        }
    }
}
