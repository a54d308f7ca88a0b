//! Runbooks as a person meets them: the one that fits best, the one that is open, its steps and their ticks.

use std::borrow::Cow;
use std::sync::Arc;

use crate::app::App;
use crate::app::Effect;
use crate::app::Page;
use crate::incident::Tick;
use crate::triage::Severity;
use crate::triage::runbook::Match;
use crate::triage::runbook::Runbook;
use crate::triage::runbook::Section;
use crate::triage::runbook::Situation;
use crate::triage::runbook::best;
use crate::triage::runbook::situation;

/// The runbook that is open, with what is known of it now.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenRunbook<'a> {
    /// The runbook.
    pub book: &'a Runbook,
    /// Its place among those that fit, from 1, and how many fit; `None` when it does not fit now.
    pub place: Option<(usize, usize)>,
    /// What speaks for it now, the most telling first.
    pub because: Vec<String>,
    /// For each symptom how bad it is now; `None` where it does not hold.
    pub symptoms: Vec<Option<Severity>>,
    /// Its steps.
    pub steps: Vec<StepNow<'a>>,
}

/// A step with what is known of it.
#[derive(Clone, PartialEq, Debug)]
pub struct StepNow<'a> {
    /// Its number, from 1; those up to 9 have a key.
    pub number: usize,
    /// Where it stands.
    pub section: Section,
    /// What to do, with what is known filled in.
    pub text: Cow<'a, str>,
    /// How, and how one knows the answer; may be empty.
    pub hint: Cow<'a, str>,
    /// What can be copied.
    pub commands: Vec<Cow<'a, str>>,
    /// The commands stand nowhere else.
    pub is_block: bool,
    /// Who ticked it and when.
    pub tick: Option<&'a Tick>,
}

impl StepNow<'_> {
    /// Whether somebody ticked it.
    #[must_use]
    pub fn done(&self) -> bool {
        self.tick.is_some_and(|tick| tick.done)
    }
}

impl App {
    /// What runbooks are asked with for the shown service; nothing while there is none.
    pub fn situation(&self) -> Situation {
        let Some(service) = self.service() else { return Situation::default() };
        situation(&self.facts(service), &service.verdict, &service.name)
    }

    /// The runbooks that fit the shown service, the best first, as places in the library.
    pub fn matching(&self, situation: &Situation) -> Vec<Match> {
        let name = self.service().map(|service| &*service.name).unwrap_or_default();
        best(self.settings.runbooks.runbooks(), &situation.found(name))
    }

    /// All runbooks as their list shows them: those that fit first, with what speaks for them.
    pub fn listed_runbooks(&self) -> Vec<(&Runbook, Vec<String>)> {
        let all = self.settings.runbooks.runbooks();
        let fitting = self.matching(&self.situation());
        let rest = (0..all.len()).filter(|index| fitting.iter().all(|one| one.index != *index));
        let rest: Vec<usize> = rest.collect();
        let fitting = fitting.into_iter().map(|one| (&all[one.index], one.because));
        fitting.chain(rest.into_iter().map(|index| (&all[index], Vec::new()))).collect()
    }

