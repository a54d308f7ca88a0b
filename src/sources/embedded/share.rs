//! Whether this engine scrapes or reads: its part in a recording that several processes share.
//!
//! An engine that holds the lease scrapes and records; one that does not reads what the holder recorded, and takes
//! over when it falls silent. Where nothing can be recorded, or nobody records and we may only read, it scrapes for
//! itself. Trouble with the file is said and never stops an answer.

use std::time::Duration;
use std::time::Instant;

use crate::facts::At;
use crate::facts::Labels;
use crate::facts::text::clean_line;
use crate::promql::Limits;
use crate::promql::Query;
use crate::sources::embedded::Settings;
use crate::sources::embedded::part::Look;
use crate::sources::embedded::part::Role;
use crate::sources::embedded::part::Turn;
use crate::sources::embedded::recording;
use crate::sources::embedded::recording::Access;
use crate::sources::embedded::recording::Encoder;
use crate::sources::embedded::recording::Entered;
use crate::sources::embedded::recording::Lease;
use crate::sources::embedded::recording::Pending;
use crate::sources::embedded::recording::Record;
use crate::sources::embedded::recording::Recorder;
use crate::sources::embedded::recording::Replayed;
use crate::sources::embedded::recording::Row;
use crate::sources::embedded::recording::Seen;
use crate::sources::embedded::recording::Settled;
use crate::sources::embedded::recording::State;
use crate::sources::embedded::recording::Tape;
use crate::sources::embedded::recording::Terms;
use crate::sources::embedded::recording::Trouble;
use crate::sources::embedded::recording::Written;
use crate::sources::http::Auth;
use crate::sources::http::shown;
use crate::sources::secret::SecretRef;

/// Who could not record tries again after so long.
const TRY_AGAIN: Duration = Duration::from_secs(15);

/// Instant selectors look back so far, in milliseconds.
const LOOK_BACK_MS: i64 = 5 * 60 * 1_000;

/// What one engine knows of its recording.
pub(super) struct Share {
    recorder: Recorder,
    terms: Terms,
    every: Duration,
    rate_window: Duration,
    role: Role,
    encoder: Encoder,
    /// What is said beside the numbers, as it stands in the file, with its number there.
    state: (i64, State),
    /// The last instant whose answers were given.
    told_ms: i64,
    pending: Option<Pending>,
    trouble: Option<String>,
    remark: Option<String>,
    /// Older rows than of this instant had to make room.
    since_ms: Option<i64>,
}

impl Share {
    /// `plan` is everything that makes the queries what they are.
    pub(super) fn new(settings: &Settings, recorder: Recorder, plan: &str) -> Self {
        let milliseconds = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let mut parts = vec![settings.service.to_string(), plan.to_owned()];
        parts.push(format!("{:?} {:?}", settings.every, settings.rate_window()));
        for (url, access) in &settings.targets {
            parts.push(format!("{} {}", url.username(), shown(url)));
            // Where a secret lies, not what it is; a header or a user that is no secret is part of the question.
            parts.extend(access.headers.iter().map(|(name, value)| format!("{name}: {}", told(value))));
            if let Some(Auth::Basic { user, .. }) = &access.auth {
                parts.push(told(user));
            }
            parts.push(format!("{:?} {:?} {}", access.auth, access.route, access.follow_redirects));
        }
        let terms = Terms {
            key: recording::key(&parts),
            service: settings.service.to_string(),
            every_ms: milliseconds(settings.every),
            keep_ms: milliseconds(settings.retention),
        };
        let role = if recorder.access().is_some() { Role::Unknown } else { Role::Off };
        Self {
            recorder,
            terms,
            every: settings.every,
            rate_window: settings.rate_window(),
            role,
            encoder: Encoder::default(),
            state: (-1, State::default()),
            told_ms: i64::MIN,
            pending: None,
            trouble: None,
            remark: None,
            since_ms: None,
        }
    }

    /// Whether nobody can be recording: then there is no reason to wait before scraping.
    pub(super) fn is_first(&self) -> bool {
        matches!(self.role, Role::Unknown) && !self.recorder.is_there()
    }

    /// Whether another process scrapes.
    pub(super) const fn reads(&self) -> bool {
        matches!(self.role, Role::Reads { .. })
    }

    /// Whether we scrape next, as soon as can be: what was recorded before was told already.
    pub(super) const fn is_due(&self) -> bool {
        matches!(self.role, Role::Holds { begun: false, .. })
    }

