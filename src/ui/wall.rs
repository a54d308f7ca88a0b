//! The wall: the same facts for people who stand across the room. Large figures, no key hints, no queries; a clock
//! and the age of what is shown, so that a picture that has stopped cannot pass for a calm one.

mod incident;

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Page;
use crate::app::ServiceState;
use crate::facts::Answer;
use crate::facts::Measure;
use crate::facts::Signal;
use crate::facts::SourceKind;
use crate::signals::Freshness;
use crate::signals::units;
use crate::ui::Role;
use crate::ui::big;
use crate::ui::big::Size;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::compact;
use crate::ui::footer;
use crate::ui::header;
use crate::ui::panel;
use crate::ui::rows::severity_role;
use crate::ui::strips;
use crate::ui::verdict;

/// Draws the wall.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(service) = app.service() else { return };
    if area.width < 64 || area.height < 18 {
        return compact::draw(app, canvas, area);
    }
    header::draw(app, canvas, Rect { height: 1, ..area });
    let airy = u16::from(area.height >= 30);
    let mut y = area.y + 1 + airy;
    let most = (area.height / 6).clamp(3, 6);
    y += verdict::draw(app, canvas, Rect { y, height: area.bottom() - y, ..area }, most) + airy;
    let size = if area.width >= 180 && area.height >= 50 { Size::Five } else { Size::Three };
    let tiles = size.rows() + 2;
    if area.bottom().saturating_sub(y) >= tiles + 8 {
        let used = self::tiles(app, service, canvas, Rect { y, height: tiles, ..area }, size);
        y += used + airy;
    }
    if incident::is_open(app) {
        let inner = Rect { x: area.x + 1, width: area.width - 2, y, height: tiles };
        if area.width >= 110 && area.bottom().saturating_sub(y) >= tiles + 16 {
            y += incident::tiles(app, canvas, inner, size) + airy;
        } else {
            incident::line(app, canvas, Rect { height: 1, ..inner });
            y += 1;
        }
    }
    let foot = area.bottom() - 1;
    canvas.rule(area.x, foot - 1, area.width);
    last_good(app, canvas, Rect { y: foot, height: 1, ..area });
    let body = Rect { y, height: (foot - 1).saturating_sub(y), ..area };
    let panel_width = if area.width >= 100 { (area.width * 32 / 100).min(60) } else { 0 };
    strips::draw(app, canvas, Rect { width: body.width - panel_width - u16::from(panel_width > 0), ..body });
    if panel_width > 0 {
        let x = body.right() - panel_width;
        canvas.upright(x - 1, body.y, body.height);
        panel::draw(app, canvas, Rect { x, width: panel_width - 1, ..body });
    }
}

/// One tile per signal: its name, its figure, and its unit or what is wrong. Answers how many rows they took.
fn tiles(app: &App, service: &ServiceState, canvas: &mut Canvas<'_>, area: Rect, size: Size) -> u16 {
    let signals = app.strips();
    let clock = clock::minute(app.now(), app.now(), &app.settings().zone);
    let count = (signals.len() as u16).max(1);
    let clock_width = big::width(&clock, size, canvas.glyphs).unwrap_or(0);
    // Four figures and a gap: where the large clock leaves less, the one of the first row must do.
    let with_clock = area.width.saturating_sub(clock_width + 5) / count >= 16;
    let clock_room = if with_clock { clock_width + 5 } else { 1 };
    let wide = (area.width.saturating_sub(clock_room) / count).min(40);
    for (index, signal) in signals.iter().enumerate() {
        let x = area.x + 1 + wide * index as u16;
        tile(app, service, canvas, Rect { x, width: wide.saturating_sub(2), ..area }, *signal, size);
    }
    if with_clock {
        let style = canvas.style(Role::Strong);
        let x = area.right().saturating_sub(clock_width + 1);
        big::draw(canvas, x, area.y + 1, &clock, size, style);
    }
    area.height
}

