//! Exports an incident: takes what the running app knows of it, makes the post-mortem and writes it to files.
//!
//! The [`Exporter`] does it for a session on a thread of its own, since a disk may be slow and a key must not wait.
//! [`Gathered::of`] copies what is needed, so that the writing can be done on another thread while the app goes on.
//! What the document says is [`crate::incident::postmortem`]'s; which journal it is made from is the caller's.

mod files;
mod measured;

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc::UnboundedSender;

use crate::app::App;
use crate::app::Msg;
use crate::facts::At;
use crate::facts::ChangeKind;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::incident::Incident;
use crate::incident::What;
use crate::incident::postmortem;
use crate::incident::postmortem::Document;
use crate::incident::postmortem::Material;
use crate::incident::postmortem::Measured;
use crate::incident::postmortem::Picture;
use crate::signals::units;

pub use files::Written;
pub use files::hash;

/// Changes so long before the onset may have contributed.
const NEAR: chrono::TimeDelta = chrono::TimeDelta::hours(1);

/// So many changes near the onset are told.
const NEAREST: usize = 5;

/// An incident that is to be exported.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Its id; empty while it is not on disk.
    pub id: String,
    /// The fold of its entries and of those of its parts.
    pub incident: Incident,
    /// The incidents that are a part of it.
    pub parts: Vec<String>,
}

/// How it is to be exported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    /// As JSON, else as Markdown.
    pub json: bool,
    /// Leave system noise out.
    pub people_only: bool,
    /// Draw no pictures.
    pub no_pictures: bool,
}

/// What the app knows of an incident beside its journal.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    words: HashMap<(String, String), String>,
    suspects: Vec<(String, Vec<String>)>,
    measured: Option<Measured>,
    picture: Option<Picture>,
}

impl Gathered {
    /// What the app knows: the words of its lists always, and of the service's signals what lies in the time of the
    /// incident.
    #[must_use]
    pub fn of(app: &App, subject: &Subject) -> Self {
        let mut gathered = Self { words: words(app), ..Self::default() };
        let material = gathered.material(subject, Wish::default(), app.now());
        let (Some(began), over) = (postmortem::began(&material), postmortem::over(&material)) else { return gathered };
        gathered.suspects = suspects(app, began);
        let Some(service) = app.services().iter().find(|one| *one.name == *subject.incident.service()) else {
            return gathered;
        };
        let window = measured::Window { began, over, now: app.now() };
        gathered.measured = measured::measured(service, window);
        // A picture of what was before or after tells nothing of the incident, and looks as if it did.
        let covers = gathered.measured.is_some();
        gathered.picture = covers.then(|| measured::picture(app, service, subject, window)).flatten();
        gathered
    }

    fn material<'a>(&'a self, subject: &'a Subject, wish: Wish, now: At) -> Material<'a> {
        let bare = Material::bare(&subject.id, &subject.incident, &subject.parts);
        Material {
            suspects: &self.suspects,
            measured: self.measured.as_ref(),
            people_only: wish.people_only,
            now,
            version: env!("CARGO_PKG_VERSION"),
            ..bare
        }
    }

    /// Whether there is anything to draw.
    #[must_use]
    pub fn has_picture(&self) -> bool {
        self.picture.is_some()
    }

    /// The document.
    #[must_use]
    pub fn document(&self, subject: &Subject, wish: Wish, now: At) -> Document {
        let words = |list: &str, item: &str| {
            let known = self.words.get(&(list.to_owned(), item.to_owned()));
            known.cloned().unwrap_or_else(|| item.replace('-', " "))
        };
        let material = Material { item_words: &words, ..self.material(subject, wish, now) };
        postmortem::document(&material)
    }

    /// The document as text, with the name of the file of the pictures beside it.
    ///
    /// # Errors
    /// It cannot be written as JSON, which would be a bug.
    pub fn text(&self, subject: &Subject, wish: Wish, now: At, pictures: Option<String>) -> Result<String, Fault> {
        let document = Document { pictures, ..self.document(subject, wish, now) };
        if !wish.json {
            return Ok(postmortem::markdown(&document));
        }
        let text = serde_json::to_string_pretty(&document).map(|text| text + "\n");
        text.map_err(|error| Fault::new(FaultKind::Local, &format!("the post-mortem: {error}")))
    }