    /// Waits while another process scrapes, has nothing new, and lives.
    pub(super) async fn ready(&mut self, now: &(dyn Fn() -> At + Send + Sync)) {
        let pause = (self.every / 10).clamp(Duration::from_millis(20), Duration::from_millis(500));
        while self.reads() {
            if self.look(now().timestamp_millis()).await != Look::Nothing {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Whether there is a reason to ask.
    async fn look(&mut self, now_ms: i64) -> Look {
        let Role::Reads { recording, since, .. } = self.role else { return Look::Gone };
        let is_overdue = since.elapsed() >= self.every.mul_f64(1.1);
        let Ok(Some(glanced)) = self.recorder.glance(recording, now_ms, is_overdue).await else { return Look::Gone };
        let silence = self.every + self.every / 2;
        let Role::Reads { seq, beat, since, .. } = &mut self.role else { return Look::Gone };
        if glanced.glance.beat != *beat {
            (*beat, *since) = (glanced.glance.beat, Instant::now());
        }
        if glanced.glance.seq > *seq {
            return Look::News;
        }
        if glanced.is_free || since.elapsed() >= silence { Look::Silence } else { Look::Nothing }
    }

    /// What to do now.
    pub(super) async fn turn(&mut self, now_ms: i64) -> Turn {
        match &self.role {
            Role::Off => return Turn::Scrape,
            Role::Alone { since } if since.elapsed() < self.patience() => return Turn::Scrape,
            Role::Unknown | Role::Alone { .. } => return self.join(now_ms, None).await,
            Role::Holds { .. } => {
                self.settle().await;
                return if matches!(self.role, Role::Unknown) { self.join(now_ms, None).await } else { Turn::Scrape };
            }
            Role::Reads { .. } => {}
        }
        let look = self.look(now_ms).await;
        let Role::Reads { recording, seq, beat, .. } = self.role else { return Turn::Scrape };
        match look {
            Look::Nothing => Turn::Tell(Vec::new()),
            Look::Gone => self.join(now_ms, None).await,
            Look::Silence => self.join(now_ms, Some(beat)).await,
            Look::News => match self.recorder.news(recording, seq, self.state.clone(), now_ms).await {
                Ok(news) => self.tell(news),
                Err(_) => self.join(now_ms, None).await,
            },
        }
    }

    /// How long we scrape for ourselves before we look again whether somebody records.
    fn patience(&self) -> Duration {
        match self.recorder.access() {
            Some(Access::ReadOnly | Access::Past) => self.every,
            _ => TRY_AGAIN.max(self.every),
        }
    }

    async fn join(&mut self, now_ms: i64, suspect: Option<i64>) -> Turn {
        let from_ms = self.told_ms.saturating_add(1).max(now_ms.saturating_sub(self.terms.keep_ms));
        let read_before = self.reads();
        match self.recorder.enter(self.terms.clone(), now_ms, from_ms, suspect).await {
            Ok(Some(entered)) => self.entered(entered, read_before),
            Ok(None) => self.alone(None),
            // Nobody records, or it cannot be read: for somebody who only reads that is no trouble.
            Err(_) if self.recorder.access() != Some(Access::Shared) => self.alone(None),
            Err(trouble) => self.alone(Some(&trouble)),
        }
    }

    fn alone(&mut self, trouble: Option<&Trouble>) -> Turn {
        self.role = Role::Alone { since: Instant::now() };
        self.trouble = trouble.map(|trouble| self.unkept(trouble));
        self.remark.clone_from(&self.trouble);
        Turn::Scrape
    }

    fn unkept(&self, trouble: &Trouble) -> String {
        let path = self.recorder.path().unwrap_or_default();
        clean_line(&format!("history is not kept: {trouble} ({})", path.display()), 300)
    }

    fn entered(&mut self, entered: Entered, read_before: bool) -> Turn {
        let Entered { recording, lease, news, next, aside } = entered;
        self.trouble = None;
        self.remark = None;
        match lease {
            Lease::Mine(before) => {
                let before = before.filter(|_| read_before).map(|holder| holder.shown());
                self.remark = before.map(|before| format!("records now, after {before}"));
                self.role = Role::Holds { recording, begun: false, next };
            }
            Lease::Theirs(holder) => {
                let holder = holder.shown();
                self.remark = Some(format!("recorded by {holder}"));
                let seq = news.records.last().map_or(0, |(seq, ..)| *seq);
                self.role = Role::Reads { recording, seq, holder, beat: i64::MIN, since: Instant::now() };
            }
            Lease::Nobodys => self.role = Role::Alone { since: Instant::now() },
        }
        if let Some(aside) = aside {
            let words = format!("the recording was damaged, is now {}, and begins anew", aside.display());
            self.remark = Some(clean_line(&words, 300));
        }
        if news.records.is_empty() && !self.reads() {
            self.state = news.state;
            return Turn::Scrape;
        }
        self.tell(news)
    }

    fn tell(&mut self, news: recording::News) -> Turn {
        self.state = news.state;
        if let (Role::Reads { seq, .. }, Some((last, ..))) = (&mut self.role, news.records.last()) {
            *seq = *last;
        }
        let records: Vec<_> = news.records.into_iter().map(|(_, at, record)| (at, record)).collect();
        if let Some((at, _)) = records.last() {
            self.told_ms = at.timestamp_millis();
        }
        Turn::Tell(records)
    }

    /// What was said beside the numbers when the last recorded answers were made.
    pub(super) const fn state(&self) -> &State {
        &self.state.1
    }

    /// Begins to record, when that is due: answers what was scraped lately where `wants_store`, since the engine has
    /// nothing of its own. The engine has to read all labels anew in either case.
    pub(super) async fn begin(
        &mut self,
        now_ms: i64,
        store: Option<(Limits, Vec<Labels>)>,
    ) -> Option<Option<Replayed>> {
        let Role::Holds { recording, begun: false, next } = self.role else { return None };
        self.encoder = Encoder::resume(next, []);
        self.pending = None;
        let mut replayed = None;
        if let Some(store) = store {
            match self.recorder.replay(recording, self.terms.clone(), now_ms - self.reach(), now_ms, store).await {
                Ok(read) => replayed = Some(read),
                Err(trouble) => {
                    self.recorder.release(recording);
                    self.alone(Some(&trouble));
                    return None;
                }
            }
        }
        if let Some(replayed) = &mut replayed {
            self.encoder = std::mem::take(&mut replayed.encoder);
        }
        self.role = Role::Holds { recording, begun: true, next };
        Some(replayed)
    }

    /// Everything that was recorded since then; `None` where nothing is recorded.
    pub(super) async fn replay(&self, since_ms: i64, now_ms: i64, store: (Limits, Vec<Labels>)) -> Option<Replayed> {
        let (Role::Holds { recording, .. } | Role::Reads { recording, .. }) = self.role else { return None };
        self.recorder.replay(recording, self.terms.clone(), since_ms, now_ms, store).await.ok()
    }

    /// How far back the queries look, in milliseconds, as far as that is known.
    fn reach(&self) -> i64 {
        let queries = self.state.1.queries.values().filter_map(|query| Query::parse(query).ok());
        let widest = queries.filter_map(|query| query.widest_fixed_window()).max().unwrap_or_default();
        let widest = i64::try_from(widest.max(self.rate_window).as_millis()).unwrap_or(i64::MAX);
        widest.saturating_add(LOOK_BACK_MS).saturating_add(self.terms.every_ms * 4).min(self.terms.keep_ms)
    }

    /// Whether what is scraped is to be put on tapes.
    pub(super) const fn records(&self) -> bool {
        matches!(self.role, Role::Holds { begun: true, .. }) && self.pending.is_none()
    }

    /// Records a scrape: what was read, what it means, and what is said beside it.
    pub(super) fn record(&mut self, at: At, tapes: &mut [&mut Tape], record: &Record, said: State) {
        let at_ms = at.timestamp_millis();
        self.told_ms = at_ms;
        let Role::Holds { recording, begun: true, .. } = self.role else { return };
        if !self.records() {
            return;
        }
        let frame = self.encoder.frame(at_ms, tapes);
        let mut state = State { texts: self.state.1.texts.clone(), ..said };
        let answers = record.to_bytes(&mut state.texts);
        let is_new = self.state.0 < 0 || state != self.state.1;
        let row = Row { at_ms, frame, answers, state: is_new.then(|| state.to_bytes()) };
        self.state = (0, state);
        self.pending = self.recorder.write(recording, row);
    }

    /// Learns what became of the last row.
    async fn settle(&mut self) {
        let Some(pending) = &mut self.pending else { return };
        match pending.settled().await {
            Settled::NotYet => {
                let slow = Trouble::Other("the disk does not answer".to_owned());
                self.trouble = Some(self.unkept(&slow));
                self.remark.clone_from(&self.trouble);
                return;
            }
            Settled::Written(Written::Lost) => self.role = Role::Unknown,
            Settled::Written(Written::Kept { since_ms, .. }) => {
                if self.trouble.take().is_some() {
                    self.remark = None;
                }
                self.since_ms = since_ms;
            }
            Settled::Written(Written::NotLater) => {}
            Settled::Failed(trouble, births) => {
                self.encoder.lost(births);
                self.state.0 = -1;
                self.trouble = Some(self.unkept(&trouble));
                self.remark.clone_from(&self.trouble);
            }
        }
        self.pending = None;
    }

    /// What has to be said beside the numbers.
    pub(super) fn notes(&self, now: At) -> Vec<String> {
        match &self.role {
            Role::Reads { holder, .. } => vec![format!("recorded by {holder}")],
            _ => self.trouble.clone().into_iter().chain(self.cut(now)).collect(),
        }
    }

    /// That older rows had to go, to the quarter of an hour.
    pub(super) fn cut(&self, now: At) -> Option<String> {
        let kept = now.timestamp_millis().saturating_sub(self.since_ms?).max(0) / 900_000;
        let time = format!("{} h {:02} min", kept / 4, kept % 4 * 15);
        Some(format!("only about {time} of history fit into the recording; raise `size` in [recording]"))
    }

    /// What is odd, or has changed.
    pub(super) fn remark(&self) -> Option<String> {
        self.remark.clone()
    }

    pub(super) fn seen(&self) -> Seen {
        self.state.1.versions.clone()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Role::Holds { recording, .. } = self.role {
            self.recorder.release(recording);
        }
    }
}

/// What a value is where it stands in the configuration, else where it lies.
fn told(value: &SecretRef) -> String {
    match value {
        SecretRef::Plain(value) => value.expose().to_owned(),
        lies => format!("{lies:?}"),
    }
}
