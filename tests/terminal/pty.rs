//! The real program in a real pseudo-terminal, seen through the eyes of a terminal emulator.
//!
//! Nothing sleeps: every wait is for a condition, with a deadline that only a failure reaches.

use std::io::Read as _;
use std::io::Write as _;
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use portable_pty::CommandBuilder;
use portable_pty::ExitStatus;
use portable_pty::MasterPty;
use portable_pty::PtySize;
use portable_pty::native_pty_system;
use rustix::process::Pid;
use rustix::process::Signal;

/// Only a failure takes so long.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A command line for the terminal, with an environment of its own.
pub struct Command {
    builder: CommandBuilder,
    size: (u16, u16),
}

impl Command {
    /// The program under test. `home` is all that it knows of the file system.
    pub fn sixty(home: &Path) -> Self {
        Self::new(env!("CARGO_BIN_EXE_sixty"), home)
    }

    /// Any program.
    pub fn new(program: &str, home: &Path) -> Self {
        let mut builder = CommandBuilder::new(program);
        builder.env_clear();
        builder.cwd(home);
        let mut command = Self { builder, size: (120, 36) };
        for (name, value) in [
            ("PATH", "/usr/bin:/bin"),
            ("HOME", &*home.to_string_lossy()),
            ("USER", "ana"),
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("TZ", "UTC"),
        ] {
            command = command.env(name, value);
        }
        command
    }

    pub fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.builder.args(args);
        self
    }

    pub fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Self {
        self.builder.arg(arg);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.builder.env(name, value);
        self
    }

    /// Columns and rows.
    pub const fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    pub fn start(self) -> Term {
        Term::start(self)
    }
}

/// What the terminal has seen so far.
pub struct Seen {
    /// All bytes, raw.
    pub bytes: Vec<u8>,
    emulator: vt100::Parser,
    ended: bool,
    paused: bool,
    hang_up: bool,
}

impl Seen {
    /// What stands on the screen.
    pub fn text(&self) -> String {
        self.emulator.screen().contents()
    }

    /// Whether the program has the alternate screen.
    pub fn alternate(&self) -> bool {
        self.emulator.screen().alternate_screen()
    }

    /// Whether the cursor is hidden.
    pub fn cursor_hidden(&self) -> bool {
        self.emulator.screen().hide_cursor()
    }

    /// Whether the bytes hold these.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        count(&self.bytes, bytes) > 0
    }
}

/// How often bytes are found in others.
pub fn count(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).filter(|window| *window == wanted).count()
}

/// A running program in its terminal.
pub struct Term {
    shared: Arc<(Mutex<Seen>, Condvar)>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn std::io::Write + Send>>,
    reader: Option<JoinHandle<()>>,
    ending: mpsc::Receiver<ExitStatus>,
    ended: Option<ExitStatus>,
    /// The process that was started.
    pub pid: Pid,
    /// The terminal's modes before the program was started.
    pub modes: String,
}

fn cells(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn at_least_one(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN)
}

