//! The one thread of a process that touches the file: jobs in their order, and a beat for what is held.
//!
//! A disk that hangs stops this thread and nothing else.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::sources::embedded::recording::Access;
use crate::sources::embedded::recording::Place;
use crate::sources::embedded::recording::file;
use crate::sources::embedded::recording::file::File;
use crate::sources::embedded::recording::file::Trouble;
use crate::sources::embedded::recording::lease::Joined;
use crate::sources::embedded::recording::lease::Lease;
use crate::sources::embedded::recording::lease::Terms;
use crate::sources::embedded::recording::rows::Row;
use crate::sources::embedded::recording::rows::Written;

/// Something to do with the file.
pub type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// Beats are looked after so often in an interval, and no more often than this.
const LOOKS: u32 = 8;
const LOOK: Duration = Duration::from_millis(100);
/// As long as nothing is held there is nothing to look after.
const REST: Duration = Duration::from_secs(3_600);

/// How long an answer is waited for. A disk that is slower than this is a disk to do without.
const PATIENCE: Duration = Duration::from_secs(3);

/// The way to the thread, which begins with the first job.
#[derive(Debug)]
pub struct Line {
    place: Place,
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

/// What the thread has.
pub struct Desk {
    pub place: Place,
    file: Option<File>,
    held: Vec<Held>,
    /// A file that was set aside, until somebody tells of it.
    aside: Option<PathBuf>,
    /// The process ends: nothing is taken any more.
    closed: bool,
}

/// A lease of ours.
struct Held {
    recording: i64,
    every: Duration,
    last: Instant,
}

impl Line {
    pub const fn new(place: Place) -> Self {
        Self { place, jobs: Mutex::new(None) }
    }

    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Hands a job in. One that cannot be handed in is dropped, and what waits for its answer learns so.
    pub fn send(&self, job: Job) {
        let Ok(mut jobs) = self.jobs.lock() else { return };
        let job = match jobs.as_ref() {
            Some(running) => match running.send(job) {
                Ok(()) => return,
                Err(mpsc::SendError(job)) => job,
            },
            None => job,
        };
        let (sender, inbox) = mpsc::channel();
        let desk = Desk { place: self.place.clone(), file: None, held: Vec::new(), aside: None, closed: false };
        let begun = thread::Builder::new().name("recorder".into()).spawn(move || desk.serve(&inbox));
        if begun.is_ok() && sender.send(job).is_ok() {
            *jobs = Some(sender);
        }
    }

    /// Hands a job in and waits for what it answers.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Desk) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (sender, answer) = oneshot::channel();
        self.send(Box::new(move |desk| drop(sender.send(job(desk)))));
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Trouble::Other("no thread can be had for it".to_owned())),
            Err(_) => Err(Trouble::Other("the disk does not answer".to_owned())),
        }
    }
}

impl Desk {
    fn serve(mut self, inbox: &mpsc::Receiver<Job>) {
        loop {
            let shortest = self.held.iter().map(|held| held.every / LOOKS).min();
            match inbox.recv_timeout(shortest.map_or(REST, |look| look.max(LOOK))) {
                Ok(job) => job(&mut self),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.leave(),
            }
            self.beat();
        }
    }

    /// Does something with the file, which is opened when it is not. A damaged file is set aside, and a new one is
    /// begun with the next job.
    pub fn with<T>(&mut self, now_ms: i64, job: impl FnOnce(&mut File) -> Result<T, Trouble>) -> Result<T, Trouble> {
        if self.closed {
            return Err(Trouble::Other("sixty ends".to_owned()));
        }
        let path = file::path_in(&self.place.dir);
        let result = self.open(&path).and_then(job);
        if result.as_ref().err() == Some(&Trouble::Damaged) && self.place.access == Access::Shared {
            let is_ours = self.file.as_ref().is_none_or(File::is_current);
            self.file = None;
            self.held.clear();
            if is_ours {
                self.aside = Some(file::set_aside(&path, now_ms)?);
            }
        }
        result
    }

    fn open(&mut self, path: &Path) -> Result<&mut File, Trouble> {
        if self.file.as_ref().is_some_and(|file| !file.is_current()) {
            self.file = None;
            self.held.clear();
        }
        let file = match (self.file.take(), self.place.access) {
            (Some(file), _) => file,
            (None, Access::Shared) => File::open(path, self.place.cap)?,
            (None, Access::ReadOnly) => {
                File::open_to_read(path)?.ok_or_else(|| Trouble::Other("nobody records".to_owned()))?
            }
            (None, Access::Past) => {
                File::open_past(path)?.ok_or_else(|| Trouble::Other("nothing was recorded".to_owned()))?
            }
        };
        Ok(self.file.insert(file))
    }

    /// Joins a recording; a file that turns out to be damaged is begun anew.
    pub fn join(&mut self, terms: &Terms, now_ms: i64, suspect: Option<i64>) -> Result<Joined, Trouble> {
        let me = self.place.me.clone();
        let mut joined = self.with(now_ms, |file| file.join(terms, &me, now_ms, suspect));
        if joined == Err(Trouble::Damaged) {
            joined = self.with(now_ms, |file| file.join(terms, &me, now_ms, suspect));
        }
        let joined = joined?;
        self.held.retain(|held| held.recording != joined.recording);
        if matches!(joined.lease, Lease::Mine(_)) {
            let every = Duration::from_millis(terms.every_ms.unsigned_abs());
            self.held.push(Held { recording: joined.recording, every, last: Instant::now() });
        }
        Ok(joined)
    }

    pub fn write(&mut self, recording: i64, row: &Row) -> Result<Written, Trouble> {
        let me = self.place.me.clone();
        let written = self.with(row.at_ms, |file| file.write(recording, &me, row))?;
        match self.held.iter_mut().find(|held| held.recording == recording) {
            Some(held) if written != Written::Lost => held.last = Instant::now(),
            _ => self.held.retain(|held| held.recording != recording),
        }
        Ok(written)
    }

    /// Gives a lease up.
    pub fn release(&mut self, recording: i64) {
        self.held.retain(|held| held.recording != recording);
        if let Some(file) = &self.file {
            let _ = file.release(recording, &self.place.me);
        }
    }

    /// Gives all leases up and closes the file for good.
    pub fn leave(&mut self) {
        self.closed = true;
        while let Some(held) = self.held.first() {
            self.release(held.recording);
        }
        self.file = None;
    }

    /// The file that was set aside since this was last asked.
    pub const fn take_aside(&mut self) -> Option<PathBuf> {
        self.aside.take()
    }

    /// A source that fails is asked less often than every interval, and is held all the same.
    fn beat(&mut self) {
        let Some(file) = &self.file else { return };
        let me = &self.place.me;
        self.held.retain_mut(|held| {
            if held.last.elapsed() < held.every {
                return true;
            }
            held.last = Instant::now();
            // What cannot be written now can be later; that the lease is lost is told by the next row.
            !matches!(file.beat(held.recording, me), Ok(false))
        });
    }
}
