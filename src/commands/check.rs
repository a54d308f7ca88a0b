//! `sixty check`: is the configuration right, and does every source answer? One line each.
//!
//! Asks every source once, all at the same time, and judges no service: that is what `sixty report` is for. It
//! writes nothing; whether the journal could be written is asked of the system.

mod alerts;
mod fleet;
mod outside;
mod runbooks;
mod signals;
mod triage;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::future::join_all;
use unicode_width::UnicodeWidthStr as _;

use crate::app::Settings;
use crate::commands::cli::Cli;
use crate::commands::prepare;
use crate::commands::report::cannot_tell;
use crate::commands::report::gather;
use crate::commands::report::gather::Subject;
use crate::commands::report::legible;
use crate::commands::report::printed;
use crate::config::Config;
use crate::facts::At;
use crate::facts::Batch;
use crate::facts::Change;
use crate::facts::Fault;
use crate::facts::Level;
use crate::facts::Payload;
use crate::facts::ProviderStatus;
use crate::facts::ScrapeReport;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::facts::TargetReport;
use crate::facts::text::clean_line;
use crate::runtime::Clock;
use crate::runtime::files;
use crate::runtime::pollers::ask_once;
use crate::signals::units;
use crate::sources::Source;
use crate::sources::deploys;
use crate::sources::http::Http;
use crate::sources::secret::SecretRef;

/// The longest line, in characters: longer remarks are on the screen and in the report.
const LONGEST: usize = 600;

/// How a line begins; the order is from best to worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Word {
    /// As it should be.
    Ok,
    /// Worth knowing, nothing to do.
    Info,
    /// It works, but something is to be done.
    Warn,
    /// It does not work.
    Fault,
}

impl Word {
    const fn text(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Fault => "fault",
        }
    }
}

/// One line: how it is, what, how long it took, what was found.
struct Line {
    word: Word,
    what: String,
    took: Option<Duration>,
    found: String,
}

impl Line {
    fn new(word: Word, what: &str, found: impl Into<String>) -> Self {
        Self { word, what: what.to_owned(), took: None, found: found.into() }
    }
}

/// One source and what it answered.
struct Asked {
    info: SourceInfo,
    took: Duration,
    body: Result<Payload, Fault>,
    remark: Option<String>,
}

/// Runs the check. Exits with 0 when all is well, 1 when a source failed or something is to be done, 2 when no
/// service has metrics, 3 when it cannot be told.
pub fn run(cli: &Cli) -> ExitCode {
    let clock = Clock::machine();
    let subject = match gather::subject(cli, clock) {
        Ok(subject) => subject,
        Err(sentences) => return cannot_tell(&sentences),
    };
    let ascii = subject.ascii;
    let mut lines = ground(&subject, clock.now());
    let asked = match ask(subject.sources, clock) {
        Ok(asked) => asked,
        Err(sentences) => return cannot_tell(&sentences),
    };
    for one in &asked {
        lines.extend(source(one, &subject.settings, clock.now()));
    }
    lines.extend(outside::lines(&subject.config, clock.now()));
    let code = exit_code(&asked, &lines);
    let text = aligned(&lines) + &summary(&asked, &lines) + "\n";
    printed(&legible(&text, ascii), code)
}

/// Asks every source once, all at the same time.
fn ask(sources: Vec<Source>, clock: Clock) -> Result<Vec<Asked>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no source can be asked: {error}"))?;
    let http = Http::new();
    let one = async |mut source: Source| {
        let (took, body) = ask_once(&mut source, &http, clock).await;
        let remark = source.remark();
        (Asked { info: source.info(), took, body, remark }, source.apart())
    };
    let mut asked = Vec::new();
    let mut left = sources;
    while !left.is_empty() {
        for (one, apart) in runtime.block_on(join_all(std::mem::take(&mut left).into_iter().map(&one))) {
            asked.push(one);
            left.extend(apart);
        }
    }
    Ok(asked)
}

