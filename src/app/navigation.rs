//! Where the person is: pages, panes, what is chosen, and which time the axis shows.

use std::time::Duration;

use crate::facts::At;
use crate::facts::Signal;

/// A full screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// All services, worst first.
    Overview,
    /// One service: verdict, strips, checklist, changes, outside.
    Service,
    /// A signal with its numbers, its query, its source and their age.
    Signal(Signal),
    /// The checklist with its hints.
    Checklist,
    /// What fires, and the rules that never will.
    Alerts,
    /// The suspects with what speaks for and against each, and all other changes.
    Changes,
    /// What ends it soonest.
    QuickWin,
    /// What the verdict's sentences are made from.
    Evidence,
    /// All providers with their notices.
    Outside,
    /// The log.
    Log,
    /// A runbook.
    Runbook,
    /// All runbooks.
    Runbooks,
    /// The keys.
    Help,
    /// A question in `PromQL` and its answer.
    Query,
    /// The incident: stage, answers, hypotheses, clocks, roles, updates.
    Incident,
    /// What happened in it, in order.
    Timeline,
    /// An update: its words, and where it goes.
    Update,
    /// A text that is being written.
    Write,
    /// All incidents.
    Incidents,
    /// What the pagers have open, to be acknowledged.
    Pages,
    /// What came of a drill.
    Debrief,
}

impl Page {
    /// Its word, in the journal of a drill.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Service => "service",
            Self::Signal(signal) => signal.title(),
            Self::Checklist => "checklist",
            Self::Alerts => "alerts",
            Self::Changes => "changes",
            Self::QuickWin => "quick-win",
            Self::Evidence => "evidence",
            Self::Outside => "outside",
            Self::Log => "log",
            Self::Runbook => "runbook",
            Self::Runbooks => "runbooks",
            Self::Help => "help",
            Self::Query => "query",
            Self::Incident => "incident",
            Self::Timeline => "timeline",
            Self::Update => "update",
            Self::Write => "write",
            Self::Incidents => "incidents",
            Self::Pages => "pages",
            Self::Debrief => "debrief",
        }
    }
}

/// A part of the service page that can be chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pane {
    /// The verdict.
    Verdict,
    /// The checklist.
    Checklist,
    /// Alerts.
    Alerts,
    /// Changes.
    Changes,
    /// Providers.
    Outside,
    /// The strips.
    Strips,
}

impl Pane {
    /// All panes in the order of `Tab`.
    pub const ALL: [Self; 6] =
        [Self::Verdict, Self::Checklist, Self::Strips, Self::Alerts, Self::Changes, Self::Outside];
}

/// The lengths of the time axis that `+` and `-` step through, in minutes.
const WINDOWS: [u64; 12] = [2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 10_080];

/// Where the person is.
#[derive(Clone, PartialEq, Debug)]
pub struct Navigation {
    pages: Vec<Page>,
    /// The chosen pane of the service page.
    pub pane: Pane,
    /// The shown service, an index into the app's services; `None` while the one that is waited for has not appeared.
    pub service: Option<usize>,
    /// The chosen row of the overview.
    pub overview_row: usize,
    /// The service that a person chose there, an index into the app's services: its row is chosen wherever it goes.
    /// `None`: nobody chose, and the first row stands for the worst.
    pub overview_choice: Option<usize>,
    /// The chosen item of the checklist.
    pub item: usize,
    /// The chosen strip, an index into the signals that the service has.
    pub strip: usize,
    /// The chosen alert, or broken rule behind them.
    pub alert: usize,
    /// The chosen row of what changed: the suspects, then the other changes.
    pub change: usize,
    /// The chosen provider.
    pub vendor: usize,
    /// The runbook that was opened last, by its key.
    pub runbook: Option<String>,
    /// The chosen row of that runbook: its steps, then its causes, then whom to call.
    pub step: usize,
    /// The chosen row of the list of runbooks.
    pub book: usize,
    /// The chosen row of the incident's page.
    pub row: usize,
    /// The chosen row of the list of incidents, or of pages.
    pub listed: usize,
    /// The chosen checklist: the first minute's, or the whole incident's.
    pub list: usize,
    /// The timeline shows what sixty saw as well, and not only what people did.
    pub noise: bool,
    /// The update that is open, by its key.
    pub update: Option<String>,
    /// Something that is asked once more before it is done: which word stands in the footer.
    pub sure: Option<String>,
    /// Lines scrolled on the open page (log: from the end).
    pub scroll: usize,
    /// The length of the time axis as the person set it; `None` grows with what is known.
    pub window: Option<Duration>,
    /// The right end of the time axis; `None` is now.
    pub end: Option<At>,
}

