//! The services of others: what each vendor says, since when, and how old our reading of it is. Unknown never looks
//! like fine.

use crate::app::App;
use crate::app::Pane;
use crate::app::SourceHealth;
use crate::facts::Level;
use crate::facts::SourceKind;
use crate::triage::Vendor;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::clock;
use crate::ui::glyphs::level_symbol;
use crate::ui::panel::Block;
use crate::ui::panel::is_chosen;
use crate::ui::rows::Row;
use crate::ui::rows::padded;

/// The vendors as a block of the panel, in trouble first.
pub(super) fn block(app: &App, width: u16, glyphs: Glyphs) -> Block<'_> {
    let heading = Row::new().left(Role::Title, "OUTSIDE").right(Role::Muted, "vendor says");
    let chosen = is_chosen(app, Pane::Outside);
    let order = worst_first(app);
    let name_width = order.iter().map(|(vendor, _)| glyphs.width(&vendor.name)).max().unwrap_or(0).min(width / 2);
    let mut rows: Vec<_> = order
        .iter()
        .enumerate()
        .map(|(index, (vendor, source))| {
            let mut row = row(app, vendor, source, name_width, glyphs);
            // How long the trouble lasts counts for more than how old our reading is: an old one says so itself.
            if width < 34 {
                row.right.clear();
            }
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
            format!("{word} {}", clock::calm_between(since, app.now()))
        }
        _ => word.to_owned(),
    }
}

/// The age of our reading; for a source that fails, since when it does.
pub(super) fn age(app: &App, source: &SourceHealth) -> String {
    let from = if source.fault.is_some() { source.failing_since } else { source.last_ok };
    format!("{:>4}", from.map(|from| clock::calm_between(from, app.now())).unwrap_or_default())
}

fn row<'a>(app: &App, vendor: &'a Vendor, source: &SourceHealth, name_width: u16, glyphs: Glyphs) -> Row<'a> {
    let level = vendor.level();
    let name = padded(&vendor.name, name_width, glyphs);
    Row::new()
        .left(level_role(level), level_symbol(level))
        .left(Role::Text, format!(" {name}  "))
        .left(level_role(level), word(app, vendor, source))
        .right(Role::Muted, age(app, source))
}
