//! A story that goes on differently from an instant on, because somebody tried a [`Fix`]. Its past is the same, byte
//! for byte.
//!
//! Which events a fix ends follows from what they are: those that a change brought end with it, those without a change
//! by what they do. Quantities are never taken away but given back to the usual, so that the same series are exported.

use crate::drill::Alteration;
use crate::drill::AlterationKind;
use crate::drill::Event;
use crate::drill::Fix;
use crate::drill::Place;
use crate::drill::Quantity;
use crate::drill::Scenario;
use crate::drill::Second;
use crate::drill::Value;
use crate::drill::fix::MENDING;
use crate::drill::truth::linked;
use crate::drill::world::most_instances;
use crate::facts::At;

/// What was done to a world that no event of a file can say.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Acts {
    /// Up to how many instances of each service can come into service: they are watched from the beginning.
    pub room: Vec<(String, usize)>,
    /// Processes that begin after this have cold caches: slower, and more work.
    pub cold_from: Option<Second>,
    /// Services whose disks were freed, and when.
    pub freed: Vec<(String, Second)>,
    /// Jobs that run no more, and from when on.
    pub stopped: Vec<(String, Second)>,
}

impl Acts {
    /// Up to how many instances of a service can come.
    pub(super) fn room_of(&self, service: &str) -> usize {
        self.room.iter().find(|(name, _)| name == service).map_or(0, |(_, count)| *count)
    }

    /// When the disks of a service were freed.
    pub(super) fn freed_of(&self, service: &str) -> Vec<Second> {
        self.freed.iter().filter(|(name, _)| name == service).map(|(_, at)| *at).collect()
    }

    /// From when on a job does not run.
    pub(super) fn stopped(&self, job: &str) -> Option<Second> {
        self.stopped.iter().filter(|(name, _)| name == job).map(|(_, at)| *at).min()
    }
}

/// The parts of the instances that restart one after the other, and how long each is away, in seconds.
const HALVES: Second = 2;
const AWAY: Second = 20;

impl Scenario {
    /// The same story with room for what can be tried in a drill. The instances that may come do not serve before.
    #[must_use]
    pub fn with_room(mut self) -> Self {
        let room = self.services.iter().map(|service| (service.name.clone(), most_instances(&self, &service.name) * 2));
        self.acts.room = room.collect();
        self
    }

    /// The story as it goes on after somebody tried something. Up to and with `at` it is the same, byte for byte.
    #[must_use]
    pub fn fixed(&self, fix: &Fix, at: At) -> Self {
        let mut next = self.clone();
        let second = (at - self.begins).num_milliseconds().div_euclid(1_000) + 1;
        next.acts.cold_from.get_or_insert(second);
        match fix {
            Fix::RollBack(name) => next.roll_back(name, second),
            Fix::SwitchBack(name) => next.switch_back(name, second),
            Fix::Restart(service) => next.restart(service, second),
            Fix::Replace(service, number) => next.replace(service, *number, second),
            Fix::Scale(service) => next.scale(service, second),
            Fix::FailOver(vendor) => next.end(second + 30, |event| event.place.to.as_ref() == Some(vendor)),
            Fix::StopJob(job) => next.stop_job(job, second + 20),
            Fix::FreeDisk(service) => next.acts.freed.push((service.clone(), second + 30)),
            Fix::Block(service) => next.end(second + 30, |event| {
                let floods = event.set.iter().any(|set| set.quantity == Quantity::Rate && grows(set.value));
                is_orphan(event, service) && event.place.route.is_some() && floods
            }),
            Fix::Settings(service) => {
                next.end(second + 20, |event| untold(event) && event.place.service.as_ref() == Some(service));
            }
            Fix::Database(service) => next.mend_database(service, second + 20),
            Fix::Way(service) => next.end(second + 30, |event| {
                let fades = event.set.iter().any(|set| set.quantity == Quantity::Rate && !grows(set.value));
                is_orphan(event, service) && fades
            }),
            Fix::Mend(service) => next.mend(service, second + MENDING),
            Fix::Wait(_) | Fix::Nothing => {}
        }
        // Stable: what happens in the same second keeps its order.
        next.events.sort_by_key(|event| event.at);
        next
    }

