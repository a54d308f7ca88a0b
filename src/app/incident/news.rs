//! What comes from journals and from outside into an incident, and the commands that begin a piece of work on it.

use crate::app::App;
use crate::app::Command;
use crate::app::Effect;
use crate::app::JournalNews;
use crate::app::Purpose;
use crate::facts::Fault;
use crate::incident::Incident;
use crate::incident::What;

impl App {
    /// What is new in the journal of a service.
    pub(in crate::app) fn journal(&mut self, news: JournalNews) -> Vec<Effect> {
        let Some(index) = self.index_of(&news.service) else { return Vec::new() };
        let heard =
            |entry: &crate::incident::Entry| !self.services[index].incident.knows(&entry.id) && self.hears(entry);
        let bell = news.entries.iter().any(heard);
        let service = &mut self.services[index];
        if news.replaced {
            service.incident = Incident::default();
            service.lead.forget();
        }
        for entry in news.entries {
            service.incident.apply(entry);
        }
        service.incident_id = news.incident;
        service.pending = news.pending;
        if service.journal_trouble != news.trouble {
            let (fault, text) = match &news.trouble {
                Some(trouble) => (true, format!("journal: {trouble}")),
                None => (false, "journal: writes again".to_owned()),
            };
            self.log.push(self.now, fault, text);
        }
        service.journal_trouble = news.trouble;
        self.find_unfinished();
        if bell { vec![Effect::Bell] } else { Vec::new() }
    }

    /// A post-mortem was written, or not.
    pub(in crate::app) fn exported(&mut self, service: &str, outcome: Result<(String, String), Fault>) -> Vec<Effect> {
        let Some(index) = self.index_of(service) else { return Vec::new() };
        match outcome {
            Ok((path, hash)) => {
                self.say(format!("the post-mortem is in {path}"));
                self.write(index, What::Exported { path, hash })
            }
            Err(fault) => {
                self.log.push(self.now, true, format!("post-mortem: {fault}"));
                self.say(format!("the post-mortem was not written: {fault}"));
                Vec::new()
            }
        }
    }

    /// A key that begins a piece of work on the incident of the service that is meant.
    pub(in crate::app) fn work(&mut self, command: Command) -> Vec<Effect> {
        self.choose_from_overview();
        match command {
            Command::Acknowledge => return self.acknowledge_key(),
            Command::Update => return self.update_key(),
            Command::NextStage => return self.next_stage(),
            Command::PreviousStage => return self.previous_stage(),
            Command::Snooze => return self.snooze(),
            Command::Note => self.begin_writing(Purpose::Note, ""),
            Command::Fix => self.begin_writing(Purpose::Fix, ""),
            Command::Hypothesis => self.begin_writing(Purpose::Hypothesis, ""),
            _ => {}
        }
        Vec::new()
    }
}
