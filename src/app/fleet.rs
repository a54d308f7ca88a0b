//! Services that are not known at the start: a server names them, they appear, and they may go.
//!
//! A service has the name that its server gives it. With several servers it is `name@server`, whether or not another
//! one has the name as well, so that what a service is called depends on the configuration and not on who answered
//! first. Services stand in one order, those of the configuration first and then by name; what a person looks at stays
//! in sight when others come in between. A service is never taken away: one that its server no longer names says so.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::app::Effect;
use crate::app::ServiceSettings;
use crate::app::ServiceState;
use crate::app::SourceHealth;
use crate::facts::At;
use crate::facts::Batch;
use crate::facts::Change;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Fleet;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::signals::ServiceSignals;

mod waiting;

pub use waiting::Waiting;

/// What is known of the services that servers will bring.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FleetSettings {
    /// The server of each configured service that has no targets of its own.
    pub bound: BTreeMap<Arc<str>, SourceId>,
    /// What the team configured for services of that name, on whichever server.
    pub configured: BTreeMap<Arc<str>, ServiceSettings>,
    /// The service to start with, which only a server may know.
    pub wanted: Option<Arc<str>>,
    /// No other service than that is to be shown.
    pub only: bool,
}

/// What servers have said of their services.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Roll {
    /// By server and by the name that it gives: what the service is called here.
    called: BTreeMap<SourceId, BTreeMap<Arc<str>, Arc<str>>>,
    /// By server: how many services it names, and how many it left out.
    counts: BTreeMap<SourceId, (usize, usize)>,
    /// The service that is still waited for.
    wanted: Option<Arc<str>>,
    /// It is decided where a person begins: by the command, by what servers named, or by a key.
    begun: bool,
    /// Names that were heard and are not shown, for "did you mean".
    passed_over: BTreeSet<Arc<str>>,
}

impl Roll {
    pub(super) fn new(settings: &FleetSettings, start: Option<usize>) -> Self {
        let wanted = settings.wanted.clone().filter(|_| start.is_none());
        Self { wanted, begun: start.is_some(), ..Self::default() }
    }

    /// Whether the page of a service stands empty until it appears.
    pub(super) const fn is_waiting(&self) -> bool {
        self.wanted.is_some()
    }

    /// A person went elsewhere.
    pub(super) fn stop_waiting(&mut self) {
        self.wanted = None;
        self.begun = true;
    }
}

impl App {
    /// Takes what a source turned out to be, or a source that has come.
    pub(super) fn met(&mut self, info: SourceInfo) -> Vec<Effect> {
        let (id, every, service) = (info.id.clone(), info.every, info.service.clone());
        if let Some(source) = self.by_source.get(&id).and_then(|place| self.sources.get_mut(*place)) {
            source.info = info;
        } else {
            self.by_source.insert(id.clone(), self.sources.len());
            self.sources.push(SourceHealth::new(info));
        }
        let Some(name) = service else { return Vec::new() };
        if let Some(index) = self.index_of(&name) {
            self.services[index].source = Some(id);
            return Vec::new();
        }
        self.appear(vec![(name, id)], every)
    }

    /// Takes the answer of a server.
    pub(super) fn take_fleet(&mut self, source: &SourceId, at: At, fleet: Fleet) -> Vec<Effect> {
        let every = self.source(source).map_or(Duration::from_secs(5), |source| source.info.every);
        let mut fresh = Vec::new();
        let mut named = BTreeSet::new();
        for (name, _) in &fleet.services {
            let shown = self.name_here(source, name);
            if !self.is_wanted(name, &shown) {
                self.roll.passed_over.insert(shown);
            } else if self.index_of(&shown).is_none() {
                fresh.push((Arc::clone(&shown), source.clone()));
                named.insert(shown);
            } else {
                named.insert(shown);
            }
        }
        let effects = self.appear(fresh, every);
        self.tell_count(source, at, fleet.services.len(), fleet.left_out);
        let mut changes: Vec<Change> = Vec::new();
        for (name, batch) in fleet.services {
            let shown = self.name_here(source, &name);
            let Some(index) = self.index_of(&shown) else { continue };
            let service = &mut self.services[index];
            if service.source.as_ref() != Some(source) {
                continue;
            }
            service.absent = None;
            service.signals.take_filled(&batch);
            changes.extend(batch.changes);
        }
        self.take_calls(source, &fleet.calls);
        self.miss(source, at, &named, fleet.left_out);
        if self.changes_of.get(source).map_or(!changes.is_empty(), |known| *known != changes) {
            self.changes_of.insert(source.clone(), changes);
            self.merge_changes();
        }
        self.begin(source);
        effects
    }

