//! The signals that a session listens to, from before it takes the terminal.

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
