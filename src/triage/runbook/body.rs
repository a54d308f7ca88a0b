//! The body of a runbook: task items under `## Investigate`, `## Fix` and `## Escalate`, read as a checklist is.
//!
//! Indented lines below an item are its hint; a code block among them is a command. All else is prose for whoever
//! reads the file elsewhere.

use std::collections::HashSet;

use crate::facts::markdown::Piece;
use crate::facts::markdown::Scanner;
use crate::facts::markdown::TEXT_MAX;
use crate::facts::markdown::distinct;
use crate::facts::markdown::indent;
use crate::facts::markdown::is_id;
use crate::facts::markdown::plain;
use crate::facts::markdown::slug;
use crate::facts::markdown::split_id;
use crate::facts::markdown::task_text;
use crate::facts::text::clean;
use crate::facts::text::clean_line;
use crate::triage::runbook::Problem;
use crate::triage::runbook::Section;
use crate::triage::runbook::Step;

/// Most characters of a hint, and of a command.
const HINT_MAX: usize = 600;
const COMMAND_MAX: usize = 4_000;

/// The steps of a body whose first line is number `first` of the file.
///
/// # Errors
/// All problems, each with its line.
pub(super) fn read(text: &str, first: usize) -> Result<Vec<Step>, Vec<Problem>> {
    let mut reader = Reader { before: first - 1, ..Reader::default() };
    for line in text.lines() {
        reader.take(line);
    }
    reader.finish()
}

#[derive(Default)]
struct Draft {
    section: Option<Section>,
    text: String,
    id: Option<String>,
    hint: Vec<String>,
    /// Code within the words.
    spans: Vec<String>,
    /// Code blocks, line by line.
    blocks: Vec<Vec<String>>,
}

#[derive(Default)]
struct Reader {
    scanner: Scanner,
    /// Lines of the file before the body.
    before: usize,
    section: Option<Section>,
    /// The section has a heading that means nothing here.
    is_foreign: bool,
    drafts: Vec<Draft>,
    problems: Vec<Problem>,
    /// The last step still takes indented lines.
    open: bool,
    in_block: bool,
}

impl Reader {
    fn take(&mut self, line: &str) {
        let piece = self.scanner.take(line);
        let depth = indent(line);
        match piece {
            Piece::Fence => {
                self.in_block = !self.in_block;
                if self.in_block && depth < 2 {
                    self.open = false;
                }
                if let Some(draft) = self.drafts.last_mut().filter(|_| self.open && self.in_block) {
                    draft.blocks.push(Vec::new());
                }
            }
            Piece::Code => {
                if let Some(block) = self.drafts.last_mut().filter(|_| self.open).and_then(|one| one.blocks.last_mut())
                {
                    block.push(line.trim_end().to_owned());
                }
            }
            Piece::Text(line, comments) => {
                self.text(&line, depth);
                for comment in &comments {
                    if let Some(id) = comment.trim().strip_prefix("id:") {
                        self.set_id(id.trim());
                    }
                }
            }
        }
    }

    fn text(&mut self, line: &str, depth: usize) {
        let text = line.trim();
        if let Some(task) = task_text(text).filter(|_| depth < 4 || self.open) {
            self.step(task);
        } else if let Some(heading) = text.strip_prefix("## ").filter(|_| depth < 4) {
            let name = heading.trim_end_matches(['#', ' ']).trim();
            self.open = false;
            self.section = Section::ALL.into_iter().find(|section| section.title().eq_ignore_ascii_case(name));
            self.is_foreign = self.section.is_none();
        } else if text.is_empty() {
            // A blank line between an item and its hint is nobody's mistake.
        } else if let Some(draft) = self.drafts.last_mut().filter(|_| self.open && depth >= 2) {
            draft.spans.extend(spans(text));
            draft.hint.push(plain(text.trim_start_matches(['-', '*', '>', ' '])));
        } else {
            self.open = false;
        }
    }

    fn step(&mut self, task: &str) {
        let (task, id) = split_id(task);
        let text = plain(task);
        if text.is_empty() {
            self.problem("this step has no text: write what to look at or to do after the box");
        } else if self.section.is_none() {
            let under = if self.is_foreign { "another heading" } else { "no heading" };
            self.problem(&format!(
                "this step stands under {under}: steps belong below `## Investigate`, `## Fix` or `## Escalate`"
            ));
        }
        self.drafts.push(Draft { section: self.section, text, spans: spans(task), ..Draft::default() });
        self.open = true;
        if let Some(id) = id {
            self.set_id(id);
        }
    }

