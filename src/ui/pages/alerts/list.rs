//! The list of the page of alerts: alerts in columns, then under a heading of their own the rules that are broken.

use crate::app::AlertsKnown;
use crate::app::App;
use crate::app::KnownAlert;
use crate::facts::AlertState;
use crate::facts::BrokenRule;
use crate::facts::SourceId;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::alerts;
use crate::ui::clock;
use crate::ui::rows::Row;
use crate::ui::rows::clipped;
use crate::ui::rows::padded;

/// Fewest cells of the page in which every alert has its severity and the time of its begin.
const WIDE: u16 = 90;

/// What can be chosen in the list.
pub(super) enum Choice<'a> {
    /// An alert.
    Alert(&'a KnownAlert),
    /// A rule that cannot be evaluated, and who told of it.
    Rule(&'a SourceId, &'a BrokenRule),
}

/// The list, whose rows are made as they are asked for.
pub(super) struct List<'a> {
    app: &'a App,
    known: AlertsKnown,
    listed: Vec<&'a KnownAlert>,
    broken: Vec<(&'a SourceId, &'a BrokenRule)>,
    widths: Widths,
    width: u16,
    glyphs: Glyphs,
}

impl<'a> List<'a> {
    /// Everything that is known, in so many cells.
    pub fn new(app: &'a App, known: AlertsKnown, glyphs: Glyphs, width: u16) -> Self {
        let listed = app.listed_alerts();
        let broken: Vec<_> = app.broken_rules().collect();
        let widest = |widths: &mut dyn Iterator<Item = &str>| widths.map(|text| glyphs.width(text)).max().unwrap_or(0);
        let most = if width < 60 { width / 2 } else { width / 3 };
        let widths = Widths {
            name: widest(&mut listed.iter().map(|one| alerts::shown_name(&one.alert))).min(most),
            severity: widest(&mut listed.iter().map(|one| one.alert.severity.as_str())).min(12),
            service: widest(&mut listed.iter().filter_map(|one| foreign(app, one))).min(width / 5),
            rule: widest(&mut broken.iter().map(|(_, rule)| rule.name.as_str())).min(width / 3),
        };
        Self { app, known, listed, broken, widths, width, glyphs }
    }

    /// The alerts.
    pub fn alerts(&self) -> &[&'a KnownAlert] {
        &self.listed
    }

    /// How many things can be chosen.
    pub fn choices(&self) -> usize {
        self.listed.len() + self.broken.len()
    }

    /// One of them.
    pub fn choice(&self, index: usize) -> Option<Choice<'a>> {
        if let Some(one) = self.listed.get(index) {
            return Some(Choice::Alert(one));
        }
        self.broken.get(index - self.listed.len()).map(|(source, rule)| Choice::Rule(source, rule))
    }

    /// Rows before the first broken rule: all alerts, a blank one, the heading.
    fn before_rules(&self) -> usize {
        self.listed.len() + usize::from(!self.listed.is_empty()) + 1
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        if self.broken.is_empty() { self.listed.len() } else { self.before_rules() + self.broken.len() }
    }

    /// The row in which something that can be chosen stands.
    pub fn row_of(&self, choice: usize) -> usize {
        match choice.checked_sub(self.listed.len()) {
            Some(rule) if !self.broken.is_empty() => self.before_rules() + rule,
            _ => choice,
        }
    }

    /// A row.
    pub fn row(&self, index: usize, chosen: usize) -> Row<'a> {
        let mut row = match (self.listed.get(index), index.checked_sub(self.before_rules())) {
            (Some(one), _) => self.alert(one),
            (None, Some(rule)) => self.broken.get(rule).map_or_else(Row::new, |(_, rule)| self.rule(rule)),
            (None, None) if index + 1 == self.before_rules() => {
                Row::new().left(Role::Warning, self.broken_words().unwrap_or_default())
            }
            (None, None) => Row::new(),
        };
        row.chosen = index == self.row_of(chosen);
        row
    }

    /// `! 3 rules cannot be evaluated: they will never fire`; `None` where all can.
    pub fn broken_words(&self) -> Option<String> {
        let recording = self.broken.iter().filter(|(_, rule)| rule.records).count();
        let (alerting, all) = (self.broken.len() - recording, self.broken.len());
        let count = if all == 1 { "1 rule".to_owned() } else { format!("{all} rules") };
        let consequence = match (alerting, recording) {
            (0, 0) => return None,
            (1, 0) => "it will never fire",
            (_, 0) => "they will never fire",
            (0, 1) => "what it records is missing",
            (0, _) => "what they record is missing",
            _ => "they will never fire or record",
        };
        Some(format!("! {count} cannot be evaluated: {consequence}"))
    }

    fn rule(&self, rule: &'a BrokenRule) -> Row<'a> {
        let error = rule.error.lines().next().unwrap_or_default();
        let error = if error.is_empty() { "no reason is given" } else { error };
        Row::new()
            .left(Role::Text, format!("{}  ", self.column(&rule.name, self.widths.rule)))
            .left(Role::Muted, format!("{}  ", rule.group))
            .left(Role::Warning, error)
    }

    fn alert(&self, one: &'a KnownAlert) -> Row<'a> {
        let (alert, widths, wide) = (&one.alert, self.widths, self.width >= WIDE);
        let old = matches!(self.known, AlertsKnown::Old(_));
        let as_known = |role: Role| if old { Role::Stale } else { role };
        let role = as_known(alerts::role(alert));
        let name = if alert.calls() { Role::Strong } else { Role::Muted };
        let mut row = Row::new().left(role, format!("{} ", alerts::symbol(alert)));
        if wide && widths.severity > 0 {
            row = row.left(role, format!("{}  ", self.column(&alert.severity, widths.severity)));
        }
        row = row.left(as_known(name), format!("{}  ", self.column(alerts::shown_name(alert), widths.name)));
        if widths.service > 0 {
            let service = foreign(self.app, one).unwrap_or_default();
            row = row.left(as_known(Role::Text), format!("{}  ", self.column(service, widths.service)));
        }
        row = row.left(as_known(Role::Text), alerts::told(alert, one.service.as_deref()));
        if wide && !alert.summary.is_empty() {
            let labels = alerts::labels(alert, one.service.as_deref());
            row = row.left(Role::Muted, if labels.is_empty() { labels } else { format!("  {labels}") });
        }
        if alert.state == AlertState::Pending {
            row = row.right(Role::Muted, "pending  ");
        }
        let Some(since) = alert.since else { return row };
        if wide {
            let (now, zone) = (self.app.now(), &self.app.settings().zone);
            row = row.right(Role::Muted, clock::minute(since, now, zone));
        }
        row.right(role, format!("{:>7}", clock::calm_between(since, self.app.now())))
    }

    /// A text cut with dots or filled up to exactly so many cells.
    fn column(&self, text: &str, width: u16) -> String {
        padded(&clipped(text, width, self.glyphs), width, self.glyphs)
    }
}

/// Widths of the columns of the list.
#[derive(Clone, Copy)]
struct Widths {
    severity: u16,
    name: u16,
    service: u16,
    rule: u16,
}

/// The service that an alert belongs to, where it is not the one from which the person came.
fn foreign<'a>(app: &App, one: &'a KnownAlert) -> Option<&'a str> {
    let shown = app.service().filter(|_| app.navigation().is_on_service()).map(|service| &*service.name);
    one.service.as_deref().filter(|service| Some(*service) != shown)
}
