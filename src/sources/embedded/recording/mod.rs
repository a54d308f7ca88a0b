//! What the engine scrapes, kept in a file of the state directory that all `sixty` of a machine share.
//!
//! A *recording* is the history of one service as one configuration sees it. One process scrapes for it, which holds
//! its `lease`; the others read its rows. Each row has what changed since the scrape before (`frame`) and the
//! answers at that instant (`answers`), so that history can be shown without being evaluated again. All access to
//! the file is on one thread of its own (`desk`). What a person sees of all this is decided in `share`.
//!
//! Main type: [`Recorder`], of which a process has one.

mod answers;
mod bytes;
mod desk;
mod file;
mod frame;
mod holder;
mod lease;
mod replay;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use crate::facts::At;
use crate::facts::Labels;
use crate::promql::Limits;

pub(super) use answers::Record;
pub(super) use file::Trouble;
pub(super) use frame::Encoder;
pub(super) use frame::Tape;
pub use holder::Holder;
pub(super) use lease::Glance;
pub(super) use lease::Lease;
pub(super) use lease::Terms;
pub(super) use replay::Replayed;
pub(super) use rows::Row;
pub(super) use rows::Written;
pub(super) use state::Seen;
pub(super) use state::State;

use desk::Line;

/// The form of what is in the rows. Recordings of another form are other recordings.
const FORMAT: &str = "1";

/// What a process may do with recordings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Read what others record; write nothing, make nothing.
    ReadOnly,
    /// Read what was recorded, whether anybody records now or not; write nothing, make nothing. For a moment: who
    /// begins to record later is not noticed.
    Past,
    /// Record, or read what others record.
    Shared,
}

/// Where recordings are, and who we are.
#[derive(Clone, Debug)]
pub struct Place {
    /// The state directory.
    pub dir: PathBuf,
    /// The most bytes that the file may take.
    pub cap: u64,
    /// What we may do.
    pub access: Access,
    /// This process.
    pub me: Holder,
}

/// The way to the recordings; cheap to clone. Nothing is opened before an engine needs it.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Option<Arc<Line>>);

impl Recorder {
    /// No recordings: every engine scrapes for itself and forgets.
    #[must_use]
    pub const fn off() -> Self {
        Self(None)
    }

