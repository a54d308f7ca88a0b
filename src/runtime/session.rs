//! The loop: signals, keys, readings and seconds in that order; then one frame; then the effects.
//!
//! Nothing here blocks: frames are written by [`screen`]'s thread, the disk is the scribe's, and sources are asked by
//! the pollers'.

mod lending;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::mpsc::unbounded_channel;

use crate::app::Act;
use crate::app::App;
use crate::app::Deed;
use crate::app::Effect;
use crate::app::KeyPress;
use crate::app::Msg;
use crate::app::Settings;
use crate::incident::Parcel;
use crate::runtime::Clock;
use crate::runtime::Outside;
use crate::runtime::clipboard;
use crate::runtime::courier;
use crate::runtime::editor::Lent;
use crate::runtime::exit;
use crate::runtime::export::Exporter;
use crate::runtime::input::Keys;
use crate::runtime::journal::Access;
use crate::runtime::journal::Signature;
use crate::runtime::outside::Hands;
use crate::runtime::pollers::Pollers;
use crate::runtime::questions;
use crate::runtime::screen;
use crate::runtime::screen::Screen;
use crate::runtime::scribe::Outbox;
use crate::runtime::scribe::Post;
use crate::runtime::scribe::Scribe;
use crate::runtime::signals::Signals;
use crate::sources::Source;
use crate::sources::embedded::recording::Recorder;
use crate::ui::Look;

/// Readings may come in bursts; between two frames that no key asked for lies at least this.
const FRAME: Duration = Duration::from_millis(100);

/// So long messages are taken without a look at the keys.
const SLICE: Duration = Duration::from_millis(4);

/// `fg` also sends a signal after which the terminal is taken; that close to another taking it is not news.
const AFTER_FG: Duration = Duration::from_millis(200);

/// Everything that a session needs to run.
pub struct Session {
    /// What the app is told once.
    pub settings: Settings,
    /// What is asked.
    pub sources: Vec<Source>,
    /// Where what they scrape is recorded.
    pub recorder: Recorder,
    /// Readings that are there before the first frame (the past of a demo).
    pub past: Vec<Msg>,
    /// The time.
    pub clock: Clock,
    /// How it looks.
    pub look: Look,
    /// Where journals and copies are kept.
    pub state: PathBuf,
    /// Whom it reaches.
    pub outside: Outside,
}

/// How a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// A person left, or a signal asked for it.
    Left,
    /// A task panicked; the report was printed.
    Died,
}

impl Session {
    /// Draws until somebody leaves. The terminal is given back on every way out.
    ///
    /// # Errors
    /// When the terminal cannot be taken.
    pub fn run(self) -> io::Result<Ending> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let recorder = self.recorder.clone();
        let ending = runtime.block_on(self.watch());
        // Whoever waits for the lease need not find out that we are gone.
        recorder.close();
        ending
    }

    async fn watch(self) -> io::Result<Ending> {
        let clock = self.clock;
        let mut settings = self.settings;
        if !settings.mode.is_read_only() {
            settings.past_questions = questions::load(&self.state);
        }
        let mut app = App::new(settings, clock.now());
        for msg in self.past {
            app.update(clock.now(), msg);
        }
        // Before the terminal is taken: a signal that nobody handles would leave it as it is.
        let signals = Signals::new()?;
        let (sender, inbox) = unbounded_channel();
        // The first answers are on their way while the first frame is painted.
        let pollers = Pollers::start(self.sources, clock, sender.clone())?;
        let access = app.mode().licence().map_or(Access::ReadOnly, Access::Write);
        let who = app.settings().who.clone();
        let hands = Hands::start(app.mode(), self.outside, &who, clock, sender.clone())?;
        let services = app.services().iter().map(|service| service.name.clone()).collect();
        let screen = Screen::take()?;
        let signature = Signature { who: app.settings().who.clone(), host: app.settings().host.clone() };
        let (parcels, to_carry) = unbounded_channel();
        let exporter = Exporter::new(&self.state, sender.clone());
        let post = Post { directory: self.state, services, access, signature, clock };
        let scribe = Scribe::start(post, Outbox { news: sender.clone(), parcels })?;
        let now = Instant::now();
        let desk = Desk {
            app,
            screen,
            look: self.look,
            clock,
            pollers,
            scribe,
            exporter,
            hands,
            to_carry,
            inbox,
            told: sender,
            taken: now,
            away: false,
            lent: None,
            unasked: None,
            due: Some(now),
            asked: true,
        };
        Ok(desk.serve(signals, Keys::open()?).await)
    }
}

