//! The scribe: a thread that writes journal entries and notices those of others. It keeps copies as well.
//!
//! Writing means a lock and a sync to disk, which may take long on a busy bastion; a key must not wait for it.
//! Whoever starts a scribe says what it may do: one made to read cannot be told to write.
//!
//! A service without a folder of incidents costs nothing: of hundreds that a server names, those are looked after in
//! which somebody has ever written.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::app::JournalNews;
use crate::app::Msg;
use crate::facts::At;
use crate::facts::Fault;
use crate::incident::Entry;
use crate::runtime::Clock;
use crate::runtime::clipboard;
use crate::runtime::exit;
use crate::runtime::journal::Access;
use crate::runtime::journal::Journal;
use crate::runtime::journal::Roster;
use crate::runtime::questions;

/// How often the journals are looked at: a tick of another person must show within a second, its frame included.
const LOOK: Duration = Duration::from_millis(800);

/// How long the last entries may take to reach the disk when the program ends.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What the scribe is asked to keep.
enum Job {
    /// An entry of a service's journal.
    Entry(Arc<str>, Entry),
    /// Services that have appeared.
    Follow(Vec<Arc<str>>),
    /// A copied text.
    Copy(String),
    /// A question for later sessions.
    Question(String),
}

/// The way to the scribe.
pub struct Scribe {
    jobs: Option<mpsc::Sender<Job>>,
    done: mpsc::Receiver<Vec<String>>,
}

impl Scribe {
    /// Starts the thread for the journals of these services.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(
        directory: PathBuf,
        services: Vec<Arc<str>>,
        access: Access,
        clock: Clock,
        news: UnboundedSender<Msg>,
    ) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let (finished, done) = mpsc::channel();
        thread::Builder::new().name("journal".into()).spawn(move || {
            let office = Office::new(directory, access, services);
            let _ = finished.send(office.serve(&inbox, clock, &news));
        })?;
        Ok(Self { jobs: Some(jobs), done })
    }

    /// Writes an entry, soon.
    pub fn append(&self, service: Arc<str>, entry: Entry) {
        self.ask(Job::Entry(service, entry));
    }

    /// Looks after the journals of these services as well.
    pub fn follow(&self, services: Vec<Arc<str>>) {
        self.ask(Job::Follow(services));
    }

    /// Keeps a copied text, soon, and tells the app where.
    pub fn copy(&self, text: String) {
        self.ask(Job::Copy(text));
    }

    /// Keeps a question for later sessions.
    pub fn remember(&self, question: String) {
        self.ask(Job::Question(question));
    }

    fn ask(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The thread only ends after this end of the channel does, or by a panic that was told.
            let _ = jobs.send(job);
        }
    }

    /// Waits for the last entries to reach the disk, but not for ever. Answers a sentence per journal of which
    /// entries are lost.
    pub fn end(&mut self) -> Vec<String> {
        if self.jobs.take().is_none() {
            return Vec::new();
        }
        let silent = |_| vec!["the journal did not answer: the last ticks may not be on disk".to_owned()];
        self.done.recv_timeout(LAST_WORDS).unwrap_or_else(silent)
    }
}

impl Drop for Scribe {
    /// After a panic of the loop as well, what was ticked before it reaches the disk.
    fn drop(&mut self) {
        self.end();
    }
}

/// One service's journal and what was last told of it.
struct Desk {
    service: Arc<str>,
    journal: Journal,
    told: (usize, Option<Fault>),
}

impl Desk {
    fn new(directory: &Path, service: Arc<str>, access: Access) -> Self {
        let journal = Journal::open(directory, &service, access);
        Self { service, journal, told: (0, None) }
    }