fn exit_code(asked: &[Asked], lines: &[Line]) -> u8 {
    let mut metrics = asked.iter().filter(|one| one.info.kind == SourceKind::Metrics).peekable();
    let no_metrics = metrics.peek().is_some() && metrics.all(|one| one.body.is_err());
    let worst = lines.iter().map(|line| line.word).max().unwrap_or(Word::Ok);
    match worst {
        _ if no_metrics => 2,
        Word::Warn | Word::Fault => 1,
        Word::Ok | Word::Info => 0,
    }
}

fn summary(asked: &[Asked], lines: &[Line]) -> String {
    let failed = asked.iter().filter(|one| one.body.is_err()).count();
    let to_do = lines.iter().filter(|line| line.word == Word::Warn).count();
    let answers = match (asked.len(), failed) {
        (1, 0) => "The source answers".to_owned(),
        (count, 0) => format!("All {count} sources answer"),
        (count, failed) => format!("{} of {count} sources answer", count - failed),
    };
    match to_do {
        0 => format!("{answers}."),
        1 => format!("{answers}; 1 remark."),
        _ => format!("{answers}; {to_do} remarks."),
    }
}

/// What the sources stand on: the configuration, the zone, the journal, the secrets.
fn ground(subject: &Subject, now: At) -> Vec<Line> {
    let config = &subject.config;
    let mut what = Vec::new();
    if let count @ 1.. = config.prometheus.len() {
        what.push(counted(count, "Prometheus server"));
    }
    if let Some(addresses) = &config.addresses {
        what.push(counted(addresses.urls.len(), "address").replace("addresss", "addresses"));
    } else {
        what.insert(0, counted(config.services.len(), "service"));
    }
    let counts = format!(
        "{}, {}, {}",
        what.join(", "),
        counted(config.status.len(), "status page"),
        counted(config.deploys.len(), "source of changes"),
    );
    let path = match &config.path {
        Some(path) => format!("{}: {counts}", clean_line(&path.display().to_string(), 200)),
        None => format!("none, addresses are given: {counts}"),
    };
    let zone = &subject.settings.zone;
    let clock = zone.local(now).format("%H:%M:%S");
    let zone = format!("{}, it is {clock} {} there", zone.name(), zone.abbreviation(now));
    let mut lines = vec![Line::new(Word::Ok, "config", path), Line::new(Word::Ok, "time zone", zone)];
    lines.push(journal(&subject.state));
    lines.extend(files::shortage(prepare::targets(config)).map(|why| Line::new(Word::Warn, "open files", why)));
    lines.extend(runbooks::lines(&subject.settings.runbooks, config.runbooks.as_deref()));
    lines.extend(triage::lines(&subject.settings));
    lines.extend(secrets(config));
    lines
}

/// `1 service`, `3 sources of changes`.
fn counted(count: usize, what: &str) -> String {
    let (first, rest) = what.split_once(" of ").map_or((what, String::new()), |(a, b)| (a, format!(" of {b}")));
    format!("{count} {first}{}{rest}", if count == 1 { "" } else { "s" })
}

/// Whether ticks can be written, without writing.
fn journal(state: &Path) -> Line {
    use rustix::fs::Access;
    let shown = clean_line(&state.display().to_string(), 200);
    let there = state.ancestors().find(|path| path.exists());
    let advice = "ticks would be lost with the session: choose another with `state_dir` or --state-dir";
    match there {
        Some(there) if !there.is_dir() => {
            let there = clean_line(&there.display().to_string(), 200);
            Line::new(Word::Warn, "journal", format!("{shown}: {there} is not a directory; {advice}"))
        }
        Some(there) => match rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK) {
            Ok(()) if there == state => Line::new(Word::Ok, "journal", format!("{shown} can be written")),
            Ok(()) => Line::new(Word::Ok, "journal", format!("{shown} is made with the first tick")),
            Err(error) => {
                let reason = std::io::Error::from(error).kind();
                Line::new(Word::Warn, "journal", format!("{shown} cannot be written ({reason}); {advice}"))
            }
        },
        None => Line::new(Word::Warn, "journal", format!("{shown} does not exist; {advice}")),
    }
}

