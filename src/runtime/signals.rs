//! The signals that are listened to: by a session from before it takes the terminal, and by what runs without one.

use std::io;

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::runtime::exit;

/// The signals that are listened to.
pub(super) struct Signals {
    pub(super) leave: LeaveSignals,
    pub(super) go_on: Signal,
    pub(super) resize: Signal,
}

/// The signals that ask us to leave.
pub(super) struct LeaveSignals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    quit: Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        exit::outlive_large_files()?;
        let leave = LeaveSignals {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        };
        // SIGCONT has no name of its own in tokio.
        let go_on = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
        Ok(Self { leave, go_on, resize: signal(SignalKind::window_change())? })
    }
}

impl LeaveSignals {
    /// Ends when one comes. While the terminal is `lent`, what its keys send is meant for whoever has it.
    pub(super) async fn come(&mut self, lent: bool) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.hang_up.recv() => return,
                _ = self.interrupt.recv() => {}
                _ = self.quit.recv() => {}
            }
            if !lent {
                return;
            }
        }
    }
}

/// The signals that ask something to end which runs without a screen. That the terminal goes in which it was begun does
/// not end it.
pub struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hang_up: Signal,
}

impl EndSignals {
    /// Listens from now on. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// When the signals of the system cannot be heard.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Ends when one comes.
    pub async fn come(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.quit.recv() => return,
                _ = self.hang_up.recv() => {}
            }
        }
    }
}
