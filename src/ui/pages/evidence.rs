//! What the verdict is made from, sentence by sentence: the rule that speaks and why it is there, its query and window,
//! what is usual and since when that was learnt, how the onset was dated, the climb, the forecast, the suspects; then
//! the rules that cannot be decided, and those that do not hold.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Mode;
use crate::app::ServiceState;
use crate::signals::units;
use crate::triage::Finding;
use crate::triage::Outlook;
use crate::triage::Severity;
use crate::triage::Standing;
use crate::triage::Subject;
use crate::triage::Undecided;
use crate::triage::clock_time;
use crate::triage::leak_words;
use crate::triage::onset_words;
use crate::triage::usual_words;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::changes;
use crate::ui::glyphs::symbol;
use crate::ui::pages::sheet;
use crate::ui::rows::Row;
use crate::ui::rows::Span;
use crate::ui::rows::severity_role;
use crate::ui::rows::span;
use crate::ui::rows::wrap_text;

/// Cells of the names at the left.
const NAME: u16 = 12;

/// The rows of the page, and how wide they may be.
struct Sheet {
    rows: Vec<Row<'static>>,
    width: u16,
    glyphs: Glyphs,
}

impl Sheet {
    /// A heading, apart from what stands above it.
    fn head(&mut self, text: &str) {
        if !self.rows.is_empty() {
            self.rows.push(Row::new());
        }
        self.rows.push(Row::new().left(Role::Title, text.to_owned()));
    }

    /// Words under a name, wrapped.
    fn say(&mut self, name: &str, role: Role, text: &str) {
        let lines = wrap_text(text, role, self.width.saturating_sub(NAME), 12, self.glyphs);
        for (index, line) in lines.into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let mut row = Row::new().left(Role::Muted, format!("{name:<12}"));
            row.left.extend(line.into_iter().map(owned));
            self.rows.push(row);
        }
    }
}

fn owned(piece: Span<'_>) -> Span<'static> {
    span(piece.role, piece.text.into_owned())
}

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(service) = app.service() else { return };
    let mut page = Sheet { rows: Vec::new(), width: area.width.saturating_sub(2), glyphs: canvas.glyphs };
    for finding in &service.verdict.findings {
        of_finding(app, service, finding, &mut page);
    }
    beginning(app, service, &mut page);
    suspects(app, service, &mut page);
    unsure(app, service, &mut page);
    quiet(app, service, &mut page);
    unchecked(service, app, &mut page);
    sheet(app, canvas, area, "Evidence", &page.rows, app.navigation().scroll);
}

/// One finding: its rule, its value, its query, what is usual, how it was dated, where it goes.
fn of_finding(app: &App, service: &ServiceState, finding: &Finding, page: &mut Sheet) {
    let (now, zone) = (app.now(), &app.settings().zone);
    let role = severity_role(finding.severity);
    page.head(&finding.short());
    let since = clock_time(finding.since, now, zone);
    let open = if finding.from_the_start { " or earlier" } else { "" };
    let word = app.settings().severities.title(finding.severity);
    page.say("rule", role, &format!("{} {word}  {}", symbol(finding.severity), finding.rule));
    page.say("", Role::Text, &format!("holds since {since}{open}, {}", units::between(finding.since, now)));
    let why = if finding.rule.reason.is_empty() { "the team's own rule" } else { finding.rule.reason };
    page.say("reason", Role::Muted, why);
    of_subject(app, service, finding.subject, page);
    if let Some(climb) = &finding.climb {
        let or_before = if climb.or_before { " or before" } else { "" };
        let number = |value| crate::facts::Number { value, at_least: false };
        let shown = |value: f64| units::shown(number(value.max(0.0)), finding.subject.unit());
        let text = format!(
            "began at {} ±{}{or_before}, from {} to {} at the onset",
            clock_time(climb.began, now, zone),
            units::age(climb.within),
            shown(climb.from),
            shown(climb.to)
        );
        page.say("climb", Role::Text, &text);
    }
}

/// The query of a subject, its window, what is usual, when that was left, what runs full.
fn of_subject(app: &App, service: &ServiceState, subject: Subject, page: &mut Sheet) {
    let (now, zone) = (app.now(), &app.settings().zone);
    if let Some(about) = service.signals.about().filter(|_| app.mode() != Mode::Wall) {
        let (measure, whole) = subject.measures();
        for (name, measure) in [("query", Some(measure)), ("of", whole)] {
            if let Some(query) = measure.and_then(|measure| about.queries.get(&measure)) {
                page.say(name, Role::Text, query);
            }
        }
        page.say(
            "window",
            Role::Muted,
            &format!("{}, asked every {}", about.engine, units::age(service.signals.every())),
        );
    }
    match (service.watcher.onset(subject), service.watcher.usual(subject)) {
        (Some(onset), _) => page.say("onset", Role::Text, &onset_words(&onset, subject, now, zone)),
        (None, Some(usual)) => page.say("usual", Role::Text, &usual_words(&usual, subject, now)),
        (None, None) => page.say("usual", Role::Unknown, "cannot tell yet: too little is known"),
    }
    // What is full does not run full any more.
    let full = service.watcher.newest(subject).is_some_and(|(_, value)| value >= 1.0);
    if let (false, Some(Outlook::Leak(leak))) = (full, service.watcher.outlook(subject)) {
        page.say("forecast", Role::Text, &leak_words(leak, now, zone));
    }
}

