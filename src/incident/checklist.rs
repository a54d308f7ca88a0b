//! A checklist: an ordinary Markdown task list, so that it reads well wherever else the team shows it.
//!
//! Task items at any depth are items; the indented lines below one are its hint; everything else is prose and is
//! ignored. What Markdown has no words for stands in comments: `<!-- id: ack -->`, `<!-- evidence: down -->`,
//! `<!-- countdown: 60s -->`. Boxes that are ticked in the file are only a template: ticks live in the journal.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::facts::markdown::KEY_MAX;
use crate::facts::markdown::Piece;
use crate::facts::markdown::Scanner;
use crate::facts::markdown::distinct;
use crate::facts::markdown::indent;
use crate::facts::markdown::is_id;
use crate::facts::markdown::plain;
use crate::facts::markdown::slug;
use crate::facts::markdown::split_id;
use crate::facts::markdown::task_text;
use crate::facts::text::clean;
use crate::facts::text::clean_line;
use crate::incident::terms::words;

/// A countdown longer than this is a mistake in the unit.
const COUNTDOWN_MAX: Duration = Duration::from_hours(24);

/// The four items of the first minute; also what is shipped as the example of the format.
const FIRST_60_SECONDS: &str = include_str!("../../runbooks/first-60-seconds.md");

/// The fourteen items of the whole incident.
const FULL_INCIDENT: &str = include_str!("../../runbooks/full-incident.md");

/// A list of things to do, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checklist {
    /// Stable name in the journal: made from the title, or an `id` comment before the first item.
    pub key: String,
    /// The first heading; without one, the name of the file.
    pub title: String,
    /// How long the list is meant to take; `None` when it does not say.
    pub countdown: Option<Duration>,
    /// The items. Their keys are distinct.
    pub items: Vec<Item>,
}

/// One thing to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Stable name in the journal: made from the text, or the item's own `id`.
    pub key: String,
    /// What to do, on one line, clean.
    pub text: String,
    /// The lines below it, clean, joined by `\n`; may be empty.
    pub hint: String,
    /// The live fact to show beside it.
    pub evidence: Option<Evidence>,
}

/// Which live fact stands beside an item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Evidence {
    /// Whether and when the alert was acknowledged.
    Acknowledged,
    /// Whether the service is down, by its own signals.
    Down,
    /// The latest deploys, flags and jobs.
    Changes,
    /// The worst of the providers that are watched.
    Outside,
    /// How long the incident has been going on, and its stage.
    Stage,
    /// When the last update was sent.
    Updated,
    /// The share of failing requests, by route and status where that is known.
    Errors,
    /// When it began.
    Onset,
    /// The quick win.
    QuickWin,
    /// Pool, locks, latency and disk of the database.
    Database,
    /// The hypotheses, and how they stand.
    Hypothesis,
    /// What was tested.
    Tested,
    /// Whether it is better since the last fix.
    Recovered,
    /// For how long all has been as before.
    Monitored,
    /// Whether the update that ends it was sent.
    Resolution,
    /// Whether the post-mortem was written, and when it is due.
    PostMortem,
}

/// Something in a checklist's file that must be written otherwise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it and what to write instead, clean.
    pub what: String,
}

words!(Evidence {
    Acknowledged = "acknowledged", "acknowledged";
    Down = "down", "down";
    Changes = "changes", "changes";
    Outside = "outside", "outside";
    Stage = "stage", "stage";
    Updated = "updated", "updated";
    Errors = "errors", "errors";
    Onset = "onset", "onset";
    QuickWin = "quick-win", "quick win";
    Database = "database", "database";
    Hypothesis = "hypothesis", "hypothesis";
    Tested = "tested", "tested";
    Recovered = "recovered", "recovered";
    Monitored = "monitored", "monitored";
    Resolution = "resolution", "resolution";
    PostMortem = "post-mortem", "post-mortem";
});

impl Checklist {
    /// Reads a task list. `shown_path` gives the title when no heading does. A list without items is a list.
    ///
    /// # Errors
    /// All problems at once, each with its line.
    pub fn parse(markdown: &str, shown_path: &str) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::default();
        for line in markdown.trim_start_matches('\u{feff}').lines() {
            reader.take(line);
        }
        reader.finish(shown_path)
    }

    /// The list that is shipped: acknowledge, is it down, deployments, outside services.
    #[must_use]
    pub fn first_60_seconds() -> Self {
        shipped(FIRST_60_SECONDS, "first-60-seconds", "First 60 seconds")
    }

    /// The list of the whole incident that is shipped: from breathing to the post-mortem.
    #[must_use]
    pub fn full_incident() -> Self {
        shipped(FULL_INCIDENT, "full-incident", "The whole incident")
    }
}