fn tile(app: &App, service: &ServiceState, canvas: &mut Canvas<'_>, area: Rect, signal: Signal, size: Size) {
    let measure = signal.measures()[0];
    let finding = service.verdict.findings.iter().find(|finding| finding.subject.signal() == signal);
    let role = finding.map_or(Role::Strong, |finding| severity_role(finding.severity));
    let name = if signal == Signal::Latency { "Latency p95" } else { signal.title() };
    canvas.put(area.x, area.y, area.width, name, Role::Muted);
    let is_old = matches!(service.signals.freshness(app.now()), Freshness::Stale(_));
    let (figure, unit, role) = match service.signals.answer(measure) {
        Some(Answer::Known(number)) => {
            let (figure, unit) = units::parts(number.value, measure.unit());
            let figure = if number.at_least { format!(">{figure}") } else { figure };
            let of = of(service, signal);
            let unit = match (unit, of) {
                (unit, None) => unit.to_owned(),
                (unit, Some((limit, limit_unit))) if unit == limit_unit => format!("of {limit} {unit}"),
                (unit, Some((limit, limit_unit))) => format!("{unit} of {limit} {limit_unit}"),
            };
            (figure, unit, if is_old { Role::Stale } else { role })
        }
        Some(Answer::WarmingUp(_)) => ("-".to_owned(), "warming up".to_owned(), Role::Muted),
        Some(Answer::NoTraffic) => ("-".to_owned(), "no traffic".to_owned(), Role::Unknown),
        Some(Answer::NoData(_)) | None => ("-".to_owned(), "no data".to_owned(), Role::Unknown),
    };
    let style = canvas.style(role);
    let figure = figure.replace(' ', "");
    match big::width(&figure, size, canvas.glyphs) {
        Some(wide) if wide <= area.width => {
            big::draw(canvas, area.x, area.y + 1, &figure, size, style);
        }
        _ => {
            canvas.put(area.x, area.y + 1 + size.rows() / 2, area.width, &figure, role);
        }
    }
    let below = area.y + 1 + size.rows();
    let unit = if is_old { format!("{unit}, stale") } else { unit };
    canvas.put(area.x, below, area.width, unit.trim_end(), if is_old { Role::Warning } else { Role::Muted });
}

/// The limit that a value is a part of, where there is one.
fn of(service: &ServiceState, signal: Signal) -> Option<(String, &'static str)> {
    let measure = match signal {
        Signal::DbPool => Measure::PoolMax,
        Signal::Memory => Measure::MemoryLimit,
        Signal::Cpu => Measure::CpuMax,
        Signal::RequestRate | Signal::ErrorRate | Signal::Latency | Signal::Disk | Signal::Calls | Signal::Database => {
            return None;
        }
    };
    let limit = service.signals.answer(measure)?.number()?;
    Some(units::parts(limit.value, measure.unit()))
}

/// The age of the newest answer that is shown, which sources never gave one, and what cannot be read.
pub(super) fn last_good(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let shown = app.service().filter(|_| app.navigation().page() != Page::Overview);
    let name = shown.map(|service| &*service.name);
    let source = app.sources_of(SourceKind::Metrics, name).max_by_key(|source| source.last_ok);
    let ok = source.and_then(|source| source.last_ok);
    let text = ok.map_or_else(
        || "never read".to_owned(),
        |ok| format!("last good {:>3} ago", clock::calm_between(ok, app.now())),
    );
    let old = source.is_none_or(|source| source.is_stale(app.now()));
    let x = area.x + 1;
    let used =
        canvas.put(x, area.y, area.width.saturating_sub(2), &text, if old { Role::Warning } else { Role::Muted });
    let mut faults = footer::partly_unread(app);
    // Of several services, the newest answer speaks for one: those without any are named.
    let never: Vec<_> = app
        .sources_of(SourceKind::Metrics, name)
        .filter(|source| ok.is_some() && source.last_ok.is_none())
        .map(|source| source.info.service.as_deref().unwrap_or_else(|| source.info.id.as_str()))
        .collect();
    if !never.is_empty() {
        faults.insert(0, format!("never read: {}", never.join(", ")));
    }
    faults.extend(footer::fault_words(app));
    if !faults.is_empty() {
        canvas.put_right(x + used + 2, area.right().saturating_sub(1), area.y, &faults.join(" · "), Role::Warning);
    }
}
