//! `sixty report`: the state of everything, printed once, for people, for a ticket or for a program.
//!
//! The same sources, the same pollers and the same [`crate::app::App`] as the screen; only the way out differs. It
//! writes nothing, neither a journal nor anything else. The JSON is defined in `document`.

mod document;
mod fill;
pub(super) mod gather;
mod markdown;
mod sheet;
mod text;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use schemars::generate::SchemaSettings;
use serde::Serialize;

use crate::app::App;
use crate::commands::cli;
use crate::commands::cli::Cli;
use crate::commands::cli::Format;
use crate::facts::text::clean;
use crate::runtime::Clock;

/// Exit code of `report` and `check` when nothing can be said; 2 would be read as critical.
const UNKNOWN: u8 = 3;

/// Runs the report.
pub fn run(cli: &Cli, report: &cli::Report) -> ExitCode {
    if report.schema {
        return printed(&schema(), 0);
    }
    match made(cli, report) {
        Ok((text, code)) => printed(&text, code),
        Err(sentences) => cannot_tell(&sentences),
    }
}

/// The report in its format, and the exit code.
fn made(cli: &Cli, report: &cli::Report) -> Result<(String, u8), String> {
    let clock = Clock::machine();
    let subject = gather::subject(cli, clock)?;
    let ascii = subject.ascii;
    let gathered = gather::gather(subject, report.watch_for.unwrap_or(Duration::ZERO), clock)?;
    Ok((told(&gathered, report.format, ascii)?, gathered.app.severity().exit_code()))
}

/// The report of an app that was watched for that long elsewhere, without journals.
///
/// # Errors
/// It cannot be written as JSON, which would be a bug.
pub(super) fn of(app: App, watched: Duration, format: Format, ascii: bool) -> Result<String, String> {
    told(&gather::Gathered { app, incidents: BTreeMap::new(), watched }, format, ascii)
}

fn told(gathered: &gather::Gathered, format: Format, ascii: bool) -> Result<String, String> {
    let sheet = || sheet::sheet(&gathered.app, gathered.watched);
    Ok(match format {
        Format::Text => legible(&text::text(&sheet()), ascii),
        Format::Markdown => legible(&markdown::markdown(&sheet()), ascii),
        Format::Json => json(&fill::report(gathered), ascii)?,
    })
}

/// A document as JSON, indented, with whatever a terminal would act on escaped.
///
/// # Errors
/// It cannot be written, which would be a bug.
pub(super) fn json(report: &impl Serialize, ascii: bool) -> Result<String, String> {
    let text =
        serde_json::to_string_pretty(report).map_err(|error| format!("the report cannot be written: {error}"))?;
    Ok(guarded(&text, ascii) + "\n")
}

/// All texts are clean when they become ours; this holds even if one was forgotten. Outside of strings JSON is ASCII,
/// and inside them the escape means the same character. With `ascii`, everything else is escaped as well.
fn guarded(json: &str, ascii: bool) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut one, mut units) = ([0; 4], [0; 2]);
    for c in json.chars() {
        let raw: &str = c.encode_utf8(&mut one);
        if c == '\n' || (clean(raw) == raw && (c.is_ascii() || !ascii)) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// The schema of the JSON, draft 2020-12.
fn schema() -> String {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<document::Report>();
    serde_json::to_string_pretty(schema.as_value()).unwrap_or_default() + "\n"
}

/// Text without anything that a terminal would act on; with `ascii`, in ASCII only.
pub(super) fn legible(text: &str, ascii: bool) -> String {
    let text = clean(text);
    if !ascii {
        return text;
    }
    let spelled = |c: char| match c {
        '…' => "...".to_owned(),
        '–' | '·' => "-".to_owned(),
        'µ' => "u".to_owned(),
        '≥' => ">=".to_owned(),
        '≤' => "<=".to_owned(),
        '␛' => "^[".to_owned(),
        '⏎' => " / ".to_owned(),
        c if c.is_ascii() => c.to_string(),
        _ => "?".to_owned(),
    };
    text.chars().map(spelled).collect()
}

/// Prints to the standard output. A reader that has gone away changes nothing about the exit code; a disk that is
/// full does, since nobody has read the report then.
pub(super) fn printed(text: &str, code: u8) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            cannot_tell(&format!("the standard output cannot be written: {error}"))
        }
        _ => ExitCode::from(code),
    }
}

/// Says on the standard error why nothing can be said; exit code 3.
pub(super) fn cannot_tell(sentences: &str) -> ExitCode {
    // Whoever closed the standard error wants to hear nothing.
    let _ = writeln!(std::io::stderr(), "{}", clean(sentences.trim_end()));
    ExitCode::from(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_document_and_becomes_harmless() {
        let hostile = "a\u{9b}2J\u{202e}b\u{200b}\u{7f}\u{e0041} \u{1f469}\u{200d}\u{1f680} ä";
        let plain = serde_json::to_string(&[hostile]).unwrap();
        for ascii in [false, true] {
            let written = guarded(&plain, ascii);
            assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), [hostile]);
            assert!(!ascii || written.is_ascii());
        }
        let written = guarded(&plain, false);
        assert!(!written.chars().any(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{202e}' | '\u{200b}' | '\u{e0041}')));
        assert!(written.contains("ä"));
    }

    #[test]
    fn ascii_means_ascii() {
        assert_eq!(legible("a · b … 3 µs ≥ 漢\n", true), "a - b ... 3 us >= ?\n");
        assert_eq!(legible("a · b\u{1b}\n", false), "a · b␛\n");
    }
}
