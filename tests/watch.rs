//! `sixty watch` as somebody who sleeps uses it: the real program against metrics on loopback that turn bad.
//!
//! Nothing sleeps but the program itself, whose patience is what is tested: the longest waits for a minute of silence.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod loopback;

use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use chrono::Utc;
use loopback::Loopback;
use loopback::Script;
use sixty::drill::Server;
use sixty::drill::Story;
use sixty::drill::StoryWorld;
use tempfile::TempDir;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::BufReader;
use tokio::io::Lines;
use tokio::process::Child;
use tokio::process::ChildStdout;
use tokio::process::Command;

/// Twenty minutes from now the simulated service is long broken.
const BROKEN: i64 = 1_200;

/// Longer than anything here takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(180);

/// A simulated service that is well, and is broken or well again when it is told to be.
struct World {
    server: Server,
    ahead: Arc<AtomicI64>,
}

impl World {
    async fn start(ahead: i64) -> Self {
        let now = Utc::now();
        let world =
            StoryWorld::new(Story::connection_leak(), 60, now - TimeDelta::hours(1), now + TimeDelta::minutes(10));
        let ahead = Arc::new(AtomicI64::new(ahead));
        let offset = Arc::clone(&ahead);
        let time = move || Utc::now() + TimeDelta::seconds(offset.load(Ordering::Relaxed));
        Self { server: Server::start(world, Arc::new(time), 0).await.unwrap(), ahead }
    }

    fn url(&self) -> String {
        format!("http://{}/metrics", self.server.address())
    }

    fn turn(&self, ahead: i64) {
        self.ahead.store(ahead, Ordering::Relaxed);
    }
}

/// A running watch, its lines, and its folder.
struct Watch {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    seen: Vec<String>,
    place: TempDir,
}

impl Watch {
    /// Of addresses, without a configuration.
    fn start(arguments: &[&str]) -> Self {
        Self::with("", &[arguments, &["--every", "1s", "--service", "shop"]].concat())
    }

    /// With a configuration, where there is one.
    fn with(config: &str, arguments: &[&str]) -> Self {
        let place = tempfile::tempdir().unwrap();
        if !config.is_empty() {
            std::fs::write(place.path().join("sixty.toml"), config).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_sixty"));
        command.arg("watch").args(arguments);
        command.current_dir(place.path()).env_clear().env("HOME", place.path()).env("TZ", "UTC");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, seen: Vec::new(), place }
    }

    /// Reads on until a line has these words.
    async fn until(&mut self, words: &str) {
        let read = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                self.seen.push(line);
                if self.seen.last().is_some_and(|line| line.contains(words)) {
                    return true;
                }
            }
            false
        };
        let found = tokio::time::timeout(PATIENCE, read).await.unwrap_or(false);
        assert!(found, "no line has `{words}`: {:#?}", self.seen);
    }

    /// The exit code, after all lines.
    async fn end(&mut self) -> i32 {
        while let Some(line) = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.unwrap().unwrap() {
            self.seen.push(line);
        }
        self.child.wait().await.unwrap().code().unwrap()
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(self.child.id().unwrap().try_into().unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }
}

/// An address at which nobody listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/metrics", listener.local_addr().unwrap())
}

#[tokio::test]
async fn it_rings_when_it_gets_worse_and_says_what_failed() {
    let world = World::start(0).await;
    let write = "printf '%s|%s|%s' \"$SIXTY_SERVICE\" \"$SIXTY_SEVERITY\" \"$SIXTY_HEADLINE\" > rang";
    let mut watch = Watch::start(&[&world.url(), "--run", write, "--run", "exit 7"]);
    watch.until("shop ok: ").await;
    // A terminal that goes is no reason to stop watching.
    watch.signal(rustix::process::Signal::HUP);
    world.turn(BROKEN);
    watch.until("shop is worse than when it began: ").await;
    assert_eq!(watch.end().await, 2, "{:#?}", watch.seen);
    let rang = std::fs::read_to_string(watch.path("rang")).unwrap();
    let parts: Vec<&str> = rang.splitn(3, '|').collect();
    assert_eq!(parts[..2], ["shop", "critical"], "{rang}");
    assert!(!parts[2].is_empty());
    assert!(
        watch.seen.iter().any(|line| line.contains("the command `exit 7` failed with exit code 7")),
        "{:#?}",
        watch.seen
    );
    // Only changes are lines.
    assert!(watch.seen.len() < 12, "{:#?}", watch.seen);
    assert!(!watch.path(".local").exists(), "it writes nothing");
}