/// The secrets that are needed. One that is missing was told as a problem of the configuration.
fn secrets(config: &Config) -> Vec<Line> {
    let targets = config.services.iter().flat_map(|service| &service.targets).map(|target| &target.access);
    let servers = config.prometheus.iter().map(|server| &server.access);
    let reached = targets.chain(servers).flat_map(|access| access.secrets());
    let tokens = config.deploys.iter().filter_map(|settings| match settings.bare() {
        deploys::Settings::Github(github) => github.token.as_ref(),
        _ => None,
    });
    let mut seen: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for secret in reached.chain(tokens) {
        let shown = secret.describe();
        if matches!(secret, SecretRef::Plain(_)) || seen.contains(&shown) {
            continue;
        }
        lines.push(match secret.missing() {
            Some(why) => Line::new(Word::Fault, "secret", why),
            None if shown.contains("readable by every user") => Line::new(Word::Warn, "secret", shown.clone()),
            None => Line::new(Word::Ok, "secret", format!("{shown} is there")),
        });
        seen.push(shown);
    }
    lines
}

/// The lines of one source.
fn source(asked: &Asked, settings: &Settings, now: At) -> Vec<Line> {
    let name = asked.info.id.as_str();
    let line = |word, found: String| Line { word, what: name.to_owned(), took: Some(asked.took), found };
    let every = format!("every {}", units::age(asked.info.every));
    match &asked.body {
        Err(fault) => vec![line(Word::Fault, format!("{fault} ({}, {every})", asked.info.address))],
        Ok(Payload::Signals(batch)) => {
            let mut lines = metrics(asked, batch, &every);
            let rules = triage::rules_of(settings, asked.info.service.as_deref().unwrap_or_default());
            lines.push(triage::history(name, batch, &rules, asked.info.every, now));
            lines
        }
        Ok(Payload::Fleet(fleet)) => {
            let (word, found) = fleet::services(fleet);
            let mut lines = vec![line(word, format!("{found}, {every}"))];
            let told = [fleet::coverage(fleet), triage::histories(fleet, settings, asked.info.every, now)];
            lines.extend(told.into_iter().flatten().map(|found| Line::new(Word::Info, name, found)));
            lines.extend(triage::calls_seen(name, &fleet.calls));
            lines
        }
        Ok(Payload::Status(status)) => vec![line(level_word(status.level), provider(status, now) + ", " + &every)],
        Ok(Payload::Changes(changes)) => {
            let mut found = format!("{}, {every}", newest(changes, now));
            let word = match &asked.remark {
                Some(remark) => {
                    found = format!("{found}; {remark}");
                    Word::Warn
                }
                None => Word::Ok,
            };
            vec![line(word, found)]
        }
        Ok(Payload::Alerts(said)) => {
            let (is_to_do, words) = alerts::words(said);
            vec![line(if is_to_do { Word::Warn } else { Word::Ok }, format!("{words}, {every}"))]
        }
        Ok(Payload::Unchanged) => vec![line(Word::Ok, format!("answers, {every}"))],
    }
}

