//! The terminal: taken at the start, given back on every way out.
//!
//! Raw mode and the alternate screen are left by [`Screen`]'s `Drop`, by the panic hook and before a stop; leaving
//! twice does no harm. Mouse capture is never switched on, so that text can be selected as everywhere else.

use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::IsTerminal;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm;
use ratatui::layout::Rect;

/// Whether the terminal is in our hands. The panic hook must know it too, hence a static.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// One write per frame: a frame at 200x60 with every cell styled stays below this.
const FRAME_BYTES: usize = 256 * 1024;

/// The terminal in our hands.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<File>>>,
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

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When the terminal does not obey.
    pub fn take() -> io::Result<Self> {
        let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let backend = CrosstermBackend::new(BufWriter::with_capacity(FRAME_BYTES, output));
        // The terminal is taken before it is asked for its size, so that every failure gives it back.
        enter()?;
        let terminal = Terminal::new(backend).inspect_err(|_| leave())?;
        Ok(Self { terminal })
    }

    /// Draws a frame; only what differs from the one before is sent.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, paint: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        self.terminal.draw(|frame| paint(frame.area(), frame.buffer_mut()))?;
        Ok(())
    }

    /// Forgets what the terminal shows, so that the next frame is sent whole.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn forget(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Takes the terminal again after somebody else had it.
    ///
    /// # Errors
    /// When the terminal does not obey.
    pub fn retake(&mut self) -> io::Result<()> {
        enter()?;
        self.forget()
    }

    /// Sends a sequence of our own making, such as OSC 52.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn send(&mut self, sequence: &str) -> io::Result<()> {
        let writer = self.terminal.backend_mut();
        writer.write_all(sequence.as_bytes())?;
        io::Write::flush(writer)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

fn enter() -> io::Result<()> {
    crossterm::terminal::enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    crossterm::execute!(io::stdout(), crossterm::terminal::EnterAlternateScreen, crossterm::cursor::Hide)
        .inspect_err(|_| leave())
}

/// Gives the terminal back. Errors have nowhere to go: the terminal may be gone for good.
pub fn leave() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = crossterm::execute!(
            io::stdout(),
            crossterm::style::ResetColor,
            crossterm::terminal::LeaveAlternateScreen,
            crossterm::cursor::Show
        );
        let _ = crossterm::terminal::disable_raw_mode();
    }
}
