//! All runbooks: those that ship, with the team's own in their place where it has one of the same name.

use std::fmt;

use crate::facts::text::clean_line;
use crate::triage::runbook::Problem;
use crate::triage::runbook::Runbook;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// The files that ship, by their names. A new one is a file in `runbooks/` and a line here.
        const SHIPPED: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../runbooks/", $name, ".md")))),*];
    };
}

shipped![
    "bad-time-or-date-data",
    "config-differs",
    "db-pool-exhausted",
    "disk-full",
    "errors-after-deploy",
    "errors-without-change",
    "high-latency",
    "memory-leak",
    "metrics-silent",
    "nightly-job",
    "not-found-wave",
    "one-bad-instance",
    "outside-service",
    "rate-limited",
    "runaway-loop",
    "slow-queries",
    "traffic-drop",
    "traffic-surge",
];

/// A file of the team's folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TeamFile {
    /// Its path as a person reads it.
    pub shown: String,
    /// Its name without `.md`.
    pub name: String,
    /// Its text, or why there is none: `cannot be read: …`.
    pub text: Result<String, String>,
}

/// Something of the team's folder that could not be understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misread {
    /// The file, clean.
    pub file: String,
    /// The key that the file would have.
    pub key: String,
    /// Where and what; no place when the file as a whole is meant.
    pub problem: Problem,
}

impl fmt::Display for Misread {
    /// `runbooks/db.md:3:5: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { line, column, what } = &self.problem;
        match line {
            0 => write!(f, "{}: {what}", self.file),
            _ => write!(f, "{}:{line}:{column}: {what}", self.file),
        }
    }
}

/// All runbooks, by key.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Library {
    runbooks: Vec<Runbook>,
    misread: Vec<Misread>,
    replaced: usize,
}

impl Library {
    /// Those that ship.
    #[must_use]
    pub fn shipped() -> Self {
        let runbooks = SHIPPED.iter().filter_map(|(name, text)| Runbook::parse(text, name).ok());
        Self { runbooks: runbooks.collect(), ..Self::default() }
    }

    /// The texts of those that ship, by their keys.
    #[must_use]
    pub const fn files() -> &'static [(&'static str, &'static str)] {
        SHIPPED
    }

    /// The same with the team's own. One that has the name of one that ships stands in its place; where the team's
    /// cannot be understood, the one that ships stays.
    #[must_use]
    pub fn with(mut self, files: &[TeamFile]) -> Self {
        for file in files {
            let misread = |problem| Misread { file: clean_line(&file.shown, 200), key: file.name.clone(), problem };
            let text = match &file.text {
                Ok(text) => text,
                Err(why) => {
                    let problem = Problem { line: 0, column: 0, what: clean_line(why, 200) };
                    self.misread.push(misread(problem));
                    continue;
                }
            };
            match Runbook::parse(text, &file.name) {
                Ok(book) => {
                    let book = Runbook { is_own: true, ..book };
                    match self.runbooks.iter_mut().find(|other| other.key == book.key) {
                        Some(other) => {
                            self.replaced += usize::from(!other.is_own);
                            *other = book;
                        }
                        None => self.runbooks.push(book),
                    }
                }
                Err(problems) => self.misread.extend(problems.into_iter().map(misread)),
            }
        }
        self.runbooks.sort_by(|a, b| a.key.cmp(&b.key));
        self
    }

    /// All runbooks, by key.
    #[must_use]
    pub fn runbooks(&self) -> &[Runbook] {
        &self.runbooks
    }

    /// The runbook of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Runbook> {
        self.runbooks.iter().find(|book| book.key == key)
    }

    /// What could not be understood, in the order of the files.
    #[must_use]
    pub fn misread(&self) -> &[Misread] {
        &self.misread
    }

    /// How many are the team's own, and how many of these stand in the place of one that ships.
    #[must_use]
    pub fn own(&self) -> (usize, usize) {
        (self.runbooks.iter().filter(|book| book.is_own).count(), self.replaced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> TeamFile {
        TeamFile { shown: format!("team/{name}.md"), name: name.to_owned(), text: Ok(text.to_owned()) }
    }

    #[test]
    fn what_ships_is_understood() {
        for (name, text) in SHIPPED {
            if let Err(problems) = Runbook::parse(text, name) {
                panic!("{name}: {problems:?}");
            }
        }
        assert!(SHIPPED.iter().map(|(name, _)| name).is_sorted());
        assert_eq!(Library::shipped().runbooks().len(), SHIPPED.len());
    }

    #[test]
    fn the_team_wins_and_what_cannot_be_read_is_named() {
        let good = "---\ntitle: Ours\nsymptoms: [disk > 90%]\n---\n## Fix\n- [ ] x\n";
        let unreadable = TeamFile { text: Err("cannot be read: permission denied".to_owned()), ..file("z", "") };
        let files = [
            file("disk-full", good),
            file("a-new-one", good),
            file("memory-leak", &good.replace("disk", "dsik")),
            unreadable,
        ];
        let library = Library::shipped().with(&files);
        assert_eq!(library.runbooks().len(), SHIPPED.len() + 1);
        assert_eq!(library.own(), (2, 1));
        assert_eq!(library.get("disk-full").map(|book| book.title.as_str()), Some("Ours"));
        assert!(library.get("memory-leak").is_some_and(|book| !book.is_own), "the one that ships stays");
        let told: Vec<_> = library.misread().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "team/memory-leak.md:3:12: `dsik` is no signal; did you mean `disk`?",
                "team/z.md: cannot be read: permission denied"
            ]
        );
        assert!(library.runbooks().is_sorted_by_key(|book| book.key.as_str()));
    }
}
