//! The terminal: taken at the start, given back on every way out.
//!
//! Raw mode and the alternate screen are left by [`Screen`]'s `Drop`, by the panic hook and before a stop; leaving
//! twice does no harm. Frames are written by a thread of their own: a terminal that takes nothing (a dead link, a
//! frozen window) blocks that thread, never keys, signals or readings. After [`leave`] no frame reaches the
//! terminal, so that a report stands where it was printed. Mouse capture is never switched on, so that text can be
//! selected as everywhere else.

use std::fs::File;
use std::io;
use std::io::IsTerminal;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ratatui::backend::Backend as _;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustix::termios::LocalModes;
use rustix::termios::OptionalActions;
use rustix::termios::Termios;
use tokio::sync::Notify;

/// The alternate screen, without a cursor.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?25l";

/// Plain letters, the screen from before, its cursor.
const LEAVE: &[u8] = b"\x1b[0m\x1b[?2004l\x1b[?1049l\x1b[?25h";

/// How long a terminal that takes nothing may keep us from leaving it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Larger screens are drawn up to here: a terminal may claim 65535 by 65535 cells.
const LARGEST: (u16, u16) = (1_000, 500);

/// The terminal's modes from before; there while it is in our hands. A static because the panic hook needs it.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Whether frames may be written: the terminal is ours.
static OPEN: AtomicBool = AtomicBool::new(false);

/// Whether [`ENTER`] was written and [`LEAVE`] was not.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Held while bytes are written, for as long as the terminal likes: only threads that may wait wait for it.
static PEN: Mutex<()> = Mutex::new(());

/// A lock whose holder panicked still guards a plain value.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why the program cannot draw here, in one kind sentence.
///
/// # Errors
/// The sentence.
pub fn check_terminal(term: Option<&str>) -> Result<(), String> {
    let report = "`sixty report` prints the same facts as text, Markdown or JSON";
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(format!("sixty draws on a terminal, and this is not one; {report}"));
    }
    if term == Some("dumb") {
        return Err(format!("this terminal cannot be drawn on (TERM=dumb); {report}"));
    }
    Ok(())
}

/// The terminal in our hands.
pub struct Screen {
    shown: Buffer,
    next: Buffer,
    /// What the terminal shows is not known: the next frame is sent whole.
    whole: bool,
    /// Sequences that go before the next frame.
    before: Vec<u8>,
    frames: mpsc::Sender<Vec<u8>>,
    written: Arc<Written>,
}

/// What the writing thread tells.
#[derive(Default)]
struct Written {
    /// A frame is being written.
    busy: AtomicBool,
    /// Somebody waits for the end of it.
    awaited: AtomicBool,
    /// The terminal is gone.
    gone: AtomicBool,
    told: Notify,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When the terminal does not obey, or the machine gives no thread.
    pub fn take() -> io::Result<Self> {
        let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let (frames, inbox) = mpsc::channel::<Vec<u8>>();
        let written = Arc::new(Written::default());
        let told = Arc::clone(&written);
        thread::Builder::new().name("screen".into()).spawn(move || write_frames(output, &inbox, &told))?;
        enter()?;
        let nothing = Buffer::empty(Rect::ZERO);
        Ok(Self { shown: nothing.clone(), next: nothing, whole: true, before: ENTER.to_vec(), frames, written })
    }

    /// Whether a frame can be drawn now. When not, [`Screen::freed`] tells when it can.
    #[must_use]
    pub fn is_free(&self) -> bool {
        if !self.written.busy.load(Ordering::SeqCst) {
            return true;
        }
        self.written.awaited.store(true, Ordering::SeqCst);
        // It may have ended between the two.
        !self.written.busy.load(Ordering::SeqCst)
    }

    /// Ends when a frame that [`Screen::is_free`] saw under way is written, or the terminal is gone.
    pub async fn freed(&self) {
        self.written.told.notified().await;
    }

