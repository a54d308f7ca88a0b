//! What `y` copies: the command of the quick win or of a runbook's step, the query of a signal, the runbook of an alert, else the verdict.

use crate::app::App;
use crate::app::Page;

impl App {
    /// The text of the page that is shown; the verdict has its time in both zones.
    pub(super) fn copied_text(&self) -> String {
        match self.navigation.page() {
            Page::Alerts => return self.copied_alert(),
            Page::Runbook => return self.copied_step(),
            Page::QuickWin => {
                if let Some(win) = self.service().and_then(|service| service.verdict.quick_win.as_ref()) {
                    return win.command.clone().unwrap_or_else(|| format!("{}. {}", win.title, win.reason));
                }
            }
            _ => {}
        }
        let Some(service) = self.service() else { return String::new() };
        if let Page::Signal(signal) = self.navigation.page()
            && let Some(about) = service.signals.about()
        {
            let queries = signal.measures().iter().filter_map(|measure| about.queries.get(measure));
            return queries.map(String::as_str).collect::<Vec<_>>().join("\n");
        }
        let verdict = &service.verdict;
        let zone = &self.settings.zone;
        let head = format!(
            "{} {} {} at {} {} ({} UTC)",
            service.name,
            service.environment,
            self.settings.severities.title(verdict.severity),
            zone.local(self.now).format("%H:%M:%S"),
            zone.abbreviation(self.now),
            self.now.format("%Y-%m-%d %H:%M:%S")
        );
        let lines = [&verdict.headline, &verdict.context, &verdict.aside].map(crate::triage::Line::text);
        std::iter::once(head).chain(lines.into_iter().filter(|line| !line.is_empty())).collect::<Vec<_>>().join("\n")
    }
}
