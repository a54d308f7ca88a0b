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
use crate::facts::Payload;
use crate::facts::Question;
use crate::facts::Reply;
use crate::facts::SourceId;
use crate::runtime::Clock;
use crate::runtime::exit;
use crate::runtime::turns::LEAST;
use crate::runtime::turns::Turns;
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
    source: Source,
    http: Http,
    room: Room,
    mut errands: UnboundedReceiver<Errand>,
    born: UnboundedSender<Source>,
) {
    let clock = room.clock;
    let mut turns = Turns::new(source);
    loop {
        let turn = turns.next(&http, &|| clock.now(), fastrand::f64()).await;
        exit::rehearse("task");
        for msg in turn.news {
            if room.news.send(msg).is_err() {
                return;
            }
        }
        for other in turn.born {
            let _ = born.send(other);
        }
        // The interval counts from the ask, so that a slow answer does not make the next one later still.
        let wait = clock.lasts(turn.wait).saturating_sub(turn.took).max(LEAST);
        let floor = clock.lasts(turn.floor).saturating_sub(turn.took);
        let pause = Pause { until: Instant::now() + wait, floor: floor.min(wait) };
        pause.pass(turns.source(), &http, &room, &mut errands).await;
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

/// Asks a source once, for commands that do not poll.
///
/// # Errors
/// The source's own fault.
pub async fn ask_once(source: &mut Source, http: &Http, clock: Clock) -> (Duration, Result<Payload, Fault>) {
    let asked = Instant::now();
    let body = source.ask(http, &|| clock.now()).await;
    (asked.elapsed(), body)
}
