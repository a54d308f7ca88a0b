//! Where the numbers of each service come from, made anew only when there is something new to say.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use crate::facts::EngineReport;
use crate::facts::ScrapeReport;
use crate::facts::TargetReport;
use crate::facts::text::clean_line;
use crate::sources::embedded::Plan;
use crate::sources::prometheus::Settings;
use crate::sources::prometheus::Size;
use crate::sources::prometheus::look::Found;
use crate::sources::prometheus::questions::Questions;

/// How long sizes and times may be those of an earlier answer.
const FRESH: Duration = Duration::from_secs(60);

/// The reports of all services.
#[derive(Default, Debug)]
pub(super) struct Reports {
    engine: String,
    lag: Duration,
    notes: Vec<String>,
    target: Option<TargetReport>,
    made: Option<Instant>,
    of: BTreeMap<Arc<str>, (Plan, Arc<EngineReport>)>,
    names: BTreeMap<Arc<str>, Arc<str>>,
}

impl Reports {
    /// Takes what holds for all services of an answer.
    pub(super) fn begin(
        &mut self,
        found: &Found,
        settings: &Settings,
        address: &str,
        remarks: &[String],
        size: Size,
        took: Duration,
    ) {
        let window = found.rate_window(settings).as_secs_f64();
        let engine = format!("{} at {address}, rate window {window} s", found.program);
        let notes = [found.notes(), remarks.to_vec()].concat();
        let same = self.engine == engine && self.notes == notes && self.lag == found.lag();
        if same && self.made.is_some_and(|made| made.elapsed() < FRESH) {
            return;
        }
        self.of.clear();
        let outcome = Ok(ScrapeReport { bytes: size.bytes, samples: size.samples, ..ScrapeReport::default() });
        self.target = Some(TargetReport { address: address.to_owned(), outcome, took });
        (self.engine, self.notes, self.lag, self.made) = (engine, notes, found.lag(), Some(Instant::now()));
    }

    /// The report of a service.
    pub(super) fn of(&mut self, service: &Arc<str>, plan: &Plan, questions: &Questions) -> Arc<EngineReport> {
        if let Some((_, about)) = self.of.get(service).filter(|(known, _)| known == plan) {
            return Arc::clone(about);
        }
        let about = Arc::new(EngineReport {
            engine: self.engine.clone(),
            presets: plan.presets.clone(),
            notes: [plan.notes.clone(), self.notes.clone()].concat(),
            queries: questions.shown(service),
            targets: self.target.iter().cloned().collect(),
            series: (0, 0),
            lag: self.lag,
        });
        self.of.insert(Arc::clone(service), (plan.clone(), Arc::clone(&about)));
        about
    }

    /// The name of a service, fit to be shown.
    pub(super) fn name(&mut self, service: &Arc<str>) -> Arc<str> {
        let name = self.names.entry(Arc::clone(service)).or_insert_with(|| {
            let clean = clean_line(service, 200);
            if *clean == **service { Arc::clone(service) } else { clean.into() }
        });
        Arc::clone(name)
    }
}
