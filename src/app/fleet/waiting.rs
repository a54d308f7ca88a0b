//! What is said while there is no service to show: who is asked, what went wrong, what a person can do.

use crate::app::App;
use crate::app::Command;
use crate::app::KEYS;
use crate::app::Page;
use crate::app::SourceHealth;
use crate::facts::SourceKind;
use crate::triage::Line;
use crate::triage::Tone;
use crate::triage::clock_time;

use super::closest;
use super::short;

/// What stands on a page that has no service to show.
#[derive(Clone, PartialEq, Debug)]
pub struct Waiting {
    /// What is waited for: a service by its name, else where services are asked for.
    pub title: String,
    /// What is going on, in the place of the verdict.
    pub headline: Line,
    /// What to know and to do beside it, a sentence each.
    pub more: Vec<Line>,
}

impl App {
    /// What to say on a page that is about a service, or about all of them, while there is none to show; `None` where
    /// there is.
    pub fn waiting(&self) -> Option<Waiting> {
        let is_empty = match self.navigation.page() {
            Page::Overview => self.services.is_empty(),
            Page::Service | Page::Signal(_) | Page::Checklist => self.service().is_none(),
            _ => false,
        };
        is_empty.then(|| self.absence())
    }

    /// The same whatever page is open: why there is nothing to report.
    pub fn absence(&self) -> Waiting {
        let mut all: Vec<&SourceHealth> = self.sources_of(SourceKind::Metrics, None).collect();
        all.retain(|source| source.is_server());
        let heard = all.iter().any(|source| source.last_ok.is_some());
        match &self.roll.wanted {
            Some(wanted) if heard => self.unknown(wanted, &all),
            wanted => {
                let mut lines = all.iter().map(|source| self.silent(source));
                let (headline, advice) = lines.next().unwrap_or((Line::new(), None));
                let more = advice.into_iter().chain(lines.flat_map(|(line, advice)| [Some(line), advice]).flatten());
                let again = all.iter().any(|source| source.fault.is_some()).then(|| self.again());
                let address = all.first().map(|source| source.info.address.clone()).unwrap_or_default();
                let title = wanted.as_ref().map_or(address, ToString::to_string);
                Waiting { title, headline, more: more.chain(again).collect() }
            }
        }
    }

    /// That nobody has to do anything for it to be asked again.
    fn again(&self) -> Line {
        let row = KEYS.iter().find(|row| row.command == Command::Refresh);
        let key = row.and_then(|row| self.settings.keys.shown(row).into_iter().next());
        let now = key.map(|key| format!("; {key} asks now")).unwrap_or_default();
        Line::new().with(Tone::Muted, format!("It is asked again by itself{now}."))
    }

    /// Nobody who answered knows the service that the person asked for.
    fn unknown(&self, wanted: &str, servers: &[&SourceHealth]) -> Waiting {
        let answered: Vec<_> = servers.iter().filter(|source| source.last_ok.is_some()).collect();
        let at = match answered.as_slice() {
            [one] => format!(" at {}.", one.info.address),
            many => format!(" at any of {} servers.", many.len()),
        };
        let line = Line::new().with(Tone::Unknown, "There is no service ").with(Tone::Strong, wanted);
        let headline = line.with(Tone::Plain, at);
        let own = self.services.iter().map(|service| &*service.name);
        let given = self.roll.called.values().flat_map(|names| names.keys()).map(|name| &**name);
        let known: Vec<&str> = own.chain(given).chain(self.roll.passed_over.iter().map(|name| &**name)).collect();
        let mut more = Vec::new();
        if let Some(close) = closest(wanted, known.iter().copied()) {
            more.push(Line::new().with(Tone::Plain, "Did you mean ").with(Tone::Strong, close).with(Tone::Plain, "?"));
        }
        if let count @ 1.. = self.services.len() {
            let are = if count == 1 { "1 service is".to_owned() } else { format!("{count} services are") };
            let row = KEYS.iter().find(|row| row.command == Command::Services);
            let key = row.and_then(|row| self.settings.keys.shown(row).into_iter().next());
            let lists = key.map(|key| format!("; {key} lists them")).unwrap_or_default();
            let words = format!("{are} there{lists}. {wanted} is opened once it appears.");
            more.push(Line::new().with(Tone::Muted, words));
        } else if known.is_empty() {
            more.push(Line::new().with(Tone::Muted, "No service is named there at all."));
        }
        for source in servers.iter().filter(|source| source.last_ok.is_none()) {
            let (line, advice) = self.silent(source);
            more.push(line);
            more.extend(advice);
        }
        Waiting { title: wanted.to_owned(), headline, more }
    }

    /// Why a server has brought no service, and what to do.
    fn silent(&self, source: &SourceHealth) -> (Line, Option<Line>) {
        let address = source.info.address.as_str();
        if let (Some(fault), Some(since)) = (&source.fault, source.failing_since) {
            let line = Line::new().with(Tone::Unknown, format!("{address}: ")).with(Tone::Strong, fault.cause.clone());
            let since = format!(", since {}.", clock_time(since, self.now, &self.settings.zone));
            let advice = Some(&fault.advice).filter(|advice| !advice.is_empty());
            let advice = advice.map(|advice| Line::new().with(Tone::Plain, sentence(advice)));
            return (line.with(Tone::Plain, since), advice);
        }
        if source.last_ok.is_none() {
            let line = Line::new().with(Tone::Muted, "Asking ").with(Tone::Plain, address);
            return (line.with(Tone::Muted, " which services there are."), None);
        }
        let line = Line::new().with(Tone::Unknown, "No service").with(Tone::Plain, format!(" is named by {address}."));
        let (_, left_out) = self.roll.counts.get(&source.info.id).copied().unwrap_or_default();
        let advice = match left_out {
            0 => format!(
                "It answers, but no series has a label that names a service; say which label does with \
                          `label` in [[prometheus]] ({}).",
                short(&source.info.id)
            ),
            more => format!("{more} services are left out: they are more than can be read at once."),
        };
        (line, Some(Line::new().with(Tone::Plain, advice)))
    }
}

/// Words as a sentence: with a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}
