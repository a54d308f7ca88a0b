//! One scenario with one seed, played to its end or to an instant.

use std::collections::BTreeMap;

use super::course::Course;
use super::document;
use super::document::Moment;
use super::expect;
use super::expect::Bench;
use super::expect::Check;
use super::inside;
use super::inside::Inside;
use super::play::Play;
use super::said::Said;
use super::words::seconds;
use super::words::stamp;
use crate::app::App;
use crate::app::KeyMap;
use crate::app::Mode;
use crate::app::Settings;
use crate::commands::cli::Options;
use crate::drill::Expect;
use crate::drill::ExpectedChange;
use crate::drill::Scenario;
use crate::drill::Severity;
use crate::facts::At;
use crate::runtime::setup;
use crate::runtime::setup::Wish;
use crate::sources::embedded::recording::Recorder;

/// A scenario and the name of its file.
pub(super) struct Story {
    /// Without folder and ending.
    pub name: String,
    /// What is played.
    pub scenario: Scenario,
}

/// Plays up to an instant, and no further.
///
/// # Errors
/// Why it cannot be played.
pub(super) fn to(story: &Story, seed: u64, at: At, options: &Options) -> Result<App, String> {
    let (mut play, runtime) = begin(story, seed, options)?;
    runtime.block_on(play.until(at, &mut |_, _| {}));
    Ok(play.app().clone())
}

/// Plays all of it, and looks at the verdicts where something is expected.
///
/// # Errors
/// Why it cannot be played.
pub(super) fn whole(story: &Story, seed: u64, options: &Options) -> Result<document::Run, String> {
    let (mut play, runtime) = begin(story, seed, options)?;
    let scenario = &story.scenario;
    let mut course = Course::default();
    let mut looked: BTreeMap<At, Vec<Said>> = BTreeMap::new();
    let mut instants: Vec<At> = scenario.expects.iter().map(|expect| scenario.instant(expect.at)).collect();
    instants.push(scenario.ends());
    instants.sort();
    instants.dedup();
    runtime.block_on(async {
        for at in instants {
            play.until(at, &mut |at, app| course.note(at, app)).await;
            looked.insert(at, play.app().services().iter().map(Said::of).collect());
        }
    });
    let checks: Vec<Check> = scenario
        .expects
        .iter()
        .filter_map(|expect| Some((expect, said(&looked, scenario, expect)?)))
        .flat_map(|(expect, said)| Bench { scenario, expect, said, course: &course }.checks())
        .collect();
    Ok(Told { story, seed, course: &course, seen: &looked, checks: &checks }.run())
}

/// The play at its beginning, and what it runs on.
fn begin(story: &Story, seed: u64, options: &Options) -> Result<(Play<Inside>, tokio::runtime::Runtime), String> {
    let scenario = &story.scenario;
    let config = options.apply(inside::watching(scenario, seed)?);
    let sources = setup::sources(&config, &Recorder::off());
    let wish = Wish { mode: Mode::ReadOnly, service: None, who: None, badge: None, only: false };
    let settings = setup::settings(&config, &wish, &sources, scenario.begins).map_err(|all| all.join("\n"))?;
    // Nobody presses a key here but the report itself, to turn to the next service.
    let settings = Settings { keys: KeyMap::default(), ..settings };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| format!("no source can be asked: {error}"))?;
    Ok((Play::new(Inside::new(scenario, seed), sources, settings, scenario.begins, seed), runtime))
}

/// What was said of the service that an expectation is about.
fn said<'a>(seen: &'a BTreeMap<At, Vec<Said>>, scenario: &Scenario, expect: &Expect) -> Option<&'a Said> {
    let all = seen.get(&scenario.instant(expect.at))?;
    match &expect.service {
        Some(name) => all.iter().find(|said| *said.service == **name),
        None => all.first(),
    }
}

/// Everything that is told of a run.
struct Told<'a> {
    story: &'a Story,
    seed: u64,
    course: &'a Course,
    seen: &'a BTreeMap<At, Vec<Said>>,
    checks: &'a [Check],
}