/// A list that is shipped. A test reads each: one that cannot be read would be empty.
fn shipped(markdown: &str, key: &str, title: &str) -> Checklist {
    let empty = || Checklist { key: key.to_owned(), title: title.to_owned(), countdown: None, items: Vec::new() };
    Checklist::parse(markdown, &format!("{key}.md")).unwrap_or_else(|_| empty())
}

/// An item whose key is not decided yet: explicit ids are served first.
struct Draft {
    text: String,
    hint: Vec<String>,
    id: Option<String>,
    evidence: Option<Evidence>,
}

#[derive(Default)]
struct Reader {
    scanner: Scanner,
    title: Option<String>,
    id: Option<String>,
    countdown: Option<Duration>,
    drafts: Vec<Draft>,
    /// Where each explicit id was first seen.
    ids: HashMap<String, usize>,
    problems: Vec<Problem>,
    /// The last item still takes indented lines as its hint.
    open: bool,
}

impl Reader {
    fn take(&mut self, line: &str) {
        let indent = indent(line);
        let (line, comments) = match self.scanner.take(line) {
            Piece::Fence => return,
            Piece::Code => return self.hint(line, indent),
            Piece::Text(line, comments) => (line, comments),
        };
        let text = line.trim();
        // Before the first item four blanks make a code block; below an item they make a nested one.
        if let Some(task) = task_text(text).filter(|_| indent < 4 || self.open) {
            self.item(task);
        } else if let Some(heading) = text.strip_prefix("# ").filter(|_| indent < 4) {
            self.open = false;
            self.title.get_or_insert_with(|| plain(heading.trim_end_matches(['#', ' '])));
        } else {
            self.hint(&line, indent);
        }
        for comment in comments {
            self.setting(&comment);
        }
    }

    fn item(&mut self, task: &str) {
        let (task, id) = split_id(task);
        let text = plain(task);
        if text.is_empty() {
            self.problem("this item has no text: write what to do after the box".to_owned());
        }
        self.drafts.push(Draft { text, hint: Vec::new(), id: None, evidence: None });
        self.open = true;
        if let Some(id) = id {
            self.set_id(id);
        }
    }

    fn hint(&mut self, line: &str, indent: usize) {
        if !self.open || line.trim().is_empty() {
            return;
        }
        match self.drafts.last_mut() {
            Some(draft) if indent >= 2 => draft.hint.push(clean(line.trim())),
            _ => self.open = false,
        }
    }

    /// A comment that may be a setting. Any other comment is the team's own business.
    fn setting(&mut self, comment: &str) {
        let Some((key, value)) = comment.split_once(':').map(|(key, value)| (key.trim(), value.trim())) else { return };
        match key {
            "id" => self.set_id(value),
            "evidence" => match (Evidence::from_word(value), self.open.then(|| self.drafts.last_mut()).flatten()) {
                (Some(evidence), Some(draft)) => draft.evidence = Some(evidence),
                (Some(_), None) => self.problem("`evidence` belongs on the line of an item or below it".to_owned()),
                (None, _) => self.problem(format!(
                    "evidence `{}` is not known: write one of {}",
                    clean_line(value, 40),
                    Evidence::ALL.iter().map(|one| one.word()).collect::<Vec<_>>().join(", ")
                )),
            },
            "countdown" => match countdown(value) {
                Some(time) => self.countdown = Some(time),
                None => self.problem(format!(
                    "countdown `{}` is not a time from 1s to 24h: write it like 60s, 2m or 1h",
                    clean_line(value, 40)
                )),
            },
            _ => {
                let near = ["evidence", "countdown"].into_iter().find(|known| strsim::osa_distance(known, key) <= 2);
                if let Some(known) = near {
                    self.problem(format!("`{}` is not known: did you mean `{known}`?", clean_line(key, 40)));
                }
            }
        }
    }

