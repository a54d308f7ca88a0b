//! What a drill does instead of reaching anybody: a pager page that is not one, a channel that only records, fixes of a
//! simulated world.
//!
//! It holds no courier, no address and no secret: whatever is asked of it, nothing leaves the process. What is the
//! matter is told by whoever made the drill, when it is over.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use chrono::SecondsFormat;
use tokio::sync::mpsc::UnboundedSender;

use crate::app::Delivered;
use crate::app::GIVE_UP;
use crate::app::Msg;
use crate::app::REVEAL;
use crate::drill::Drilled;
use crate::drill::Fix;
use crate::facts::At;
use crate::incident::OpenPage;
use crate::incident::PageState;
use crate::incident::Parcel;
use crate::incident::Truth;
use crate::runtime::Clock;

/// The name of the channel that only records.
pub const CHANNEL: &str = "drill";

/// The name of the pager that pages nobody.
pub const PAGER: &str = "drill pager";

/// What is the matter, as it stands at an instant; and whether it was given up.
pub type Reveal = Arc<dyn Fn(At, bool) -> Truth + Send + Sync>;

/// A drill that is about to be held.
#[derive(Clone)]
pub struct Stand {
    /// The world.
    pub world: Drilled,
    /// The service that the page is about.
    pub service: Arc<str>,
    /// When the page comes.
    pub page_at: At,
    /// What is the matter.
    pub reveal: Reveal,
    /// Whether the person gave up.
    pub given_up: Arc<AtomicBool>,
}

impl Stand {
    /// What was the matter, as it stands at an instant. The story is played again, which may take seconds.
    #[must_use]
    pub fn truth(&self, at: At) -> Truth {
        (self.reveal)(at, self.given_up.load(Ordering::Relaxed))
    }
}

/// The hands of a drill.
pub struct Simulation {
    stand: Stand,
    state: PageState,
    clock: Clock,
    news: UnboundedSender<Msg>,
}

impl Simulation {
    /// Begins; the page comes by itself. Must be called on a tokio runtime.
    #[must_use]
    pub fn start(stand: Stand, clock: Clock, news: UnboundedSender<Msg>) -> Self {
        let simulation = Self { stand, state: PageState::Triggered, clock, news };
        let wait = (simulation.stand.page_at - clock.now()).to_std().unwrap_or_default();
        let (news, page, service) = (simulation.news.clone(), simulation.page(), Arc::clone(&simulation.stand.service));
        tokio::spawn(async move {
            tokio::time::sleep(clock.lasts(wait)).await;
            let _ = news.send(Msg::Pages(service, vec![page], Vec::new()));
        });
        simulation
    }

    fn page(&self) -> OpenPage {
        OpenPage {
            place: PAGER.to_owned(),
            reference: "drill-1".to_owned(),
            title: format!("{}: people complain", self.stand.service),
            state: self.state,
            since: Some(self.stand.page_at),
            means: String::new(),
        }
    }

    fn tell(&self, msg: Msg) {
        // Nobody listens at the end any more.
        let _ = self.news.send(msg);
    }

    /// Records an update: it is in the journal already, and goes nowhere else.
    pub fn send(&self, service: Arc<str>, parcel: Parcel) {
        let outcome = Ok("recorded; this is a drill".to_owned());
        self.tell(Msg::Delivered(Delivered { service, update: parcel.update, to: parcel.to, outcome, certain: true }));
    }

    /// Answers which pages are open.
    pub fn ask_pagers(&self, service: Arc<str>) {
        let has_come = service == self.stand.service && self.clock.now() >= self.stand.page_at;
        let pages = if has_come { vec![self.page()] } else { Vec::new() };
        self.tell(Msg::Pages(service, pages, Vec::new()));
    }

    /// Takes the page as acknowledged.
    pub fn acknowledge(&mut self, service: Arc<str>, page: OpenPage) {
        self.state = PageState::Acknowledged;
        let at = self.clock.now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let page = OpenPage { state: self.state, ..page };
        self.tell(Msg::Acknowledged(service, page, Ok(format!("acknowledged in the drill at {at}"))));
    }

    /// Changes the world by the key of a fix, or asks what was the matter.
    pub fn try_out(&self, key: &str) {
        let at = self.clock.now();
        if key == GIVE_UP || key == REVEAL {
            self.stand.given_up.fetch_or(key == GIVE_UP, Ordering::Relaxed);
            let (stand, news) = (self.stand.clone(), self.news.clone());
            tokio::task::spawn_blocking(move || {
                let _ = news.send(Msg::Revealed(Arc::new(stand.truth(at))));
            });
            return;
        }
        let Some(fix) = Fix::of_key(key) else { return };
        self.stand.world.try_out(&fix, at);
        self.tell(Msg::Tried(fix.begun()));
    }
}
