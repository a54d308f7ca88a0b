//! One task per source: ask, send the reading, wait, ask again. Never two asks of one source at once.
//!
//! The tasks run on a thread of their own, so that a large body or a slow parser never delays a key. What a source
//! means is not known here. A source may turn out to be another than it seemed, or to be several: what is known of
//! each is told before its first answer, and each gets a task of its own.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;

use crate::app::Msg;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Payload;
use crate::facts::Question;
use crate::facts::Reading;
use crate::facts::Reply;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::runtime::Clock;
use crate::runtime::exit;
use crate::runtime::parts;
use crate::sources::Source;
use crate::sources::http::Http;

/// The pollers, and how to hurry or ask them.
#[derive(Debug)]
pub struct Pollers {
    desks: Desks,
}

/// What a task is to do between its own asks.
#[derive(Debug)]
enum Errand {
    /// Ask as soon as the source's own limits allow.
    Hurry,
    /// Answer a question.
    Ask(Question),
    /// Tell the names of the metrics.
    Names,
}

/// The way to the task of each source. Sources may come while the program runs.
#[derive(Clone, Default, Debug)]
struct Desks(Arc<Mutex<Vec<Desk>>>);

type Desk = (SourceId, UnboundedSender<Errand>);

impl Desks {
    /// A new one for a source.
    fn add(&self, id: SourceId) -> UnboundedReceiver<Errand> {
        let (sender, errands) = unbounded_channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((id, sender));
        errands
    }

    fn send(&self, id: &SourceId, errand: Errand) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, desk)) = all.iter().find(|(other, _)| other == id) {
            // A task that is gone has told why.
            let _ = desk.send(errand);
        }
    }
}

impl Pollers {
    /// Starts a task per source. They end when nobody listens any more, or with the process.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(sources: Vec<Source>, clock: Clock, news: UnboundedSender<Msg>) -> std::io::Result<Self> {
        let desks = Desks::default();
        let sources: Vec<_> = sources.into_iter().map(|source| (desks.add(source.info().id), source)).collect();
        let room = Room { clock, desks: desks.clone(), news };
        thread::Builder::new().name("sources".into()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = room.news.send(Msg::Logged(format!("no source can be asked: {error}"), true));
                    return;
                }
            };
            runtime.block_on(supervise(sources, room));
        })?;
        Ok(Self { desks })
    }

    /// Asks these sources as soon as their own limits allow.
    pub fn hurry(&self, ids: &[SourceId]) {
        for id in ids {
            self.desks.send(id, Errand::Hurry);
        }
    }

    /// Has a question answered. Where a newer one of the same source waits behind it, only that is.
    pub fn ask(&self, question: Question) {
        let source = question.source.clone();
        self.desks.send(&source, Errand::Ask(question));
    }

    /// Has the names of a source's metrics told.
    pub fn names(&self, source: &SourceId) {
        self.desks.send(source, Errand::Names);
    }
}

/// What all tasks share.
#[derive(Clone)]
struct Room {
    clock: Clock,
    desks: Desks,
    news: UnboundedSender<Msg>,
}

async fn supervise(sources: Vec<(UnboundedReceiver<Errand>, Source)>, room: Room) {
    let http = Http::new();
    let mut tasks = JoinSet::new();
    let (born, mut births): (_, UnboundedReceiver<Source>) = unbounded_channel();
    for (errands, source) in sources {
        tasks.spawn(poll(source, http.clone(), room.clone(), errands, born.clone()));
    }
    loop {
        tokio::select! {
            Some(source) = births.recv() => {
                let errands = room.desks.add(source.info().id);
                tasks.spawn(poll(source, http.clone(), room.clone(), errands, born.clone()));
            }
            // A task that panics has told `exit` so.
            ended = tasks.join_next() => if ended.is_none() { return },
        }
    }
}

