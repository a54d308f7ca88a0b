//! All runbooks: those that fit first, with what speaks for them; and the files of the team that are not understood.

use ratatui::layout::Rect;

use crate::app::App;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::pages::follow;
use crate::ui::pages::head;
use crate::ui::pages::owned;
use crate::ui::pages::sheet;
use crate::ui::rows::Row;

use super::brief;
use super::row_of;

/// Most rows of one file's problem, and most problems before they are counted.
const PROBLEM_ROWS: usize = 2;
const PROBLEMS: usize = 5;

/// Draws the page.
pub(in crate::ui::pages) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let listed = app.listed_runbooks();
    let misread = app.settings().runbooks.misread();
    let width = area.width.saturating_sub(2);
    let short = area.height < 12;
    let mut rows: Vec<Row<'_>> = Vec::new();
    let most = if short { 1 } else { PROBLEMS };
    for one in misread.iter().take(most) {
        let problem = owned(
            &format!("! {}", brief(one)),
            Role::Warning,
            width,
            if short { 1 } else { PROBLEM_ROWS },
            canvas.glyphs,
        );
        rows.extend(problem.into_iter().map(|spans| row_of("", spans)));
    }
    if misread.len() > most {
        rows.push(Row::new().left(Role::Warning, format!("! {} more, see `sixty check`", misread.len() - most)));
    }
    if !rows.is_empty() && !short {
        rows.push(Row::new());
    }
    let mut chosen = 0;
    let names = listed.iter().map(|(book, _)| canvas.width(&book.title)).max().unwrap_or(0).min(40);
    for (index, (book, because)) in listed.iter().enumerate() {
        let pad = usize::from(names.saturating_sub(canvas.width(&book.title))) + 2;
        let fits = !because.is_empty();
        let mut row = Row::new()
            .left(if fits { Role::Key } else { Role::Muted }, if fits { "fits  " } else { "      " })
            .left(if fits { Role::Strong } else { Role::Text }, book.title.clone());
        if fits && width >= 60 {
            row = row.left(Role::Text, " ".repeat(pad)).left(Role::Text, because.join(", "));
        }
        if book.is_own {
            row = row.right(Role::Muted, "yours");
        }
        row.chosen = index == app.navigation().book;
        if row.chosen {
            chosen = rows.len();
        }
        rows.push(row);
    }
    let fitting = listed.iter().filter(|(_, because)| !because.is_empty()).count();
    let name = match fitting {
        0 => "Runbooks: none fits".to_owned(),
        1 => "Runbooks: 1 fits".to_owned(),
        many => format!("Runbooks: {many} fit"),
    };
    let scroll = follow(chosen, usize::from(area.height - head(area)));
    sheet(app, canvas, area, &name, &rows, scroll);
}
