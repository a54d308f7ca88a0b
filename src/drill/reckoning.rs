//! The [`Reckoning`]: what each thing that was tried did to the people who use the service, against the same world in
//! which it was not tried; and when all was well again.

use chrono::TimeDelta;

use crate::drill::Fix;
use crate::drill::Pulse;
use crate::drill::Scenario;
use crate::drill::World;
use crate::facts::At;

/// Over how long people are looked at.
const MINUTE: TimeDelta = TimeDelta::seconds(60);

/// Within what time a fix has done what it does.
const WITHIN: TimeDelta = TimeDelta::minutes(10);

/// How long after a fix it is looked for harm.
const HARM: i64 = 4;

/// What was tried, and what came of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Trial {
    /// What.
    pub fix: Fix,
    /// When.
    pub at: At,
    /// Ten minutes later, or after T, what would have gone on without it is ended.
    pub helps: bool,
    /// The share of requests that failed in the minute before.
    pub before: f64,
    /// The worst minute of the four after it: how many failed, and how many would have without it.
    pub worst: (f64, f64),
    /// The mean time to answer of the slowest of these minutes, and what it would have been, in seconds.
    pub slowest: (f64, f64),
}

impl Trial {
    /// Whether it made things worse for a while: two in a hundred more failed, or all waited much longer.
    #[must_use]
    pub fn harms(&self) -> bool {
        self.worst.0 > self.worst.1 + 0.02 || self.slowest.0 > self.slowest.1 * 1.4 + 0.01
    }
}

/// What came of everything that was tried.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Reckoning {
    /// In the order in which it was tried.
    pub trials: Vec<Trial>,
    /// Since when people are served as they would be without the trouble; `None`: they are not at the end.
    pub back: Option<At>,
    /// When the trouble began for people; `None`: it never did.
    pub began: Option<At>,
}

impl Reckoning {
    /// Plays the story with everything that was tried up to `end`, and without each of it.
    #[must_use]
    pub fn of(scenario: &Scenario, seed: u64, tried: &[(Fix, At)], end: At) -> Self {
        let truth = scenario.truth();
        let service = scenario.services.iter().position(|one| one.name == truth.service).unwrap_or_default();
        let play = |count: usize| {
            let fixed = tried[..count].iter().fold(scenario.clone(), |story, (fix, at)| story.fixed(fix, *at));
            World::new(&fixed, seed)
        };
        let mut usual = World::new(&scenario.without_trouble(), seed);
        let mut before = play(0);
        let mut trials = Vec::new();
        for (index, (fix, at)) in tried.iter().enumerate() {
            let mut after = play(index + 1);
            let pulse = |world: &mut World, to: At| world.pulse(service, to - MINUTE, to);
            // Some of what climbs hurts nobody before T: then it is to be seen whether it was ended.
            let lates = [*at + WITHIN, (*at).max(scenario.zero_at()) + WITHIN];
            let failed = pulse(&mut before, *at).failing;
            let minutes = || (1..=HARM).map(|minute| *at + TimeDelta::minutes(minute));
            let most = |world: &mut World, of: fn(&Pulse) -> f64| {
                minutes().map(|minute| of(&pulse(world, minute))).fold(0.0, f64::max)
            };
            let share = |pulse: &Pulse| pulse.failing;
            let mean = |pulse: &Pulse| pulse.mean;
            let worst = (most(&mut after, share), most(&mut before, share));
            let slowest = (most(&mut after, mean), most(&mut before, mean));
            let helps = lates.into_iter().any(|late| {
                let well = pulse(&mut usual, late);
                !pulse(&mut before, late).is_as(&well) && pulse(&mut after, late).is_as(&well)
            });
            trials.push(Trial { fix: fix.clone(), at: *at, helps, before: failed, worst, slowest });
            before = after;
        }
        let (began, back) = Self::course(scenario, service, &mut before, &mut usual, end);
        Self { trials, back, began }
    }

    /// When it began and since when it is over.
    fn course(
        scenario: &Scenario,
        service: usize,
        world: &mut World,
        usual: &mut World,
        end: At,
    ) -> (Option<At>, Option<At>) {
        const STEP: TimeDelta = TimeDelta::seconds(15);
        let (mut began, mut back) = (None, None);
        let mut at = scenario.instant(scenario.first_trouble()) - MINUTE;
        while at < end {
            let next = at + STEP;
            let is_well = world.pulse(service, at, next).is_as(&usual.pulse(service, at, next));
            if is_well {
                back = back.or(began.is_some().then_some(at));
            } else {
                began = began.or(Some(at));
                back = None;
            }
            at = next;
        }
        (began, back)
    }
}

impl Pulse {
    /// Whether people are served as they usually are. More of them than usual are no trouble while all are served.
    #[must_use]
    pub fn is_as(&self, usual: &Self) -> bool {
        self.failing < usual.failing + 0.01
            && self.mean < usual.mean * 1.7
            && self.rate > usual.rate * 0.8
            && self.rate < usual.rate * 4.5
            && self.full < usual.full + 0.12
    }
}
