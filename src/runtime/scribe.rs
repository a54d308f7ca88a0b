//! The scribe: a thread that writes journal entries and notices those of others.
//!
//! Writing means a lock and a sync to disk, which may take long on a busy bastion; a key must not wait for it.
//! Whoever starts a scribe says what it may do: one made to read cannot be told to write.

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
use crate::runtime::journal::Access;
use crate::runtime::journal::Journal;
use crate::runtime::pollers::News;

/// How often the journals are looked at: a tick of another person must show within a second.
const LOOK: Duration = Duration::from_millis(500);

/// How long the last entries may take to reach the disk when the program ends.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The way to the scribe.
pub struct Scribe {
    entries: Option<mpsc::Sender<(Arc<str>, Entry)>>,
    done: mpsc::Receiver<()>,
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
        news: UnboundedSender<News>,
    ) -> std::io::Result<Self> {
        let (entries, inbox) = mpsc::channel();
        let (finished, done) = mpsc::channel();
        thread::Builder::new().name("journal".into()).spawn(move || {
            let desks = services.into_iter().map(|service| Desk::new(&directory, service, access)).collect();
            write_and_watch(desks, &inbox, clock, &news);
            let _ = finished.send(());
        })?;
        Ok(Self { entries: Some(entries), done })
    }

    /// Writes an entry, soon.
    pub fn append(&self, service: Arc<str>, entry: Entry) {
        if let Some(entries) = &self.entries {
            // The thread only ends after this end of the channel does.
            let _ = entries.send((service, entry));
        }
    }
}

impl Drop for Scribe {
    /// Waits for the last entries.
    fn drop(&mut self) {
        self.entries = None;
        let _ = self.done.recv_timeout(LAST_WORDS);
    }
}

/// One service's journal and what was last told of it.
struct Desk {
    service: Arc<str>,
    journal: Journal,
    told: (usize, Option<Fault>),
}

impl Desk {
    fn new(directory: &std::path::Path, service: Arc<str>, access: Access) -> Self {
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
        Some(JournalNews { service: Arc::clone(&self.service), entries, replaced, pending: state.0, trouble: state.1 })
    }
}

fn write_and_watch(
    mut desks: Vec<Desk>,
    inbox: &mpsc::Receiver<(Arc<str>, Entry)>,
    clock: Clock,
    news: &UnboundedSender<News>,
) {
    loop {
        for desk in &mut desks {
            if let Some(journal) = desk.news(clock.now())
                && news.send(News::Msg(Msg::Journal(journal))).is_err()
            {
                return;
            }
        }
        match inbox.recv_timeout(LOOK) {
            Ok((service, entry)) => {
                for desk in desks.iter_mut().filter(|desk| desk.service == service) {
                    // What cannot be written waits in the journal and is told with the news.
                    let _ = desk.journal.append(&entry);
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                for desk in desks.iter_mut().filter(|desk| desk.journal.pending() > 0) {
                    let _ = desk.journal.retry();
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                for desk in desks.iter_mut().filter(|desk| desk.journal.pending() > 0) {
                    let _ = desk.journal.retry();
                }
                return;
            }
        }
    }
}