    /// The recordings of a state directory.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self(Some(Arc::new(Line::new(place))))
    }

    /// What we may do; `None`: nothing.
    #[must_use]
    pub fn access(&self) -> Option<Access> {
        self.0.as_ref().map(|line| line.place().access)
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        self.0.as_ref().map(|line| file::path_in(&line.place().dir))
    }

    /// Opens the file now, to find out whether it can be recorded at all. Blocks for some milliseconds.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub fn open(&self, now: At) -> Result<(), String> {
        let Some(line) = &self.0 else { return Err("recording is switched off".to_owned()) };
        let (sender, answer) = mpsc::channel();
        let now_ms = now.timestamp_millis();
        line.send(Box::new(move |desk| {
            let opened = desk.with(now_ms, |_| Ok(()));
            let opened = if opened == Err(Trouble::Damaged) { desk.with(now_ms, |_| Ok(())) } else { opened };
            drop(sender.send(opened));
        }));
        let shown = file::path_in(&line.place().dir);
        match answer.recv_timeout(Duration::from_secs(10)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(trouble)) => Err(format!("{}: {trouble}", shown.display())),
            Err(_) => Err(format!("{}: the disk does not answer", shown.display())),
        }
    }

    /// Gives all leases up and closes the file; the end of a process. Waits a moment for what is being written.
    pub fn close(&self) {
        let Some(line) = &self.0 else { return };
        let (sender, done) = mpsc::channel();
        line.send(Box::new(move |desk| {
            desk.leave();
            let _ = sender.send(());
        }));
        let _ = done.recv_timeout(Duration::from_millis(500));
    }

    /// Whether there is a file.
    pub(super) fn is_there(&self) -> bool {
        self.path().is_some_and(|path| path.exists())
    }

    fn line(&self) -> Result<&Line, Trouble> {
        self.0.as_deref().ok_or_else(|| Trouble::Other("recording is switched off".to_owned()))
    }

    /// Joins a recording and reads what is known there since `from_ms`. Where we may only read what is recorded now,
    /// and nobody records, there is none.
    pub(super) async fn enter(
        &self,
        terms: Terms,
        now_ms: i64,
        from_ms: i64,
        suspect: Option<i64>,
    ) -> Result<Option<Entered>, Trouble> {
        let (sender, answer) = tokio::sync::oneshot::channel();
        let line = self.line()?;
        line.send(Box::new(move |desk| {
            let entered = enter(desk, &terms, now_ms, from_ms, suspect);
            // Nobody waits any more: what nobody knows of must not be held.
            if let Err(Ok(Some(entered))) = sender.send(entered) {
                desk.release(entered.recording);
            }
        }));
        match tokio::time::timeout(Duration::from_secs(3), answer).await {
            Ok(Ok(entered)) => entered,
            _ => Err(Trouble::Other("the disk does not answer".to_owned())),
        }
    }

    /// Looks at a recording without reading its rows; `None` when it is no more. Whether the holder lives is looked
    /// after only where a row `is_overdue`: that costs more than the rest.
    pub(super) async fn glance(
        &self,
        recording: i64,
        now_ms: i64,
        is_overdue: bool,
    ) -> Result<Option<Glanced>, Trouble> {
        let job = move |desk: &mut desk::Desk| {
            let me = desk.place.me.clone();
            let glance = desk.with(now_ms, |file| file.glance(recording))?;
            Ok(glance.map(|glance| Glanced {
                is_free: glance
                    .holder
                    .as_ref()
                    .is_none_or(|holder| *holder == me || (is_overdue && holder.is_dead(&me))),
                glance,
            }))
        };
        self.line()?.run(job).await
    }

    /// Reads the rows behind `seq`, and what is said beside them when that is not number `state_no`.
    pub(super) async fn news(
        &self,
        recording: i64,
        seq: i64,
        known: (i64, State),
        now_ms: i64,
    ) -> Result<News, Trouble> {
        let job = move |desk: &mut desk::Desk| desk.with(now_ms, |file| read(file, recording, seq, i64::MIN, known));
        self.line()?.run(job).await
    }

    /// Reads what was scraped since then into a store.
    pub(super) async fn replay(
        &self,
        recording: i64,
        terms: Terms,
        since_ms: i64,
        now_ms: i64,
        (limits, constants): (Limits, Vec<Labels>),
    ) -> Result<Replayed, Trouble> {
        let job = move |desk: &mut desk::Desk| {
            desk.with(now_ms, |file| {
                let raw = file.raw(recording, since_ms)?;
                Ok(replay::replay(raw, limits, &constants, terms.every_ms, now_ms)?)
            })
        };
        self.line()?.run(job).await
    }

    /// Writes a row; the answer comes later.
    pub(super) fn write(&self, recording: i64, row: Row) -> Option<Pending> {
        let (sender, answer) = tokio::sync::oneshot::channel();
        self.line().ok()?.send(Box::new(move |desk| {
            let written = desk.write(recording, &row);
            drop(sender.send((written, row.frame.births)));
        }));
        Some(Pending(answer))
    }

    /// Gives a lease up.
    pub(super) fn release(&self, recording: i64) {
        if let Ok(line) = self.line() {
            line.send(Box::new(move |desk| desk.release(recording)));
        }
    }
}

/// A row on its way.
pub(super) struct Pending(tokio::sync::oneshot::Receiver<(Result<Written, Trouble>, Vec<frame::Birth>)>);

/// What became of it.
pub(super) enum Settled {
    /// Nobody knows yet.
    NotYet,
    Written(Written),
    /// It is lost, and with it what it told of new series.
    Failed(Trouble, Vec<frame::Birth>),
}