    /// Writes the document to a file or into a folder (made where it ends with `/`), and the pictures beside it. Edits of people are never written
    /// over: see [`Written`].
    ///
    /// # Errors
    /// Why it cannot be written there.
    pub fn write(&self, subject: &Subject, wish: Wish, now: At, to: &Path) -> Result<Written, Fault> {
        let picture = self.picture.as_ref().filter(|_| !wish.no_pictures).map(postmortem::svg);
        let ending = if wish.json { "json" } else { "md" };
        let path = files::place(to, &format!("{}.{ending}", name(subject)))?;
        let known = files::known(subject);
        files::write(&path, &known, picture.as_deref(), |pictures| self.text(subject, wish, now, pictures))
    }
}

/// The name of the document without its ending.
fn name(subject: &Subject) -> String {
    let plain = |text: &str, otherwise: &str| {
        let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let text: String = text.chars().map(|c| if kept(c) { c } else { '-' }).take(80).collect();
        let text = text.trim_matches('-').to_owned();
        if text.is_empty() { otherwise.to_owned() } else { text }
    };
    format!("postmortem-{}-{}", plain(subject.incident.service(), "incident"), plain(&subject.id, "unsaved"))
}

/// Writes post-mortems for a session, into a folder of the state directory.
#[derive(Debug)]
pub struct Exporter {
    folder: PathBuf,
    news: UnboundedSender<Msg>,
}

impl Exporter {
    /// Whatever comes of it is told there.
    #[must_use]
    pub fn new(state: &Path, news: UnboundedSender<Msg>) -> Self {
        Self { folder: state.join("postmortems"), news }
    }

    /// Writes the post-mortem of a service's incident as it stands. [`Msg::Exported`] follows.
    pub fn export(&self, app: &App, service: Arc<str>, now: At) {
        let Some(state) = app.services().iter().find(|one| one.name == service) else { return };
        let parts = state.incident.entries().filter_map(|entry| match &entry.what {
            What::MergedFrom { incident, .. } => Some(incident.clone()),
            _ => None,
        });
        let subject = Subject {
            id: state.incident_id.clone().unwrap_or_default(),
            parts: parts.collect(),
            incident: state.incident.clone(),
        };
        let gathered = Gathered::of(app, &subject);
        let (folder, news) = (self.folder.clone(), self.news.clone());
        let write = {
            let (service, news) = (Arc::clone(&service), news.clone());
            move || {
                let made = std::fs::create_dir_all(&folder).map_err(|error| files::fault(&folder, &error));
                let written = made.and_then(|()| gathered.write(&subject, Wish::default(), now, &folder));
                if let Ok(Written { kept: Some(_), .. }) = &written {
                    let words = written.as_ref().map(Written::words).unwrap_or_default();
                    let _ = news.send(Msg::Logged(format!("post-mortem: {words}"), false));
                }
                let told = written.map(|written| (written.path.to_string_lossy().into_owned(), written.hash));
                // Nobody listens when the session is over.
                let _ = news.send(Msg::Exported(service, told));
            }
        };
        if let Err(error) = thread::Builder::new().name("export".into()).spawn(write) {
            let fault = Fault::new(FaultKind::Local, &format!("no thread: {error}"));
            let _ = news.send(Msg::Exported(service, Err(fault)));
        }
    }
}

/// The words of every item of every list that the app knows.
fn words(app: &App) -> HashMap<(String, String), String> {
    let settings = app.settings();
    let lists = [&settings.checklist, &settings.full_list];
    let items = lists
        .into_iter()
        .flat_map(|list| list.items.iter().map(|item| ((list.key.clone(), item.key.clone()), item.text.clone())));
    let steps = settings.runbooks.runbooks().iter().flat_map(|runbook| {
        let told = |text: &str| format!("{text} (runbook {})", runbook.title);
        runbook.steps.iter().map(move |step| ((runbook.list(), step.key.clone()), told(&step.text)))
    });
    items.chain(steps).collect()
}

/// What was changed shortly before it began: a sentence with its times, and no claim.
fn suspects(app: &App, began: At) -> Vec<(String, Vec<String>)> {
    let near = app
        .changes()
        .iter()
        .filter(|change| change.kind != ChangeKind::Note && change.at() <= began && began - change.at() <= NEAR);
    let sentence = |change: &crate::facts::Change| {
        let before = units::between(change.at(), began);
        let who = if change.who.is_empty() { String::new() } else { format!(" by {}", change.who) };
        let text = format!("{} {}{who}, {before} before it began", change.kind.word(), change.name());
        let more = [&change.title, &change.link].into_iter().filter(|text| !text.is_empty());
        let state = format!("{} at {}", change.state.word(), change.at().format("%Y-%m-%d %H:%M:%S UTC"));
        (text, std::iter::once(state).chain(more.cloned()).collect())
    };
    near.take(NEAREST).map(sentence).collect()
}
