//! The services of others: what each vendor says, since when, and how old our reading of it is. Unknown never looks
//! like fine.

use crate::app::App;
use crate::app::Pane;
use crate::app::SourceHealth;
use crate::facts::Level;
use crate::facts::SourceKind;
use crate::signals::units;
use crate::triage::Vendor;
use crate::ui::Role;
use crate::ui::glyphs::level_symbol;
use crate::ui::panel::Block;
use crate::ui::rows::Row;

/// The vendors as a block of the panel, in trouble first.
pub(super) fn block(app: &App, width: u16) -> Block<'_> {
    let heading = Row::new().left(Role::Title, "OUTSIDE").right(Role::Muted, "vendor says");
    let chosen = app.navigation().pane == Pane::Outside;
    let order = worst_first(app);
    let name_width = order.iter().map(|(vendor, _)| vendor.name.chars().count()).max().unwrap_or(0);
    let name_width = name_width.min(usize::from(width / 2));
    let mut rows: Vec<_> = order
        .iter()
        .enumerate()
        .map(|(index, (vendor, source))| {
            let mut row = row(app, vendor, source, name_width);
            row.chosen = chosen && app.navigation().vendor == index;
            row
        })
        .collect();
    if rows.is_empty() {
        rows.push(Row::new().left(Role::Muted, "no status page is set up"));
    }
    Block { heading, least: 1, rows, chosen }
}

/// The vendors with their sources, in trouble first, then unknown, then fine. The chosen vendor is a place in this
/// order.
pub(super) fn worst_first(app: &App) -> Vec<(&Vendor, &SourceHealth)> {
    let mut order: Vec<_> = app.vendors().iter().zip(app.sources_of(SourceKind::Status, None)).collect();
    order.sort_by_key(|(vendor, _)| match vendor.level() {
        Level::MajorOutage => 0,
        Level::PartialOutage => 1,
        Level::Degraded => 2,
        Level::Unknown => 3,
        Level::Maintenance => 4,
        Level::Operational => 5,
    });
    order
}

/// The role of what a vendor says.
pub(super) const fn level_role(level: Level) -> Role {
    match level {
        Level::Operational => Role::Ok,
        Level::Maintenance => Role::Muted,
        Level::Degraded => Role::Warning,
        Level::PartialOutage | Level::MajorOutage => Role::Critical,
        Level::Unknown => Role::Unknown,
    }
}

/// What a vendor says in a few words, or why that is not known.
pub(super) fn word(app: &App, vendor: &Vendor, source: &SourceHealth) -> String {
    let Some(status) = &vendor.status else {
        return match &source.fault {
            Some(fault) => fault.kind.word().to_owned(),
            None if source.last_ok.is_some() => "answer is too old".to_owned(),
            None => "no answer yet".to_owned(),
        };
    };
    let word = if status.level == Level::Operational { "ok" } else { status.level.word() };
    match (status.level, status.since) {
        (Level::Degraded | Level::PartialOutage | Level::MajorOutage | Level::Maintenance, Some(since)) => {
            format!("{word} {}", units::between(since, app.now()))
        }
        _ => word.to_owned(),
    }
}

/// The age of our reading; for a source that fails, since when it does.
pub(super) fn age(app: &App, source: &SourceHealth) -> String {
    let from = if source.fault.is_some() { source.failing_since } else { source.last_ok };
    format!("{:>4}", from.map(|from| units::between(from, app.now())).unwrap_or_default())
}

fn row<'a>(app: &App, vendor: &'a Vendor, source: &SourceHealth, name_width: usize) -> Row<'a> {
    let level = vendor.level();
    let name: String = vendor.name.chars().take(name_width).collect();
    Row::new()
        .left(level_role(level), level_symbol(level))
        .left(Role::Text, format!(" {name:<name_width$}  "))
        .left(level_role(level), word(app, vendor, source))
        .right(Role::Muted, age(app, source))
}
