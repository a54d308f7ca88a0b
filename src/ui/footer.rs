//! The last row: keys at the left; at the right how old each kind of source is, or what fails, cause first and once.

mod hints;

use std::borrow::Cow;
use std::fmt::Write as _;

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::SourceHealth;
use crate::facts::At;
use crate::facts::SourceKind;
use crate::facts::TargetReport;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::checklist;
use crate::ui::clock;
use crate::ui::rows::Span;
use crate::ui::rows::clipped;
use crate::ui::rows::padded;
use crate::ui::rows::span;
use crate::ui::rows::wrap_text;

/// Draws the row. What a tired person needs now stands before faults, faults before everything else; a key is shown with
/// its word or not at all.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    let (x, end, y) = (area.x + 1, area.right() - 1, area.y);
    let room = end.saturating_sub(x);
    let hints = hints::all(app);
    // What stands in the middle of the screen is not said twice.
    let told = app.sources().len() == 1 && app.waiting().is_some();
    // Faults have the place that the first keys leave, and a third of the row in any case.
    let wanted = (room * 7 / 10).min(room.saturating_sub(hints::first(&hints, canvas, room) + 2)).max(room * 3 / 10);
    let mut right = if told { Vec::new() } else { health(app, wanted) };
    let most = if right.iter().any(|span| span.role == Role::Warning) { wanted } else { room / 2 };
    // Whole words go first, and then the calm ages as a whole: half an age is worse than none.
    if canvas.spans_width(&right) > most.min(wanted) && right.iter().all(|span| span.role == Role::Muted) {
        right = oldest(app);
    }
    let right_width = canvas.spans_width(&right).min(most);
    canvas.spans(end - right_width, y, right_width, &right);
    let left = Rect { x, width: room.saturating_sub(right_width + 2), ..area };
    match (app.navigation().sure.as_deref(), app.remark()) {
        // A question has these rows to itself, when everything else is drawn.
        (Some(_), _) => {}
        (None, Some(remark)) if canvas.width(remark) > left.width => {
            // What came of a key counts for more than what can be read a second later.
            canvas.put(x, y, room, &padded(remark, room.max(canvas.width(remark)), canvas.glyphs), Role::Strong);
        }
        (None, Some(remark)) => {
            canvas.put(left.x, y, left.width, remark, Role::Strong);
        }
        (None, None) => hints::draw(hints, canvas, left),
    }
}

/// Draws what is asked before it is done over the last rows of the screen, in full: nobody can say yes to half a
/// question.
pub(super) fn ask(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(question) = app.navigation().sure.as_deref() else { return };
    let most = ASKED_MOST.min(usize::from(area.height.saturating_sub(1).max(1)));
    let margin = u16::from(area.width > 20);
    let width = area.width - 2 * margin;
    let mut rows = wrap_text(question, Role::Warning, width, most, canvas.glyphs);
    // Whoever says yes knows that what they do may not be kept.
    let unsaved = checklist::trouble(app, width, canvas.glyphs).filter(|_| rows.len() < usize::from(area.height));
    if let Some(unsaved) = unsaved {
        rows.insert(0, unsaved.left);
    }
    let used = rows.len() as u16;
    let blank = " ".repeat(usize::from(area.width));
    let top = area.bottom().saturating_sub(used);
    for (y, row) in (top..area.bottom()).zip(&rows) {
        canvas.put(area.x, y, area.width, &blank, Role::Text);
        canvas.spans(area.x + margin, y, width, row);
    }
    if area.height >= 20 {
        canvas.rule(area.x, top - 1, area.width);
    }
}

/// Most rows of a question.
const ASKED_MOST: usize = 6;

const KINDS: [(SourceKind, &str); 4] = [
    (SourceKind::Metrics, "metrics"),
    (SourceKind::Alerts, "alerts"),
    (SourceKind::Status, "outside"),
    (SourceKind::Changes, "changes"),
];

/// Most cells of a remark on how the metrics were read.
const REMARK_MOST: u16 = 40;

/// The age of the oldest answer of each kind, or what fails.
fn health(app: &App, room: u16) -> Vec<Span<'static>> {
    let mut faults = fault_words(app);
    let partial = partly_unread(app);
    let odd = oddities(app).into_iter().next();
    // Numbers that are made from a part of the processes stand before a vendor that is silent.
    faults.splice(0..0, partial);
    let mut out: Vec<Span<'static>> = Vec::new();
    for (kind, word) in KINDS {
        let mut of_kind = app.sources_of(kind, None).filter(|source| source.fault.is_none()).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        let age = of_kind.filter_map(|source| source.last_ok).min();
        let age = age.map_or_else(|| "  –".to_owned(), |ok| format!("{:>3}", clock::calm_between(ok, app.now())));
        let separator = if out.is_empty() { "" } else { " · " };
        if let (SourceKind::Metrics, Some(odd)) = (kind, &odd) {
            out.push(span(Role::Warning, format!("{separator}{odd}")));
            continue;
        }
        out.push(span(Role::Muted, format!("{separator}{word} {age}")));
    }
    if faults.is_empty() {
        let wide: usize = out.iter().map(|span| span.text.chars().count()).sum();
        if odd.is_some() && wide > usize::from(room) {
            out.retain(|span| span.role == Role::Warning);
        }
        return out;
    }
    faults.extend(odd);
    // With a fault, the ages of what works give way to it. What does not fit is counted.
    let mut told = faults[0].clone();
    for (index, fault) in faults.iter().enumerate().skip(1) {
        if told.chars().count() + fault.chars().count() + 11 > usize::from(room) {
            let _ = write!(told, " · +{} more", faults.len() - index);
            break;
        }
        let _ = write!(told, " · {fault}");
    }
    vec![span(Role::Warning, told)]
}

