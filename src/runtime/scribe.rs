//! The scribe: a thread that writes journal entries and notices those of others. It keeps copies as well.
//!
//! Writing means a lock and a sync to disk, which may take long on a busy bastion; a key must not wait for it.
//! Whoever starts a scribe says what it may do: one made to read cannot be told to write.
//!
//! What is sent to others passes here first: the entry that says so must be on disk, and must be new, before a parcel
//! goes on to the courier. Where the disk fails the parcel goes on all the same, but once per id.
//!
//! A service without a folder of incidents costs nothing: of hundreds that a server names, those are looked after in
//! which somebody has ever written.

use std::collections::BTreeSet;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::app::Delivered;
use crate::app::JournalNews;
use crate::app::Licence;
use crate::app::Msg;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::incident::Entry;
use crate::incident::Parcel;
use crate::runtime::Clock;
use crate::runtime::clipboard;
use crate::runtime::exit;
use crate::runtime::journal::Access;
use crate::runtime::journal::Appended;
use crate::runtime::journal::Archive;
use crate::runtime::journal::Journal;
use crate::runtime::journal::Roster;
use crate::runtime::journal::Signature;
use crate::runtime::questions;

/// How often the journals are looked at: a tick of another person must show within a second, its frame included.
const LOOK: Duration = Duration::from_millis(800);

/// How long the last entries may take to reach the disk when the program ends.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What the scribe is asked to keep.
enum Job {
    /// An entry of a service's journal.
    Entry(Arc<str>, Entry),
    /// The same, and what is sent once it is there.
    Send(Arc<str>, Entry, Box<Parcel>),
    /// Go on with an incident that is over.
    Reopen(String),
    /// Make the first incident a part of the second.
    Merge(String, String),
    /// Tell which incidents there are.
    List,
    /// Services that have appeared.
    Follow(Vec<Arc<str>>),
    /// A copied text, and why it is in no clipboard.
    Copy(String, Option<&'static str>),
    /// A question for later sessions.
    Question(String),
}

/// Where the scribe works, for which services, and what it may do.
pub struct Post {
    /// The state directory.
    pub directory: PathBuf,
    /// The services whose journals are looked after.
    pub services: Vec<Arc<str>>,
    /// What it may do.
    pub access: Access,
    /// Whose name is under what it writes by itself.
    pub signature: Signature,
    /// The time.
    pub clock: Clock,
}

/// The ways out: what is new, and what is to be carried to others (the service, and the parcel with the id of its
/// incident).
pub struct Outbox {
    /// News for the app.
    pub news: UnboundedSender<Msg>,
    /// Parcels for the courier: each is to be sent, once.
    pub parcels: UnboundedSender<(Arc<str>, Parcel)>,
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
    pub fn start(post: Post, outbox: Outbox) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let (finished, done) = mpsc::channel();
        thread::Builder::new().name("journal".into()).spawn(move || {
            let _ = finished.send(Office::new(post, outbox).serve(&inbox));
        })?;
        Ok(Self { jobs: Some(jobs), done })
    }

    /// Writes an entry, soon.
    pub fn append(&self, service: Arc<str>, entry: Entry) {
        self.ask(Job::Entry(service, entry));
    }

    /// Writes the entry, soon; if it is new, the parcel goes on to the courier.
    pub fn send(&self, service: Arc<str>, entry: Entry, parcel: Parcel) {
        self.ask(Job::Send(service, entry, Box::new(parcel)));
    }

    /// Goes on with an incident that is over, by its id.
    pub fn reopen(&self, incident: String) {
        self.ask(Job::Reopen(incident));
    }

    /// Makes the first incident a part of the second, by their ids.
    pub fn merge(&self, incident: String, into: String) {
        self.ask(Job::Merge(incident, into));
    }

    /// Tells the app which incidents there are.
    pub fn list(&self) {
        self.ask(Job::List);
    }

    /// Looks after the journals of these services as well.
    pub fn follow(&self, services: Vec<Arc<str>>) {
        self.ask(Job::Follow(services));
    }

    /// Keeps a copied text, soon, and tells the app where; `unasked` is why it went to no clipboard.
    pub fn copy(&self, text: String, unasked: Option<&'static str>) {
        self.ask(Job::Copy(text, unasked));
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
    told: (usize, Option<Fault>, Option<String>),
}

impl Desk {
    fn new(directory: &Path, service: Arc<str>, access: Access) -> Self {
        let journal = Journal::open(directory, &service, access);
        Self { service, journal, told: (0, None, None) }
    }

