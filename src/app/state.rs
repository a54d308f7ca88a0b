//! [`App`]: everything that is known, and the questions that a frame or a report asks of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::app::Asking;
use crate::app::KeyMap;
use crate::app::Log;
use crate::app::Mode;
use crate::app::Navigation;
use crate::app::ServiceState;
use crate::app::Settings;
use crate::app::SourceHealth;
use crate::app::Writing;
use crate::app::alerts::AlertBook;
use crate::app::fleet::Roll;
use crate::app::incident::Desk;
use crate::facts::At;
use crate::facts::Calls;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::Fault;
use crate::facts::ProviderStatus;
use crate::facts::Signal;
use crate::facts::SourceId;
use crate::facts::SourceKind;
use crate::incident::OpenPage;
use crate::incident::Row;
use crate::incident::Stage;
use crate::signals::ServiceSignals;
use crate::triage::Severity;
use crate::triage::Unchecked;
use crate::triage::Vendor;
use crate::triage::Watch;
use crate::triage::suspects::CallGraph;

/// What the pagers said last: pages, and who could not be asked.
pub type Pages = (Vec<OpenPage>, Vec<(String, Fault)>);

/// Everything that is known.
#[derive(Clone, PartialEq, Debug)]
pub struct App {
    pub(super) settings: Settings,
    pub(super) services: Vec<ServiceState>,
    pub(super) by_name: BTreeMap<Arc<str>, usize>,
    pub(super) roll: Roll,
    pub(super) sources: Vec<SourceHealth>,
    /// Where each source stands among them.
    pub(super) by_source: BTreeMap<SourceId, usize>,
    pub(super) calls_of: BTreeMap<SourceId, Arc<Calls>>,
    pub(super) calls: Calls,
    pub(super) graph: CallGraph,
    pub(super) changes_of: BTreeMap<SourceId, Vec<Change>>,
    pub(super) changes: Vec<Change>,
    /// How often what is known to have changed was something else.
    pub(super) changes_told: u64,
    pub(super) status_of: BTreeMap<SourceId, ProviderStatus>,
    pub(super) book: AlertBook,
    pub(super) vendors: Vec<Vendor>,
    pub(super) unchecked: Vec<Unchecked>,
    pub(super) watching: Watch,
    /// The service whose turn it is to have its values read first.
    pub(super) turn: usize,
    pub(super) navigation: Navigation,
    pub(super) asking: Asking,
    pub(super) log: Log,
    pub(super) first_key: Option<At>,
    pub(super) remark: Option<(At, String)>,
    /// The text that is being written.
    pub(super) writing: Option<Writing>,
    /// All incidents, once somebody asked for them.
    pub(super) incidents: Option<Result<Vec<Row>, Fault>>,
    /// What the pagers have open, by service.
    pub(super) pages: BTreeMap<Arc<str>, Pages>,
    /// The work on incidents.
    pub(super) desk: Desk,
    pub(super) entries_made: u64,
    pub(super) now: At,
    pub(super) started: At,
}

impl App {
    /// The app at its start: nothing is known yet.
    #[must_use]
    pub fn new(settings: Settings, at: At) -> Self {
        let services = settings.services.iter().map(|service| {
            let bound = settings.fleet.bound.get(&service.name);
            let source = settings
                .sources
                .iter()
                .find(|source| source.service.as_deref() == Some(&*service.name) || bound == Some(&source.id));
            let every = source.map_or(Duration::from_secs(5), |source| source.every);
            let signals = ServiceSignals::new(every, settings.retention);
            ServiceState::new(service, source.map(|source| source.id.clone()), signals)
        });
        let roll = Roll::new(&settings.fleet, settings.start);
        let navigation = if roll.is_waiting() { Navigation::awaiting() } else { Navigation::new(settings.start) };
        let mut app = Self {
            services: services.collect(),
            by_name: BTreeMap::new(),
            roll,
            sources: settings.sources.iter().cloned().map(SourceHealth::new).collect(),
            by_source: settings.sources.iter().enumerate().map(|(place, one)| (one.id.clone(), place)).collect(),
            calls_of: BTreeMap::new(),
            calls: Calls::default(),
            graph: CallGraph::new(),
            changes_of: BTreeMap::new(),
            changes: Vec::new(),
            changes_told: 0,
            status_of: BTreeMap::new(),
            book: AlertBook::default(),
            vendors: Vec::new(),
            unchecked: Vec::new(),
            watching: Watch::NotSetUp,
            turn: 0,
            navigation,
            asking: Asking::new(&settings.past_questions),
            log: Log::default(),
            first_key: None,
            remark: None,
            writing: None,
            incidents: None,
            pages: BTreeMap::new(),
            desk: Desk::default(),
            entries_made: 0,
            now: at,
            started: at,
            settings,
        };
        app.index();
        app.merge_calls();
        app.log_misread();
        app.judge();
        app
    }