impl Term {
    fn start(command: Command) -> Self {
        let (columns, rows) = command.size;
        let pair = native_pty_system().openpty(cells(columns, rows)).unwrap();
        let modes = format!("{:?}", pair.master.get_termios().unwrap());
        let mut child = pair.slave.spawn_command(command.builder).unwrap();
        drop(pair.slave);
        let pid = Pid::from_raw(child.process_id().unwrap() as i32).unwrap();
        let (ended, ending) = mpsc::channel();
        std::thread::spawn(move || ended.send(child.wait().unwrap()));
        let seen = Seen {
            bytes: Vec::new(),
            emulator: vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0),
            ended: false,
            paused: false,
            hang_up: false,
        };
        let shared = Arc::new((Mutex::new(seen), Condvar::new()));
        let watched = Arc::clone(&shared);
        let input = pair.master.try_clone_reader().unwrap();
        let reader = std::thread::spawn(move || watch(input, &watched));
        let writer = Some(pair.master.take_writer().unwrap());
        Self { shared, master: Some(pair.master), writer, reader: Some(reader), ending, ended: None, pid, modes }
    }

    /// Types.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(bytes.as_ref()).unwrap();
        writer.flush().unwrap();
    }

    /// Waits until what was seen meets a condition; answers how long it took.
    pub fn wait(&self, what: &str, mut condition: impl FnMut(&Seen) -> bool) -> Duration {
        let began = Instant::now();
        let (seen, changed) = &*self.shared;
        let mut seen = lock(seen);
        while !condition(&seen) {
            let left = DEADLINE.saturating_sub(began.elapsed());
            assert!(
                !left.is_zero() && !seen.ended,
                "{what}: not within {DEADLINE:?} (ended: {})\n{}\n--\n{}",
                seen.ended,
                seen.text(),
                String::from_utf8_lossy(&seen.bytes[seen.bytes.len().saturating_sub(400)..]).escape_debug()
            );
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
        began.elapsed()
    }

    /// Waits until what was seen meets a condition, or the program has ended.
    pub fn wait_end_or(&self, what: &str, mut condition: impl FnMut(&Seen) -> bool) {
        let (seen, changed) = &*self.shared;
        let mut seen = lock(seen);
        let began = Instant::now();
        while !seen.ended && !condition(&seen) {
            let left = DEADLINE.saturating_sub(began.elapsed());
            assert!(!left.is_zero(), "{what}\n{}", seen.text());
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits for a text on the screen.
    pub fn wait_text(&self, text: &str) -> Duration {
        self.wait(text, |seen| seen.text().contains(text))
    }

    /// Looks at what was seen.
    pub fn look<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&lock(&self.shared.0))
    }

    /// What stands on the screen.
    pub fn text(&self) -> String {
        self.look(Seen::text)
    }

    /// The terminal's modes now.
    pub fn modes(&self) -> String {
        format!("{:?}", self.master.as_ref().unwrap().get_termios().unwrap())
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid, signal).unwrap();
    }

    /// Another size of the terminal.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.look_mut(|seen| {
            seen.emulator = vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0);
            // The program believes to be on the alternate screen.
            seen.emulator.process(b"\x1b[?1049h\x1b[?25l");
        });
        self.master.as_ref().unwrap().resize(cells(columns, rows)).unwrap();
    }

    /// Reads nothing more from the program, or goes on.
    pub fn freeze(&self, frozen: bool) {
        self.look_mut(|seen| seen.paused = frozen);
    }

    fn look_mut(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut lock(&self.shared.0));
        self.shared.1.notify_all();
    }

    /// Closes the terminal under the program.
    pub fn hang_up(&mut self) {
        self.look_mut(|seen| seen.hang_up = true);
        // The reader ends with the program's next frame, at the latest in a second.
        self.reader.take().unwrap().join().unwrap();
        self.writer = None;
        self.master = None;
    }

    /// How the program ended.
    pub fn ended(&mut self) -> ExitStatus {
        if self.ended.is_none() {
            let ending = self.ending.recv_timeout(DEADLINE);
            self.ended = ending.ok();
        }
        self.ended.clone().unwrap_or_else(|| panic!("the program does not end\n{}", self.text()))
    }

    /// Sends keys again and again until the program ends.
    pub fn insist(&mut self, keys: &str) {
        let began = Instant::now();
        while self.ended.is_none() && began.elapsed() < DEADLINE {
            self.send(keys);
            self.ended = self.ending.recv_timeout(Duration::from_millis(200)).ok();
        }
    }

    /// How the program ended, and what it had written by then.
    pub fn end(&mut self) -> End {
        let began = Instant::now();
        let status = self.ended();
        let took = began.elapsed();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        let modes = self.master.as_ref().map(|_| self.modes());
        let signal = status.signal().map(str::to_owned);
        self.look(|seen| End {
            code: status.exit_code(),
            signal,
            took,
            modes,
            bytes: seen.bytes.clone(),
            text: seen.text(),
            alternate: seen.alternate(),
            cursor_hidden: seen.cursor_hidden(),
        })
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let _ = rustix::process::kill_process(self.pid, Signal::KILL);
        }
        self.look_mut(|seen| seen.paused = false);
    }
}

/// A failed wait poisons the lock; what was seen is still worth reading.
fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a program ended.
pub struct End {
    pub code: u32,
    pub signal: Option<String>,
    pub took: Duration,
    /// The terminal's modes afterwards; `None` where it was closed.
    pub modes: Option<String>,
    pub bytes: Vec<u8>,
    pub text: String,
    pub alternate: bool,
    pub cursor_hidden: bool,
}

impl End {
    /// What was written after the alternate screen was left.
    pub fn last_words(&self) -> &[u8] {
        const LEAVE: &[u8] = b"\x1b[?1049l";
        let at = self.bytes.windows(LEAVE.len()).rposition(|window| window == LEAVE).expect("the screen is left");
        let words = &self.bytes[at + LEAVE.len()..];
        words.strip_prefix(b"\x1b[?25h").expect("the cursor is shown")
    }

    /// The terminal is as it was.
    pub fn assert_restored(&self, before: &str) {
        assert_eq!(self.signal, None);
        assert!(!self.alternate && !self.cursor_hidden);
        assert_eq!(self.modes.as_deref(), Some(before));
        assert_eq!(count(&self.bytes, b"\x1b[?1049h"), count(&self.bytes, b"\x1b[?1049l"));
    }
}

fn watch(mut input: Box<dyn std::io::Read + Send>, shared: &(Mutex<Seen>, Condvar)) {
    let (seen, changed) = shared;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = input.read(&mut buffer).unwrap_or(0);
        let mut seen = lock(seen);
        seen.bytes.extend_from_slice(&buffer[..count]);
        seen.emulator.process(&buffer[..count]);
        seen.ended = count == 0;
        changed.notify_all();
        if count == 0 || seen.hang_up {
            return;
        }
        while seen.paused {
            seen = changed.wait(seen).unwrap();
        }
    }
}
