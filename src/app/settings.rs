//! What the app is told once, when it starts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::app::FleetSettings;
use crate::app::KeyMap;
use crate::app::Licence;
use crate::facts::SourceInfo;
use crate::facts::Zone;
use crate::incident::Checklist;
use crate::incident::ClockSettings;
use crate::incident::StageTimes;
use crate::triage::Rules;
use crate::triage::SeverityNames;
use crate::triage::quick_win::Commands;
use crate::triage::runbook::Library;

/// What a person may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Everything: there is a person, who may act.
    Interactive(Licence),
    /// Look only: `--read-only`.
    ReadOnly,
    /// Look only, from across the room: `sixty wall`.
    Wall,
}

impl Mode {
    /// For a person at the keyboard.
    #[must_use]
    pub const fn interactive() -> Self {
        Self::Interactive(Licence::of_a_person())
    }

    /// The right to act, for whoever has it.
    #[must_use]
    pub const fn licence(self) -> Option<Licence> {
        match self {
            Self::Interactive(licence) => Some(licence),
            Self::ReadOnly | Self::Wall => None,
        }
    }

    /// Whether nothing may be written or sent.
    #[must_use]
    pub const fn is_read_only(self) -> bool {
        !matches!(self, Self::Interactive(_))
    }
}

/// One service.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceSettings {
    /// Its name.
    pub name: Arc<str>,
    /// `prod`; may be empty.
    pub environment: String,
    /// The names under which its deploys are told, beside its own.
    pub programs: Vec<String>,
    /// Whom it calls: names of services or of vendors.
    pub calls: Vec<String>,
    /// Its rules.
    pub rules: Rules,
}

impl ServiceSettings {
    /// A service of which nothing but its name is configured.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: Arc::from(name),
            environment: String::new(),
            programs: Vec::new(),
            calls: Vec::new(),
            rules: Rules::default(),
        }
    }
}

/// How incidents are led.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncidentSettings {
    /// One opens by itself when a service is critical.
    pub opens: bool,
    /// The clocks.
    pub clocks: ClockSettings,
    /// Half a minute to breathe comes first.
    pub breathes: bool,
    /// How long the stages are meant to take.
    pub stages: StageTimes,
    /// `PromQL` that says how many users are affected.
    pub users: Option<String>,
    /// Where updates can be sent: names and what they are, `#incidents` and `Slack`.
    pub channels: Vec<(String, String)>,
    /// The services whose updates go to a channel, by its name; one that is not here takes those of all.
    pub channels_only: BTreeMap<String, Vec<String>>,
    /// Who pages: names and what they are.
    pub pagers: Vec<(String, String)>,
    /// It is a drill: pages that are opened are journaled, and there are fixes to try.
    pub drill: bool,
    /// What can be tried in a drill beside what undoes a change: keys and words. It says nothing of what helps.
    pub fixes: Vec<(String, String)>,
}

impl IncidentSettings {
    /// The channels to which updates of a service can be sent.
    pub fn channels_of(&self, service: &str) -> impl Iterator<Item = &(String, String)> {
        let takes = move |name: &str| {
            self.channels_only.get(name).is_none_or(|services| services.iter().any(|other| other == service))
        };
        self.channels.iter().filter(move |(name, _)| takes(name))
    }
}

impl Default for IncidentSettings {
    fn default() -> Self {
        let (channels, pagers, fixes) = (Vec::new(), Vec::new(), Vec::new());
        let clocks = ClockSettings::default();
        Self {
            opens: true,
            clocks,
            breathes: true,
            stages: StageTimes::default(),
            users: None,
            channels,
            channels_only: BTreeMap::new(),
            pagers,
            drill: false,
            fixes,
        }
    }
}

/// What the app is told once.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// The services that are known before anybody was asked.
    pub services: Vec<ServiceSettings>,
    /// What is known of the services that servers will bring.
    pub fleet: FleetSettings,
    /// Every source that will be asked.
    pub sources: Vec<SourceInfo>,
    /// The team's own command for each quick win.
    pub commands: Commands,
    /// The team's own names of severities.
    pub severities: SeverityNames,
    /// The zone in which times are drawn, beside UTC.
    pub zone: Zone,
    /// The longest time axis that is chosen by itself.
    pub window: Duration,
    /// How long history is kept.
    pub retention: Duration,
    /// The person who acts.
    pub who: String,
    /// The machine that sixty runs on.
    pub host: String,
    /// Makes entry ids of this process differ from those of all others.
    pub id_prefix: String,
    /// What a person may do.
    pub mode: Mode,
    /// The keys.
    pub keys: KeyMap,
    /// Questions of earlier sessions, the oldest first.
    pub past_questions: Vec<String>,
    /// The checklist of the first minute.
    pub checklist: Checklist,
    /// The checklist of the whole incident.
    pub full_list: Checklist,
    /// How incidents are led.
    pub incidents: IncidentSettings,
    /// The runbooks.
    pub runbooks: Arc<Library>,
    /// The service to start with; `None` starts with the overview.
    pub start: Option<usize>,
    /// A word that stands behind the service's name so that nobody takes it for the real thing: `demo`.
    pub badge: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_takes_the_updates_of_its_services_or_of_all() {
        let channel = |name: &str| (name.to_owned(), "Slack".to_owned());
        let settings = IncidentSettings {
            channels: vec![channel("#all"), channel("#web")],
            channels_only: BTreeMap::from([("#web".to_owned(), vec!["web".to_owned()])]),
            ..IncidentSettings::default()
        };
        let of = |service: &str| settings.channels_of(service).map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        assert_eq!((of("web"), of("cart")), (vec!["#all", "#web"], vec!["#all"]));
    }
}