    /// What is new, if anything.
    fn news(&mut self, at: At) -> Option<JournalNews> {
        let entries = self.journal.poll(at);
        let replaced = self.journal.take_replaced();
        let state = (self.journal.pending(), self.journal.trouble().cloned());
        if entries.is_empty() && !replaced && state == self.told {
            return None;
        }
        self.told.clone_from(&state);
        let (service, incident) = (Arc::clone(&self.service), self.journal.incident());
        Some(JournalNews { service, entries, replaced, incident, pending: state.0, trouble: state.1 })
    }

    /// What cannot be written waits in the journal and is told with the news.
    fn retry(&mut self) {
        if self.journal.pending() > 0 {
            let _ = self.journal.retry();
        }
    }

    /// What is lost when the program ends now.
    fn lost(&self) -> Option<String> {
        let count = self.journal.pending();
        let cause = self.journal.trouble().map_or_else(String::new, |fault| format!(": {}", fault.cause));
        let entries = if count == 1 { "entry" } else { "entries" };
        (count > 0).then(|| format!("{}: {count} {entries} of the journal could not be saved{cause}", self.service))
    }
}

/// All journals that are looked after.
struct Office {
    directory: PathBuf,
    access: Access,
    desks: Vec<Desk>,
    /// Services in whose journal nobody has written yet.
    idle: BTreeSet<Arc<str>>,
    roster: Roster,
}

impl Office {
    fn new(directory: PathBuf, access: Access, services: Vec<Arc<str>>) -> Self {
        let desks = services.into_iter().map(|service| Desk::new(&directory, service, access)).collect();
        let roster = Roster::new(&directory);
        Self { directory, access, desks, idle: BTreeSet::new(), roster }
    }

    fn follow(&mut self, services: Vec<Arc<str>>) {
        let desks = &self.desks;
        let fresh = services.into_iter().filter(|service| desks.iter().all(|desk| desk.service != *service));
        self.idle.extend(fresh);
        self.roster.look_again();
    }

    /// Opens the journals of services in which somebody has written since the last look.
    fn open_used(&mut self) {
        if self.idle.is_empty() || !self.roster.has_changed() {
            return;
        }
        let (directory, access) = (&self.directory, self.access);
        let used: Vec<_> = self.idle.iter().filter(|service| Roster::has(directory, service)).map(Arc::clone).collect();
        for service in used {
            self.idle.remove(&service);
            self.desks.push(Desk::new(directory, service, access));
        }
    }

    /// The desk of a service; one that was idle gets its own now.
    fn desk(&mut self, service: &Arc<str>) -> Option<&mut Desk> {
        if self.idle.remove(service) {
            self.desks.push(Desk::new(&self.directory, Arc::clone(service), self.access));
        }
        self.desks.iter_mut().find(|desk| desk.service == *service)
    }

    /// Serves until nobody can ask any more; answers what is lost.
    fn serve(mut self, inbox: &mpsc::Receiver<Job>, clock: Clock, news: &UnboundedSender<Msg>) -> Vec<String> {
        loop {
            exit::rehearse("journal");
            self.open_used();
            for desk in &mut self.desks {
                if let Some(journal) = desk.news(clock.now()) {
                    // Nobody listens at the end any more, but what was asked for before is written all the same.
                    let _ = news.send(Msg::Journal(journal));
                }
            }
            match inbox.recv_timeout(LOOK) {
                Ok(Job::Entry(service, entry)) => {
                    if let Some(desk) = self.desk(&service) {
                        let _ = desk.journal.append(&entry);
                    }
                }
                Ok(Job::Follow(services)) => self.follow(services),
                Ok(Job::Question(text)) => questions::remember(&self.directory, &text),
                Ok(Job::Copy(text)) => {
                    let _ = news.send(Msg::Copied(clipboard::save(&self.directory, &text)));
                }
                Err(mpsc::RecvTimeoutError::Timeout) => self.desks.iter_mut().for_each(Desk::retry),
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    self.desks.iter_mut().for_each(Desk::retry);
                    return self.desks.iter().filter_map(Desk::lost).collect();
                }
            }
        }
    }
}
