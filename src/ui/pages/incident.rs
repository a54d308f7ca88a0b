//! The incident on one page: the stages, the answers that everybody asks for, what it may be, the clocks, who does what,
//! what the others were told, and what is left for afterwards. On a wide screen in two columns, else one below the other.

mod bar;
mod parts;

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::IncidentRow;
use crate::incident::By;
use crate::incident::Incident;
use crate::incident::What;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::checklist;
use crate::ui::clock;
use crate::ui::pages::follow;
use crate::ui::pages::head;
use crate::ui::pages::incident::parts::Part;
use crate::ui::pages::lines;
use crate::ui::pages::part;
use crate::ui::pages::titled;
use crate::ui::rows::Row;
use crate::ui::rows::clipped;

/// From this width on there are two columns.
const WIDE: u16 = 100;

/// Rows of a column, and which of them belong to the chosen one.
#[derive(Default)]
struct Column<'a> {
    rows: Vec<Row<'a>>,
    chosen: Option<(usize, usize)>,
}

impl<'a> Column<'a> {
    /// A heading with the rows of one part below it; those of the chosen row are marked.
    fn add(&mut self, heading: &'static str, parts: Vec<Part<'a>>, chosen: Option<usize>, airy: bool) {
        if parts.is_empty() {
            return;
        }
        if airy && !self.rows.is_empty() {
            self.rows.push(Row::new());
        }
        self.rows.push(Row::new().left(Role::Title, heading));
        for (index, mut rows) in parts {
            let first = self.rows.len();
            if index.is_some() && index == chosen {
                if let Some(row) = rows.first_mut() {
                    row.chosen = true;
                }
                self.chosen = Some((first, first + rows.len().saturating_sub(1)));
            }
            self.rows.append(&mut rows);
        }
    }

    /// The first row to show, so that the whole of the chosen one is seen, or its beginning.
    fn scroll(&self, room: usize) -> usize {
        // The heading of the first part stays as long as it can.
        self.chosen.map_or(0, |(first, last)| follow(last, room).min(first))
    }
}

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(incident) = app.incident() else { return };
    let rows = app.incident_rows();
    let chosen = Some(app.navigation().row.min(rows.len().saturating_sub(1))).filter(|_| !app.mode().is_read_only());
    let wide = area.width >= WIDE;
    let airy = area.height >= 20;
    let mut top = checklist::whole_trouble(app, area.width.saturating_sub(2), canvas.glyphs);
    // On a low page the rest needs its rows.
    top.truncate(if airy { 8 } else { 2 });
    top.extend(bar::rows(app, area.width.saturating_sub(2), chosen == Some(0), canvas));
    let left_width = if wide { area.width * 11 / 20 } else { area.width };
    let right_width = if wide { area.width - left_width - 1 } else { area.width };
    let made = parts::all(app, &rows, chosen, (left_width.saturating_sub(4), right_width.saturating_sub(4)), canvas);
    let mut left = Column::default();
    let mut right = Column::default();
    left.add("ASSESS", made.answers, chosen, airy);
    left.add("WHAT IT MAY BE", made.hypotheses, chosen, airy);
    {
        let next = if wide { &mut right } else { &mut left };
        next.add("CLOCKS", made.clocks, chosen, airy);
        next.add("WHO", made.roles, chosen, airy);
        next.add("UPDATES", made.updates, chosen, airy);
        next.add("AFTERWARDS", made.after, chosen, airy);
    }
    let used = usize::from(head(area)) + top.len() + usize::from(airy);
    let room = usize::from(area.height).saturating_sub(used);
    let scroll = left.scroll(room);
    let (first, words) = part(left.rows.len(), room, scroll);
    let more = match incident.opened_at() {
        _ if !words.is_empty() => words,
        Some(opened) => {
            let began = clock::minute(opened, app.now(), &app.settings().zone);
            format!("opened {began}, {} ago", clock::calm_between(opened, app.now()))
        }
        None => "not opened".to_owned(),
    };
    // The way back, the blanks, and `INCIDENT · ` need their cells.
    let free = area.width.saturating_sub(canvas.width(&more) + 25);
    let words = if free < 8 { String::new() } else { clipped(&name(incident), free, canvas.glyphs).into_owned() };
    let body = titled(app, canvas, area, ("Incident", &words), &more);
    let mut y = body.y;
    for row in top {
        lines(canvas, Rect { y, height: 1.min(body.bottom().saturating_sub(y)), ..body }, std::slice::from_ref(&row));
        y += 1;
    }
    y += u16::from(airy);
    let below = Rect { y, height: body.bottom().saturating_sub(y), ..body };
    lines(canvas, Rect { width: left_width, ..below }, &left.rows[first..]);
    if wide {
        let x = below.x + left_width;
        canvas.upright(x, below.y, below.height);
        let first = right.scroll(room).min(right.rows.len().saturating_sub(1));
        lines(canvas, Rect { x: x + 1, width: right_width.saturating_sub(1), ..below }, &right.rows[first..]);
    }
}

/// What the incident is called: as a person wrote it. Of what sixty saw when it opened one, the words before the first
/// number: it is older than that of the verdict, which stands above.
fn name(incident: &Incident) -> String {
    let title = incident.title().trim().trim_end_matches('.');
    let opened = incident.entries().find(|entry| matches!(entry.what, What::Opened { .. }));
    if opened.is_none_or(|entry| entry.by == By::Person) {
        return title.to_owned();
    }
    let is_word = |word: &&str| !word.starts_with(|first: char| first.is_ascii_digit() || "><~≈(".contains(first));
    let words: Vec<_> = title.split_whitespace().take_while(is_word).collect();
    if words.is_empty() { title.to_owned() } else { words.join(" ") }
}

/// The place of a row among those that can be chosen.
fn place(rows: &[IncidentRow], row: &IncidentRow) -> Option<usize> {
    rows.iter().position(|one| one == row)
}