#[tokio::test]
async fn a_script_waits_until_all_is_well() {
    let world = World::start(BROKEN).await;
    let mut watch = Watch::start(&[&world.url(), "--until", "ok", "--run", "echo $SIXTY_SEVERITY > rang"]);
    watch.until("shop critical: ").await;
    world.turn(0);
    assert_eq!(watch.end().await, 0, "{:#?}", watch.seen);
    assert!(watch.seen.iter().any(|line| line.contains("shop is well: ")), "{:#?}", watch.seen);
    assert_eq!(std::fs::read_to_string(watch.path("rang")).unwrap(), "ok\n");
}

#[tokio::test]
async fn what_was_critical_already_is_no_news() {
    let world = World::start(BROKEN).await;
    let mut watch = Watch::start(&[&world.url(), "--for", "35s"]);
    watch.until("shop critical: ").await;
    assert_eq!(watch.end().await, 0, "{:#?}", watch.seen);
    assert!(watch.seen.last().is_some_and(|line| line.contains("it did not get worse")), "{:#?}", watch.seen);
}

#[tokio::test]
async fn what_is_critical_ends_a_wait_for_it() {
    let world = World::start(BROKEN).await;
    let mut watch = Watch::start(&[&world.url(), "--until", "critical"]);
    assert_eq!(watch.end().await, 2, "{:#?}", watch.seen);
}

#[tokio::test]
async fn silence_counts_as_worse() {
    let mut watch = Watch::start(&[&nowhere(), "--run", "echo $SIXTY_SEVERITY > rang"]);
    assert_eq!(watch.end().await, 3, "{:#?}", watch.seen);
    let last = watch.seen.last().cloned().unwrap_or_default();
    assert!(last.contains("nothing is known for 1m, which counts as worse"), "{last}");
    assert_eq!(std::fs::read_to_string(watch.path("rang")).unwrap(), "unknown\n");
}

#[tokio::test]
async fn it_ends_when_it_is_asked_to_and_when_its_time_is_over() {
    let world = World::start(0).await;
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let mut watch = Watch::start(&[&world.url()]);
        watch.until("shop ok: ").await;
        watch.signal(signal);
        assert_eq!(watch.end().await, 0, "{:#?}", watch.seen);
        assert!(
            watch.seen.last().is_some_and(|line| line.contains("ends: it was asked to; shop is ok for ")),
            "{:#?}",
            watch.seen
        );
    }
    // A script must not take silence for well.
    for until in ["ok", "worse", "critical"] {
        let mut watch = Watch::start(&[&nowhere(), "--until", until, "--for", "2s"]);
        assert_eq!(watch.end().await, 3, "{:#?}", watch.seen);
        assert!(watch.seen.last().is_some_and(|line| line.ends_with("nothing was ever known")), "{:#?}", watch.seen);
    }
    for wrong in [&["--every", "0s"][..], &["--until", "soon"], &["nowhere:80"]] {
        let mut watch = Watch::start(wrong);
        assert_eq!(watch.end().await, 3, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_channel_is_told_once_and_with_what_is_known() {
    let world = World::start(BROKEN).await;
    let hooks = Loopback::start().await;
    hooks.on("/hook", Script::ok("text/plain", "thanks"));
    let secrets = tempfile::tempdir().unwrap();
    let hook = secrets.path().join("hook");
    std::fs::write(&hook, hooks.url("/hook").as_str()).unwrap();
    private(&hook);
    let config = format!(
        "[[service]]\nname = \"shop\"\ntargets = [\"{}\"]\n[[channel]]\nname = \"night\"\nkind = \"webhook\"\n\
         url = {{ file = \"{}\" }}\n[intervals]\nmetrics = \"1s\"\n",
        world.url(),
        hook.display()
    );
    let mut watch = Watch::with(&config, &["shop", "--until", "critical", "--post", "night"]);
    assert_eq!(watch.end().await, 2, "{:#?}", watch.seen);
    assert!(watch.seen.last().is_some_and(|line| line.contains("told night: ")), "{:#?}", watch.seen);
    let told = hooks.requests();
    assert_eq!((told.len(), told[0].method.as_str()), (1, "POST"));
    let body = &told[0].body;
    assert!(body.contains("shop is critical: critical, ") && body.contains("watch-"), "{body}");
    // Who may tell nobody is told so before anybody waits.
    for (arguments, expected) in [
        (&["--post", "day"][..], "there is no channel `day`; there are: night"),
        (&["--post", "night", "--read-only"], "--read-only means that nobody is told anything"),
    ] {
        let mut watch = Watch::with(&config, arguments);
        assert_eq!(watch.end().await, 3);
        let mut words = String::new();
        watch.child.stderr.take().unwrap().read_to_string(&mut words).await.unwrap();
        assert!(words.contains(expected), "{words}");
    }
}

/// A secret's file is its owner's alone.
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
