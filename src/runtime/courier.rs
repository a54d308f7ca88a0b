//! The executor of what goes out: a thread that sends parcels, asks pagers and acknowledges pages.
//!
//! There is one only where there is a [`Licence`]: a session that may only look has neither this nor what it needs,
//! and its configuration has lost channels and pagers before anything was started. Nothing here decides that
//! something is sent, and whoever hands a parcel over has written before that it is being sent: what is in flight when
//! the program ends gets a moment, and stays `sending` in the journal if that is not enough.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;

use crate::app::App;
use crate::app::Deed;
use crate::app::Delivered;
use crate::app::Effect;
use crate::app::Licence;
use crate::app::Msg;
use crate::config::Config;
use crate::courier::Channel;
use crate::courier::Pager;
use crate::courier::Patience;
use crate::courier::Word;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::incident::Entry;
use crate::incident::OpenPage;
use crate::incident::Parcel;
use crate::runtime::Clock;
use crate::runtime::exit;
use crate::sources::http::Http;

/// How long what is in flight may take when the program ends.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// To whom something can go. Empty where nobody may act.
#[derive(Clone, Default, Debug)]
pub struct Addressees {
    /// Where updates are sent.
    pub channels: Vec<Channel>,
    /// Who pages.
    pub pagers: Vec<Pager>,
}

impl Addressees {
    /// Takes those of the configuration out of it.
    #[must_use]
    pub fn of(config: &mut Config) -> Self {
        Self { channels: std::mem::take(&mut config.channels), pagers: std::mem::take(&mut config.pagers) }
    }
}

/// What is to be done.
enum Job {
    Send(Arc<str>, Parcel),
    Ask(Arc<str>),
    Acknowledge(Arc<str>, OpenPage),
}

/// The way to the thread.
pub struct Courier {
    jobs: Option<UnboundedSender<Job>>,
    done: mpsc::Receiver<()>,
}

impl Courier {
    /// Starts the thread. `who` is the person in whose name pages are acknowledged.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(
        _licence: Licence,
        addressees: Addressees,
        who: &str,
        clock: Clock,
        news: UnboundedSender<Msg>,
    ) -> std::io::Result<Self> {
        let (jobs, inbox) = unbounded_channel();
        let (finished, done) = mpsc::channel();
        let office = Office { addressees, who: who.to_owned(), clock, news, threads: Mutex::default() };
        thread::Builder::new().name("courier".into()).spawn(move || {
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(serve(inbox, Arc::new(office))),
                Err(error) => {
                    let _ = office.news.send(Msg::Logged(format!("nothing can be sent: {error}"), true));
                }
            }
            let _ = finished.send(());
        })?;
        Ok(Self { jobs: Some(jobs), done })
    }

    /// Sends a parcel, of which the journal says already that it is being sent. [`Msg::Delivered`] follows.
    pub fn send(&self, service: Arc<str>, parcel: Parcel) {
        self.ask(Job::Send(service, parcel));
    }

    /// Finds out what the pagers have open for a service. [`Msg::Pages`] follows.
    pub fn ask_pagers(&self, service: Arc<str>) {
        self.ask(Job::Ask(service));
    }

    /// Acknowledges a page. [`Msg::Acknowledged`] follows.
    pub fn acknowledge(&self, service: Arc<str>, page: OpenPage) {
        self.ask(Job::Acknowledge(service, page));
    }

    fn ask(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The thread only ends after this end of the channel does, or by a panic that was told.
            let _ = jobs.send(job);
        }
    }

    /// Takes no more, and gives what is in flight a moment; what came of it is in the news then. Answers whether all
    /// was finished.
    pub fn end(&mut self) -> bool {
        self.jobs.take().is_none() || self.done.recv_timeout(LAST_WORDS).is_ok()
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.end();
    }
}

/// What all jobs share.
struct Office {
    addressees: Addressees,
    who: String,
    clock: Clock,
    news: UnboundedSender<Msg>,
    /// The first message of each incident in each channel, to which the later ones are answers.
    threads: Mutex<BTreeMap<(String, String), String>>,
}