impl Pending {
    /// Waits a moment; an interval has passed already, as a rule.
    pub(super) async fn settled(&mut self) -> Settled {
        match tokio::time::timeout(Duration::from_millis(200), &mut self.0).await {
            Err(_) => Settled::NotYet,
            Ok(Err(_)) => Settled::Failed(Trouble::Other("the disk does not answer".to_owned()), Vec::new()),
            Ok(Ok((Ok(Written::NotLater), births))) => {
                Settled::Failed(Trouble::Other("the clock went backwards".to_owned()), births)
            }
            Ok(Ok((Ok(written), _))) => Settled::Written(written),
            Ok(Ok((Err(trouble), births))) => Settled::Failed(trouble, births),
        }
    }
}

/// A recording that was joined.
pub(super) struct Entered {
    pub(super) recording: i64,
    pub(super) lease: Lease,
    pub(super) news: News,
    /// The first number that was never given to a series.
    pub(super) next: u32,
    /// A damaged file was set aside under this name.
    pub(super) aside: Option<PathBuf>,
}

/// A glance, and whether nobody that lives holds the lease.
pub(super) struct Glanced {
    pub(super) glance: Glance,
    pub(super) is_free: bool,
}

/// What was written.
pub(super) struct News {
    pub(super) records: Vec<(i64, At, Record)>,
    /// What is said beside the numbers, with its number.
    pub(super) state: (i64, State),
}

fn enter(
    desk: &mut desk::Desk,
    terms: &Terms,
    now_ms: i64,
    from_ms: i64,
    suspect: Option<i64>,
) -> Result<Option<Entered>, Trouble> {
    let (recording, lease) = match desk.place.access {
        Access::Shared => {
            let joined = desk.join(terms, now_ms, suspect)?;
            (joined.recording, joined.lease)
        }
        Access::ReadOnly | Access::Past => {
            let me = desk.place.me.clone();
            let found = desk.with(now_ms, |file| {
                let Some(recording) = file.find(&terms.key)? else { return Ok(None) };
                Ok(file.glance(recording)?.map(|glance| (recording, glance)))
            })?;
            let Some((recording, glance)) = found else { return Ok(None) };
            let alive = |holder: &Holder| !holder.is_dead(&me) && suspect != Some(glance.beat);
            match glance.holder.clone().filter(alive) {
                Some(holder) => (recording, Lease::Theirs(holder)),
                None if desk.place.access == Access::Past => (recording, Lease::Nobodys),
                None => return Ok(None),
            }
        }
    };
    let news = desk
        .with(now_ms, |file| Ok((read(file, recording, 0, from_ms, (-1, State::default()))?, file.next(recording)?)));
    if news.is_err() {
        desk.release(recording);
    }
    let (news, next) = news?;
    Ok(Some(Entered { recording, lease, news, next, aside: desk.take_aside() }))
}

fn read(
    file: &mut file::File,
    recording: i64,
    behind: i64,
    from_ms: i64,
    known: (i64, State),
) -> Result<News, Trouble> {
    // Of one moment: answers point at texts of the state.
    let moment = file.db.unchecked_transaction()?;
    let answers = file.answers(recording, behind, from_ms)?;
    let state = match file.state(recording, known.0)? {
        Some((number, bytes)) if !bytes.is_empty() => (number, State::of(&bytes)?),
        _ => known,
    };
    moment.commit()?;
    let records = answers.into_iter().filter_map(|row| {
        let at = At::from_timestamp_millis(row.at_ms)?;
        Some(Record::of(&row.body, &state.1.texts).map(|record| (row.seq, at, record)))
    });
    Ok(News { records: records.collect::<Result<_, _>>()?, state })
}

/// What makes the rows of a recording what they are, as a number that nobody can read anything from: secrets may be
/// part of `parts`.
pub(super) fn key(parts: &[String]) -> [u8; 16] {
    let text = format!("{FORMAT}\n{}", parts.join("\n"));
    let fnv = |seed: u64| text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (u128::from(fnv(0xcbf2_9ce4_8422_2325)) << 64 | u128::from(fnv(0x6c62_272e_07bb_0142))).to_be_bytes()
}