    fn set_id(&mut self, id: &str) {
        if !is_id(id) {
            let id = clean_line(id, 40);
            self.problem(format!("id `{id}` is not 1 to {KEY_MAX} letters, digits, `-`, `_` or `.`"));
            return;
        }
        if self.drafts.is_empty() {
            self.id = Some(id.to_owned());
            return;
        }
        if !self.open {
            self.problem("`id` belongs on the line of an item or below it".to_owned());
            return;
        }
        if let Some(first) = self.ids.get(id) {
            self.problem(format!("id `{id}` is already used on line {first}: ids must differ"));
            return;
        }
        self.ids.insert(id.to_owned(), self.scanner.line());
        if let Some(draft) = self.drafts.last_mut() {
            draft.id = Some(id.to_owned());
        }
    }

    fn problem(&mut self, what: String) {
        self.problems.push(Problem { line: self.scanner.line(), what });
    }

    fn finish(mut self, shown_path: &str) -> Result<Checklist, Vec<Problem>> {
        if let Some((line, what)) = self.scanner.unclosed() {
            self.problems.push(Problem { line, what });
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let title = self.title.filter(|title| !title.is_empty()).unwrap_or_else(|| {
            let name = shown_path.rsplit(['/', '\\']).next().unwrap_or(shown_path);
            plain(name.strip_suffix(".md").unwrap_or(name))
        });
        let mut taken: HashSet<String> = self.ids.into_keys().collect();
        let items = self.drafts.into_iter().map(|draft| Item {
            key: draft.id.unwrap_or_else(|| distinct(&slug(&draft.text, "item"), &mut taken)),
            text: draft.text,
            hint: draft.hint.join("\n"),
            evidence: draft.evidence,
        });
        let items = items.collect();
        let key = self.id.unwrap_or_else(|| slug(&title, "checklist"));
        Ok(Checklist { key, title, countdown: self.countdown, items })
    }
}

/// `60s`, `2m`, `1h`.
fn countdown(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at(value.find(|c: char| !c.is_ascii_digit())?);
    let seconds = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ => return None,
    };
    let time = Duration::from_secs(digits.parse::<u64>().ok()?.checked_mul(seconds)?);
    (time > Duration::ZERO && time <= COUNTDOWN_MAX).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(markdown: &str) -> Checklist {
        Checklist::parse(markdown, "team/list.md").unwrap()
    }

    fn keys(markdown: &str) -> Vec<String> {
        parse(markdown).items.into_iter().map(|item| item.key).collect()
    }

    #[test]
    fn the_shipped_list_is_the_four_looks_of_the_first_minute() {
        let list = Checklist::parse(FIRST_60_SECONDS, "first-60-seconds.md").unwrap();
        assert_eq!(list, Checklist::first_60_seconds());
        assert_eq!((list.key.as_str(), list.title.as_str()), ("first-60-seconds", "First 60 seconds"));
        assert_eq!(list.countdown, Some(Duration::from_mins(1)));
        let seen: Vec<_> = list.items.iter().map(|item| (item.key.as_str(), item.evidence.unwrap())).collect();
        assert_eq!(
            seen,
            [
                ("ack", Evidence::Acknowledged),
                ("down", Evidence::Down),
                ("deploys", Evidence::Changes),
                ("outside", Evidence::Outside)
            ]
        );
        for item in &list.items {
            assert!(item.text.chars().count() <= 28, "{}", item.text);
            assert_eq!(item.hint.lines().count(), 1, "{}", item.hint);
        }
    }

    #[test]
    fn task_lists_as_people_write_them() {
        let list = parse(
            "\u{feff}intro\r\n- plain bullet\r\n\r\n    - [ ] code, not a task\n# **Pool** is [full](http://x) #\n\
             # second heading\n* [x] Look at `pool`\n  first line\n\n  \t second line\n  ```sql\n  - [ ] not a task\n  ```\n\
             prose ends the hint\n  not a hint\n+ [X]  Restart {#go}\n  - [ ] nested\n1. [ ] numbered\n2) [ ] also\n\
             - [] no box\n-[ ] no blank\n- [ ]no blank\n<!-- TODO: ask ana -->\n~~~\n- [ ] in code\n~~~\n\
             <!--\n- [ ] in a comment\n-->\n- [ ] last",
        );
        assert_eq!(list.title, "Pool is full");
        assert_eq!(list.key, "pool-is-full");
        let texts: Vec<_> = list.items.iter().map(|item| (item.key.as_str(), item.text.as_str())).collect();
        assert_eq!(
            texts,
            [
                ("look-at-pool", "Look at pool"),
                ("go", "Restart"),
                ("nested", "nested"),
                ("numbered", "numbered"),
                ("also", "also"),
                ("last", "last")
            ]
        );
        assert_eq!(list.items[0].hint, "first line\nsecond line\n- [ ] not a task");
        assert_eq!(list.items[1].hint, "");
    }