/// Serves until nobody can ask any more and all is done.
async fn serve(mut inbox: UnboundedReceiver<Job>, office: Arc<Office>) {
    let mut tasks = JoinSet::new();
    while let Some(job) = inbox.recv().await {
        exit::rehearse("courier");
        let office = Arc::clone(&office);
        tasks.spawn(async move { office.news.send(office.done(job).await) });
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}

impl Office {
    async fn done(&self, job: Job) -> Msg {
        match job {
            Job::Send(service, parcel) => Msg::Delivered(self.send(service, parcel).await),
            Job::Ask(service) => self.ask(service).await,
            Job::Acknowledge(service, page) => {
                let outcome = self.acknowledge(&service, &page).await;
                Msg::Acknowledged(service, page, outcome)
            }
        }
    }

    async fn send(&self, service: Arc<str>, parcel: Parcel) -> Delivered {
        let (outcome, certain) = match self.addressees.channels.iter().find(|channel| channel.name == parcel.to) {
            None => (Err(unknown("channel", &parcel.to)), true),
            Some(channel) if !channel.takes(&service) => {
                let cause = format!("updates of {service} do not go to {}", parcel.to);
                (Err(Fault::new(FaultKind::Local, &cause).advise("see `services` of that [[channel]]")), true)
            }
            Some(channel) => {
                let place = (parcel.to.clone(), parcel.incident.clone());
                let thread = self.threads.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
                match channel.send(&parcel, thread.as_deref(), Patience::default()).await {
                    Ok(arrived) => {
                        // An incident that is not on disk yet has no name to be found under later.
                        if let (Some(message), false) = (arrived.message, place.1.is_empty()) {
                            let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
                            threads.entry(place).or_insert(message);
                        }
                        (Ok(arrived.answer), false)
                    }
                    Err(failure) => (Err(failure.fault), failure.certain),
                }
            }
        };
        Delivered { service, update: parcel.update, to: parcel.to, outcome, certain }
    }

    async fn ask(&self, service: Arc<str>) -> Msg {
        let http = Http::new();
        let at = self.clock.now();
        let watching = self.addressees.pagers.iter().filter(|pager| pager.watches(&service));
        let answers = join_all(watching.map(async |pager| (pager, pager.list(&http, &service, at).await))).await;
        let (mut pages, mut silent) = (Vec::new(), Vec::new());
        for (pager, answer) in answers {
            match answer {
                Ok(open) => pages.extend(open),
                Err(fault) => silent.push((pager.name.clone(), fault)),
            }
        }
        Msg::Pages(service, pages, silent)
    }

    async fn acknowledge(&self, service: &str, page: &OpenPage) -> Result<String, Fault> {
        let pager = self.addressees.pagers.iter().find(|pager| pager.name == page.place);
        let pager = pager.ok_or_else(|| unknown("pager", &page.place))?;
        let text = format!("{} looks into {service} (acknowledged with sixty)", self.who);
        let word = Word { who: &self.who, text: &text, at: self.clock.now() };
        pager.acknowledge(&Http::new(), page, word).await
    }
}

/// Writes down what came of what was in flight when a person left, as the app would have it written.
pub fn last_words(app: &mut App, at: At, inbox: &mut UnboundedReceiver<Msg>, mut write: impl FnMut(Arc<str>, Entry)) {
    while let Ok(msg) = inbox.try_recv() {
        if !matches!(msg, Msg::Delivered(_) | Msg::Acknowledged(..)) {
            continue;
        }
        for effect in app.update(at, msg) {
            if let Effect::Act(act) = effect
                && let Deed::Append(service, entry) = act.into_deed()
            {
                write(service, entry);
            }
        }
    }
}

fn unknown(what: &str, name: &str) -> Fault {
    Fault::new(FaultKind::Local, &format!("there is no [[{what}]] `{name}` in the configuration"))
        .advise("nothing was sent")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_configured_is_answered_and_leaving_waits_for_nothing() {
        let (sender, mut inbox) = unbounded_channel();
        let licence = Licence::of_a_person();
        let mut courier = Courier::start(licence, Addressees::default(), "ana", Clock::machine(), sender).unwrap();
        let page = OpenPage {
            place: "Nobody".to_owned(),
            reference: "P1".to_owned(),
            title: String::new(),
            state: crate::incident::PageState::Triggered,
            since: None,
            means: String::new(),
        };
        courier.ask_pagers("web".into());
        assert_eq!(inbox.blocking_recv(), Some(Msg::Pages("web".into(), Vec::new(), Vec::new())));
        courier.acknowledge("web".into(), page.clone());
        let Some(Msg::Acknowledged(service, told, Err(fault))) = inbox.blocking_recv() else { panic!("no answer") };
        assert_eq!((&*service, &told), ("web", &page));
        assert!(fault.cause.contains("no [[pager]] `Nobody`"), "{fault}");
        assert!(courier.end());
    }
}
