//! The pages that woke somebody, as their pagers tell them: which are open, and what acknowledging the chosen one means
//! there, in full, before it is done. A pager that does not answer is named.

use ratatui::layout::Rect;

use crate::app::App;
use crate::incident::OpenPage;
use crate::incident::PageState;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::pages::Split;
use crate::ui::pages::named;
use crate::ui::pages::owned;
use crate::ui::pages::title;
use crate::ui::pages::wrapped;
use crate::ui::rows::Row;
use crate::ui::rows::padded;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let places: Vec<&str> = app.settings().incidents.pagers.iter().map(|(name, _)| name.as_str()).collect();
    let width = area.width.saturating_sub(4);
    let Some((pages, faults)) = app.pages() else {
        let words = if places.is_empty() {
            "no pager is set up: the tick alone says that you have it".to_owned()
        } else {
            format!("asking {}", places.join(", "))
        };
        let body = title(app, canvas, area, "Pages", "");
        let rows: Vec<_> = said(&words, Role::Muted, width, canvas.glyphs);
        crate::ui::pages::lines(canvas, body, &rows);
        return;
    };
    let mut troubles = Vec::new();
    for (place, fault) in faults {
        troubles.extend(said(&format!("! {place}: {}", fault.cause), Role::Warning, width, canvas.glyphs));
        if !fault.advice.is_empty() && area.height >= 14 {
            troubles.extend(said(&format!("  {}", fault.advice), Role::Muted, width, canvas.glyphs));
        }
    }
    let chosen = app.navigation().listed.min(pages.len().saturating_sub(1));
    let mut details = pages.get(chosen).map(|page| details(app, page, area.width, canvas)).unwrap_or_default();
    if !details.is_empty() && !troubles.is_empty() {
        details.push(Row::new());
    }
    details.extend(troubles);
    let count = pages.iter().filter(|page| page.state == PageState::Triggered).count();
    let split = Split::new(area, pages.len().max(1), chosen, details.len());
    let more = match (pages.len(), split.words.as_str()) {
        (0, _) => String::new(),
        (_, "") => format!("{count} not acknowledged"),
        (_, words) => words.to_owned(),
    };
    let body = title(app, canvas, area, "Pages", &more);
    let names = pages.iter().map(|page| canvas.width(&page.place)).max().unwrap_or(0).clamp(4, 20);
    let mut rows: Vec<_> = pages
        .iter()
        .enumerate()
        .map(|(index, page)| {
            let mut row = listed(app, page, names, area.width, canvas.glyphs);
            row.chosen = index == chosen;
            row
        })
        .collect();
    if rows.is_empty() {
        let words = if faults.is_empty() { "no pager has a page open for this service" } else { "no page is known" };
        rows.push(Row::new().left(Role::Muted, words));
    }
    let rows: Vec<_> = rows.into_iter().skip(split.first).take(usize::from(split.list)).collect();
    split.draw(canvas, body, &rows, &details);
}

/// How it stands, as symbol, word and role.
const fn state(state: PageState) -> (&'static str, &'static str, Role) {
    match state {
        PageState::Triggered => ("▲", "triggered", Role::Warning),
        PageState::Acknowledged => ("✓", "acknowledged", Role::Ok),
        PageState::Resolved => ("●", "over", Role::Muted),
    }
}

fn listed<'a>(app: &App, page: &'a OpenPage, names: u16, width: u16, glyphs: Glyphs) -> Row<'a> {
    let (mark, word, role) = state(page.state);
    let word = if width >= 60 { format!("{word:<13}") } else { String::new() };
    let text = if page.state == PageState::Triggered { Role::Strong } else { Role::Muted };
    let mut row = Row::new()
        .left(role, format!("{mark} {word}"))
        .left(Role::Muted, format!("{}  ", padded(&page.place, names, glyphs)))
        .left(text, page.title.as_str());
    if let Some(since) = page.since.filter(|_| width >= 40) {
        row = row.right(Role::Muted, format!("{:>6}", clock::calm_between(since, app.now())));
    }
    row
}

fn details<'a>(app: &App, page: &'a OpenPage, width: u16, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    // What it does is read before it is done: it stands first.
    match page.state {
        PageState::Triggered if page.means.is_empty() => {
            rows.push(named("Enter", Role::Text, format!("tells {} that you have it", page.place)));
        }
        PageState::Triggered => {
            rows.extend(wrapped("Enter makes", Role::Warning, &page.means, width, canvas));
            rows.push(named("", Role::Muted, "it is asked for twice"));
        }
        PageState::Acknowledged => rows.push(named("", Role::Muted, "somebody has it already")),
        PageState::Resolved => rows.push(named("", Role::Muted, "it is over: nothing to acknowledge")),
    }
    rows.extend(wrapped("title", Role::Text, &page.title, width, canvas));
    rows.extend(wrapped("called", Role::Muted, &page.reference, width, canvas));
    if let Some(since) = page.since {
        let text =
            format!("{}, {} ago", clock::second(since, &app.settings().zone), clock::calm_between(since, app.now()));
        rows.push(named("since", Role::Text, text));
    }
    rows
}

/// A sentence over as many rows as it needs.
fn said<'a>(text: &str, role: Role, width: u16, glyphs: Glyphs) -> Vec<Row<'a>> {
    owned(text, role, width, 6, glyphs).into_iter().map(|left| Row { left, ..Row::new() }).collect()
}