impl Navigation {
    /// Starts on the service, or on the overview.
    #[must_use]
    pub fn new(service: Option<usize>) -> Self {
        let page = if service.is_some() { Page::Service } else { Page::Overview };
        Self {
            pages: vec![page],
            pane: Pane::Checklist,
            service: Some(service.unwrap_or(0)),
            overview_row: 0,
            overview_choice: None,
            item: 0,
            strip: 0,
            alert: 0,
            change: 0,
            vendor: 0,
            runbook: None,
            step: 0,
            book: 0,
            row: 0,
            listed: 0,
            list: 0,
            noise: true,
            update: None,
            sure: None,
            scroll: 0,
            window: None,
            end: None,
        }
    }

    /// Starts on the page of a service that has not appeared yet.
    #[must_use]
    pub fn awaiting() -> Self {
        Self { pages: vec![Page::Service], service: None, ..Self::new(None) }
    }

    /// Puts a service where the person began, below whatever was opened since.
    pub fn begin_with(&mut self, service: usize) {
        self.service = Some(service);
        if let Some(first) = self.pages.first_mut() {
            *first = Page::Service;
        }
    }

    /// The page that is shown.
    #[must_use]
    pub fn page(&self) -> Page {
        self.pages.last().copied().unwrap_or(Page::Service)
    }

    /// Whether the person looks at one service, or came from it.
    #[must_use]
    pub fn is_on_service(&self) -> bool {
        self.pages.contains(&Page::Service)
    }

    /// Shows a page on top; the same page again goes back.
    pub fn show(&mut self, page: Page) {
        if self.page() == page {
            self.back();
        } else {
            self.scroll = 0;
            self.pages.push(page);
        }
    }

    /// Shows a page alone, with nothing to go back to but the overview, if that is where the person came from.
    pub fn only(&mut self, page: Page) {
        let overview = page != Page::Overview && self.pages.contains(&Page::Overview);
        self.pages.clear();
        if overview {
            self.pages.push(Page::Overview);
        }
        self.pages.push(page);
        self.scroll = 0;
    }

    /// Goes back; the first page stays.
    pub fn back(&mut self) {
        if self.pages.len() > 1 {
            self.pages.pop();
        }
        self.scroll = 0;
    }

    /// The next pane, or the one before.
    pub fn turn(&mut self, forward: bool) {
        let index = Pane::ALL.iter().position(|pane| *pane == self.pane).unwrap_or(0);
        let step = if forward { 1 } else { Pane::ALL.len() - 1 };
        self.pane = Pane::ALL[(index + step) % Pane::ALL.len()];
    }

    /// A step to a longer or shorter time axis from the one that is shown.
    pub fn zoom(&mut self, shown: Duration, longer: bool, longest: Duration) {
        let minutes = WINDOWS.iter().map(|minutes| Duration::from_secs(minutes * 60));
        let next = if longer { minutes.filter(|w| *w > shown).min() } else { minutes.filter(|w| *w < shown).max() };
        self.window = Some(next.unwrap_or(shown).min(longest));
    }

    /// The shortest usual time axis that holds `span`, at least ten minutes and at most `longest`. Shorter ones are
    /// for whoever asks: their columns are so narrow in time that the picture would move every second.
    #[must_use]
    pub fn fitting(span: Duration, longest: Duration) -> Duration {
        let span = span.max(Duration::from_secs(600));
        let minutes = WINDOWS.iter().map(|minutes| Duration::from_secs(minutes * 60));
        minutes.filter(|w| *w >= span).min().unwrap_or(longest).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_stack_and_the_same_key_goes_back() {
        let mut navigation = Navigation::new(Some(0));
        navigation.show(Page::Help);
        assert_eq!(navigation.page(), Page::Help);
        navigation.show(Page::Help);
        assert_eq!(navigation.page(), Page::Service);
        navigation.back();
        assert_eq!(navigation.page(), Page::Service);
    }

    #[test]
    fn the_axis_grows_with_what_is_known_and_steps() {
        let hour = Duration::from_hours(1);
        assert_eq!(Navigation::fitting(Duration::from_secs(3), hour), Duration::from_mins(10));
        assert_eq!(Navigation::fitting(Duration::from_secs(3), Duration::from_mins(5)), Duration::from_mins(5));
        assert_eq!(Navigation::fitting(Duration::from_mins(16), hour), Duration::from_mins(30));
        assert_eq!(Navigation::fitting(Duration::from_hours(5), hour), hour);
        let mut navigation = Navigation::new(None);
        navigation.zoom(hour, true, Duration::from_hours(6));
        assert_eq!(navigation.window, Some(Duration::from_hours(2)));
        navigation.zoom(Duration::from_mins(2), false, hour);
        assert_eq!(navigation.window, Some(Duration::from_mins(2)));
    }
}
