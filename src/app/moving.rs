//! Choosing, opening, turning pages: keys that move, and change nothing else.

use crate::app::App;
use crate::app::Page;
use crate::app::Pane;
use crate::facts::SourceKind;

impl App {
    pub(super) fn open(&mut self) {
        match self.navigation.page() {
            Page::Overview => {
                if let Some(index) = self.worst_first().get(self.navigation.overview_row) {
                    self.select_service(*index);
                    self.navigation.show(Page::Service);
                }
            }
            Page::Service => {
                let page = match self.navigation.pane {
                    Pane::Verdict => Page::Evidence,
                    Pane::Checklist => Page::Checklist,
                    Pane::Alerts => Page::Alerts,
                    Pane::Changes => Page::Changes,
                    Pane::Outside => Page::Outside,
                    Pane::Strips => match self.strips().get(self.navigation.strip) {
                        Some(signal) => Page::Signal(*signal),
                        None => return,
                    },
                };
                self.navigation.show(page);
            }
            Page::Signal(_)
            | Page::Checklist
            | Page::Alerts
            | Page::Changes
            | Page::QuickWin
            | Page::Evidence
            | Page::Outside
            | Page::Log
            | Page::Help
            | Page::Runbook
            | Page::Incident
            | Page::Timeline
            | Page::Update
            | Page::Write
            | Page::Incidents
            | Page::Pages
            | Page::Debrief
            | Page::Query => self.navigation.back(),
            Page::Runbooks => self.open_listed(),
        }
    }

    /// The next pane, or the one before; alerts are skipped where nobody tells of them.
    pub(super) fn turn(&mut self, forward: bool) {
        if self.navigation.page() == Page::Runbook {
            return self.turn_runbook(forward);
        }
        self.navigation.turn(forward);
        if self.navigation.pane == Pane::Alerts && self.sources_of(SourceKind::Alerts, None).next().is_none() {
            self.navigation.turn(forward);
        }
    }

    /// Moves what is chosen, or scrolls, by that many lines.
    pub(super) fn step(&mut self, by: isize) {
        let strips = self.strips().len();
        let alerts = self.alerts().len() + self.broken_rules().count();
        let steps = self.runbook_rows();
        let items = self.list_shown().items.len();
        let changed = self.changed().len();
        let incident = self.incident_rows().len();
        let incidents = self.incidents().map_or(0, |rows| rows.as_ref().map_or(0, Vec::len));
        let pages = self.pages().map_or(0, |(pages, _)| pages.len());
        let navigation = &mut self.navigation;
        let log = navigation.page() == Page::Log;
        let (position, count) = match (navigation.page(), navigation.pane) {
            (Page::Overview, _) => (&mut navigation.overview_row, self.services.len()),
            (Page::Checklist, _) | (Page::Service, Pane::Checklist) => (&mut navigation.item, items),
            (Page::Service, Pane::Strips) => (&mut navigation.strip, strips),
            (Page::Alerts, _) => (&mut navigation.alert, alerts),
            (Page::Service, Pane::Alerts) => return self.step_alerts(by),
            (Page::Changes, _) | (Page::Service, Pane::Changes) => (&mut navigation.change, changed),
            (Page::Outside, _) | (Page::Service, Pane::Outside) => (&mut navigation.vendor, self.vendors.len()),
            (Page::Log, _) => (&mut navigation.scroll, self.log.len()),
            (Page::Runbook, _) => (&mut navigation.step, steps),
            (Page::Runbooks, _) => (&mut navigation.book, self.settings.runbooks.runbooks().len()),
            (Page::Incident, _) => (&mut navigation.row, incident),
            (Page::Incidents, _) => (&mut navigation.listed, incidents),
            (Page::Pages, _) => (&mut navigation.listed, pages),
            (Page::Service, Pane::Verdict) => return,
            (
                Page::Timeline
                | Page::Update
                | Page::Write
                | Page::Debrief
                | Page::Signal(_)
                | Page::Help
                | Page::Query
                | Page::QuickWin
                | Page::Evidence,
                _,
            ) => (&mut navigation.scroll, 200),
        };
        // The log grows at its end, so its scroll counts from there: up is towards the past.
        let by = if log { by.saturating_neg() } else { by };
        *position = position.saturating_add_signed(by).min(count.saturating_sub(1));
        if self.navigation.page() == Page::Overview {
            self.navigation.overview_choice = self.worst_first().get(self.navigation.overview_row).copied();
        }
    }
}