/// A service: what was read and what can be told of it; a line per target when there are several.
fn metrics(asked: &Asked, batch: &Batch, every: &str) -> Vec<Line> {
    let about = &batch.about;
    let name = asked.info.id.as_str();
    let presets: Vec<_> = about.presets.iter().map(|preset| format!("{} ({})", preset.title, preset.why)).collect();
    let presets = match presets.as_slice() {
        [] => "no preset fits".to_owned(),
        some => format!("preset {}", some.join(", ")),
    };
    let mut lines = Vec::new();
    if let [target] = about.targets.as_slice() {
        let (word, read) = target_words(target);
        let found = format!("{read}, {presets}, {every}");
        lines.push(Line { word, what: name.to_owned(), took: Some(asked.took), found });
    } else {
        let answering = about.targets.iter().filter(|target| target.outcome.is_ok()).count();
        let found = format!("{answering} of {} targets answer, {presets}, {every}", about.targets.len());
        lines.push(Line { word: Word::Ok, what: name.to_owned(), took: Some(asked.took), found });
        for target in &about.targets {
            let (word, read) = target_words(target);
            let what = format!("  {}", clean_line(&target.address, 100));
            lines.push(Line { word, what, took: Some(target.took), found: read });
        }
    }
    lines.extend(signals::signals(name, batch));
    lines.extend(about.notes.iter().map(|note| Line::new(Word::Info, name, note.clone())));
    lines
}

/// What was read of a target, and whether something is to be done.
fn target_words(target: &TargetReport) -> (Word, String) {
    match &target.outcome {
        Err(fault) => (Word::Fault, fault.to_string()),
        Ok(ScrapeReport { samples, skipped, skipped_example, remark, .. }) => {
            let mut words = format!("{samples} samples");
            if *skipped > 0 {
                let lines = counted(*skipped, "line");
                words = format!("{words}; {lines} not understood, first: {skipped_example}");
            }
            if !remark.is_empty() {
                words = format!("{words}; {remark}");
            }
            (if *skipped > 0 || !remark.is_empty() { Word::Warn } else { Word::Ok }, words)
        }
    }
}

const fn level_word(level: Level) -> Word {
    match level {
        Level::Unknown => Word::Warn,
        Level::Operational => Word::Ok,
        Level::Maintenance | Level::Degraded | Level::PartialOutage | Level::MajorOutage => Word::Info,
    }
}

fn provider(status: &ProviderStatus, now: At) -> String {
    let mut words = match status.level {
        Level::Operational => "vendor says ok".to_owned(),
        level => format!("vendor says {}", level.word()),
    };
    if !status.summary.is_empty() {
        words = format!("{words}: {}", status.summary);
    }
    if let Some(at) = status.page_updated {
        words = format!("{words}, page touched {} ago", units::between(at, now));
    }
    words
}

fn newest(changes: &[Change], now: At) -> String {
    match changes.iter().max_by_key(|change| change.at()) {
        Some(change) => {
            let age = units::between(change.at(), now);
            format!("{}, the newest {} {age} ago", counted(changes.len(), "change"), change.name())
        }
        None => "no changes".to_owned(),
    }
}

/// `12 ms`, `3.0 s`.
fn took(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{} ms", took.as_millis())
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}

/// One line each, in columns.
fn aligned(lines: &[Line]) -> String {
    let width = lines.iter().map(|line| line.what.width()).max().unwrap_or(0).min(48);
    let mut out = String::new();
    for line in lines {
        let pad = " ".repeat(width.saturating_sub(line.what.width()));
        let took = line.took.map(took).unwrap_or_default();
        let text = format!("{:<5}  {}{pad}  {took:>7}  {}", line.word.text(), line.what, line.found);
        out.push_str(&clean_line(&text, LONGEST));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let lines = [
            Line {
                took: Some(Duration::from_millis(12)),
                ..Line::new(Word::Ok, "metrics checkout-api", "507 samples")
            },
            Line { took: Some(Duration::from_secs(3)), ..Line::new(Word::Fault, "status X", "no answer within 3 s") },
        ];
        let expected = "ok     metrics checkout-api    12 ms  507 samples\n\
                        fault  status X                3.0 s  no answer within 3 s\n";
        assert_eq!(aligned(&lines), expected);
    }

    #[test]
    fn things_are_counted_in_english() {
        assert_eq!(counted(1, "service"), "1 service");
        assert_eq!(counted(0, "status page"), "0 status pages");
        assert_eq!(counted(2, "source of changes"), "2 sources of changes");
    }
}
