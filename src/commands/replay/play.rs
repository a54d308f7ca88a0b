//! Virtual time: the sources are asked when the pollers would ask them, the app hears the answers when they would
//! have come, and nobody waits. The same world gives the same messages at the same instants.
//!
//! Nothing here knows what is expected or how it is printed. Main type: [`Play`].

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::DurationRound as _;
use chrono::TimeDelta;
use url::Url;

use crate::app::App;
use crate::app::Effect;
use crate::app::Msg;
use crate::app::Settings;
use crate::facts::At;
use crate::facts::SourceId;
use crate::runtime::turns::LEAST;
use crate::runtime::turns::Turns;
use crate::sources::Source;
use crate::sources::http::Http;
use crate::sources::http::Network;
use crate::sources::http::Sent;

/// What answers in a world: a pure function of the question and the instant.
pub(super) trait Answers: Send + Sync {
    /// What comes back when an address is asked at an instant.
    fn answer(&self, url: &Url, form: Option<&[(String, String)]>, at: At) -> Sent;

    /// What a file holds at an instant.
    ///
    /// # Errors
    /// There is no such file.
    fn file(&self, path: &Path, at: At) -> io::Result<Vec<u8>>;
}

/// A world with a clock that stands still until somebody sets it.
struct Stage<W> {
    world: W,
    /// Microseconds since 1970.
    now: AtomicI64,
}

impl<W: Answers> Stage<W> {
    fn set(&self, at: At) {
        self.now.store(at.timestamp_micros(), Ordering::Relaxed);
    }
}

impl<W: Answers> Network for Stage<W> {
    fn now(&self) -> At {
        At::from_timestamp_micros(self.now.load(Ordering::Relaxed)).unwrap_or_default()
    }

    fn passed(&self, until: At) {
        self.now.fetch_max(until.timestamp_micros(), Ordering::Relaxed);
    }

    fn answer(&self, url: &Url, form: Option<&[(String, String)]>) -> Sent {
        self.world.answer(url, form, self.now())
    }

    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.world.file(path, self.now())
    }
}

/// One source and when it is asked next.
struct Asker {
    turns: Turns,
    due: At,
    /// When its last answer came, or will have come.
    came: At,
    /// How long it rests at least, also when somebody is in a hurry.
    floor: TimeDelta,
}

impl Asker {
    fn new(source: Source, due: At) -> Self {
        Self { turns: Turns::new(source), due, came: due, floor: TimeDelta::zero() }
    }
}

/// A play, from its beginning to wherever it has got.
pub(super) struct Play<W> {
    stage: Arc<Stage<W>>,
    http: Http,
    askers: Vec<Asker>,
    /// What was answered and has not come yet, by the instant at which it comes and a number.
    mail: BTreeMap<(At, u64), Vec<Msg>>,
    sent: u64,
    app: App,
    /// The next full second.
    second: At,
    chance: fastrand::Rng,
}

/// What comes next.
enum Next {
    Mail,
    Ask(usize),
    Second,
}

impl<W: Answers + 'static> Play<W> {
    /// A play in which nobody was asked yet. `seed` decides by how much the next asks are spread.
    pub(super) fn new(world: W, sources: Vec<Source>, settings: Settings, begins: At, seed: u64) -> Self {
        let stage = Arc::new(Stage { world, now: AtomicI64::new(begins.timestamp_micros()) });
        Self {
            http: Http::inside(Arc::clone(&stage) as Arc<dyn Network>),
            stage,
            askers: sources.into_iter().map(|source| Asker::new(source, begins)).collect(),
            mail: BTreeMap::new(),
            sent: 0,
            app: App::new(settings, begins),
            second: begins.duration_trunc(TimeDelta::seconds(1)).unwrap_or(begins) + TimeDelta::seconds(1),
            chance: fastrand::Rng::with_seed(seed),
        }
    }

    /// Everything that is known.
    pub(super) const fn app(&self) -> &App {
        &self.app
    }

    /// Plays all that happens up to an instant, which is included; `look` is shown the app whenever it has heard
    /// something, and last at that instant.
    pub(super) async fn until(&mut self, end: At, look: &mut impl FnMut(At, &App)) {
        loop {
            let (at, next) = self.next();
            if at > end {
                break;
            }
            match next {
                Next::Mail => {
                    let news = self.mail.pop_first().map(|(_, news)| news).unwrap_or_default();
                    for msg in news {
                        self.tell(at, msg);
                    }
                }
                Next::Second => {
                    self.second += TimeDelta::seconds(1);
                    self.tell(at, Msg::Second);
                }
                Next::Ask(index) => {
                    self.ask(index, at).await;
                    // Nothing was heard yet.
                    continue;
                }
            }
            look(at, &self.app);
        }
        self.tell(end, Msg::Second);
        look(end, &self.app);
    }

    /// What happens next, and when: what has come is heard before somebody is asked, and a second ends last.
    fn next(&self) -> (At, Next) {
        let mail = self.mail.keys().next().map(|(at, _)| (*at, 0, Next::Mail));
        let asks = self.askers.iter().enumerate().map(|(index, asker)| (asker.due, 1 + index, Next::Ask(index)));
        let second = (self.second, usize::MAX, Next::Second);
        let first = mail.into_iter().chain(asks).chain([second]).min_by_key(|(at, rank, _)| (*at, *rank));
        first.map_or((self.second, Next::Second), |(at, _, next)| (at, next))
    }

    /// Asks a source; the answer is heard when it would have come.
    async fn ask(&mut self, index: usize, at: At) {
        let Some(asker) = self.askers.get_mut(index) else { return };
        self.stage.set(at);
        let stage = Arc::clone(&self.stage);
        let turn = asker.turns.next(&self.http, &move || stage.now(), self.chance.f64()).await;
        let came = self.stage.now();
        asker.due = (at + delta(turn.wait)).max(came + delta(LEAST));
        (asker.came, asker.floor) = (came, delta(turn.floor));
        self.askers.extend(turn.born.into_iter().map(|source| Asker::new(source, came)));
        self.sent += 1;
        self.mail.insert((came, self.sent), turn.news);
    }

    /// Tells the app, and does what it asks for as far as nobody has to be there.
    fn tell(&mut self, at: At, msg: Msg) {
        for effect in self.app.update(at, msg) {
            if let Effect::Poll(ids) = effect {
                self.hurry(&ids, at);
            }
        }
    }

    fn hurry(&mut self, ids: &[SourceId], at: At) {
        for asker in self.askers.iter_mut().filter(|asker| ids.contains(&asker.turns.info().id)) {
            asker.due = asker.due.min(asker.came.max(at) + asker.floor);
        }
    }
}

fn delta(span: Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
}
