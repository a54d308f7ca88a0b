//! The first row: which service, how bad, since when; the clock, and whether it is now that is shown.

use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::App;
use crate::app::Mode;
use crate::app::Page;
use crate::app::ServiceState;
use crate::signals::units;
use crate::triage::Severity;
use crate::ui::Role;
use crate::ui::alerts;
use crate::ui::canvas::Canvas;
use crate::ui::checklist;
use crate::ui::clock;
use crate::ui::glyphs::symbol;

/// Draws the row. What matters least is left out first as it gets narrow: UTC, the local clock, the product's name.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let service = if app.navigation().page() == Page::Overview { None } else { app.service() };
    let waiting = app.waiting();
    let severity = match (service, &waiting) {
        (Some(service), _) => service.verdict.severity,
        (None, Some(_)) => Severity::Unknown,
        (None, None) => app.severity(),
    };
    let (local, utc) = clock::both(app.now(), &app.settings().zone);
    let past = past(app);
    let badge = badge_text(app, severity, area.width);
    let name = match (service, waiting) {
        (Some(service), _) => service.name.to_string(),
        (None, Some(waiting)) => waiting.title,
        (None, None) if app.services().len() == 1 => "1 service".to_owned(),
        (None, None) => format!("{} services", app.services().len()),
    };
    // What must stand: name, badge, what is not saved, and that the past is shown.
    let unsaved = checklist::unsaved(app, service);
    let unsaved_width = unsaved.as_ref().map_or(0, |words| canvas.width(words) + 3);
    let must = canvas.width(&name)
        + canvas.width(&badge)
        + unsaved_width
        + 4
        + past.as_ref().map_or(0, |p| canvas.width(p) + 3);
    // A second clock, and on a narrow screen the first one, is worth less than that alerts fire.
    let told = alerts_words(app, service).map_or(0, |(text, _)| canvas.width(&text) + 14);
    let must = if must + told < area.width { must + told } else { must };
    let mut spare = area.width.saturating_sub(must);
    let mut right = area.right().saturating_sub(1);
    let mut take = |text: &str| {
        let fits = !text.is_empty() && spare >= text.len() as u16 + 2;
        if fits {
            spare -= text.len() as u16 + 2;
        }
        fits
    };
    let with_local = take(&local);
    let with_name = take("sixty ");
    let with_utc = with_local && take(&utc);
    if with_utc {
        right = right.saturating_sub(canvas.put_right(area.left(), right, area.y, &utc, Role::Muted) + 2);
    }
    if with_local {
        right = right.saturating_sub(canvas.put_right(area.left(), right, area.y, &local, Role::Text) + 2);
    }
    if let Some(past) = &past {
        let style = canvas.style(Role::Focus).add_modifier(Modifier::REVERSED);
        let width = canvas.width(past) + 2;
        let x = right.saturating_sub(width).max(area.left());
        canvas.put_styled(x, area.y, width, &format!(" {past} "), style);
        right = x.saturating_sub(1);
    }
    let mut x = area.left() + u16::from(area.width > 44);
    if with_name {
        x += canvas.put(x, area.y, right.saturating_sub(x), "sixty", Role::Muted) + 2;
    }
    left(app, service, (severity, &badge), canvas, Rect { x, width: right.saturating_sub(x), ..area }, &name);
}

fn left(
    app: &App,
    service: Option<&ServiceState>,
    (severity, badge): (Severity, &str),
    canvas: &mut Canvas<'_>,
    area: Rect,
    name: &str,
) {
    let badge_width = canvas.width(badge);
    let (mut x, end, y) = (area.x, area.right(), area.y);
    let unsaved = checklist::unsaved(app, service);
    let unsaved_width = unsaved.as_ref().map_or(0, |words| canvas.width(words) + 1);
    // The badge is never cut, nor is what is not saved: the name gives way.
    x += canvas.put(x, y, end.saturating_sub(x + badge_width + unsaved_width + 1), name, Role::Strong) + 1;
    let environment = service.map_or("", |service| service.environment.as_str());
    for (text, role) in [(environment, Role::Muted), (demo(app), Role::Focus)] {
        if !text.is_empty() && x + canvas.width(text) + badge_width + unsaved_width + 3 < end {
            x += canvas.put(x, y, end - x, text, role) + 1;
        }
    }
    x += if x + badge_width + unsaved_width + 12 < end { 2 } else { 0 };
    x += canvas.put(x, y, end.saturating_sub(x), badge, badge_role(severity));
    if let Some(unsaved) = unsaved {
        x += 1 + canvas.put(x + 1, y, end.saturating_sub(x + 1), &unsaved, Role::Warning);
    }
    let onset = service.and_then(|service| service.verdict.onset);
    if let Some(onset) = onset {
        let age = units::between(onset, app.now());
        x += 1;
        if x + canvas.width(&age) <= end {
            x += canvas.put(x, y, end - x, &age, badge_plain(severity));
        }
    }
    let more = position(app);
    if !more.is_empty() && x + canvas.width(&more) + 3 <= end {
        x += 3 + canvas.put(x + 3, y, end - x - 3, &more, Role::Muted);
    }
    if let Some((text, role)) = alerts_words(app, service)
        && x + canvas.width(&text) + 3 <= end
    {
        canvas.put(x + 3, y, end - x - 3, &text, role);
    }
}

/// How many alerts fire, where no pane tells of them.
fn alerts_words(app: &App, service: Option<&ServiceState>) -> Option<(String, Role)> {
    let is_told = app.navigation().page() == Page::Service && app.mode() != Mode::Wall;
    alerts::total(app, Some(&service?.name)).filter(|_| !is_told)
}

/// A word that nobody may overlook: that it is no real service, or that nothing can be ticked.
fn demo(app: &App) -> &str {
    app.settings().badge.as_deref().unwrap_or(match app.mode() {
        Mode::ReadOnly => "read-only",
        Mode::Interactive(_) | Mode::Wall => "",
    })
}

/// `2/7` where there are several services, worst first.
fn position(app: &App) -> String {
    if app.services().len() < 2 || app.navigation().page() == Page::Overview || app.service().is_none() {
        return String::new();
    }
    let place = app.worst_first().iter().position(|index| Some(*index) == app.navigation().service).unwrap_or(0);
    format!("{}/{}", place + 1, app.services().len())
}

/// How far in the past the time axis ends; `None` while it is live.
pub(super) fn past(app: &App) -> Option<String> {
    let end = app.navigation().end?;
    Some(format!("◀ {} ago", units::between(end, app.now())))
}

/// Our word with the team's name beside it; where the row is short, the team's name for it. What is only worth knowing
/// is no state of a service: its badge is that of one that is fine.
fn badge_text(app: &App, severity: Severity, width: u16) -> String {
    let names = &app.settings().severities;
    let own = names.own(severity).filter(|_| width < 72);
    let word = own.map_or_else(|| names.title(severity), str::to_owned);
    format!(" {} {word} ", symbol(severity))
}

/// The role of a badge.
pub(super) const fn badge_role(severity: Severity) -> Role {
    match severity {
        Severity::Ok | Severity::Info => Role::BadgeOk,
        Severity::Unknown => Role::BadgeUnknown,
        Severity::Warning => Role::BadgeWarning,
        Severity::Critical => Role::BadgeCritical,
    }
}

const fn badge_plain(severity: Severity) -> Role {
    crate::ui::rows::severity_role(severity)
}