    /// Takes points of the past of services that are known. What they mean is judged with the answer that ends them.
    pub(super) fn take_past(&mut self, source: &SourceId, services: Vec<(Arc<str>, Batch)>) {
        for (name, batch) in services {
            let index = self.name_given(source, &name).and_then(|shown| self.index_of(shown));
            if let Some(service) = index.and_then(|index| self.services.get_mut(index))
                && service.source.as_ref() == Some(source)
            {
                service.signals.take_filled(&batch);
            }
        }
    }

    /// A server that failed leaves one gap in all that it feeds: it fills in what it can when it is back.
    pub(super) fn gap_of_server(&mut self, source: &SourceId, at: At) {
        for service in self.services.iter_mut().filter(|service| service.source.as_ref() == Some(source)) {
            service.signals.gap(at);
        }
    }

    /// A source by its id.
    pub(super) fn source(&self, id: &SourceId) -> Option<&SourceHealth> {
        self.sources.get(*self.by_source.get(id)?)
    }

    /// What a service of that server is called here. Decided once.
    fn name_here(&mut self, source: &SourceId, name: &Arc<str>) -> Arc<str> {
        if let Some(shown) = self.roll.called.get(source).and_then(|names| names.get(name)) {
            return Arc::clone(shown);
        }
        let bound = self.settings.fleet.bound.get(name);
        let servers = self.sources.iter().filter(|source| source.is_server()).count();
        let taken = self.index_of(name).is_some_and(|index| self.services[index].source.as_ref() != Some(source));
        let own = bound == Some(source);
        let shown = if own || (servers < 2 && bound.is_none() && !taken) {
            Arc::clone(name)
        } else {
            format!("{name}@{}", short(source)).into()
        };
        self.roll.called.entry(source.clone()).or_default().insert(Arc::clone(name), Arc::clone(&shown));
        shown
    }

    /// What a service is called here that a server gives this name.
    pub(super) fn name_given(&self, server: &SourceId, name: &str) -> Option<&str> {
        self.roll.called.get(server)?.get(name).map(|shown| &**shown)
    }

    /// Whether a service is to be shown at all.
    fn is_wanted(&self, name: &str, shown: &str) -> bool {
        let fleet = &self.settings.fleet;
        !fleet.only || fleet.wanted.as_deref().is_none_or(|wanted| wanted == name || wanted == shown)
    }

    /// Adds services in their order. What is shown, and what is chosen, stays so.
    fn appear(&mut self, fresh: Vec<(Arc<str>, SourceId)>, every: Duration) -> Vec<Effect> {
        if fresh.is_empty() {
            return Vec::new();
        }
        let name_of = |app: &Self, index: Option<usize>| Some(Arc::clone(&app.services.get(index?)?.name));
        let shown = name_of(self, self.navigation.service);
        let chosen = name_of(self, self.navigation.overview_choice);
        let names: Vec<Arc<str>> = fresh.iter().map(|(name, _)| Arc::clone(name)).collect();
        for (name, source) in fresh {
            let settings = self.configured(&name, &source);
            let signals = ServiceSignals::new(every, self.settings.retention);
            self.services.push(ServiceState::new(&settings, Some(source), signals));
        }
        let first: BTreeMap<_, _> =
            self.settings.services.iter().enumerate().map(|(place, one)| (Arc::clone(&one.name), place)).collect();
        let place = |name: &Arc<str>| first.get(name).copied().unwrap_or(usize::MAX);
        self.services.sort_by(|a, b| place(&a.name).cmp(&place(&b.name)).then_with(|| a.name.cmp(&b.name)));
        self.index();
        let index_of = |app: &Self, name: Option<Arc<str>>| name.and_then(|name| app.index_of(&name));
        let waits = self.roll.is_waiting();
        self.navigation.service = index_of(self, shown).or_else(|| (!waits).then_some(0));
        self.navigation.overview_choice = index_of(self, chosen);
        self.merge_calls();
        vec![Effect::Follow(names)]
    }