async fn poll(
    mut source: Source,
    http: Http,
    room: Room,
    mut errands: UnboundedReceiver<Errand>,
    born: UnboundedSender<Source>,
) {
    let (clock, news) = (room.clock, room.news.clone());
    let mut info = source.info();
    let mut failures = 0_u32;
    let mut remarked = None;
    let mut named = false;
    loop {
        source.ready(&|| clock.now()).await;
        let asked = Instant::now();
        let body = source.ask(&http, &|| clock.now()).await;
        let refusal = body.as_ref().err().map(|fault| (fault.kind, fault.retry_after));
        failures = if body.is_ok() { 0 } else { failures.saturating_add(1) };
        exit::rehearse("task");
        let took = asked.elapsed();
        let is = source.info();
        if is != info {
            info = is;
            let _ = news.send(Msg::Source(info.clone()));
        }
        for other in source.apart() {
            let _ = news.send(Msg::Source(other.info()));
            let _ = born.send(other);
        }
        let mut reading = Reading { source: info.id.clone(), at: clock.now(), took, body };
        if let Ok(Payload::Fleet(fleet)) = &mut reading.body {
            // Services are named by an answer; only then can their past come before one.
            let past = if named { parts::split(fleet) } else { Vec::new() };
            named = true;
            for part in past {
                let _ = news.send(Msg::Past(info.id.clone(), part));
            }
        }
        if news.send(Msg::Arrived(reading)).is_err() {
            return;
        }
        let remark = source.remark();
        if let Some(text) = remark.clone().filter(|_| remark != remarked) {
            let _ = news.send(Msg::Logged(format!("{}: {text}", info.id), false));
        }
        remarked = remark;
        let wait = match refusal {
            _ if source.follows().is_some() => source.follows().unwrap_or_default(),
            None => source.early().unwrap_or_else(|| next_delay(&info, 0, None, fastrand::f64())),
            Some(refusal) => next_delay(&info, failures, Some(refusal), fastrand::f64()),
        };
        // The interval counts from the ask, so that a slow answer does not make the next one later still.
        let wait = clock.lasts(wait).saturating_sub(took).max(Duration::from_millis(20));
        // A person in a hurry may not break what the other side asked for.
        let asked_for = refusal.and_then(|(_, after)| after).unwrap_or_default();
        let floor = clock.lasts(crate::app::App::floor_of(info.kind).max(asked_for)).saturating_sub(took);
        let pause = Pause { until: Instant::now() + wait, floor: floor.min(wait) };
        pause.pass(&mut source, &http, &room, &mut errands).await;
    }
}

/// The time between two asks of a source.
struct Pause {
    until: Instant,
    /// How long it lasts at least from the moment on in which somebody is in a hurry.
    floor: Duration,
}

impl Pause {
    /// Waits, and does meanwhile what people ask for.
    async fn pass(mut self, source: &mut Source, http: &Http, room: &Room, errands: &mut UnboundedReceiver<Errand>) {
        loop {
            let errand = tokio::select! {
                () = tokio::time::sleep_until(self.until.into()) => return,
                errand = errands.recv() => errand,
            };
            match errand {
                None | Some(Errand::Hurry) => self.until = self.until.min(Instant::now() + self.floor),
                Some(Errand::Ask(question)) => {
                    let mut last = question;
                    while let Ok(errand) = errands.try_recv() {
                        match errand {
                            Errand::Ask(newer) => last = newer,
                            Errand::Hurry => self.until = self.until.min(Instant::now() + self.floor),
                            Errand::Names => tell_names(source, http, room).await,
                        }
                    }
                    answer(source, http, room, last).await;
                }
                Some(Errand::Names) => tell_names(source, http, room).await,
            }
        }
    }
}

async fn answer(source: &mut Source, http: &Http, room: &Room, question: Question) {
    let asked = Instant::now();
    let body = source.query(http, &question).await;
    let reply = Reply { id: question.id, at: room.clock.now(), took: asked.elapsed(), body };
    let _ = room.news.send(Msg::Replied(reply));
}

async fn tell_names(source: &mut Source, http: &Http, room: &Room) {
    let id = source.info().id;
    let news = match source.metric_names(http).await {
        Ok(names) => Msg::Names(id, Arc::new(names)),
        Err(fault) => Msg::Logged(format!("{id}: no names to complete: {fault}"), true),
    };
    let _ = room.news.send(news);
}

