//! Whom a session reaches: nobody, whoever the configuration names, or what a drill pretends. One of them, never two: a
//! session that drills has no courier, because there is no place for one.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::app::Mode;
use crate::app::Msg;
use crate::incident::OpenPage;
use crate::incident::Parcel;
use crate::runtime::Clock;
use crate::runtime::courier::Addressees;
use crate::runtime::courier::Courier;
use crate::runtime::simulation::Simulation;
use crate::runtime::simulation::Stand;

/// What there is outside of a session.
pub enum Outside {
    /// Channels and pagers; they are kept only for a person who may act.
    Real(Addressees),
    /// A drill.
    Drill(Box<Stand>),
}

impl Default for Outside {
    /// Nobody.
    fn default() -> Self {
        Self::Real(Addressees::default())
    }
}

/// What a session acts with.
pub(super) enum Hands {
    /// Whoever may only look has none.
    None,
    /// Real ones.
    Courier(Courier),
    /// Those of a drill.
    Simulation(Box<Simulation>),
}

impl Hands {
    /// The hands for a mode. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub(super) fn start(
        mode: Mode,
        outside: Outside,
        who: &str,
        clock: Clock,
        news: UnboundedSender<Msg>,
    ) -> io::Result<Self> {
        let Some(licence) = mode.licence() else { return Ok(Self::None) };
        Ok(match outside {
            Outside::Real(addressees) => Self::Courier(Courier::start(licence, addressees, who, clock, news)?),
            Outside::Drill(stand) => Self::Simulation(Box::new(Simulation::start(*stand, clock, news))),
        })
    }

    /// Sends a parcel, of which the journal says already that it is being sent. [`Msg::Delivered`] follows.
    pub(super) fn send(&self, service: Arc<str>, parcel: Parcel) {
        match self {
            Self::None => {}
            Self::Courier(courier) => courier.send(service, parcel),
            Self::Simulation(simulation) => simulation.send(service, parcel),
        }
    }

    /// Finds out what the pagers have open for a service. [`Msg::Pages`] follows.
    pub(super) fn ask_pagers(&self, service: Arc<str>) {
        match self {
            Self::None => {}
            Self::Courier(courier) => courier.ask_pagers(service),
            Self::Simulation(simulation) => simulation.ask_pagers(service),
        }
    }

    /// Acknowledges a page. [`Msg::Acknowledged`] follows.
    pub(super) fn acknowledge(&mut self, service: Arc<str>, page: OpenPage) {
        match self {
            Self::None => {}
            Self::Courier(courier) => courier.acknowledge(service, page),
            Self::Simulation(simulation) => simulation.acknowledge(service, page),
        }
    }

    /// Tries a fix on a simulated service; there is no other. [`Msg::Tried`] follows.
    pub(super) fn try_out(&self, key: &str) {
        if let Self::Simulation(simulation) = self {
            simulation.try_out(key);
        }
    }

    /// Gives what is in flight a moment; answers whether anything can have been.
    pub(super) fn end(&mut self) -> bool {
        match std::mem::replace(self, Self::None) {
            Self::None => false,
            Self::Courier(mut courier) => {
                courier.end();
                true
            }
            Self::Simulation(_) => true,
        }
    }
}
