//! What an alerting system says: [`Alert`]s that are about to fire or do, and [`BrokenRule`]s that never will.
//!
//! The same words for every system that watches by rules. What an alert means for a verdict, and which of our
//! services it belongs to in the end, is not decided here: an alert only names those that it may belong to.

use crate::facts::At;
use crate::facts::Labels;

/// Labels that name a service, the most telling first.
const SERVICE_LABELS: [&str; 9] = [
    "service",
    "service_name",
    "app",
    "application",
    "app_kubernetes_io_name",
    "deployment",
    "job",
    "component",
    "container",
];
/// So many of them say outright that an alert is about that service: `job` is there in any case, and names the
/// exporter as often as what it watches.
const OUTRIGHT: usize = 6;

/// How far an alert is. The order is from the least to the most pressing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AlertState {
    /// Its condition holds, but not yet for as long as its rule demands. Nobody was paged.
    Pending,
    /// It fires.
    Firing,
}

impl AlertState {
    /// The word on the screen and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}

/// How pressing an alert is, made of the word that its team uses. The order is from the least to the most pressing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Urgency {
    /// It fires on purpose and for machines alone (`severity="none"`: a watchdog): nobody has to look.
    Machine,
    /// Good to know.
    Info,
    /// Nobody says how pressing it is, or in a word that is not known.
    Unsaid,
    /// To be looked at in working hours.
    Warning,
    /// Somebody is paged.
    Critical,
}

impl Urgency {
    /// What a severity or priority in somebody's own words means.
    #[must_use]
    pub fn of(word: &str) -> Self {
        let word: String = word.trim().to_ascii_lowercase().chars().filter(|c| !"-_ ".contains(*c)).collect();
        match &*word {
            "none" => Self::Machine,
            "info" | "information" | "informational" | "notice" | "low" | "debug" | "p4" | "p5" | "sev4" | "sev5" => {
                Self::Info
            }
            "warning" | "warn" | "error" | "ticket" | "medium" | "moderate" | "average" | "minor" | "p2" | "p3"
            | "sev2" | "sev3" => Self::Warning,
            "critical" | "crit" | "page" | "pager" | "high" | "urgent" | "major" | "emergency" | "fatal"
            | "disaster" | "p0" | "p1" | "sev0" | "sev1" => Self::Critical,
            _ => Self::Unsaid,
        }
    }
}

/// One alert. All texts are clean.
#[derive(Clone, PartialEq, Debug)]
pub struct Alert {
    /// The name of its rule.
    pub name: String,
    /// How far it is.
    pub state: AlertState,
    /// Since when its condition holds, where that is told.
    pub since: Option<At>,
    /// How pressing it is.
    pub urgency: Urgency,
    /// The team's own word for that; `""` when there is none.
    pub severity: String,
    /// The service that the alert is about, where its system says so apart from the usual labels; `""` otherwise.
    pub service: String,
    /// One line on what is wrong; may be empty.
    pub summary: String,
    /// More on it, perhaps in several lines; may be empty.
    pub description: String,
    /// Where it is written what to do: an address or a place in words; `""` when there is none.
    pub runbook: String,
    /// All its labels, without its name.
    pub labels: Labels,
    /// The value of its expression, where that is told.
    pub value: Option<f64>,
}

impl Alert {
    /// The names of services that it may belong to, the most telling first.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        let named = Some(self.service.as_str()).filter(|service| !service.is_empty());
        named.into_iter().chain(SERVICE_LABELS.iter().filter_map(|label| self.labels.get(label)))
    }

    /// Whether it says outright which service it is about, ours or not.
    #[must_use]
    pub fn names_its_service(&self) -> bool {
        !self.service.is_empty() || SERVICE_LABELS[..OUTRIGHT].iter().any(|label| self.labels.get(label).is_some())
    }

    /// Whether it fires and somebody has to look.
    #[must_use]
    pub fn calls(&self) -> bool {
        self.state == AlertState::Firing && self.urgency != Urgency::Machine
    }

    /// The labels that tell it from others of its rule: without its severity and without those that name `service`.
    pub fn telling_labels<'a>(&'a self, service: Option<&'a str>) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.labels.iter().filter(move |(name, value)| {
            let names_service = SERVICE_LABELS.contains(name) || *value == self.service;
            let is_service = names_service && Some(*value) == service;
            !is_service && !matches!(*name, "severity" | "priority" | "runbook_url")
        })
    }

    /// What stands first sorts first: what fires and calls, the more pressing, the longer.
    #[must_use]
    pub fn rank(&self) -> impl Ord + use<> {
        let pressing = (self.urgency != Urgency::Machine, self.state, self.urgency);
        (std::cmp::Reverse(pressing), self.since.unwrap_or(At::MAX_UTC))
    }
}