    /// The time of the last message: the "now" of the screen.
    pub const fn now(&self) -> At {
        self.now
    }

    /// What the app was told when it started.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The keys.
    pub const fn keys(&self) -> &KeyMap {
        &self.settings.keys
    }

    /// What a person may do.
    pub const fn mode(&self) -> Mode {
        self.settings.mode
    }

    /// All services: those of the configuration in its order, then by name.
    pub fn services(&self) -> &[ServiceState] {
        &self.services
    }

    /// The services, worst first; the longer in trouble first among equals, then in their own order.
    pub fn worst_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.services.len()).collect();
        order.sort_by_key(|index| {
            let verdict = &self.services[*index].verdict;
            (std::cmp::Reverse(verdict.severity), verdict.onset)
        });
        order
    }

    /// The service that is shown.
    pub fn service(&self) -> Option<&ServiceState> {
        self.services.get(self.navigation.service?)
    }

    /// How all sources do, as configured.
    pub fn sources(&self) -> &[SourceHealth] {
        &self.sources
    }

    /// The sources of one kind, for the metrics of one service.
    pub fn sources_of<'a>(
        &'a self,
        kind: SourceKind,
        service: Option<&'a str>,
    ) -> impl Iterator<Item = &'a SourceHealth> {
        let feeding = service.and_then(|name| self.services.get(self.index_of(name)?)?.source.as_ref());
        self.sources.iter().filter(move |source| {
            let feeds = || source.info.service.as_deref() == service || Some(&source.info.id) == feeding;
            source.info.kind == kind && (service.is_none() || feeds())
        })
    }

    /// All changes that any source knows of, newest first.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What a source said of its provider, however old.
    pub fn status_of(&self, source: &SourceId) -> Option<&ProviderStatus> {
        self.status_of.get(source)
    }

    /// The providers as the verdict sees them: one per status source, in the order of the sources; without an
    /// answer where there is none or only an old one.
    pub fn vendors(&self) -> &[Vendor] {
        &self.vendors
    }

    /// Where the person is.
    pub const fn navigation(&self) -> &Navigation {
        &self.navigation
    }

    /// The log.
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// A short word on the last command (`copied`), for some seconds.
    pub fn remark(&self) -> Option<&str> {
        let (at, text) = self.remark.as_ref()?;
        (self.now - *at < chrono::TimeDelta::seconds(6)).then_some(text)
    }

    /// The signals that the shown service has, in the order of the strips; all of them while none has answered.
    pub fn strips(&self) -> Vec<Signal> {
        let Some(service) = self.service() else { return Vec::new() };
        // The five that a person knows where to find, and any other that is in trouble.
        let troubled = |signal| service.verdict.findings.iter().any(|finding| finding.subject.signal() == signal);
        let shown =
            |signal: &Signal| service.signals.has(*signal) && (Signal::GOLDEN.contains(signal) || troubled(*signal));
        let some: Vec<_> = Signal::ALL.into_iter().filter(shown).collect();
        if some.is_empty() { Signal::GOLDEN.to_vec() } else { some }
    }

    /// The time axis of the shown service: from, to.
    pub fn axis(&self) -> (At, At) {
        let to = self.navigation.end.unwrap_or(self.now);
        let window = self.window();
        (to - chrono::TimeDelta::from_std(window).unwrap_or_default(), to)
    }

    /// The length of the time axis.
    pub fn window(&self) -> Duration {
        self.navigation.window.unwrap_or_else(|| {
            let known = self.service().and_then(|service| service.signals.first_at());
            let span = known.and_then(|first| (self.now - first).to_std().ok()).unwrap_or_default();
            Navigation::fitting(span, self.settings.window)
        })
    }

    /// What is left of the first sixty seconds: of the incident's stage where one is open, for all the same; else they
    /// begin with the first key. `None` before, and on the wall.
    pub fn countdown(&self) -> Option<Duration> {
        if let Some(now) = self.stage_now() {
            return now.left.filter(|_| now.stage == Stage::First);
        }
        let total = self.settings.checklist.countdown?;
        let passed = (self.now - self.first_key?).to_std().unwrap_or_default();
        Some(total.saturating_sub(passed))
    }

    /// The worst severity of all services.
    pub fn severity(&self) -> Severity {
        self.services.iter().map(|service| service.verdict.severity).max().unwrap_or(Severity::Unknown)
    }

    pub(super) fn merge_changes(&mut self) {
        let mut all: Vec<(&SourceId, Change)> = Vec::new();
        for (source, change) in
            self.changes_of.iter().flat_map(|(source, all)| all.iter().map(move |one| (source, one)))
        {
            // The same deploy is often told twice, by the deploy log and by the metrics' version label. One source
            // that names two services means two deploys.
            let same = |other: &(&SourceId, Change)| other.0 != source || other.1.what == change.what;
            let is_told = |other: &(&SourceId, Change)| is_twin(&other.1, change) && same(other);
            let twins = all.iter().filter(|other| is_told(other)).count();
            let alike = all.iter().position(|other| is_told(other) && self.means_same(&other.1, change));
            let Some(place) = alike.or_else(|| all.iter().position(is_told)) else {
                all.push((source, change.clone()));
                continue;
            };
            let (teller, known) = &mut all[place];
            let kept = known.clone();
            if known.who.is_empty() && !change.who.is_empty() {
                (*teller, *known) = (source, change.clone());
            }
            // A log often leaves out what the metrics know for certain. Where several services took that version at
            // once and no name tells which is meant, nobody knows.
            let certain = alike.is_some() || twins == 1;
            complete(known, if *teller == source { &kept } else { change }, certain);
        }
        let mut all: Vec<Change> = all.into_iter().map(|(_, change)| change).collect();
        all.sort_by(|a, b| b.at().cmp(&a.at()).then_with(|| a.id.cmp(&b.id)));
        self.changes = all;
        self.changes_told += 1;
    }

    /// Whether two tellings name the same: one what the other is about, or a program of the service that it is about.
    fn means_same(&self, a: &Change, b: &Change) -> bool {
        let of_service = |name: &str, what: &str| {
            !name.is_empty()
                && (name == what
                    || self.index_of(name).is_some_and(|index| {
                        self.services[index].programs.iter().any(|program| program.eq_ignore_ascii_case(what))
                    }))
        };
        let names = |one: &Change| [one.service.clone(), one.what.clone()];
        names(a).iter().any(|name| names(b).iter().any(|other| of_service(name, other) || of_service(other, name)))
    }

    /// The time at which this process started to look.
    pub const fn started(&self) -> At {
        self.started
    }

    /// The service's index by its name.
    pub fn index_of(&self, service: &str) -> Option<usize> {
        self.by_name.get(service).copied()
    }

    pub(super) fn next_entry_id(&mut self) -> String {
        self.entries_made += 1;
        format!("{}-{}-{:05}", self.now.timestamp_millis(), self.settings.id_prefix, self.entries_made)
    }

    pub(super) fn shown_name(&self) -> Option<Arc<str>> {
        self.service().map(|service| Arc::clone(&service.name))
    }
}

/// Fills in what one telling leaves out and its twin says.
fn complete(change: &mut Change, twin: &Change, is_certain: bool) {
    let fill = |to: &mut String, from: &String| {
        if to.is_empty() {
            to.clone_from(from);
        }
    };
    if is_certain {
        fill(&mut change.service, &twin.service);
    }
    fill(&mut change.title, &twin.title);
    fill(&mut change.link, &twin.link);
    fill(&mut change.environment, &twin.environment);
}

/// Two tellings of one deploy: the same version within ten minutes, by different sources.
fn is_twin(a: &Change, b: &Change) -> bool {
    a.kind == ChangeKind::Deploy
        && b.kind == ChangeKind::Deploy
        && !a.version.is_empty()
        && a.version.trim_start_matches('v') == b.version.trim_start_matches('v')
        && (a.at() - b.at()).abs() < chrono::TimeDelta::minutes(10)
}
