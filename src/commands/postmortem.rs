//! `sixty postmortem`: what happened in an incident, as a document that people go on writing.
//!
//! The journal tells who did what; the same sources as the screen's tell what the signals were. Where they cannot be
//! asked, the document is written without numbers and that is said.

mod find;

use std::path::Path;
use std::process::ExitCode;

use chrono::TimeDelta;
use schemars::generate::SchemaSettings;

use crate::app::App;
use crate::commands::cli;
use crate::commands::cli::Cli;
use crate::commands::cli::Paper;
use crate::commands::prepare;
use crate::commands::prepare::Prepared;
use crate::commands::report;
use crate::commands::report::gather;
use crate::config::Config;
use crate::facts::Fault;
use crate::facts::text::clean_line;
use crate::incident::postmortem::Document;
use crate::runtime::Clock;
use crate::runtime::exit;
use crate::runtime::export::Gathered;
use crate::runtime::export::Subject;
use crate::runtime::export::Wish;
use crate::runtime::journal;
use crate::runtime::journal::Archive;
use crate::runtime::setup;
use crate::sources::embedded::recording::Access as Recordings;

/// So much of the time before an incident says what was usual; and a picture shows a part of it.
const BEFORE: TimeDelta = TimeDelta::minutes(90);

/// A server is asked as of that long after the end, which its pictures show.
const AFTER: TimeDelta = TimeDelta::minutes(10);

/// The past is asked for no further back than this.
const OLDEST: TimeDelta = TimeDelta::days(30);

/// Writes a post-mortem.
///
/// # Errors
/// There is no such incident, or it cannot be written.
pub fn run(cli: &Cli, wish: &cli::Postmortem) -> Result<ExitCode, String> {
    if wish.schema {
        return Ok(report::printed(&schema(), 0));
    }
    let to_stdout = wish.out == Path::new("-");
    if cli.options.read_only && !to_stdout {
        return Err("--read-only means that nothing is written; print it with --out -".to_owned());
    }
    let clock = Clock::machine();
    let config = prepare::configured(cli).map(|config| cli.options.apply(config));
    let state = config.as_ref().ok().and_then(|config| config.state_dir.clone()).or(cli.options.state_dir.clone());
    let state = setup::state_dir(state.as_ref(), &prepare::env);
    let who = config.as_ref().ok().and_then(|config| config.who.clone()).or(cli.options.who.clone());
    let archive = Archive::new(&state);
    let subject = find::subject(&archive, wish.incident.as_deref())?;
    let config = if wish.urls.is_empty() { config } else { of_addresses(cli, wish, &subject) };
    let gathered = measured(cli, wish, config, &subject, clock);
    let asked = Wish { json: wish.format == Paper::Json, people_only: wish.people, no_pictures: wish.no_pictures };
    if to_stdout {
        let text = gathered.text(&subject, asked, clock.now(), None).map_err(|fault| told(&fault))?;
        return Ok(report::printed(&text, 0));
    }
    let written = gathered.write(&subject, asked, clock.now(), &wish.out).map_err(|fault| told(&fault))?;
    if let Err(why) = find::note(&archive, &subject, &journal::who(who.as_deref()), &written, clock.now()) {
        exit::say(format!("the journal does not know of it, so that the next one is written beside it: {why}"));
    }
    Ok(report::printed(&format!("{}\n", written.words()), 0))
}

fn told(fault: &Fault) -> String {
    let advice = if fault.advice.is_empty() { String::new() } else { format!("\n{}", fault.advice) };
    format!("{}{advice}", fault.cause)
}

/// What the addresses stand for that were given: they are the service's, however it is called there.
fn of_addresses(cli: &Cli, wish: &cli::Postmortem, subject: &Subject) -> Result<Config, String> {
    let service = cli.options.service.as_deref().unwrap_or(subject.incident.service());
    let config = Config::for_urls(&wish.urls, Some(service).filter(|name| !name.is_empty()));
    config.map(|config| cli.options.apply(config)).map_err(|problems| problems.to_string())
}

/// What the sources know of the time of the incident. Without them, and where they know nothing, it is said why.
fn measured(
    cli: &Cli,
    wish: &cli::Postmortem,
    config: Result<Config, String>,
    subject: &Subject,
    clock: Clock,
) -> Gathered {
    let service = clean_line(subject.incident.service(), 80);
    let config = match config {
        Ok(config) if !wish.no_metrics => config,
        Ok(config) => return without(&config, subject, clock),
        // Addresses that are wrong, or a configuration that is: nothing that the journal needs.
        Err(why) => {
            if !wish.no_metrics {
                exit::say(format!("no metrics: {why}"));
            }
            return without(&cli.options.apply(Config::default()), subject, clock);
        }
    };
    match asked(cli, config.clone(), subject, clock) {
        Ok(app) => {
            let gathered = Gathered::of(&app, subject);
            if !gathered.has_picture() {
                exit::say(format!(
                    "no metrics and no pictures: neither a recording nor a source knows the signals of {service} in \
                     the time of the incident"
                ));
            }
            gathered
        }
        Err(why) => {
            exit::say(format!("no metrics: {why}"));
            without(&config, subject, clock)
        }
    }
}

/// Only what the team's own files say: the words of its checklists.
fn without(config: &Config, subject: &Subject, clock: Clock) -> Gathered {
    let wish = setup::Wish { mode: crate::app::Mode::ReadOnly, service: None, who: None, badge: None, only: false };
    let settings = setup::settings(config, &wish, &[], clock.now());
    settings.map(|settings| Gathered::of(&App::new(settings, clock.now()), subject)).unwrap_or_default()
}

/// Asks the sources for the time of the incident.
fn asked(cli: &Cli, mut config: Config, subject: &Subject, clock: Clock) -> Result<App, String> {
    let service = subject.incident.service();
    if service.is_empty() {
        return Err("the journal does not name the service".to_owned());
    }
    let now = clock.now();
    let (began, over) = find::span(subject);
    let began = began.unwrap_or(now);
    let end = over.map_or(now, |over| (over + AFTER).min(now));
    let scraped = config.services.iter().any(|one| *one.name == *service && !one.targets.is_empty());
    // A server has the past at any instant and in as many points as are asked for: it is asked as of the end. What is
    // scraped is known as of now, with what was recorded before.
    let (clock, as_of) =
        if scraped || config.addresses.is_some() { (clock, now) } else { (Clock::story(end, 1.0), end) };
    let past = (as_of - began + BEFORE).min(OLDEST).to_std().unwrap_or_default();
    config.retention = config.retention.max(past);
    for server in &mut config.prometheus {
        server.backfill = past.max(std::time::Duration::from_secs(3_600));
    }
    let prepared: Prepared = prepare::with(cli, config, Some(service.to_owned()))?;
    let asked = gather::subject_of(prepared, Recordings::Past, clock)?;
    let mut app = gather::gather(asked, std::time::Duration::ZERO, clock)?.app;
    app.settle();
    Ok(app)
}

/// The schema of the JSON, draft 2020-12.
fn schema() -> String {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<Document>();
    serde_json::to_string_pretty(schema.as_value()).unwrap_or_default() + "\n"
}