    #[test]
    fn keys_are_distinct_and_explicit_ones_are_served_first() {
        assert_eq!(
            keys("- [ ] Check\n- [ ] check!\n- [ ] CHECK\n- [ ] x <!-- id: check-2 -->"),
            ["check", "check-3", "check-4", "check-2"]
        );
        assert_eq!(keys("- [ ] ???\n- [ ] 日本 語\n- [ ] Über"), ["item", "日本-語", "über"]);
        let long = "x".repeat(300);
        assert_eq!(keys(&format!("- [ ] {long}\n- [ ] {long}"))[1], format!("{}-2", "x".repeat(KEY_MAX)));
        assert_eq!(keys(&"- [ ] a\n".repeat(30)).len(), 30);
        assert_eq!(parse("<!-- id: mine -->\n# T\n").key, "mine");
    }

    #[test]
    fn a_list_may_be_empty_and_nameless() {
        let list = parse("");
        assert_eq!(
            (list.key.as_str(), list.title.as_str(), list.items.len(), list.countdown),
            ("list", "list", 0, None)
        );
    }

    #[test]
    fn all_problems_are_told_with_their_lines() {
        let problems = Checklist::parse(
            "<!-- evidence: down -->\n<!-- countdown: soon -->\n- [ ]\n- [ ] a <!-- id: b c -->\n\
             - [ ] d <!-- id: d --> <!-- evidence: dwon -->\n- [ ] e {#d}\n  <!-- evidnce: down -->\nprose <!-- id: z -->\n\
             <!-- countdown: 0s --> <!-- countdown: 25h --> <!-- countdown: 99999999999999999999h -->",
            "x.md",
        )
        .unwrap_err();
        let told: Vec<_> = problems.iter().map(|p| (p.line, p.what.split(':').next().unwrap())).collect();
        assert_eq!(
            told,
            [
                (1, "`evidence` belongs on the line of an item or below it"),
                (2, "countdown `soon` is not a time from 1s to 24h"),
                (3, "this item has no text"),
                (4, "id `b c` is not 1 to 64 letters, digits, `-`, `_` or `.`"),
                (5, "evidence `dwon` is not known"),
                (6, "id `d` is already used on line 5"),
                (7, "`evidnce` is not known"),
                (8, "`id` belongs on the line of an item or below it"),
                (9, "countdown `0s` is not a time from 1s to 24h"),
                (9, "countdown `25h` is not a time from 1s to 24h"),
                (9, "countdown `99999999999999999999h` is not a time from 1s to 24h"),
            ]
        );
    }

    #[test]
    fn nothing_vanishes_in_a_block_that_is_not_closed() {
        for (markdown, line, what) in [
            ("- [ ] a\n<!-- note\n- [ ] b", 2, "this comment is not closed"),
            ("- [ ] a\n\n  ```sh\n  ls\n- [ ] b", 3, "this code block is not closed: write ````` below it"),
        ] {
            let problems = Checklist::parse(markdown, "x.md").unwrap_err();
            assert_eq!(problems.len(), 1);
            assert!(problems[0].line == line && problems[0].what.starts_with(what), "{problems:?}");
        }
    }

    #[test]
    fn hostile_text_is_harmless() {
        let list = parse("# a\u{1b}]0;x\u{7}\n- [ ] b\u{9b}2J\n  c\u{202e}d");
        assert_eq!(list.title, "a␛]0;x␇");
        assert_eq!(list.items[0].text, "b␛[2J");
        assert_eq!(list.items[0].hint, "c·d");
        let refused = Checklist::parse("- [ ] a <!-- evidence: \u{1b}[2J -->", "x").unwrap_err();
        assert!(refused[0].what.contains("`␛[2J`"), "{refused:?}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(lines in proptest::collection::vec("[-*+1 ]{0,5}(\\[[ x]\\])?[ `~#<>!:{}a-z-]{0,12}.{0,4}", 0..12)) {
            if let Ok(list) = Checklist::parse(&lines.join("\n"), "x.md") {
                let keys: HashSet<_> = list.items.iter().map(|item| &item.key).collect();
                proptest::prop_assert_eq!(keys.len(), list.items.len());
                proptest::prop_assert!(list.items.iter().all(|item| clean(&item.text) == item.text));
            }
        }
    }
}
