//! What `sixty check` says of runbooks: how many there are, and what of the team's is not understood.

use std::path::Path;

use crate::facts::text::clean_line;
use crate::triage::runbook::Library;

use super::Line;
use super::Word;
use super::counted;

/// A line for all of them, and one for each problem.
pub(super) fn lines(library: &Library, folder: Option<&Path>) -> Vec<Line> {
    let (own, replaced) = library.own();
    let shipped = library.runbooks().len() - own;
    let mut found = format!("{} that ship{}", counted(shipped, "runbook"), if shipped == 1 { "s" } else { "" });
    if let Some(folder) = folder {
        let instead = if replaced > 0 { format!(" ({replaced} instead of ours)") } else { String::new() };
        let folder = clean_line(&folder.display().to_string(), 200);
        found = format!("{found}, {own} of the team{instead} in {folder}");
    }
    let mut lines = vec![Line::new(Word::Ok, "runbooks", found)];
    for misread in library.misread() {
        let stays = library.get(&misread.key).filter(|book| !book.is_own);
        let stays = if stays.is_some() { "; the one that ships stays" } else { "" };
        lines.push(Line::new(Word::Warn, "runbook", format!("{misread}{stays}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::runbook::TeamFile;

    #[test]
    fn what_is_not_understood_is_named() {
        let shipped = lines(&Library::shipped(), None);
        assert_eq!(shipped.len(), 1);
        assert!(shipped[0].found.ends_with(" runbooks that ship"), "{}", shipped[0].found);
        let file = |name: &str, text: &str| TeamFile {
            shown: format!("books/{name}.md"),
            name: name.to_owned(),
            text: Ok(text.to_owned()),
        };
        let files = [file("disk-full", "---\ntitle: x\n---\n"), file("ours", "# x\n")];
        let all = lines(&Library::shipped().with(&files), Some(Path::new("books")));
        assert!(all[0].found.contains("0 of the team in books"), "{}", all[0].found);
        assert!(all[1].found.starts_with("books/disk-full.md:1:1: `symptoms` is missing"), "{}", all[1].found);
        assert!(all[1].found.ends_with("; the one that ships stays"), "{}", all[1].found);
        assert!(all.last().unwrap().found.starts_with("books/ours.md:1:1: there is no front matter"));
    }
}