    fn set_id(&mut self, id: &str) {
        if !self.open {
            return;
        }
        if !is_id(id) {
            let id = clean_line(id, 40);
            return self.problem(&format!("id `{id}` is not 1 to 64 letters, digits, `-`, `_` or `.`"));
        }
        if self.drafts.iter().any(|draft| draft.id.as_deref() == Some(id)) {
            return self.problem(&format!("id `{id}` is already used: ids must differ"));
        }
        if let Some(draft) = self.drafts.last_mut() {
            draft.id = Some(id.to_owned());
        }
    }

    fn problem(&mut self, what: &str) {
        let line = self.before + self.scanner.line();
        self.problems.push(Problem { line, column: 1, what: what.to_owned() });
    }

    fn finish(mut self) -> Result<Vec<Step>, Vec<Problem>> {
        if let Some((line, what)) = self.scanner.unclosed() {
            self.problems.push(Problem { line: self.before + line, column: 1, what });
        }
        if self.drafts.is_empty() && self.problems.is_empty() {
            self.problem("there is no step: write `- [ ] What to look at` below `## Investigate`");
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let mut taken: HashSet<String> = self.drafts.iter().filter_map(|draft| draft.id.clone()).collect();
        let steps = self.drafts.into_iter().map(|draft| {
            let blocks: Vec<String> =
                draft.blocks.iter().map(|lines| block(lines)).filter(|one| !one.is_empty()).collect();
            let is_block = !blocks.is_empty();
            Step {
                key: draft.id.unwrap_or_else(|| distinct(&slug(&draft.text, "step"), &mut taken)),
                section: draft.section.unwrap_or(Section::Investigate),
                text: draft.text,
                hint: clean_line(&draft.hint.join(" "), HINT_MAX),
                commands: if is_block { blocks } else { draft.spans },
                is_block,
            }
        });
        Ok(steps.collect())
    }
}

/// The code between single backticks.
fn spans(text: &str) -> Vec<String> {
    let mut parts = text.split('`').skip(1);
    let mut spans = Vec::new();
    while let (Some(code), Some(_)) = (parts.next(), parts.next()) {
        let code = clean_line(code, TEXT_MAX);
        if !code.is_empty() {
            spans.push(code);
        }
    }
    spans
}

/// The lines of a code block without the indentation that they share.
fn block(lines: &[String]) -> String {
    let shared = lines.iter().filter(|line| !line.trim().is_empty());
    let shared = shared.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|line| line.get(shared..).unwrap_or_else(|| line.trim_start())).collect();
    let text = clean(lines.join("\n").trim_matches('\n'));
    text.chars().take(COMMAND_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_with_hints_and_commands() {
        let steps = read(
            "Prose.\n\n## Investigate\nMore prose.\n- [ ] Who **waits**?\n  Many `x` rows: locked.\n\n  ```sql\n  select 1\n    from a;\n  ```\n  Then go on.\n\
             - [ ] Run `df -h` <!-- id: disk -->\n  - [ ] nested\nprose\n  no hint\n## fix ##\n1. [x] Run `df -h`\n",
            10,
        );
        let steps = steps.unwrap();
        let all: Vec<_> = steps.iter().map(|step| (step.key.as_str(), step.section, step.text.as_str())).collect();
        assert_eq!(
            all,
            [
                ("who-waits", Section::Investigate, "Who waits?"),
                ("disk", Section::Investigate, "Run df -h"),
                ("nested", Section::Investigate, "nested"),
                ("run-df-h", Section::Fix, "Run df -h"),
            ]
        );
        assert_eq!(steps[0].hint, "Many x rows: locked. Then go on.");
        assert_eq!((steps[0].commands.as_slice(), steps[0].is_block), (&["select 1\n  from a;".to_owned()][..], true));
        assert_eq!((steps[1].commands.as_slice(), steps[1].is_block), (&["df -h".to_owned()][..], false));
    }

    #[test]
    fn problems_have_the_lines_of_the_file() {
        let lines = |text: &str| {
            let problems = read(text, 10).unwrap_err();
            problems.iter().map(|one| format!("{}: {}", one.line, one.what)).collect::<Vec<_>>().join("\n")
        };
        for (text, expected) in [
            ("", "9: there is no step"),
            ("- [ ] lost\n", "10: this step stands under no heading"),
            ("\n## Notes\n- [ ] lost\n", "12: this step stands under another heading"),
            ("## Fix\n- [ ]\n", "11: this step has no text"),
            ("## Fix\n- [ ] a\n  ```\n  x\n", "12: this code block is not closed"),
            ("## Fix\n- [ ] a <!-- id: b c -->\n", "11: id `b c` is not"),
            ("## Fix\n- [ ] a {#x}\n- [ ] b {#x}\n", "12: id `x` is already used"),
        ] {
            assert!(lines(text).starts_with(expected), "{text:?}: {}", lines(text));
        }
    }
}