    /// Whether the terminal is gone for good.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.written.gone.load(Ordering::SeqCst)
    }

    /// Draws a frame; only what differs from the one before is sent.
    ///
    /// # Errors
    /// When the terminal has no size any more.
    pub fn draw(&mut self, paint: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        let (width, height) = size()?;
        let area = Rect::new(0, 0, width, height);
        if *self.next.area() != area {
            self.next = Buffer::empty(area);
            self.shown = Buffer::empty(area);
            self.whole = true;
        }
        self.next.reset();
        paint(area, &mut self.next);
        let mut bytes = std::mem::take(&mut self.before);
        if std::mem::take(&mut self.whole) {
            self.shown.reset();
            bytes.extend_from_slice(b"\x1b[0m\x1b[2J");
        }
        let changes = self.shown.diff(&self.next);
        if !changes.is_empty() {
            CrosstermBackend::new(&mut bytes).draw(changes.into_iter())?;
        }
        std::mem::swap(&mut self.shown, &mut self.next);
        self.send(bytes);
        Ok(())
    }

    fn send(&self, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        self.written.busy.store(true, Ordering::SeqCst);
        if self.frames.send(bytes).is_err() {
            self.written.gone.store(true, Ordering::SeqCst);
        }
    }

    /// Forgets what the terminal shows, so that the next frame is sent whole.
    pub fn forget(&mut self) {
        self.whole = true;
    }

    /// Takes the terminal again after somebody else had it.
    ///
    /// # Errors
    /// When the terminal does not obey.
    pub fn retake(&mut self) -> io::Result<()> {
        enter()?;
        self.before = ENTER.to_vec();
        self.forget();
        Ok(())
    }

    /// Sends a sequence of our own making, such as OSC 52, with the next frame.
    pub fn say(&mut self, sequence: &str) {
        self.before.extend_from_slice(sequence.as_bytes());
    }
}

/// Columns and rows that are drawn on. A terminal that does not know its size (a serial line) counts as 80 by 24.
///
/// # Errors
/// When the terminal is gone.
pub fn size() -> io::Result<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout())?;
    let known = |cells: u16, usual: u16| if cells == 0 { usual } else { cells };
    Ok((known(size.ws_col, 80).min(LARGEST.0), known(size.ws_row, 24).min(LARGEST.1)))
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

fn write_frames(mut output: File, inbox: &mpsc::Receiver<Vec<u8>>, written: &Written) {
    while let Ok(frame) = inbox.recv() {
        let result = {
            let _pen = lock(&PEN);
            if OPEN.load(Ordering::SeqCst) {
                // Every way of taking the terminal begins its first frame with it.
                ENTERED.store(true, Ordering::SeqCst);
                output.write_all(&frame)
            } else {
                Ok(())
            }
        };
        if result.is_err() {
            written.gone.store(true, Ordering::SeqCst);
            written.told.notify_one();
            return;
        }
        written.busy.store(false, Ordering::SeqCst);
        if written.awaited.swap(false, Ordering::SeqCst) {
            written.told.notify_one();
        }
    }
}

fn enter() -> io::Result<()> {
    let modes = rustix::termios::tcgetattr(io::stdin())?;
    let mut raw = modes.clone();
    raw.make_raw();
    {
        let mut before = lock(&BEFORE);
        // A shell that stopped us from outside may have set its own modes; ours are not worth remembering.
        if before.is_none() || modes.local_modes.contains(LocalModes::ICANON) {
            *before = Some(modes);
        }
    }
    let taken = rustix::termios::tcsetattr(io::stdin(), OptionalActions::Now, &raw);
    if let Err(error) = taken {
        leave();
        return Err(error.into());
    }
    OPEN.store(true, Ordering::SeqCst);
    Ok(())
}

/// Whether the terminal is ours to use: not while we run in the background of a shell. Where there is no job control
/// it always is.
#[must_use]
pub fn is_foreground() -> bool {
    rustix::termios::tcgetpgrp(io::stdin()).map_or(true, |group| group == rustix::process::getpgrp())
}

/// Gives the terminal back. Errors have nowhere to go: the terminal may be gone for good.
pub fn leave() {
    let Some(before) = lock(&BEFORE).take() else { return };
    OPEN.store(false, Ordering::SeqCst);
    if !is_foreground() {
        // Somebody else has it already; touching it would stop us.
        ENTERED.store(false, Ordering::SeqCst);
        return;
    }
    // Writing may block for ever, and so may whoever writes now.
    let (done, ended) = mpsc::channel();
    let farewell = thread::Builder::new().name("farewell".into()).spawn(move || {
        let _pen = lock(&PEN);
        // When the terminal was taken again meanwhile, it would tear the new picture.
        if !OPEN.load(Ordering::SeqCst) && ENTERED.swap(false, Ordering::SeqCst) {
            let mut output = io::stdout().lock();
            let _ = output.write_all(LEAVE).and_then(|()| output.flush());
        }
        let _ = done.send(());
    });
    if farewell.is_ok() {
        let _ = ended.recv_timeout(PATIENCE);
    }
    let _ = rustix::termios::tcsetattr(io::stdin(), OptionalActions::Now, &before);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_what_was_never_taken_does_nothing() {
        leave();
        assert!(!OPEN.load(Ordering::SeqCst));
    }

    #[test]
    fn a_dumb_terminal_is_refused_in_a_sentence() {
        let refused = check_terminal(Some("dumb")).unwrap_err();
        assert!(refused.contains("sixty report") && !refused.contains('\n'), "{refused}");
    }
}
