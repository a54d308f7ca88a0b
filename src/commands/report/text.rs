//! The sheet for people at a terminal: at most 100 columns, the verdict first, columns aligned.

use unicode_width::UnicodeWidthStr as _;

use super::sheet::Section;
use super::sheet::ServiceSheet;
use super::sheet::Sheet;
use super::sheet::Table;

/// The widest line.
const WIDTH: usize = 100;

/// The widest column but the last: a long name must not push the words beside it out of sight.
const COLUMN: usize = 34;

/// The sheet as text; every line ends with a line break.
pub(super) fn text(sheet: &Sheet) -> String {
    let mut out = Vec::new();
    let head = format!("{}  {}", sheet.word, sheet.verdict);
    wrap(&mut out, "", "    ", &head);
    if !sheet.others.is_empty() {
        wrap(&mut out, "", "    ", &format!("Others: {}", sheet.others));
    }
    wrap(&mut out, "", "    ", &sheet.time);
    for service in &sheet.services {
        self::service(&mut out, service);
    }
    for section in &sheet.sections {
        self::section(&mut out, section);
    }
    if !sheet.unchecked.is_empty() {
        out.push(String::new());
        wrap(&mut out, "", "    ", &format!("Not checked: {}.", sheet.unchecked));
    }
    out.push(String::new());
    out.join("\n")
}

fn service(out: &mut Vec<String>, service: &ServiceSheet) {
    out.push(String::new());
    wrap(out, "", "    ", &format!("{}  {}", service.title, service.state));
    for line in &service.lines {
        wrap(out, "  ", "    ", line);
    }
    if !service.command.is_empty() {
        // As long as it is: a command that is broken is another command.
        out.push(format!("    {}", service.command));
    }
    table(out, &service.suspects);
    table(out, &service.rules);
    table(out, &service.signals);
    for note in &service.notes {
        wrap(out, "  ", "    ", note);
    }
}

fn section(out: &mut Vec<String>, section: &Section) {
    if section.table.rows.is_empty() && section.empty.is_empty() {
        return;
    }
    out.push(String::new());
    if section.table.rows.is_empty() {
        out.push(format!("{}: {}", section.title, section.empty));
        return;
    }
    out.push(section.title.to_owned());
    table(out, &section.table);
}

/// The rows without their head: every cell says what it is.
fn table(out: &mut Vec<String>, table: &Table) {
    let last = table.head.len().saturating_sub(1);
    let width = |column: usize| table.rows.iter().map(|row| row[column].width().min(COLUMN)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..last).map(width).collect();
    let margin = 2 + widths.iter().filter(|width| **width > 0).map(|width| width + 2).sum::<usize>();
    // Where the columns leave no room, the last one goes below.
    let beside = margin + 24 <= WIDTH;
    for row in &table.rows {
        let mut line = "  ".to_owned();
        for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            let cell = cut(cell, *width);
            let pad = width.saturating_sub(cell.width()) + 2;
            line.push_str(&cell);
            line.extend(std::iter::repeat_n(' ', pad));
        }
        let words = row.get(last).map(String::as_str).unwrap_or_default();
        if words.is_empty() {
            out.push(line.trim_end().to_owned());
        } else if beside {
            wrap(out, &line, &" ".repeat(margin), words);
        } else {
            out.push(line.trim_end().to_owned());
            wrap(out, "      ", "      ", words);
        }
    }
}

/// A cell in at most that many columns.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if format!("{kept}{c}").width() + 1 > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

/// Words in lines of at most [`WIDTH`] columns. A word that is too long for a line is broken; several lines in
/// foreign text become one.
fn wrap(out: &mut Vec<String>, first: &str, rest: &str, text: &str) {
    let mut line = first.to_owned();
    let mut empty = true;
    let mut blanks = 0;
    for word in text.split(char::is_whitespace) {
        blanks += 1;
        if word.is_empty() {
            continue;
        }
        // Two blanks set two facts apart; more are no news.
        let gap = std::mem::take(&mut blanks).min(2);
        let mut word = word.to_owned();
        loop {
            let gap = if empty { 0 } else { gap };
            if line.width() + gap + word.width() <= WIDTH {
                line.push_str(&"  "[..gap]);
                line.push_str(&word);
                empty = false;
                break;
            }
            if empty {
                let part: String = part_of(&word, WIDTH.saturating_sub(line.width()).max(1));
                line.push_str(&part);
                word = word[part.len()..].to_owned();
                if word.is_empty() {
                    empty = false;
                    break;
                }
            }
            out.push(std::mem::replace(&mut line, rest.to_owned()));
            empty = true;
        }
    }
    out.push(line.trim_end().to_owned());
}

/// As much of a word as fits, at least one character.
fn part_of(word: &str, width: usize) -> String {
    let mut part = String::new();
    for c in word.chars() {
        if !part.is_empty() && format!("{part}{c}").width() > width {
            break;
        }
        part.push(c);
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(first: &str, rest: &str, text: &str) -> Vec<String> {
        let mut out = Vec::new();
        wrap(&mut out, first, rest, text);
        out
    }

    #[test]
    fn nothing_is_wider_than_the_page() {
        let url = format!("http://{}", "x".repeat(300));
        for text in ["", "one", &"word ".repeat(60), &url, &format!("see {url} there"), &"漢字".repeat(90)] {
            for first in ["", "  ", &" ".repeat(70)] {
                let lines = wrapped(first, "    ", text);
                assert!(lines.iter().all(|line| line.width() <= WIDTH), "{lines:?}");
                let joined: String = lines.concat().split_whitespace().collect();
                assert_eq!(joined, text.split_whitespace().collect::<String>(), "no character is lost");
            }
        }
    }

    #[test]
    fn columns_stand_below_each_other_and_long_cells_are_cut() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let long = "n".repeat(80);
        let rows = vec![row(&["a", "", "x".repeat(200).as_str()]), row(&[&long, "", "y"])];
        let mut out = Vec::new();
        table(&mut out, &Table { head: &["One", "Two", "Three"], rows });
        assert!(out.iter().all(|line| line.width() <= WIDTH), "{out:?}");
        assert_eq!(out[0].find('x'), out.last().and_then(|line| line.find('y')).map(|at| at - '…'.len_utf8() + 1));
        assert!(out.last().is_some_and(|line| line.contains('…')));
    }
}
