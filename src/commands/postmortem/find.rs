//! Which incident is meant, by its id, a part of it, or the name of its service; and what the journal is told.

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::commands::cli::Cli;
use crate::facts::At;
use crate::facts::text::clean_line;
use crate::incident::Entry;
use crate::incident::Incident;
use crate::incident::What;
use crate::incident::postmortem;
use crate::runtime::Clock;
use crate::runtime::export::Subject;
use crate::runtime::export::Written;
use crate::runtime::journal;

fn files(state: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(state.join("incidents")).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
    let mut files: Vec<PathBuf> = files.map(|file| file.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    files.sort_by(|a, b| b.file_name().cmp(&a.file_name()));
    files
}

fn load(path: &Path) -> Subject {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let incident = Incident::fold(text.lines().filter_map(|line| Entry::parse(line).ok()));
    Subject { id: id(path), incident, parts: Vec::new() }
}

fn id(path: &Path) -> String {
    path.file_stem().map(|stem| clean_line(&stem.to_string_lossy(), 100)).unwrap_or_default()
}

/// The incident that is meant.
///
/// # Errors
/// There is none, or more than one.
pub(super) fn subject(state: &Path, word: Option<&str>) -> Result<Subject, String> {
    let files = files(state);
    let found = match word {
        None => files.first().map(|path| load(path)),
        Some(word) => files
            .iter()
            .find(|path| id(path).starts_with(word) || id(path).ends_with(word))
            .map(|path| load(path))
            .or_else(|| files.iter().map(|path| load(path)).find(|one| one.incident.service() == word)),
    };
    found.ok_or_else(|| "there is no such incident; see which there are: sixty list".to_owned())
}

/// When it began and when it was over, by its journal.
pub(super) fn span(subject: &Subject) -> (Option<At>, Option<At>) {
    let material = postmortem::Material::bare(&subject.id, &subject.incident, &subject.parts);
    (postmortem::began(&material), postmortem::over(&material))
}

/// Tells the journal what was written where.
///
/// # Errors
/// It cannot be written.
pub(super) fn note(state: &Path, subject: &Subject, cli: &Cli, written: &Written, clock: Clock) -> Result<(), String> {
    let what = What::Exported { path: written.path.to_string_lossy().into_owned(), hash: written.hash.clone() };
    let who = journal::who(cli.options.who.as_deref());
    let now = clock.now();
    let entry = Entry::new(&format!("{}-0", journal::new_id(now)), now, &who, &journal::host(), what);
    let path = files(state).into_iter().find(|path| id(path) == subject.id).ok_or("it is gone")?;
    let file = std::fs::OpenOptions::new().append(true).open(path);
    file.and_then(|mut file| file.write_all(format!("{}\n", entry.line()).as_bytes()))
        .map_err(|error| error.to_string())
}
