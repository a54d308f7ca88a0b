//! The loop: signals, keys, readings and seconds in that order; then one frame; then the effects.

use std::io;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use ratatui::crossterm::event::Event;
use ratatui::crossterm::event::EventStream;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::unbounded_channel;

use crate::app::App;
use crate::app::Effect;
use crate::app::Msg;
use crate::app::Settings;
use crate::runtime::Clock;
use crate::runtime::clipboard;
use crate::runtime::input;
use crate::runtime::journal::Access;
use crate::runtime::pollers::News;
use crate::runtime::pollers::Pollers;
use crate::runtime::screen;
use crate::runtime::screen::Screen;
use crate::runtime::scribe::Scribe;
use crate::sources::Source;
use crate::ui::Look;

/// Readings may come in bursts; between two frames that no key asked for lies at least this.
const FRAME: Duration = Duration::from_millis(100);

/// Everything that a session needs to run.
pub struct Session {
    /// What the app is told once.
    pub settings: Settings,
    /// What is asked.
    pub sources: Vec<Source>,
    /// Readings that are there before the first frame (the past of a demo).
    pub past: Vec<Msg>,
    /// The time.
    pub clock: Clock,
    /// How it looks.
    pub look: Look,
    /// Where journals and copies are kept.
    pub state: PathBuf,
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
    /// When the terminal cannot be taken, or is gone.
    pub fn run(self) -> io::Result<Ending> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.watch())
    }

    async fn watch(self) -> io::Result<Ending> {
        let clock = self.clock;
        let mut app = App::new(self.settings, clock.now());
        for msg in self.past {
            app.update(clock.now(), msg);
        }
        let (sender, inbox) = unbounded_channel();
        // The first answers are on their way while the first frame is painted.
        let pollers = Pollers::start(self.sources, clock, sender.clone())?;
        let screen = Screen::take()?;
        let access = if app.mode().is_read_only() { Access::ReadOnly } else { Access::Write };
        let services = app.services().iter().map(|service| service.name.clone()).collect();
        let scribe = Scribe::start(self.state.clone(), services, access, clock, sender)?;
        let signals = Signals::new()?;
        let desk =
            Desk { app, screen, look: self.look, clock, pollers, scribe, state: self.state, painted: Instant::now() };
        desk.serve(inbox, signals).await
    }
}

/// The signals that end the program or give it back its terminal.
struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    go_on: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        // SIGCONT has no name of its own in tokio.
        let go_on = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            go_on,
        })
    }
}

struct Desk {
    app: App,
    screen: Screen,
    look: Look,
    clock: Clock,
    pollers: Pollers,
    scribe: Scribe,
    state: PathBuf,
    painted: Instant,
}

/// What the loop does next.
enum Next {
    /// Draw at once: somebody waits for it.
    Draw,
    /// Draw soon.
    Soon,
    /// Leave.
    Leave(Ending),
}

impl Desk {
    async fn serve(mut self, mut inbox: UnboundedReceiver<News>, mut signals: Signals) -> io::Result<Ending> {
        let mut keys = EventStream::new();
        self.paint()?;
        let mut due: Option<Instant> = None;
        let mut second = self.next_second();
        loop {
            let frame = due.unwrap_or(second).min(second);
            let next = tokio::select! {
                biased;
                _ = signals.terminate.recv() => Next::Leave(Ending::Left),
                _ = signals.hang_up.recv() => Next::Leave(Ending::Left),
                _ = signals.interrupt.recv() => Next::Leave(Ending::Left),
                _ = signals.go_on.recv() => { self.screen.retake()?; Next::Draw }
                event = keys.next() => match event {
                    // Keys that wait already are taken in one go, so that a held key does not queue frames.
                    Some(Ok(event)) => self.events(event, &mut keys)?,
                    Some(Err(_)) | None => Next::Leave(Ending::Left),
                },
                news = inbox.recv() => self.news(news, &mut inbox)?,
                () = tokio::time::sleep_until(frame.into()) => {
                    if Instant::now() >= second {
                        second = self.next_second();
                        self.tell(Msg::Second)?;
                    }
                    Next::Draw
                }
            };
            match next {
                Next::Leave(ending) => return Ok(ending),
                Next::Draw => {
                    self.paint()?;
                    due = None;
                }
                Next::Soon => due = due.or(Some((self.painted + FRAME).max(Instant::now()))),
            }
        }
    }

    /// The instant of the next full second of the clock; at most five a second in a story that runs fast.
    fn next_second(&self) -> Instant {
        let into = Duration::from_nanos(u64::from(self.clock.now().timestamp_subsec_nanos() % 1_000_000_000));
        let left = Duration::from_secs(1).saturating_sub(into) + Duration::from_millis(2);
        Instant::now()
            + self
                .clock
                .lasts(left)
                .max(Duration::from_millis(200).min(self.clock.lasts(Duration::from_secs(1)).max(FRAME)))
    }

    fn paint(&mut self) -> io::Result<()> {
        self.painted = Instant::now();
        let (app, look) = (&self.app, &self.look);
        self.screen.draw(|area, buffer| crate::ui::draw(app, look, area, buffer))
    }

    fn events(&mut self, first: Event, keys: &mut EventStream) -> io::Result<Next> {
        let mut event = Some(first);
        while let Some(now) = event {
            let msg = match now {
                Event::Resize(width, height) => Some(Msg::Resized(width, height)),
                Event::Key(key) => input::press(key).map(Msg::Key),
                _ => None,
            };
            if let Some(msg) = msg
                && self.tell(msg)?
            {
                return Ok(Next::Leave(Ending::Left));
            }
            event = keys.next().now_or_never().flatten().and_then(Result::ok);
        }
        Ok(Next::Draw)
    }

    fn news(&mut self, first: Option<News>, inbox: &mut UnboundedReceiver<News>) -> io::Result<Next> {
        let mut news = first;
        while let Some(now) = news {
            match now {
                News::Died => return Ok(Next::Leave(Ending::Died)),
                News::Msg(msg) => {
                    self.tell(msg)?;
                }
            }
            news = inbox.try_recv().ok();
        }
        Ok(Next::Soon)
    }

    /// Tells the app and does what it asks for; `true` when it wants to leave.
    fn tell(&mut self, msg: Msg) -> io::Result<bool> {
        for effect in self.app.update(self.clock.now(), msg) {
            match effect {
                Effect::Quit => return Ok(true),
                Effect::Append(service, entry) => self.scribe.append(service, entry),
                Effect::Poll(ids) => self.pollers.hurry(&ids),
                Effect::Repaint => self.screen.forget()?,
                Effect::Suspend => self.suspend()?,
                Effect::Copy(text) => self.copy(&text)?,
            }
        }
        Ok(false)
    }

    /// Gives the terminal to the shell until `fg`. Where nobody could wake us (no job control, as under
    /// `ssh -t host sixty`), the kernel does not stop us and we go on.
    fn suspend(&mut self) -> io::Result<()> {
        screen::leave();
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        self.screen.retake()
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        let text = crate::facts::text::clean(text);
        self.screen.send(&clipboard::sequence(&text, std::env::var_os("TMUX").is_some()))?;
        let result = clipboard::save(&self.state, &text);
        let _ = self.app.update(self.clock.now(), Msg::Copied(result));
        Ok(())
    }
}