/// A rule that cannot be evaluated. All texts are clean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrokenRule {
    /// Its name.
    pub name: String,
    /// Whether it only records a series; what is built on that series is missing then. Otherwise it would alert.
    pub records: bool,
    /// The group that it belongs to.
    pub group: String,
    /// The file that it is written in; may be empty.
    pub file: String,
    /// Its expression.
    pub query: String,
    /// Why it cannot be evaluated; may be empty.
    pub error: String,
    /// When that was last tried.
    pub evaluated: Option<At>,
}

/// Everything that an alerting system says.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Alerting {
    /// There is no alerting at this address: that nothing fires there means nothing.
    pub absent: bool,
    /// What fires or is about to, most pressing first; each once.
    pub alerts: Vec<Alert>,
    /// Alerts that were left out because there are too many.
    pub left_out: usize,
    /// Rules that cannot be evaluated, in the order of their groups.
    pub broken: Vec<BrokenRule>,
    /// Broken rules that were left out because there are too many.
    pub broken_left_out: usize,
    /// How many rules that alert there are; `None` where the system does not tell. With none, nothing can fire.
    pub rules: Option<usize>,
    /// What has to be said beside it: a replica that does not answer, rules that cannot be read. Clean.
    pub remarks: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(state: AlertState, severity: &str, since: i64, labels: &[(&str, &str)]) -> Alert {
        Alert {
            name: "X".to_owned(),
            state,
            since: At::from_timestamp(since, 0),
            urgency: Urgency::of(severity),
            severity: severity.to_owned(),
            service: String::new(),
            summary: String::new(),
            description: String::new(),
            runbook: String::new(),
            labels: labels.iter().copied().collect(),
            value: None,
        }
    }

    #[test]
    fn words_of_teams_are_understood() {
        for (word, urgency) in [
            ("critical", Urgency::Critical),
            ("Page", Urgency::Critical),
            ("SEV-1", Urgency::Critical),
            ("P2", Urgency::Warning),
            (" warning ", Urgency::Warning),
            ("info", Urgency::Info),
            ("none", Urgency::Machine),
            ("", Urgency::Unsaid),
            ("lila", Urgency::Unsaid),
        ] {
            assert_eq!(Urgency::of(word), urgency, "{word}");
        }
    }

    #[test]
    fn what_fires_and_calls_comes_first_the_longest_before_others() {
        use AlertState::{Firing, Pending};
        let sorted = [
            alert(Firing, "page", 5, &[]),
            alert(Firing, "critical", 9, &[]),
            alert(Firing, "warning", 1, &[]),
            alert(Firing, "", 1, &[]),
            alert(Firing, "info", 1, &[]),
            alert(Pending, "critical", 1, &[]),
            alert(Firing, "none", 0, &[]),
        ];
        let mut shuffled: Vec<_> = sorted.iter().rev().cloned().collect();
        shuffled.sort_by_key(Alert::rank);
        assert_eq!(shuffled, sorted);
        assert!(sorted[0].calls() && !sorted[5].calls() && !sorted[6].calls());
    }

    #[test]
    fn labels_name_services_and_tell_alerts_apart() {
        let mut alert = alert(
            AlertState::Firing,
            "page",
            1,
            &[("job", "node"), ("service", "pay"), ("pod", "a"), ("severity", "x")],
        );
        assert_eq!(alert.services().collect::<Vec<_>>(), ["pay", "node"]);
        assert_eq!(alert.telling_labels(Some("pay")).collect::<Vec<_>>(), [("job", "node"), ("pod", "a")]);
        alert.service = "ledger".to_owned();
        assert_eq!(alert.services().next(), Some("ledger"));
    }
}