    /// The runbook that is open.
    pub fn runbook(&self) -> Option<OpenRunbook<'_>> {
        let book = self.settings.runbooks.get(self.navigation.runbook.as_deref()?)?;
        let situation = self.situation();
        let mut fitting = self.matching(&situation);
        let count = fitting.len();
        let place = fitting.iter().position(|one| self.settings.runbooks.runbooks()[one.index].key == book.key);
        Some(OpenRunbook {
            book,
            place: place.map(|place| (place + 1, count)),
            because: place.map(|place| std::mem::take(&mut fitting[place].because)).unwrap_or_default(),
            symptoms: book.symptoms.iter().map(|symptom| symptom.holds(&situation.broken)).collect(),
            steps: self.steps(book, &situation),
        })
    }

    fn steps<'a>(&'a self, book: &'a Runbook, situation: &Situation) -> Vec<StepNow<'a>> {
        let list = book.list();
        let incident = self.service().map(|service| &service.incident);
        let now = |(index, step): (usize, &'a crate::triage::runbook::Step)| StepNow {
            number: index + 1,
            section: step.section,
            text: situation.values.fill(&step.text),
            hint: situation.values.fill(&step.hint),
            commands: step.commands.iter().map(|command| situation.values.fill_command(command)).collect(),
            is_block: step.is_block,
            tick: incident.and_then(|incident| incident.tick(&list, &step.key)),
        };
        book.steps.iter().enumerate().map(now).collect()
    }

    /// The key `r`: the runbook that fits best, or the one that is being worked on; from there the list of all; from
    /// the list back. Where none fits, the list.
    pub(super) fn runbook_key(&mut self) {
        match self.navigation.page() {
            Page::Runbook => return self.navigation.show(Page::Runbooks),
            Page::Runbooks => return self.navigation.back(),
            Page::Overview => {
                // The row that is chosen is the service that is meant.
                if let Some(index) = self.worst_first().get(self.navigation.overview_row) {
                    self.select_service(*index);
                }
            }
            _ => {}
        }
        let all = self.settings.runbooks.runbooks();
        let fitting: Vec<&str> =
            self.matching(&self.situation()).iter().map(|one| all[one.index].key.as_str()).collect();
        let begun = self.navigation.runbook.as_deref().filter(|key| fitting.contains(key) && self.is_begun(key));
        if let Some(key) = begun.or_else(|| fitting.first().copied()).map(str::to_owned) {
            self.open_runbook(key);
        } else {
            self.navigation.book = 0;
            self.navigation.show(Page::Runbooks);
        }
    }

    /// Whether somebody has ticked a step of it.
    fn is_begun(&self, key: &str) -> bool {
        let Some((book, service)) = self.settings.runbooks.get(key).zip(self.service()) else { return false };
        let list = book.list();
        book.steps.iter().any(|step| service.incident.tick(&list, &step.key).is_some_and(|tick| tick.done))
    }

    /// Opens the chosen row of the list.
    pub(super) fn open_listed(&mut self) {
        let key = self.listed_runbooks().get(self.navigation.book).map(|(book, _)| book.key.clone());
        if let Some(key) = key {
            // The list stands between the runbook before and this one: back leads to where the person came from.
            self.navigation.back();
            if self.navigation.page() == Page::Runbook {
                self.navigation.back();
            }
            self.open_runbook(key);
        }
    }

    fn open_runbook(&mut self, key: String) {
        self.navigation.runbook = Some(key);
        let open = self.runbook().and_then(|open| open.steps.iter().position(|step| !step.done()));
        self.navigation.step = open.unwrap_or(0);
        if self.navigation.page() != Page::Runbook {
            self.navigation.show(Page::Runbook);
        }
    }

    /// The next of the runbooks that fit, or the one before.
    pub(super) fn turn_runbook(&mut self, forward: bool) {
        let all = self.settings.runbooks.runbooks();
        let fitting: Vec<&str> =
            self.matching(&self.situation()).iter().map(|one| all[one.index].key.as_str()).collect();
        let place = fitting.iter().position(|key| Some(*key) == self.navigation.runbook.as_deref());
        let next = match (place, fitting.len()) {
            (Some(_), 1) | (None, 0) => None,
            (Some(place), count) => Some((place + if forward { 1 } else { count - 1 }) % count),
            (None, _) => Some(0),
        };
        match next.and_then(|next| fitting.get(next)).map(|key| (*key).to_owned()) {
            Some(key) => self.open_runbook(key),
            None => self.remark = Some((self.now, "no other runbook fits".to_owned())),
        }
    }

    /// Ticks or unticks a step of the runbook that is open.
    pub(super) fn toggle_step(&mut self, step: usize) -> Vec<Effect> {
        let book = self.navigation.runbook.as_deref().and_then(|key| self.settings.runbooks.get(key));
        let Some((list, key)) = book.and_then(|book| Some((book.list(), book.steps.get(step)?.key.clone()))) else {
            return Vec::new();
        };
        self.navigation.step = step;
        self.mark(list, key)
    }

    /// How many rows of the open runbook can be chosen: its steps, then its causes and whom to call.
    pub(super) fn runbook_rows(&self) -> usize {
        let book = self.navigation.runbook.as_deref().and_then(|key| self.settings.runbooks.get(key));
        book.map_or(0, |book| book.steps.len() + book.causes.len() + book.escalations.len())
    }

    /// What `y` copies there: the commands of the chosen step, else its words; else the title.
    pub(super) fn copied_step(&self) -> String {
        let Some(open) = self.runbook() else { return String::new() };
        match open.steps.get(self.navigation.step) {
            Some(step) if step.commands.is_empty() => step.text.clone().into_owned(),
            Some(step) => step.commands.join("\n"),
            None => open.book.title.clone(),
        }
    }

    /// Tells of the team's files that cannot be understood.
    pub(super) fn log_misread(&mut self) {
        let runbooks = Arc::clone(&self.settings.runbooks);
        for misread in runbooks.misread() {
            self.log.push(self.now, true, format!("runbook: {misread}"));
        }
    }
}