/// When the whole began, and how that is known.
fn beginning(app: &App, service: &ServiceState, page: &mut Sheet) {
    let verdict = &service.verdict;
    let Some(onset) = verdict.onset else { return };
    let (now, zone) = (app.now(), &app.settings().zone);
    page.head("When it began");
    let within = verdict.within.map(|within| format!(" ±{}", units::age(within))).unwrap_or_default();
    let open = if verdict.onset_open { " or earlier: it was so when the first numbers came" } else { "" };
    let text = format!("{}{within}{open}, {} ago", clock_time(onset, now, zone), units::between(onset, now));
    page.say("onset", Role::Text, &text);
    let mut symptoms = service.watcher.symptoms(&service.name);
    symptoms.sort_by_key(|symptom| symptom.onset);
    let told: Vec<String> = symptoms
        .iter()
        .map(|one| {
            let at = clock_time(one.onset, now, zone);
            format!("{} {at} ±{}", one.signal.replace('_', " "), units::age(one.within))
        })
        .collect();
    if !told.is_empty() {
        page.say("left usual", Role::Text, &told.join(", "));
    }
    if let Some((began, within)) = verdict.climb {
        let open = if verdict.climb_open { " or earlier" } else { "" };
        let text = format!("a slow climb began at {} ±{}{open}", clock_time(began, now, zone), units::age(within));
        page.say("climb", Role::Text, &text);
    }
    if let Some(round) = &verdict.round {
        page.say("clock", Role::Text, &round.to_string());
    }
}

/// The suspects with what speaks for and against each.
fn suspects(app: &App, service: &ServiceState, page: &mut Sheet) {
    let ranking = &service.verdict.suspects;
    let fits = ranking.named().is_some();
    if service.verdict.onset.is_none() {
        return;
    }
    page.head("What may lie behind it");
    if ranking.suspects.is_empty() {
        page.say("suspects", Role::Text, "none nearby");
    } else if !fits {
        page.say("suspects", Role::Text, "nothing fits; what comes closest:");
    }
    for one in app.changed_around(service) {
        let crate::app::Changed::Suspect { place, suspect, .. } = one else { break };
        let name = if fits { place.to_string() } else { "·".to_owned() };
        let role = if place == 1 && fits { Role::Change } else { Role::Text };
        page.say(&name, role, &format!("{} {}", suspect.candidate.kind.word(), suspect.candidate.name));
        for row in changes::evidence(suspect, NAME, page.width, page.glyphs) {
            page.rows.push(Row { left: row.left.into_iter().map(owned).collect(), ..Row::new() });
        }
    }
    for one in service.mechanisms().take(4) {
        page.say("shows as", Role::Text, &one.candidate.name);
    }
}

/// Rules that nobody can decide yet, and why; what is not measured is named in one go.
fn unsure(app: &App, service: &ServiceState, page: &mut Sheet) {
    let (now, zone) = (app.now(), &app.settings().zone);
    let mut absent: Vec<String> = Vec::new();
    let mut open = Vec::new();
    for rule in service.watcher.rules().iter() {
        match service.watcher.standing(rule, &service.signals, now) {
            Some(Standing::CannotTell(Undecided::NoValue(subject))) => {
                let name = subject.key().replace('_', " ");
                if !absent.contains(&name) {
                    absent.push(name);
                }
            }
            Some(standing @ (Standing::CannotTell(_) | Standing::Pending(_))) => open.push((rule, standing)),
            _ => {}
        }
    }
    if absent.is_empty() && open.is_empty() {
        return;
    }
    page.head("Not decided");
    for (rule, standing) in open {
        page.say(rule.severity.word(), Role::Text, &rule.to_string());
        page.say("", Role::Muted, &standing.words(now, zone));
    }
    if !absent.is_empty() {
        let words = format!("cannot tell yet: there is no value of {}", absent.join(", "));
        page.say("the rest", Role::Muted, &words);
    }
}

/// Rules that do not hold, with what is usual for their subjects.
fn quiet(app: &App, service: &ServiceState, page: &mut Sheet) {
    let now = app.now();
    let rules = service.watcher.rules().iter();
    let quiet: Vec<_> =
        rules.filter(|rule| service.watcher.standing(rule, &service.signals, now) == Some(Standing::Quiet)).collect();
    if quiet.is_empty() {
        return;
    }
    page.head("Within limits");
    for rule in quiet {
        let usual = rule.subjects().next().and_then(|subject| {
            let (_, value) = service.watcher.newest(subject)?;
            let shown = units::shown(crate::facts::Number { value, at_least: false }, subject.unit());
            let usual =
                service.watcher.usual(subject).map(|usual| format!(", usual {}", usual_words(&usual, subject, now)));
            Some(format!("now {shown}{}", usual.unwrap_or_default()))
        });
        page.say(rule.severity.word(), Role::Text, &rule.to_string());
        if let Some(usual) = usual {
            page.say("", Role::Muted, &usual);
        }
    }
}

/// What the verdict does not cover.
fn unchecked(service: &ServiceState, app: &App, page: &mut Sheet) {
    let failing: Vec<_> = app.sources().iter().filter_map(|source| Some((source, source.fault.as_ref()?))).collect();
    if failing.is_empty() {
        return;
    }
    page.head("Not checked");
    for (source, fault) in failing {
        let role = if service.verdict.severity == Severity::Unknown { Role::Unknown } else { Role::Text };
        page.say("", role, &format!("{}: {}", source.info.id, fault.cause));
    }
}