    /// What the team configured for a service that appears, under its own name or the one that its server gives.
    fn configured(&self, shown: &Arc<str>, source: &SourceId) -> ServiceSettings {
        let names = self.roll.called.get(source);
        let given = names.and_then(|names| names.iter().find(|(_, called)| *called == shown)).map(|(given, _)| given);
        let known = &self.settings.fleet.configured;
        let found = known.get(shown).or_else(|| known.get(given?));
        let name = Arc::clone(shown);
        match found {
            Some(settings) => ServiceSettings { name, ..settings.clone() },
            None => ServiceSettings::named(&name),
        }
    }

    /// The services of a server that its answer lacks have no numbers, and say why.
    fn miss(&mut self, source: &SourceId, at: At, named: &BTreeSet<Arc<str>>, left_out: usize) {
        let server = short(source);
        let close = |name: &str| closest(name, named.iter().map(|other| &**other));
        for service in &mut self.services {
            if service.source.as_ref() != Some(source) || named.contains(&service.name) || service.absent.is_some() {
                continue;
            }
            let since = service.signals.latest();
            let cause = match (since, left_out) {
                (Some(_), 0) => format!("{server} no longer knows it"),
                (None, 0) => format!("{server} knows no such service"),
                (_, more) => format!("not among the services that are read from {server}, {more} are left out"),
            };
            let advice = match close(&service.name) {
                Some(other) if since.is_none() => format!("did you mean `{other}`?"),
                _ => "is it still running, and scraped?".to_owned(),
            };
            service.signals.gap(at);
            service.absent = Some((Fault::new(FaultKind::NotFound, &cause).advise(&advice), since.unwrap_or(at)));
        }
    }

    /// How many services a server names, in the log when it changes.
    fn tell_count(&mut self, source: &SourceId, at: At, count: usize, left_out: usize) {
        if self.roll.counts.insert(source.clone(), (count, left_out)) == Some((count, left_out)) {
            return;
        }
        let services = if count == 1 { "service" } else { "services" };
        let more = if left_out == 0 { String::new() } else { format!(", {left_out} more are left out") };
        self.log.push(at, left_out > 0, format!("{source}: {count} {services}{more}"));
    }

    /// Opens what the person came for: the service that was named, or the only one that there is.
    fn begin(&mut self, answered: &SourceId) {
        let heard = self
            .sources_of(SourceKind::Metrics, None)
            .all(|one| one.info.id == *answered || one.last_ok.is_some() || one.fault.is_some());
        if let Some(wanted) = self.roll.wanted.clone() {
            // Which of several servers has the name must not depend on who answers first.
            let found = self.index_of(&wanted).or_else(|| if heard { self.given(&wanted) } else { None });
            if let Some(index) = found {
                self.roll.stop_waiting();
                self.navigation.begin_with(index);
            } else if heard && !self.roll.begun {
                self.roll.begun = true;
                let text = self.absence().headline.text();
                self.log.push(self.now, true, text);
            }
        } else if heard && !self.roll.begun && !self.services.is_empty() {
            self.roll.begun = true;
            if self.services.len() == 1 {
                self.navigation.begin_with(0);
            }
        }
    }

    /// The service that the first of the servers gives that name.
    fn given(&self, name: &Arc<str>) -> Option<usize> {
        let mut called = self.sources.iter().filter_map(|source| self.roll.called.get(&source.info.id)?.get(name));
        called.find_map(|shown| self.index_of(shown))
    }

    /// A source that scrapes one service itself has turned out to be that: it is opened if it is the only one.
    pub(super) fn begin_alone(&mut self, source: &SourceId) {
        if self.source(source).is_some_and(|source| !source.is_server()) {
            self.begin(source);
        }
    }

    /// Keeps the row of the overview on the service that was chosen there.
    pub(super) fn hold_row(&mut self) {
        if let Some(chosen) = self.navigation.overview_choice {
            let row = self.worst_first().iter().position(|index| *index == chosen);
            self.navigation.overview_row = row.unwrap_or(self.navigation.overview_row);
        }
    }

    /// Finds services by their names again after they have moved.
    pub(super) fn index(&mut self) {
        let names = self.services.iter().enumerate();
        self.by_name = names.map(|(index, service)| (Arc::clone(&service.name), index)).collect();
    }
}

/// `eu` of `prometheus eu`.
pub(super) fn short(source: &SourceId) -> &str {
    source.as_str().split_once(' ').map_or(source.as_str(), |(_, name)| name)
}

/// The name that a mistyped one may mean.
fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let alike = known.map(|other| (strsim::jaro_winkler(other, name), other)).filter(|(alike, _)| *alike > 0.8);
    alike.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, other)| other)
}