struct Desk {
    app: App,
    screen: Screen,
    look: Look,
    clock: Clock,
    pollers: Pollers,
    scribe: Scribe,
    exporter: Exporter,
    hands: Hands,
    /// Parcels of which the journal says that they are being sent.
    to_carry: UnboundedReceiver<(Arc<str>, Parcel)>,
    inbox: UnboundedReceiver<Msg>,
    /// The way into it.
    told: UnboundedSender<Msg>,
    /// When the terminal was taken last.
    taken: Instant,
    /// We were continued in the background, and the terminal is somebody else's.
    away: bool,
    /// The person's own editor has the terminal, and a text.
    lent: Option<Lent>,
    /// When the last frame was drawn that nobody had asked for.
    unasked: Option<Instant>,
    /// When the next frame is to be drawn; `None` when nothing has changed.
    due: Option<Instant>,
    /// Whether somebody waits for it.
    asked: bool,
}

/// Somebody leaves.
struct Leave;

impl Desk {
    async fn serve(mut self, signals: Signals, keys: Keys) -> Ending {
        let ending = self.watch(signals, keys).await;
        self.keep();
        // The shell has its terminal back before the last entries are waited for.
        drop(self.screen);
        while let Ok((service, parcel)) = self.to_carry.try_recv() {
            self.hands.send(service, parcel);
        }
        if self.hands.end() {
            let (app, scribe) = (&mut self.app, &self.scribe);
            courier::last_words(app, self.clock.now(), &mut self.inbox, |service, entry| scribe.append(service, entry));
        }
        let lost = self.scribe.end();
        if !lost.is_empty() {
            exit::say(lost.join("\n"));
        }
        ending
    }

    async fn watch(&mut self, mut signals: Signals, mut keys: Keys) -> Ending {
        let mut second = self.next_second();
        loop {
            let drawn = self.draw_if_due();
            if drawn.is_err() || self.screen.is_gone() {
                return Ending::Left;
            }
            let alarm = self.due.filter(|_| !self.away && self.screen.is_free()).map_or(second, |due| due.min(second));
            let outcome = tokio::select! {
                biased;
                () = signals.leave.come(self.lent.is_some()) => Err(Leave),
                () = exit::panicked() => return Ending::Died,
                _ = signals.go_on.recv() => self.go_on(),
                _ = signals.resize.recv() => self.resized(),
                keys = keys.next(), if !self.away => match keys {
                    Some(keys) => self.pressed(&keys),
                    None => Err(Leave),
                },
                Some((service, parcel)) = self.to_carry.recv() => {
                    self.hands.send(service, parcel);
                    Ok(())
                }
                Some(msg) = self.inbox.recv() => self.news(msg),
                () = self.screen.freed() => Ok(()),
                () = tokio::time::sleep_until(alarm.into()) => self.time_passed(&mut second),
                // Nobody else wants anything: time to read on in the past.
                () = tokio::task::yield_now(), if self.app.is_behind() => self.read_on(),
            };
            if outcome.is_err() {
                return Ending::Left;
            }
        }
    }

    /// Draws the frame that is due, if the terminal has taken the one before. A terminal that is gone, or is stopped,
    /// must not stop the rest.
    fn draw_if_due(&mut self) -> io::Result<()> {
        if self.away || self.due.is_none_or(|due| due > Instant::now()) || !self.screen.is_free() {
            return Ok(());
        }
        self.due = None;
        if !std::mem::take(&mut self.asked) {
            self.unasked = Some(Instant::now());
        }
        let (app, look) = (&self.app, &self.look);
        self.screen.draw(|area, buffer| crate::ui::draw(app, look, area, buffer))
    }

    /// Somebody waits for it.
    fn draw_now(&mut self) {
        self.due = Some(Instant::now());
        self.asked = true;
    }

    /// Nobody has asked for it: not right after another such frame. The first answer follows the first frame at once.
    fn draw_soon(&mut self) {
        let now = Instant::now();
        let earliest = self.unasked.map_or(now, |last| (last + FRAME).max(now));
        self.due = self.due.or(Some(earliest));
    }

    /// The instant of the next full second of the clock; at most ten a second in a story that runs fast.
    fn next_second(&self) -> Instant {
        let into = Duration::from_nanos(u64::from(self.clock.now().timestamp_subsec_nanos() % 1_000_000_000));
        let left = Duration::from_secs(1).saturating_sub(into) + Duration::from_millis(2);
        Instant::now() + self.clock.lasts(left).max(FRAME)
    }

    fn time_passed(&mut self, second: &mut Instant) -> Result<(), Leave> {
        if Instant::now() < *second {
            return Ok(());
        }
        *second = self.next_second();
        // `fg` sends no signal to whoever runs in the background already.
        if self.away {
            self.come_back()?;
        }
        self.draw_soon();
        self.tell(Msg::Second)
    }

