//! `sixty watch`: waits without a screen until a service gets worse, and then rings, so that a person can sleep.
//!
//! The same sources and the same [`App`] as the screen; it writes nothing. When it is worse is decided in `lookout`,
//! which knows no clock; here time passes, lines are printed and commands are run.

mod alarm;
mod lookout;

use std::io;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::unbounded_channel;

use crate::app::App;
use crate::app::Msg;
use crate::commands::cli;
use crate::commands::cli::Cli;
use crate::commands::cli::Until;
use crate::commands::prepare;
use crate::commands::report;
use crate::commands::report::gather;
use crate::facts::At;
use crate::facts::text::clean;
use crate::runtime::Clock;
use crate::runtime::EndSignals;
use crate::runtime::exit;
use crate::runtime::pollers::Pollers;
use crate::signals::units;
use crate::sources::embedded::recording::Access as Recordings;
use crate::triage::Severity;
use lookout::Lookout;
use lookout::Sight;
use lookout::Verdict;

/// It is looked that often.
const LOOK: Duration = Duration::from_secs(1);

/// When the clock on the wall went on by so much more than ours, the machine slept, or its clock was set.
const SLEPT: Duration = Duration::from_secs(20);

/// Watches.
pub fn run(cli: &Cli, wish: &cli::Watch) -> ExitCode {
    match watched(cli, wish) {
        Ok(code) => ExitCode::from(code),
        Err(sentences) => report::cannot_tell(&sentences),
    }
}

/// Watches until there is something to exit with.
fn watched(cli: &Cli, wish: &cli::Watch) -> Result<u8, String> {
    let clock = Clock::machine();
    let mut prepared = prepare::prepare(cli)?;
    if let Some(every) = wish.every {
        if every < Duration::from_secs(1) {
            return Err("--every: write a time of at least 1s".to_owned());
        }
        prepared.config.intervals.metrics = every;
        for server in &mut prepared.config.prometheus {
            server.every = every;
        }
    }
    let channels = alarm::channels(&wish.post, std::mem::take(&mut prepared.config.channels), cli.options.read_only)?;
    let subject = gather::subject_of(prepared, Recordings::ReadOnly, clock)?;
    let began = clock.now();
    let app = App::new(subject.settings, began);
    let deaf = |error: io::Error| format!("the signals of the system cannot be heard: {error}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(deaf)?;
    runtime.block_on(async {
        let signals = EndSignals::new().map_err(deaf)?;
        let (sender, inbox) = unbounded_channel();
        let pollers = Pollers::start(subject.sources, clock, sender)
            .map_err(|error| format!("no source can be asked: {error}"))?;
        let lookout = Lookout::new(wish.until);
        let mut post = Post {
            app,
            clock,
            began,
            lookout,
            inbox,
            signals,
            passed: Duration::ZERO,
            waking: Duration::ZERO,
            limit: wish.limit,
        };
        let ended = post.stand().await;
        drop(pollers);
        match ended {
            Ended::Broken => Ok(exit::PANICKED),
            Ended::Asked => {
                say(clock.now(), &format!("ends: it was asked to; {}", post.lookout.standing(post.waking)));
                Ok(0)
            }
            Ended::Over => Ok(post.over()),
            Ended::Seen(verdict) => {
                say(clock.now(), &verdict.words);
                let alarm = alarm::raise(&verdict, wish, &channels, clock.now());
                // Whoever asks it to end while a command runs does not wait for that.
                let told = tokio::select! {
                    told = alarm => told,
                    () = post.signals.come() => vec!["ends before all of it was done".to_owned()],
                };
                for words in &told {
                    say(clock.now(), words);
                }
                Ok(verdict.severity.exit_code())
            }
        }
    })
}

/// How a watch ended.
enum Ended {
    /// What it waited for has come.
    Seen(Verdict),
    /// Its time is over.
    Over,
    /// A signal asked for it.
    Asked,
    /// A task panicked; the report was printed.
    Broken,
}

struct Post {
    app: App,
    clock: Clock,
    began: At,
    lookout: Lookout,
    inbox: UnboundedReceiver<Msg>,
    signals: EndSignals,
    /// How long it has been watched, sleep of the machine included.
    passed: Duration,
    /// The same without its sleep.
    waking: Duration,
    limit: Option<Duration>,
}

impl Post {
    async fn stand(&mut self) -> Ended {
        let (mut awake, mut wall) = (Instant::now(), self.clock.now());
        let mut next = Instant::now() + LOOK;
        loop {
            tokio::select! {
                biased;
                () = exit::panicked() => return Ended::Broken,
                () = self.signals.come() => return Ended::Asked,
                () = tokio::time::sleep_until(next.into()) => {
                    let (step, on_wall) = (awake.elapsed(), self.clock.now() - wall);
                    (awake, wall) = (Instant::now(), self.clock.now());
                    next = awake + LOOK;
                    self.waking += step;
                    let slept = on_wall.to_std().unwrap_or_default().saturating_sub(step);
                    self.passed += if slept > SLEPT { step + slept } else { step };
                    if slept > SLEPT {
                        let words = format!("goes on after a sleep of the machine, or its clock was set: {}", units::age(slept));
                        say(wall, &words);
                        // What was so before says nothing of now.
                        self.lookout.woke();
                    }
                    if let Some(verdict) = self.look(self.waking) {
                        return Ended::Seen(verdict);
                    }
                    if self.limit.is_some_and(|limit| self.passed >= limit) {
                        return Ended::Over;
                    }
                }
                msg = self.inbox.recv() => match msg {
                    Some(msg) => drop(self.app.update(self.clock.now(), msg)),
                    None => return Ended::Broken,
                },
            }
        }
    }

    /// Looks once; what there is to say is printed.
    fn look(&mut self, waking: Duration) -> Option<Verdict> {
        let now = self.clock.now();
        self.app.update(now, Msg::Second);
        // There is no key that would wait: what has come is judged whole.
        self.app.settle();
        let began = self.began;
        let sights: Vec<Sight> = self.app.services().iter().map(|service| Sight::of(service, began)).collect();
        let (lines, verdict) = self.lookout.look(waking, &sights);
        for words in &lines {
            say(now, words);
        }
        verdict
    }

    /// Its time is over: what to say, and to exit with.
    fn over(&self) -> u8 {
        let now = self.clock.now();
        let long = units::age(self.limit.unwrap_or_default());
        if !self.lookout.ever_known() {
            // That nothing got worse is more than anybody knows.
            say(now, &format!("ends after {long}: nothing was ever known"));
            return Severity::Unknown.exit_code();
        }
        match self.lookout.until() {
            Until::Worse => {
                say(now, &format!("ends after {long}: it did not get worse"));
                0
            }
            Until::Critical => {
                say(now, &format!("ends after {long}: nothing was critical"));
                0
            }
            Until::Ok => {
                say(now, &format!("ends after {long}: it was not well"));
                // A script must not take it for well.
                match self.app.severity() {
                    Severity::Ok | Severity::Info => Severity::Unknown.exit_code(),
                    other => other.exit_code(),
                }
            }
        }
    }
}

/// A line on the standard output. Who reads it may go; the watch goes on.
fn say(at: At, words: &str) {
    let line = format!("{} {}\n", at.format("%Y-%m-%dT%H:%M:%SZ"), clean(words));
    let mut out = io::stdout().lock();
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}
