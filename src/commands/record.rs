//! `sixty record`: keeps the history of the metrics, without a screen, as a service of the system.
//!
//! The same engines and pollers as the screen. What it says goes to the standard error, a line with its time whenever
//! something changes, so that a journal of the system stays short.

mod addresses;

use std::collections::BTreeMap;
use std::io;
use std::process::ExitCode;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::unbounded_channel;

use crate::app::Mode;
use crate::app::Msg;
use crate::commands::cli::Cli;
use crate::commands::prepare;
use crate::facts::At;
use crate::facts::Payload;
use crate::facts::Reading;
use crate::facts::SourceId;
use crate::runtime::Clock;
use crate::runtime::EndSignals;
use crate::runtime::exit;
use crate::runtime::pollers::Pollers;
use crate::runtime::setup;
use crate::runtime::setup::Wish;
use crate::signals::units;
use crate::sources::embedded::recording::Access;

/// Records until a signal ends it.
///
/// # Errors
/// Why it cannot begin.
pub fn run(cli: &Cli) -> Result<ExitCode, String> {
    if cli.options.read_only {
        return Err("--read-only means that nothing is written, and record writes; leave one of them out".to_owned());
    }
    let prepared = prepare::prepare(cli)?;
    let mut config = prepared.config;
    let clock = Clock::machine();
    if !config.recording.enabled {
        return Err("recording is switched off; take `enabled = false` out of [recording]".to_owned());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the signals of the system cannot be heard: {error}"))?;
    runtime.block_on(addresses::settle(&mut config))?;
    let wish = Wish { mode: Mode::ReadOnly, service: prepared.service, who: None, badge: None, only: true };
    setup::settings(&config, &wish, &[], clock.now()).map_err(|all| all.join("\n"))?;
    config.services.retain(|service| wish.service.as_deref().is_none_or(|name| *service.name == *name));
    // A server that is asked for metrics keeps their history by itself.
    config.services.retain(|service| !service.targets.is_empty());
    if config.services.is_empty() {
        return Err(
            "no service has targets that could be scraped; a server of [[prometheus]] keeps its own history".to_owned()
        );
    }
    let deaf = |error: io::Error| format!("the signals of the system cannot be heard: {error}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(deaf)?;
    // Before the first write.
    runtime.block_on(async { exit::outlive_large_files() }).map_err(deaf)?;
    let recorder = setup::recorder(&config, &prepared.state, Access::Shared, "sixty record");
    recorder.open(clock.now()).map_err(|why| format!("nothing can be recorded: {why}"))?;
    let engines = setup::engines(&config, &recorder);
    let ended = runtime.block_on(async {
        let mut signals = EndSignals::new()?;
        let (sender, mut inbox) = unbounded_channel();
        let services = match config.services.as_slice() {
            [one] => one.name.to_string(),
            all => format!("{} services", all.len()),
        };
        let every = units::age(config.intervals.metrics);
        let file = recorder.path().unwrap_or_default();
        let size = config.recording.size / 1_000_000;
        say(clock.now(), &format!("keeps {services}, every {every}, in {} of at most {size} MB", file.display()));
        let _pollers = Pollers::start(engines, clock, sender)?;
        notify("READY=1");
        Ok::<_, io::Error>(listen(&mut inbox, &mut signals, clock).await)
    });
    notify("STOPPING=1");
    recorder.close();
    match ended {
        Ok(Ended::Asked) => {
            say(clock.now(), "ends");
            Ok(ExitCode::SUCCESS)
        }
        Ok(Ended::Panicked) => Ok(ExitCode::from(exit::PANICKED)),
        Err(error) => Err(format!("nothing can be recorded: {error}")),
    }
}

/// How it came to an end.
enum Ended {
    /// A signal asked for it.
    Asked,
    /// A task panicked; the report was printed.
    Panicked,
}

async fn listen(inbox: &mut UnboundedReceiver<Msg>, signals: &mut EndSignals, clock: Clock) -> Ended {
    let mut states = States::default();
    loop {
        tokio::select! {
            () = exit::panicked() => return Ended::Panicked,
            () = signals.come() => return Ended::Asked,
            msg = inbox.recv() => match msg {
                Some(Msg::Arrived(reading)) => {
                    for line in states.news(&reading) {
                        say(clock.now(), &line);
                    }
                }
                Some(Msg::Logged(text, _)) => say(clock.now(), &text),
                Some(_) => {}
                None => return Ended::Panicked,
            },
        }
    }
}

/// What is wrong, since when: of a source as a whole, and of its targets.
#[derive(Default)]
struct States(BTreeMap<(SourceId, String), (String, At)>);

impl States {
    /// What a reading changes, a line each.
    fn news(&mut self, reading: &Reading) -> Vec<String> {
        let whole = String::new();
        let mut now = Vec::new();
        match &reading.body {
            Err(fault) => now.push((whole, Some(fault.to_string()))),
            Ok(Payload::Signals(batch)) => {
                now.push((whole, None));
                let several = batch.about.targets.len() > 1;
                now.extend(
                    batch
                        .about
                        .targets
                        .iter()
                        .filter(|_| several)
                        .map(|target| (target.address.clone(), target.outcome.as_ref().err().map(ToString::to_string))),
                );
            }
            Ok(_) => {}
        }
        let of = &reading.source;
        now.into_iter().filter_map(|(part, fault)| self.change(of, part, fault, reading.at)).collect()
    }

    fn change(&mut self, of: &SourceId, part: String, fault: Option<String>, at: At) -> Option<String> {
        let name = if part.is_empty() { of.to_string() } else { format!("{of}: {part}") };
        let key = (of.clone(), part);
        let Some(fault) = fault else {
            let (_, since) = self.0.remove(&key)?;
            return Some(format!("{name}: answers again after {}", units::between(since, at)));
        };
        let since = self.0.get(&key).map_or(at, |(_, since)| *since);
        let is_new = self.0.insert(key, (fault.clone(), since)).is_none_or(|(before, _)| before != fault);
        is_new.then(|| format!("{name}: {fault}"))
    }
}

fn say(at: At, words: &str) {
    exit::say(format!("{} {words}", at.format("%Y-%m-%dT%H:%M:%SZ")));
}

/// Tells a service manager, if there is one, how far we are.
fn notify(words: &str) {
    use std::os::unix::ffi::OsStrExt as _;
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let Ok(sender) = std::os::unix::net::UnixDatagram::unbound() else { return };
    #[cfg(target_os = "linux")]
    if let Some(name) = socket.as_bytes().strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt as _;
        if let Ok(address) = std::os::unix::net::SocketAddr::from_abstract_name(name) {
            let _ = sender.send_to_addr(words.as_bytes(), &address);
        }
        return;
    }
    let _ = sender.send_to(words.as_bytes(), socket);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Fault;
    use crate::facts::FaultKind;
    use std::time::Duration;

    #[test]
    fn only_what_changes_is_said() {
        let mut states = States::default();
        let at = |second: i64| At::from_timestamp(1_800_000_000 + second, 0).unwrap();
        let reading = |second, body| Reading {
            source: SourceId::new("metrics shop"),
            at: at(second),
            took: Duration::ZERO,
            body,
        };
        let refused = || Err(Fault::new(FaultKind::Connect, "connection refused"));
        let timeout = || Err(Fault::new(FaultKind::Timeout, "no answer within 5 s"));
        assert_eq!(states.news(&reading(0, refused())), ["metrics shop: connection refused"]);
        assert!(states.news(&reading(5, refused())).is_empty());
        assert_eq!(states.news(&reading(10, timeout())), ["metrics shop: no answer within 5 s"]);
        let about = crate::facts::EngineReport::default();
        let batch =
            crate::facts::Batch { points: Vec::new(), splits: Vec::new(), changes: Vec::new(), about: about.into() };
        let well = || Ok(Payload::Signals(batch.clone()));
        assert_eq!(states.news(&reading(35, well())), ["metrics shop: answers again after 35s"]);
        assert!(states.news(&reading(40, well())).is_empty());
    }
}
