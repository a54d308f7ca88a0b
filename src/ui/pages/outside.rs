//! The vendors in full: what each says of itself and its parts, its notices, how old its page and our reading are.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::SourceHealth;
use crate::facts::Level;
use crate::facts::Notice;
use crate::facts::ProviderStatus;
use crate::signals::units;
use crate::triage::Vendor;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::glyphs::level_symbol;
use crate::ui::outside;
use crate::ui::outside::level_role;
use crate::ui::pages::Split;
use crate::ui::pages::named;
use crate::ui::pages::title;
use crate::ui::pages::wrapped;
use crate::ui::rows::Row;
use crate::ui::rows::padded;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let order = outside::worst_first(app);
    let chosen = app.navigation().vendor.min(order.len().saturating_sub(1));
    let detail = order.get(chosen).map(|(vendor, source)| details(app, vendor, source, canvas, area.width));
    let detail = detail.unwrap_or_default();
    let split = Split::new(area, order.len(), chosen, detail.len());
    let more = if split.words.is_empty() { "vendor says, read" } else { &split.words };
    let body = title(app, canvas, area, "Outside services", more);
    if order.is_empty() {
        canvas.put(body.x + 2, body.y, body.width.saturating_sub(2), "no status page is set up", Role::Muted);
        return;
    }
    let glyphs = canvas.glyphs;
    let name_width = order.iter().map(|(vendor, _)| glyphs.width(&vendor.name)).max().unwrap_or(0).min(30);
    let shown = order.iter().enumerate().skip(split.first).take(usize::from(split.list));
    let rows: Vec<_> = shown
        .map(|(index, (vendor, source))| {
            let level = vendor.level();
            let name = padded(&vendor.name, name_width, glyphs);
            let summary = vendor.status.as_ref().filter(|_| level != Level::Operational);
            let mut row = Row::new()
                .left(level_role(level), level_symbol(level))
                .left(Role::Text, format!(" {name}  "))
                .left(level_role(level), outside::word(app, vendor, source))
                .left(Role::Muted, summary.map_or_else(String::new, |status| format!("  {}", status.summary)))
                .right(Role::Muted, outside::age(app, source));
            row.chosen = index == chosen;
            row
        })
        .collect();
    split.draw(canvas, body, &rows, &detail);
}

fn details<'a>(
    app: &'a App,
    vendor: &'a Vendor,
    source: &'a SourceHealth,
    canvas: &Canvas<'_>,
    width: u16,
) -> Vec<Row<'a>> {
    let ago = |at| units::between(at, app.now());
    let mut rows = vec![Row::new().left(Role::Strong, vendor.name.as_str())];
    if let Some(fault) = &source.fault {
        let since = source.failing_since.map(|since| format!(" for {}", ago(since))).unwrap_or_default();
        rows.push(named("fault", Role::Warning, format!("{}{since}", fault.cause)));
        if !fault.advice.is_empty() {
            rows.extend(wrapped("what to do", Role::Text, &fault.advice, width, canvas));
        }
    }
    let last = source.last_ok.map_or_else(|| "never".to_owned(), |ok| format!("{} ago", ago(ok)));
    let took = source.took.map(|took| format!(", took {} ms", took.as_millis())).unwrap_or_default();
    rows.push(named("read", Role::Text, format!("{last}{took}, every {}", units::age(source.info.every))));
    // An old answer is shown as what it was, under its age: it is no answer to what is the case now.
    match (&vendor.status, app.status_of(&source.info.id)) {
        (Some(status), _) => says(app, status, false, canvas, width, &mut rows),
        (None, Some(status)) => says(app, status, true, canvas, width, &mut rows),
        (None, None) => {}
    }
    rows.extend(wrapped("asked at", Role::Muted, &source.info.address, width, canvas));
    rows
}

fn says<'a>(
    app: &App,
    status: &'a ProviderStatus,
    old: bool,
    canvas: &Canvas<'_>,
    width: u16,
    rows: &mut Vec<Row<'a>>,
) {
    let role = |level| if old { Role::Stale } else { level_role(level) };
    let text = format!("{} {}", level_symbol(status.level), status.level.word());
    let name = if old { "said then" } else { "says" };
    rows.push(named(name, role(status.level), text).left(Role::Text, format!("  {}", status.summary)));
    if let Some(updated) = status.page_updated {
        rows.push(named("its page", Role::Muted, format!("{} old", units::between(updated, app.now()))));
    }
    for (index, part) in status.components.iter().enumerate() {
        let word = if part.level == Level::Unknown { part.word.as_str() } else { part.level.word() };
        rows.push(
            named(if index == 0 { "parts" } else { "" }, role(part.level), level_symbol(part.level))
                .left(Role::Text, format!(" {}  ", part.name))
                .left(role(part.level), word),
        );
    }
    for one in &status.notices {
        notice(app, one, canvas, width, rows);
    }
}

fn notice<'a>(app: &App, notice: &'a Notice, canvas: &Canvas<'_>, width: u16, rows: &mut Vec<Row<'a>>) {
    let (now, zone) = (app.now(), &app.settings().zone);
    rows.push(Row::new());
    rows.push(
        Row::new()
            .left(level_role(notice.level), format!("{} ", level_symbol(notice.level)))
            .left(Role::Strong, notice.title.as_str())
            .left(
                Role::Muted,
                format!("  {}, since {}", notice.state.word(), clock::minute(notice.started, now, zone)),
            ),
    );
    if let Some(until) = notice.until {
        rows.push(named("until", Role::Text, clock::minute(until, now, zone)));
    }
    for update in &notice.updates {
        rows.extend(wrapped(&clock::minute(update.at, now, zone), Role::Text, &update.text, width, canvas));
    }
    if !notice.link.is_empty() {
        rows.extend(wrapped("more", Role::Muted, &notice.link, width, canvas));
    }
}
