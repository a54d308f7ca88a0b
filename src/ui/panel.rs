//! The panel beside the strips: blocks under headings, which give way by rank as the height shrinks.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Mode;
use crate::app::Pane;
use crate::incident::ClockKind;
use crate::ui::Role;
use crate::ui::alerts;
use crate::ui::canvas::Canvas;
use crate::ui::changes;
use crate::ui::checklist;
use crate::ui::clock;
use crate::ui::outside;
use crate::ui::rows::Row;
use crate::ui::standing;

/// A heading and its rows.
pub(super) struct Block<'a> {
    /// The first row.
    pub heading: Row<'a>,
    /// The others.
    pub rows: Vec<Row<'a>>,
    /// How many of them it needs to make sense.
    pub least: usize,
    /// Whether the pane is chosen.
    pub chosen: bool,
}

/// Whether a pane is the chosen one. The wall has nothing to choose.
pub(super) fn is_chosen(app: &App, pane: Pane) -> bool {
    app.navigation().pane == pane && app.mode() != Mode::Wall
}

/// How many rows of each block are shown, its heading included; 0 leaves it out. The first block gives way
/// last, who is on it (from block `people` on) first.
fn share(blocks: &[Block<'_>], people: usize, height: usize) -> (Vec<usize>, usize) {
    let mut given: Vec<usize> = blocks.iter().map(|block| block.rows.len() + 1).collect();
    let sum = |given: &[usize], gap: usize| {
        let shown = given.iter().filter(|rows| **rows > 0).count();
        given.iter().sum::<usize>() + shown.saturating_sub(1) * gap
    };
    let mut gap = 1;
    // The longest list shortens first, to a few rows; who is on it goes; the lists shorten to one row each; then
    // the blank rows go, then whole blocks, the last one first.
    for floor in [4, 1] {
        while sum(&given, gap) > height {
            let longest = (1..blocks.len()).filter(|index| given[*index] > floor + 1).max_by_key(|index| given[*index]);
            match longest {
                Some(index) => given[index] -= 1,
                None => break,
            }
        }
        if sum(&given, gap) > height && given.len() > people {
            given[people] = 0;
        }
    }
    if sum(&given, gap) > height {
        gap = 0;
    }
    while sum(&given, gap) > height {
        let last = (1..blocks.len()).rev().find(|index| given[*index] > 0);
        match last {
            Some(index) => given[index] = 0,
            None => break,
        }
    }
    (given, gap)
}

/// Draws the panel: checklist, alerts, changes, outside, and who is on it. One cell at its left is for the mark of what is
/// chosen.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    if area.width < 8 || area.height == 0 {
        return;
    }
    let width = area.width - inset(area.width);
    let checks = app.checks();
    let rich = checklist::block(app, &checks, 1, width, canvas.glyphs);
    let others = 5;
    let evidence = rich.rows.len() + others <= usize::from(area.height) || area.height >= 12;
    let first = if evidence { rich } else { checklist::block(app, &checks, 0, width, canvas.glyphs) };
    let mut blocks = vec![first];
    blocks.extend(alerts::block(app, width, canvas.glyphs));
    let Some(service) = app.service() else { return };
    let changed = blocks.len();
    blocks.push(changes::block(app, service, usize::from(area.height >= 20), width, canvas.glyphs));
    blocks.push(outside::block(app, width, canvas.glyphs));
    let last = blocks.len() - 1;
    // Facts in full take a second row, as long as two alerts, two changes and one vendor can still be seen.
    let wrapped = checklist::block(app, &checks, 2, width, canvas.glyphs);
    let kept: usize = blocks[1..last].iter().map(|block| block.rows.len().min(2) + 2).sum::<usize>()
        + blocks[last].rows.len().min(1)
        + 2;
    if evidence && wrapped.rows.len() + 1 + kept <= usize::from(area.height) {
        blocks[0] = wrapped;
    }
    blocks.extend(people(app));
    // Every suspect says why it stands where it stands, where nothing else has to give way for that.
    let whole = changes::block(app, service, usize::MAX, width, canvas.glyphs);
    let more = whole.rows.len() - blocks[changed].rows.len();
    let wanted: usize = blocks.iter().map(|block| block.rows.len() + 2).sum();
    if wanted + more <= usize::from(area.height) + 1 {
        blocks[changed] = whole;
    }
    let (given, gap) = share(&blocks, last + 1, usize::from(area.height));
    let mut y = area.y;
    for (block, rows) in blocks.iter().zip(given) {
        if rows == 0 || y >= area.bottom() {
            continue;
        }
        let cells = Rect { y, height: (rows as u16).min(area.bottom() - y), ..area };
        draw_block(canvas, cells, block);
        y += rows as u16 + gap as u16;
    }
}

/// Cells at the left for the mark of what is chosen.
const fn inset(width: u16) -> u16 {
    if width >= 34 { 2 } else { 1 }
}

/// Draws a block into exactly its rows; what does not fit is counted in the last of them.
pub(super) fn draw_block(canvas: &mut Canvas<'_>, area: Rect, block: &Block<'_>) {
    let inset = inset(area.width);
    let (x, width) = (area.x + inset, area.width - inset);
    let mut heading = block.heading.clone();
    if block.chosen
        && let Some(title) = heading.left.first_mut()
    {
        title.role = Role::Focus;
    }
    let room = usize::from(area.height) - 1;
    let chosen = block.rows.iter().position(|row| row.chosen).unwrap_or(0);
    // The list scrolls by itself so far that what is chosen can be seen.
    let first = (chosen + 1).saturating_sub(room).min(block.rows.len().saturating_sub(room));
    let hidden = block.rows.len().saturating_sub(room);
    if hidden > 0 && block.least < block.rows.len() {
        heading.left.push(crate::ui::rows::span(Role::Muted, format!("  +{hidden}")));
    }
    canvas.row(x, area.y, width, &heading);
    for (index, row) in block.rows.iter().skip(first).take(room).enumerate() {
        let y = area.y + 1 + index as u16;
        if row.chosen {
            canvas.put(area.x, y, 1, "›", Role::Focus);
        }
        canvas.row(x, y, width, row);
    }
}

/// Which clocks run, what was told to others, who is on it; only when somebody is.
fn people(app: &App) -> Option<Block<'_>> {
    let incident = &app.service()?.incident;
    let people = standing::people(incident);
    if people.is_empty() {
        return None;
    }
    let zone = &app.settings().zone;
    let mut heading = Row::new().left(Role::Title, "INCIDENT");
    if let Some(opened) = incident.opened_at() {
        heading = heading.right(Role::Muted, format!("since {}", clock::minute(opened, app.now(), zone)));
    }
    let named = |name: &str| Row::new().left(Role::Muted, format!("{name:<13}"));
    let mut rows = Vec::new();
    for one in app.clocks_now().iter().filter(|one| one.due.is_some() && one.kind != ClockKind::CallOut) {
        let (words, role) = standing::clock_words(app, one);
        // Half a minute to breathe is half a minute without being urged.
        let role = if app.breath().is_some() { Role::Muted } else { role };
        let mark = if role == Role::Warning { "▲ " } else { "" };
        rows.push(named(&one.kind.title().to_lowercase()).left(role, format!("{mark}{words}")));
    }
    if let Some((update, at)) = standing::last_update(incident) {
        let time = clock::minute(at, app.now(), zone);
        rows.push(named("last update").left(Role::Text, format!("{time} {}", update.status.word())));
    }
    rows.push(named("on it").left(Role::Text, people));
    Some(Block { heading, least: 1, rows, chosen: false })
}