    /// What is new, if anything.
    fn news(&mut self, at: At) -> Option<JournalNews> {
        let entries = self.journal.poll(at);
        let replaced = self.journal.take_replaced();
        let state = (self.journal.pending(), self.journal.trouble().cloned(), self.journal.incident());
        if entries.is_empty() && !replaced && state == self.told {
            return None;
        }
        self.told.clone_from(&state);
        let (service, (pending, trouble, incident)) = (Arc::clone(&self.service), state);
        Some(JournalNews { service, entries, replaced, incident, pending, trouble })
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
    signature: Signature,
    clock: Clock,
    outbox: Outbox,
    desks: Vec<Desk>,
    /// Services in whose journal nobody has written yet.
    idle: BTreeSet<Arc<str>>,
    roster: Roster,
    /// The entries whose parcels went on: none goes twice, whatever becomes of the disk.
    handed_on: HashSet<String>,
}

impl Office {
    fn new(post: Post, outbox: Outbox) -> Self {
        let Post { directory, services, access, signature, clock } = post;
        let desks = services.into_iter().map(|service| Desk::new(&directory, service, access)).collect();
        let roster = Roster::new(&directory);
        let (idle, handed_on) = (BTreeSet::new(), HashSet::new());
        Self { directory, access, signature, clock, outbox, desks, idle, roster, handed_on }
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

    /// Nobody listens at the end any more, but what was asked for before is done all the same.
    fn tell(&self, msg: Msg) {
        let _ = self.outbox.news.send(msg);
    }

    /// Serves until nobody can ask any more; answers what is lost.
    fn serve(mut self, inbox: &mpsc::Receiver<Job>) -> Vec<String> {
        loop {
            exit::rehearse("journal");
            self.open_used();
            let now = self.clock.now();
            let news: Vec<_> = self.desks.iter_mut().filter_map(|desk| desk.news(now)).collect();
            for journal in news {
                self.tell(Msg::Journal(journal));
            }
            match inbox.recv_timeout(LOOK) {
                Ok(job) => self.serve_one(job),
                Err(mpsc::RecvTimeoutError::Timeout) => self.desks.iter_mut().for_each(Desk::retry),
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    self.desks.iter_mut().for_each(Desk::retry);
                    return self.desks.iter().filter_map(Desk::lost).collect();
                }
            }
        }
    }

    fn serve_one(&mut self, job: Job) {
        match job {
            Job::Entry(service, entry) => {
                if let Some(desk) = self.desk(&service) {
                    // What cannot be written waits and is told with the news.
                    let _ = desk.journal.append(&entry);
                }
            }
            Job::Send(service, entry, parcel) => self.send(service, &entry, *parcel),
            Job::Reopen(id) => self.change(|archive, licence, by, now| archive.reopen(licence, &id, by, now)),
            Job::Merge(id, into) => {
                self.change(|archive, licence, by, now| archive.merge(licence, &id, &into, by, now));
            }
            Job::List => self.list(),
            Job::Follow(services) => self.follow(services),
            Job::Question(text) => questions::remember(&self.directory, &text),
            Job::Copy(text, unasked) => self.tell(Msg::Copied(clipboard::save(&self.directory, &text), unasked)),
        }
    }

    /// Writes that the parcel is being sent, then hands it on; unless somebody has written that before.
    fn send(&mut self, service: Arc<str>, entry: &Entry, mut parcel: Parcel) {
        let Some(desk) = self.desk(&service) else { return };
        let appended = desk.journal.append(entry);
        let waits = desk.journal.waits(&entry.id);
        parcel.incident = desk.journal.incident().unwrap_or_default();
        let refused = match appended {
            Ok(Appended::Known) => return,
            Err(fault) if !waits => Some(fault),
            // It is on disk, or the incident goes on in memory.
            Ok(Appended::New) | Err(_) => None,
        };
        if !self.handed_on.insert(entry.id.clone()) {
            return;
        }
        let (update, to) = (parcel.update.clone(), parcel.to.clone());
        let nobody = || Fault::new(FaultKind::Local, "nobody here carries updates");
        let refused = refused.or_else(|| {
            let carried = self.outbox.parcels.send((Arc::clone(&service), parcel));
            carried.is_err().then(nobody)
        });
        if let Some(fault) = refused {
            self.tell(Msg::Delivered(Delivered { service, update, to, outcome: Err(fault), certain: true }));
        }
    }

    /// Changes an incident by its id, and tells how the list is then.
    fn change(&self, change: impl FnOnce(&Archive, Licence, &Signature, At) -> Result<Appended, Fault>) {
        let Access::Write(licence) = self.access else { return };
        let archive = Archive::new(&self.directory);
        if let Err(fault) = change(&archive, licence, &self.signature, self.clock.now()) {
            self.tell(Msg::Logged(format!("journal: {fault}"), true));
        }
        self.list();
    }

    fn list(&self) {
        let listing = Archive::new(&self.directory).list();
        if let Ok(listing) = &listing {
            for (path, fault) in &listing.damaged {
                self.tell(Msg::Logged(format!("journal: {}: {fault}", clean_line(path, 200)), true));
            }
        }
        self.tell(Msg::Incidents(listing.map(|listing| listing.rows)));
    }
}

#[cfg(test)]
mod tests;