/// A short form for narrow screens: the age of the metrics alone.
fn oldest(app: &App) -> Vec<Span<'static>> {
    let ok = app.sources_of(SourceKind::Metrics, None).filter_map(|source| source.last_ok).min();
    ok.map(|ok| vec![span(Role::Muted, format!("metrics {:>3}", clock::calm_between(ok, app.now())))])
        .unwrap_or_default()
}

/// Whose metrics are read only in part: the numbers on the screen then stand for some of the processes.
pub(super) fn partly_unread(app: &App) -> Vec<String> {
    let reports = reports(app).filter_map(|(name, targets)| {
        let failed: Vec<_> = targets.iter().filter_map(|target| target.outcome.as_ref().err()).collect();
        let first = failed.first().filter(|_| failed.len() < targets.len())?;
        Some(format!("{name} {} of {} targets: {}", failed.len(), targets.len(), first.cause))
    });
    reports.collect()
}

/// What is odd about metrics that could be read: lines that were not understood, or a remark, shortened.
fn oddities(app: &App) -> Vec<String> {
    let reports = reports(app).filter_map(|(name, targets)| {
        // That a target is not read at all is told already, and counts for more.
        if targets.iter().any(|target| target.outcome.is_err()) {
            return None;
        }
        let read = || targets.iter().filter_map(|target| target.outcome.as_ref().ok());
        let lines = match read().map(|scrape| scrape.skipped).sum::<usize>() {
            0 => None,
            1 => Some(format!("{name} 1 line not understood")),
            many => Some(format!("{name} {many} lines not understood")),
        };
        lines.or_else(|| {
            let remark = read().map(|scrape| &scrape.remark).find(|remark| !remark.is_empty())?;
            Some(format!("{name}: {}", clipped(remark, REMARK_MOST, Glyphs::Unicode)))
        })
    });
    reports.collect()
}

/// The targets behind each service's last metrics, under the name that the row calls them by; without the services
/// whose metrics fail altogether, for which the fault speaks.
fn reports(app: &App) -> impl Iterator<Item = (String, &[TargetReport])> {
    app.services().iter().filter_map(move |service| {
        if app.sources_of(SourceKind::Metrics, Some(&service.name)).any(|source| source.fault.is_some()) {
            return None;
        }
        let name = if app.services().len() > 1 { format!("metrics {}", service.name) } else { "metrics".to_owned() };
        Some((name, &*service.signals.about()?.targets))
    })
}

/// What fails: each cause once, with the names of those that it concerns, or how many they are.
pub(super) fn fault_words(app: &App) -> Vec<String> {
    let mut causes: Vec<(Cow<'_, str>, Vec<&SourceHealth>)> = Vec::new();
    for source in app.sources() {
        let Some(fault) = &source.fault else { continue };
        match causes.iter_mut().find(|(cause, _)| *cause == fault.cause) {
            Some((_, sources)) => sources.push(source),
            None => causes.push((Cow::Borrowed(&fault.cause), vec![source])),
        }
    }
    causes
        .iter()
        .map(|(cause, sources)| {
            let since: Option<At> = sources.iter().filter_map(|source| source.failing_since).min();
            let since =
                since.map_or_else(String::new, |since| format!(" {:>3}", clock::calm_between(since, app.now())));
            let who = match &sources[..] {
                [one] if one.info.kind == SourceKind::Metrics && app.services().len() == 1 => "metrics".to_owned(),
                [one] => one.info.id.to_string(),
                many => common_name(many).unwrap_or_else(|| format!("{} sources", many.len())),
            };
            format!("{who}: {cause}{since}")
        })
        .collect()
}

/// The name of the server whose metrics and alerts fail for one cause: `prod` of `prometheus prod` and `alerts prod`.
fn common_name(sources: &[&SourceHealth]) -> Option<String> {
    let name = |source: &SourceHealth| source.info.id.as_str().split_once(' ').map(|(_, name)| name.to_owned());
    let first = sources.first().and_then(|source| name(source))?;
    sources.iter().all(|source| name(source).as_ref() == Some(&first)).then_some(first)
}