    /// What these events do ends; what they would have done later does not begin.
    fn end(&mut self, second: Second, is_it: impl Fn(&Event) -> bool) {
        for event in self.events.iter_mut().filter(|event| is_it(event)) {
            let end = second.max(event.at);
            if event.until.is_none_or(|until| until > end) {
                event.until = Some(end);
            }
            if event.at >= second {
                event.over = 0;
            }
        }
    }

    fn roll_back(&mut self, name: &str, second: Second) {
        let is_it = |event: &&Event| is_change(event, name, &[AlterationKind::Deploy]);
        let Some(index) = self.events.iter().rposition(|event| is_it(&event) && event.at <= second) else { return };
        let deploy = &self.events[index];
        let Some(change) = deploy.change.clone() else { return };
        let (place, takes) = (Place { route: None, ..deploy.place.clone() }, change.takes);
        let before = self.events[..index].iter().rev().filter_map(|event| event.change.as_ref());
        let mut before = before.filter(|one| one.kind == AlterationKind::Deploy && one.what == change.what);
        let first = self.services.iter().find(|service| place.service.as_ref() == Some(&service.name));
        let version = before.next().map(|one| one.version.clone()).filter(|version| *version != change.version);
        let version = version.or_else(|| first.map(|service| service.version.clone())).unwrap_or_default();
        self.end_linked(name, second + takes);
        let title = format!("Roll back {name}");
        let change = Alteration { version, title, by: "you".to_owned(), told: true, failed: false, ..change };
        self.events.push(Event { place, ..happens(second, Some(change)) });
    }

    /// What has no change of its own but comes from that one.
    fn end_linked(&mut self, name: &str, second: Second) {
        let linked: Vec<usize> = linked(self, name);
        let events: Vec<Event> = linked.iter().map(|index| self.events[*index].clone()).collect();
        self.end(second, |event| events.contains(event));
    }

    fn switch_back(&mut self, name: &str, second: Second) {
        let kinds = [AlterationKind::Flag, AlterationKind::Config, AlterationKind::Job, AlterationKind::Note];
        let Some(found) = self.events.iter().find(|event| is_change(event, name, &kinds) && event.at <= second) else {
            return;
        };
        let Some(change) = found.change.clone() else { return };
        self.end(second + 5, |event| is_change(event, name, &kinds));
        self.end_linked(name, second + 5);
        let (version, title) = ("back".to_owned(), format!("Put {name} back"));
        let change = Alteration { version, title, by: "you".to_owned(), takes: 0, told: true, failed: false, ..change };
        self.events.push(happens(second, Some(change)));
    }

    fn restart(&mut self, service: &str, second: Second) {
        let Some(count) = self.count(service, second) else { return };
        for half in 0..HALVES {
            let instances: Vec<usize> = (1..=count).filter(|number| *number as Second % HALVES == half).collect();
            if !instances.is_empty() {
                let place = Place { service: Some(service.to_owned()), instances, ..Place::default() };
                let at = second + (1 - half) * (AWAY + 2);
                self.events.push(Event { place, restart: Some(AWAY), ..happens(at, None) });
            }
        }
        let all = move |event: &Event| is_orphan(event, service) && !event.place.instances.is_empty();
        self.end(second + AWAY, all);
    }

    fn replace(&mut self, service: &str, number: usize, second: Second) {
        if self.count(service, second).is_none_or(|count| number == 0 || number > count) {
            return;
        }
        let place = Place { service: Some(service.to_owned()), instances: vec![number], ..Place::default() };
        self.events.push(Event { place, restart: Some(30), ..happens(second, None) });
        let mut split = Vec::new();
        for event in &mut self.events {
            let others: Vec<usize> = event.place.instances.iter().copied().filter(|other| *other != number).collect();
            if is_orphan(event, service) && others.len() < event.place.instances.len() && !others.is_empty() {
                split.push(Event { place: Place { instances: others, ..event.place.clone() }, ..event.clone() });
                event.place.instances = vec![number];
            }
        }
        self.events.extend(split);
        self.end(second + 30, |event| is_orphan(event, service) && event.place.instances == [number]);
    }