/// How long to wait after an ask, from its beginning.
///
/// A source that answers is asked again after its interval: one that scrapes exactly (a steady step makes good
/// rates), others up to a tenth later, so that a hundred `sixty` do not ask a vendor, or the team's one server, in the
/// same second. One that fails is asked again after twice, four times … the interval, with jitter, up to a cap: 30 s for
/// metrics and alerts, since recovery is news that somebody waits for; 10 min for others. A refused login is not retried
/// sooner than every minute, and a
/// vendor's own `Retry-After` is obeyed (up to an hour). `chance` is 0 to 1.
#[must_use]
pub fn next_delay(
    info: &SourceInfo,
    failures: u32,
    fault: Option<(FaultKind, Option<Duration>)>,
    chance: f64,
) -> Duration {
    let Some((kind, retry_after)) = fault else {
        let jitter = if info.kind == SourceKind::Metrics && !is_server(info) { 0.0 } else { 0.1 };
        return info.every.mul_f64(1.0 + jitter * chance);
    };
    let is_waited_for = matches!(info.kind, SourceKind::Metrics | SourceKind::Alerts);
    let cap = if is_waited_for { Duration::from_secs(30) } else { Duration::from_secs(600) };
    let cap = cap.max(info.every);
    let doubled = info.every.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(cap);
    // Full interval at least, so that failing never means asking more often.
    let delay = doubled.mul_f64(1.0 - 0.3 * chance).max(info.every);
    // All that a server fed have noticed its end at the same time, and would be back at the same time.
    let delay = if is_server(info) { delay.mul_f64(1.0 + 0.2 * chance) } else { delay };
    let least = match kind {
        FaultKind::Denied => Duration::from_secs(60),
        FaultKind::RateLimited => retry_after.unwrap_or(Duration::from_secs(60)).min(Duration::from_secs(3_600)),
        _ => retry_after.unwrap_or_default().min(Duration::from_secs(3_600)),
    };
    delay.max(least)
}

/// Whether one answer tells of many services.
fn is_server(info: &SourceInfo) -> bool {
    info.kind == SourceKind::Metrics && info.service.is_none()
}

/// Asks a source once, for commands that do not poll.
///
/// # Errors
/// The source's own fault.
pub async fn ask_once(source: &mut Source, http: &Http, clock: Clock) -> (Duration, Result<Payload, Fault>) {
    let asked = Instant::now();
    let body = source.ask(http, &|| clock.now()).await;
    (asked.elapsed(), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(kind: SourceKind, every: u64) -> SourceInfo {
        SourceInfo {
            id: SourceId::new("x"),
            kind,
            service: (kind == SourceKind::Metrics).then(|| Arc::from("web")),
            address: String::new(),
            every: Duration::from_secs(every),
        }
    }

    #[test]
    fn delays_grow_to_a_cap_and_never_fall_below_the_interval() {
        let metrics = info(SourceKind::Metrics, 5);
        let status = info(SourceKind::Status, 60);
        let refused = Some((FaultKind::Connect, None));
        let seconds = |d: Duration| d.as_secs_f64();
        assert_eq!(next_delay(&metrics, 0, None, 0.7), Duration::from_secs(5));
        assert_eq!(next_delay(&status, 0, None, 1.0), Duration::from_secs(66));
        for (failures, least, most) in
            [(1, 5.0, 5.0), (2, 7.0, 10.0), (3, 14.0, 20.0), (4, 21.0, 30.0), (99, 21.0, 30.0)]
        {
            for chance in [0.0, 0.5, 1.0] {
                let delay = seconds(next_delay(&metrics, failures, refused, chance));
                assert!((least..=most).contains(&delay), "{failures} {chance}: {delay}");
            }
        }
        let server = SourceInfo { service: None, ..metrics.clone() };
        assert_eq!(next_delay(&server, 0, None, 1.0), Duration::from_millis(5_500), "not all in the same second");
        let first: Vec<f64> = [0.0, 0.5, 1.0].iter().map(|c| seconds(next_delay(&server, 1, refused, *c))).collect();
        assert_eq!(first, [5.0, 5.5, 6.0], "those that noticed its end together do not come back together");
        assert!((0..100).all(|c| seconds(next_delay(&server, 99, refused, f64::from(c) / 100.0)) <= 36.0));
        assert!(seconds(next_delay(&status, 99, refused, 0.0)) <= 600.0);
        assert_eq!(next_delay(&metrics, 1, Some((FaultKind::Denied, None)), 0.0), Duration::from_secs(60));
        let limited = Some((FaultKind::RateLimited, Some(Duration::from_secs(900))));
        assert_eq!(next_delay(&status, 1, limited, 0.0), Duration::from_secs(900));
    }
}
