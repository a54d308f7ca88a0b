//! The sheet for a chat or a ticket: Markdown, in which foreign text is text and nothing else.

use std::fmt::Write as _;

use crate::facts::markdown::escape;

use super::sheet::Section;
use super::sheet::Sheet;
use super::sheet::Table;

/// The sheet as Markdown.
pub(super) fn markdown(sheet: &Sheet) -> String {
    let mut out = format!("**{}** {}\n", sheet.word, escape(&sheet.verdict));
    if !sheet.others.is_empty() {
        let _ = write!(out, "\nOthers: {}\n", escape(&sheet.others));
    }
    let _ = write!(out, "\n{}\n", escape(&sheet.time));
    for service in &sheet.services {
        let _ = write!(out, "\n### {}: {}\n", escape(&service.title), escape(&service.state));
        for line in &service.lines {
            let _ = write!(out, "\n{}\n", escape(line));
        }
        if !service.command.is_empty() {
            // Indented it is code, in which nothing has a meaning.
            let _ = write!(out, "\n    {}\n", service.command);
        }
        table(&mut out, &service.suspects);
        table(&mut out, &service.rules);
        table(&mut out, &service.signals);
        if !service.notes.is_empty() {
            out.push('\n');
        }
        for note in &service.notes {
            let _ = writeln!(out, "- {}", escape(note));
        }
    }
    for section in &sheet.sections {
        self::section(&mut out, section);
    }
    if !sheet.unchecked.is_empty() {
        let _ = write!(out, "\n**Not checked:** {}.\n", escape(&sheet.unchecked));
    }
    out
}

fn section(out: &mut String, section: &Section) {
    if section.table.rows.is_empty() && section.empty.is_empty() {
        return;
    }
    let _ = write!(out, "\n### {}\n", section.title);
    if section.table.rows.is_empty() {
        let _ = write!(out, "\n{}\n", section.empty);
    } else {
        table(out, &section.table);
    }
}

fn table(out: &mut String, table: &Table) {
    if table.rows.is_empty() {
        return;
    }
    let _ = write!(out, "\n| {} |\n|{}\n", table.head.join(" | "), " --- |".repeat(table.head.len()));
    for row in &table.rows {
        // Here the head says it.
        let plain = |(cell, head): (&String, &&str)| {
            let said = match *head {
                "Since" => "since ",
                "Usual" => "usual ",
                _ => "",
            };
            escape(cell.strip_prefix(said).unwrap_or(cell))
        };
        let cells: Vec<String> = row.iter().zip(table.head).map(plain).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_text() {
        for (raw, written) in [
            ("plain 45.2 % of 612", "plain 45.2 % of 612"),
            ("a | b", "a \\| b"),
            ("a\nb\n\n# c", "a b \\# c"),
            ("<img src=x onerror=y>", "&lt;img src=x onerror=y&gt;"),
            ("[click](http://x)", "\\[click\\](http://x)"),
            ("`code` **b** _i_ ~~s~~", "\\`code\\` \\*\\*b\\*\\* \\_i\\_ \\~\\~s\\~\\~"),
            ("http_requests_total _a__b", "http_requests_total \\_a\\_\\_b"),
            ("@here &lt;", "&#64;here &amp;lt;"),
            ("\\| x", "\\\\\\| x"),
        ] {
            assert_eq!(escape(raw), written);
        }
    }

    #[test]
    fn every_row_has_as_many_cells_as_the_head() {
        let mut out = String::new();
        let rows = vec![vec!["a|b".to_owned(), "since c\nd".to_owned()]];
        table(&mut out, &Table { head: &["One", "Since"], rows });
        assert_eq!(out, "\n| One | Since |\n| --- | --- |\n| a\\|b | c d |\n");
    }
}