    fn scale(&mut self, service: &str, second: Second) {
        let Some(now) = self.count(service, second) else { return };
        // Where there is room for them, which is twice what the story itself ever has.
        let count = (now * 2).min(most_instances(self, service).max(self.acts.room_of(service)).max(now));
        let change = Alteration {
            kind: AlterationKind::Scale,
            what: service.to_owned(),
            version: format!("to {count}"),
            by: "you".to_owned(),
            title: String::new(),
            takes: 60,
            told: true,
            restarts: false,
            failed: false,
        };
        let place = Place { service: Some(service.to_owned()), ..Place::default() };
        self.events.push(Event { place: place.clone(), ..happens(second, Some(change)) });
        self.events.push(Event { place, scale: Some(count), ..happens(second + 60, None) });
    }

    fn stop_job(&mut self, job: &str, second: Second) {
        if self.jobs.iter().any(|one| one.name == job) {
            self.acts.stopped.push((job.to_owned(), second));
        }
        self.end(second, |event| is_change(event, job, &[AlterationKind::Job]));
    }

    fn mend_database(&mut self, service: &str, second: Second) {
        let of_base = |quantity: Quantity| matches!(quantity, Quantity::DbLocked | Quantity::DbTime);
        self.end(second, |event| is_orphan(event, service) && event.set.iter().any(|set| of_base(set.quantity)));
        let locks = self.jobs.iter().filter(|job| job.service.as_deref() == Some(service));
        let locks = locks.filter(|job| job.set.iter().any(|set| set.quantity == Quantity::DbLocked));
        let names: Vec<String> = locks.map(|job| job.name.clone()).collect();
        self.acts.stopped.extend(names.into_iter().map(|name| (name, second)));
    }

    /// A mended version rolls out: what any version brought ends with it, and what nobody changed too.
    fn mend(&mut self, service: &str, second: Second) {
        let Some(found) = self.services.iter().find(|one| one.name == service) else { return };
        let Some(what) = found.programs.first().cloned() else { return };
        let faults = |quantity: Quantity| {
            let in_code = [Quantity::Errors, Quantity::P50, Quantity::P95, Quantity::DbQueries, Quantity::CpuTime];
            in_code.contains(&quantity) || matches!(quantity, Quantity::Code(_))
        };
        let change = Alteration {
            kind: AlterationKind::Deploy,
            what,
            version: "mended".to_owned(),
            by: "you".to_owned(),
            title: "Mend what fails".to_owned(),
            takes: 60,
            told: true,
            restarts: true,
            failed: false,
        };
        self.end(second + 60, |event| {
            is_orphan(event, service)
                && event.place.instances.is_empty()
                && event.set.iter().any(|set| faults(set.quantity))
        });
        let place = Place { service: Some(service.to_owned()), ..Place::default() };
        self.events.push(Event { place, ..happens(second, Some(change)) });
    }

    /// How many instances of a service are in service at a second; `None`: there is no such service.
    fn count(&self, service: &str, second: Second) -> Option<usize> {
        let first = self.services.iter().find(|one| one.name == service)?.instances;
        let here = self.events.iter().filter(|event| event.place.service.as_deref() == Some(service));
        let last = here.filter(|event| event.scale.is_some() && event.at <= second).max_by_key(|event| event.at);
        Some(last.and_then(|event| event.scale).unwrap_or(first))
    }
}

/// An event at which nothing else happens.
fn happens(at: Second, change: Option<Alteration>) -> Event {
    Event {
        at,
        place: Place::default(),
        change,
        set: Vec::new(),
        over: 0,
        until: None,
        scale: None,
        restart: None,
        answers: None,
        incident: None,
    }
}

/// Whether it is the change of that name, of one of these kinds.
fn is_change(event: &Event, name: &str, kinds: &[AlterationKind]) -> bool {
    event.change.as_ref().is_some_and(|change| kinds.contains(&change.kind) && change.name() == name)
}

/// Whether it changes the service itself and nobody is to blame for it.
pub(super) fn is_orphan(event: &Event, service: &str) -> bool {
    event.change.is_none()
        && event.place.to.is_none()
        && event.place.service.as_deref() == Some(service)
        && !event.set.is_empty()
}

/// Whether it is a change that no log tells of, and no deploy: only a look at the settings finds it.
pub(super) fn untold(event: &Event) -> bool {
    event.change.as_ref().is_some_and(|change| !change.told && change.kind != AlterationKind::Deploy)
}

/// Whether it becomes more.
pub(super) fn grows(value: Value) -> bool {
    match value {
        Value::Times(factor) => factor > 1.0,
        Value::To(_) => true,
        Value::Usual => false,
    }
}