impl Told<'_> {
    fn run(&self) -> document::Run {
        let scenario = &self.story.scenario;
        let main = main(scenario);
        let judged_at = main.map_or(scenario.ends(), |expect| scenario.instant(expect.at));
        let judged = main.and_then(|expect| said(self.seen, scenario, expect));
        let judged = judged.or_else(|| self.seen.get(&judged_at)?.first());
        let named = main.and_then(|expect| expect.change.as_ref()).and_then(|change| match change {
            ExpectedChange::Named(name) => Some(name),
            ExpectedChange::Nothing => None,
        });
        let failed = self.checks.iter().filter(|check| !check.ok).count();
        document::Run {
            scenario: self.story.name.clone(),
            title: scenario.title.clone(),
            seed: self.seed,
            begins: moment(scenario.begins),
            zero: moment(scenario.zero_at()),
            ends: moment(scenario.ends()),
            expectations: self.checks.iter().map(|check| self.expectation(check)).collect(),
            first_verdict: self.first_verdict(),
            onset: main.and_then(|expect| self.onset(expect, judged?)),
            judged_at: moment(judged_at),
            suspects: judged.iter().flat_map(|said| &said.suspects).map(suspect).collect(),
            expected_change: named.cloned(),
            change_rank: named.and_then(|name| expect::change_rank(judged?, name)),
            quick_win: judged.and_then(|said| said.quick_win.clone()),
            runbook: judged.and_then(|said| said.runbook.clone()),
            course: self.course.steps.iter().map(|step| self.step(step)).collect(),
            severity_changes: self.severity_changes(),
            failed,
            ok: failed == 0,
        }
    }

    fn severity_changes(&self) -> usize {
        let scenario = &self.story.scenario;
        let Some(service) = scenario.services.first() else { return 0 };
        self.course.severities(&service.name, scenario.begins, scenario.ends()).len().saturating_sub(1)
    }

    fn expectation(&self, check: &Check) -> document::Expectation {
        document::Expectation {
            line: check.line,
            time: moment(check.at),
            after_zero_s: self.after_zero(check.at),
            service: check.service.clone(),
            what: check.what.to_owned(),
            expected: check.expected.clone(),
            said: check.said.clone(),
            ok: check.ok,
        }
    }

    /// The first verdict of the first expectation that is about one, else of the first that is about trouble.
    fn first_verdict(&self) -> Option<document::First> {
        let scenario = &self.story.scenario;
        let mut all = scenario.expects.iter();
        let expect = all
            .clone()
            .find(|expect| expect.first_within.is_some())
            .or_else(|| all.find(|expect| is_trouble(expect)))?;
        let service = expect.service.as_deref().or_else(|| Some(&scenario.services.first()?.name))?;
        let at = expect::first_verdict(self.course, service, scenario, expect)?;
        let step = self.course.of(service).find(|step| step.at >= at)?;
        Some(document::First {
            at: moment(at),
            after_zero_s: self.after_zero(at),
            after_visible_s: seconds(at - scenario.instant(expect.visible)),
            severity: step.said.severity.word().to_owned(),
        })
    }

    fn onset(&self, expect: &Expect, said: &Said) -> Option<document::Onset> {
        let expected = expect.onset?;
        let at = said.onset?;
        let error = at - self.story.scenario.instant(expected.at);
        let within = chrono::TimeDelta::from_std(expected.within).unwrap_or(chrono::TimeDelta::MAX);
        Some(document::Onset {
            at: moment(at),
            error_s: seconds(error),
            within_s: seconds(within),
            within: error.abs() <= within,
        })
    }

    fn step(&self, step: &super::course::Step) -> document::Step {
        let said = &step.said;
        document::Step {
            at: moment(step.at),
            after_zero_s: self.after_zero(step.at),
            service: said.service.to_string(),
            severity: said.severity.word().to_owned(),
            headline: said.headline.clone(),
            context: said.context.clone(),
            aside: said.aside.clone(),
            onset: said.onset.map(moment),
            suspect: said.suspects.first().map(|suspect| suspect.name.clone()),
            runbook: said.runbook.clone(),
        }
    }

    fn after_zero(&self, at: At) -> f64 {
        seconds(at - self.story.scenario.zero_at())
    }
}

/// The last expectation that is about trouble, else the last one.
fn main(scenario: &Scenario) -> Option<&Expect> {
    scenario.expects.iter().rev().find(|expect| is_trouble(expect)).or(scenario.expects.last())
}

/// Whether it is about something that hurts.
fn is_trouble(expect: &Expect) -> bool {
    let named = matches!(expect.change, Some(ExpectedChange::Named(_)));
    let bad = expect.severity.is_some_and(|severity| severity > Severity::Unknown);
    named || bad || expect.onset.is_some() || expect.runbook.is_some()
}

fn suspect(suspect: &super::said::Suspect) -> document::Suspect {
    let super::said::Suspect { name, kind, is_change, .. } = suspect;
    document::Suspect { name: name.clone(), kind: kind.clone(), is_change: *is_change }
}

fn moment(at: At) -> Moment {
    Moment(stamp(at))
}