    /// A part of the past that no verdict has read yet; so little that no key waits for it.
    fn read_on(&mut self) -> Result<(), Leave> {
        self.draw_soon();
        self.tell(Msg::Behind)
    }

    fn pressed(&mut self, keys: &[KeyPress]) -> Result<(), Leave> {
        // All keys that wait are taken in one go, so that a held key does not queue frames.
        for key in keys {
            self.tell(Msg::Key(*key))?;
        }
        self.draw_now();
        // An endless stream of keys must not keep readings out.
        self.inbox.try_recv().map_or(Ok(()), |msg| self.take(msg))
    }

    fn news(&mut self, first: Msg) -> Result<(), Leave> {
        self.draw_soon();
        self.take(first)
    }

    /// Takes a message, and those that wait behind it until a key would have waited for long.
    fn take(&mut self, first: Msg) -> Result<(), Leave> {
        let begun = Instant::now();
        let mut next = Some(first);
        while let Some(msg) = next {
            exit::rehearse("loop");
            self.tell(msg)?;
            next = if begun.elapsed() < SLICE { self.inbox.try_recv().ok() } else { None };
        }
        Ok(())
    }

    /// Tells the app and does what it asks for.
    fn tell(&mut self, msg: Msg) -> Result<(), Leave> {
        if matches!(msg, Msg::Edited(_)) {
            self.take_back()?;
        }
        for effect in self.app.update(self.clock.now(), msg) {
            match effect {
                Effect::Quit => return Err(Leave),
                Effect::Follow(services) => self.scribe.follow(services),
                Effect::Poll(ids) => self.pollers.hurry(&ids),
                Effect::Ask(question) => self.pollers.ask(question),
                Effect::Names(source) => self.pollers.names(&source),
                Effect::Repaint => self.screen.forget(),
                Effect::Suspend => self.suspend()?,
                Effect::List => self.scribe.list(),
                Effect::Bell => self.screen.say("\x07"),
                Effect::Act(act) => self.act(act),
            }
        }
        Ok(())
    }

    /// Does what others can see.
    fn act(&mut self, act: Act) {
        match act.into_deed() {
            Deed::Append(service, entry) => self.scribe.append(service, entry),
            Deed::Remember(text) => self.scribe.remember(text),
            Deed::Copy(text) => self.copy(&text),
            Deed::Send(service, entry, parcel) => self.scribe.send(service, entry, parcel),
            Deed::Reopen(id) => self.scribe.reopen(id),
            Deed::Merge(id, into) => self.scribe.merge(id, into),
            Deed::AskPagers(service) => self.hands.ask_pagers(service),
            Deed::Acknowledge(service, page) => self.hands.acknowledge(service, page),
            Deed::Try(key) => self.hands.try_out(&key),
            Deed::Edit(text) => self.lend(&text),
            Deed::Export(service) => self.exporter.export(&self.app, service, self.clock.now()),
        }
    }

    /// Gives the terminal to the shell until `fg`. Where nobody could wake us (no job control, as under
    /// `ssh -t host sixty`), the kernel does not stop us and we go on.
    fn suspend(&mut self) -> Result<(), Leave> {
        screen::leave();
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        self.come_back()
    }

    /// Somebody stopped us from outside, and the shell may have set the terminal as it likes it.
    fn go_on(&mut self) -> Result<(), Leave> {
        if !self.away && self.taken.elapsed() < AFTER_FG { Ok(()) } else { self.come_back() }
    }

    /// Takes the terminal again, unless a shell has continued us in the background (`bg`, or `kill %1`, which must
    /// not find us stopped by asking for the terminal).
    fn come_back(&mut self) -> Result<(), Leave> {
        self.away = self.lent.is_some() || !screen::is_foreground();
        if self.away {
            return Ok(());
        }
        self.draw_now();
        let taken = self.screen.retake().map_err(|_| Leave);
        self.taken = Instant::now();
        taken
    }

    fn resized(&mut self) -> Result<(), Leave> {
        self.screen.forget();
        self.draw_now();
        let (width, height) = screen::size().map_err(|_| Leave)?;
        self.tell(Msg::Resized(width, height))
    }

    fn copy(&mut self, text: &str) {
        let text = crate::facts::text::clean(text);
        let between = clipboard::Between::of(&|name| std::env::var(name).ok());
        let asked = clipboard::sequence(&text, between).map(|sequence| self.screen.say(&sequence));
        self.scribe.copy(text, asked.err());
    }
}
