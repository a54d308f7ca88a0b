//! The [`StoryWorld`]: a story, a seed and a beginning, asked what it looks like at an instant.
//!
//! It is a pure function of these: the same question gets the same bytes, in whatever order questions come.
//! Counters are sums over every second since the process started; the sums at some seconds are kept, so that a
//! step into the past costs little. It reads no clock and does no I/O.

use super::exposition::Layout;
use super::exposition::Scene;
use super::story::Story;
use super::traffic::COUNT;
use super::traffic::Drive;
use super::traffic::Ending;
use super::traffic::SUM;
use super::traffic::Series;
use super::traffic::WIDTH;
use super::traffic::count;
use super::traffic::series;
use crate::drill::noise::Noise;
use crate::facts::At;
use crate::facts::ChangeKind;
use std::collections::BTreeMap;

/// Cells beside those of the series, counted from the end of them.
const CPU: usize = 0;
const TIMEOUTS: usize = 1;
const EXTRA: usize = 2;

/// Kept sums; when there are more, every second one is dropped. About 3 MB.
const MOST_KEPT: usize = 2_048;

const POOL_NOISE: u64 = 20;
const WAIT_NOISE: u64 = 21;
const MEMORY_NOISE: u64 = 22;
const COMMIT_NOISE: u64 = 23;

/// A simulated service and its surroundings: a pure function of story, seed and time.
#[derive(Clone, Debug)]
pub struct StoryWorld {
    pub(in crate::drill) story: Story,
    noise: Noise,
    pub(in crate::drill) deploy_at: At,
    /// The first second after T that has a history.
    begin: i64,
    series: Vec<Series>,
    layout: Layout,
    /// The second that `sums` is at the beginning of.
    here: i64,
    /// Each counter at the beginning of the second `here`.
    sums: Vec<f64>,
    /// What the second `here` adds to each.
    steps: Vec<f64>,
    /// What drives the second `here`.
    drive: Drive,
    /// Sums at the beginning of some seconds, by second.
    kept: BTreeMap<i64, Box<[f64]>>,
    /// How many seconds lie between two kept sums.
    spacing: i64,
    /// The beginning of the addresses that answers hold.
    pub(super) base: String,
}

impl StoryWorld {
    /// A world whose history begins at `begins` and whose deploy ends at `deploy_at`.
    ///
    /// The first question about an instant costs some microseconds for each second since `begins`.
    #[must_use]
    pub fn new(story: Story, seed: u64, begins: At, deploy_at: At) -> Self {
        let series = series(&story);
        let noise = Noise::new(seed);
        let begin = (begins - deploy_at).num_milliseconds().div_euclid(1000);
        let cells = series.len() * WIDTH + EXTRA;
        let mut world = Self {
            layout: Layout::new(&story, &series),
            drive: Drive::of(&story, noise, begin),
            story,
            noise,
            deploy_at,
            begin,
            series,
            here: begin,
            sums: vec![0.0; cells],
            steps: vec![0.0; cells],
            kept: BTreeMap::new(),
            spacing: 60,
            base: String::new(),
        };
        world.prepare();
        // The process is older than the history: it has counted before.
        let age = (begin - world.started(begin)) as f64;
        world.sums.iter_mut().zip(&world.steps).for_each(|(sum, step)| *sum = step * age);
        world.keep();
        world
    }

    /// The name of the simulated service.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.story.service
    }

    /// The first instant that has a history; an earlier question is answered as if it was about this one.
    #[must_use]
    pub fn begins(&self) -> At {
        self.deploy_at + chrono::Duration::seconds(self.begin)
    }

    /// What `/metrics` of the service says at an instant, in the text format 0.0.4.
    pub fn metrics(&mut self, at: At) -> String {
        let (second, share) = self.place(at);
        self.go_to(second);
        let scene = self.scene(share);
        self.layout.render(&scene, &self.sums, &self.steps, share)
    }

    /// Whole seconds since T and the share of the next one that has passed.
    fn place(&self, at: At) -> (i64, f64) {
        let since = (at - self.deploy_at).num_milliseconds();
        let second = since.div_euclid(1000);
        if second < self.begin { (self.begin, 0.0) } else { (second, since.rem_euclid(1000) as f64 / 1000.0) }
    }

    /// Moves `here` to the beginning of a second that is not before `begin`.
    fn go_to(&mut self, second: i64) {
        if second < self.here
            && let Some((&kept, sums)) = self.kept.range(..=second).next_back()
        {
            self.here = kept;
            self.sums.copy_from_slice(sums);
            self.prepare();
        }
        while self.here < second {
            self.here += 1;
            if self.started(self.here) == self.here {
                // A new process counts from nothing.
                self.sums.fill(0.0);
            } else {
                self.sums.iter_mut().zip(&self.steps).for_each(|(sum, step)| *sum += step);
            }
            self.prepare();
            self.keep();
        }
    }

    /// Computes what drives the second `here` and what it adds.
    fn prepare(&mut self) {
        let second = self.here;
        self.drive = Drive::of(&self.story, self.noise, second);
        let (cells, extra) = self.steps.split_at_mut(self.series.len() * WIDTH);
        count(&self.series, &self.drive, self.noise, second, cells);
        let of = |ending: fn(&Ending) -> bool| {
            let cells = self.series.iter().zip(cells.chunks_exact(WIDTH));
            cells.filter(|(series, _)| ending(&series.ending)).map(|(_, cells)| cells[COUNT]).sum::<f64>()
        };
        let failed = of(|ending| *ending == Ending::Failed);
        let served = of(|ending| *ending != Ending::Failed);
        // A served request costs 1.8 ms of a core, a failed one little, the rest of the process 40 ms a second.
        extra[CPU] = 0.04 + 0.001_8 * served + 0.000_5 * failed;
        // What fails beyond the usual is what found no connection.
        let usual = self.story.errors.at(f64::MIN);
        let unserved = (self.drive.errors - 2.0 * usual).max(0.0) / self.drive.errors.max(f64::MIN_POSITIVE);
        extra[TIMEOUTS] = if self.story.pool.waiting.at(second as f64) > 0.0 { failed * unserved } else { 0.0 };
    }

    fn keep(&mut self) {
        if (self.here - self.begin) % self.spacing != 0 || self.kept.contains_key(&self.here) {
            return;
        }
        self.kept.insert(self.here, self.sums.clone().into_boxed_slice());
        if self.kept.len() > MOST_KEPT {
            self.spacing *= 2;
            let (begin, spacing) = (self.begin, self.spacing);
            self.kept.retain(|second, _| (second - begin) % spacing == 0);
        }
    }

    /// When the process that runs at a second started, in seconds after T.
    fn started(&self, second: i64) -> i64 {
        let deploys = self.deploys_of_program().map(|change| change.until).filter(|&until| until <= second);
        // Before the first deploy that the story knows, a process ran that somebody started a day before that.
        deploys.max().unwrap_or(self.begin.min(second) - 86_400)
    }

    /// The version that runs at a second.
    fn version(&self, second: i64) -> &'static str {
        let deploys = self.deploys_of_program().filter(|change| change.until <= second);
        deploys.max_by_key(|change| change.until).map_or(self.story.version_before, |change| change.version)
    }

    fn deploys_of_program(&self) -> impl Iterator<Item = &super::story::StoryChange> {
        let program = self.story.program;
        self.story.changes.iter().filter(move |change| change.kind == ChangeKind::Deploy && change.what == program)
    }

    /// Every gauge in the second `here`.
    fn scene(&self, share: f64) -> Scene {
        let (story, second, s) = (&self.story, self.here, self.here as f64);
        let (cells, extra) = self.steps.split_at(self.series.len() * WIDTH);
        // As many requests are under way as arrive in the time that one takes.
        let active = cells.chunks_exact(WIDTH).map(|cells| cells[SUM]).sum::<f64>().round();
        let pool = &story.pool;
        let busy = pool.busy.at(s) + (1.6 * self.noise.bell(POOL_NOISE, second)).clamp(-3.0, 3.0);
        let used = (busy + pool.leaked.at(s)).round().clamp(0.0, pool.size);
        let waiting = pool.waiting.at(s);
        let waiting = (waiting + 0.3 * waiting.sqrt() * self.noise.bell(WAIT_NOISE, second)).round().max(0.0);
        let started = self.started(second);
        let saw = ((s - started as f64) / story.memory.saw_period).rem_euclid(1.0) - 0.5;
        let wobble = 1_048_576.0 * self.noise.bell(MEMORY_NOISE, second);
        // A request under way holds some 12 KiB.
        let memory = story.memory.used.at(s) + story.memory.saw * saw + wobble + 12_288.0 * active;
        let version = self.version(second);
        Scene {
            active,
            used,
            idle: pool.idle.min(pool.size - used),
            size: pool.size,
            waiting,
            memory: memory.min(0.985 * story.memory.limit).round(),
            limit: story.memory.limit,
            started: (self.deploy_at.timestamp_millis() + started * 1000) as f64 / 1000.0,
            version,
            commit: Self::commit(version),
            cpu: self.sums[cells.len() + CPU] + share * extra[CPU],
            timeouts: (self.sums[cells.len() + TIMEOUTS] + share * extra[TIMEOUTS]).floor(),
        }
    }

    /// The commit that a version was built from: 40 hexadecimal digits, the same in every world.
    pub(in crate::drill) fn commit(version: &str) -> String {
        let name = version.bytes().fold(17_i64, |sum, byte| sum.wrapping_mul(31).wrapping_add(i64::from(byte)));
        let noise = Noise::new(0);
        let part = |index: u64| noise.bits(COMMIT_NOISE + index, name);
        format!("{:016x}{:016x}{:08x}", part(0), part(1), part(2) >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;
    use chrono::TimeZone;

    fn world(seed: u64) -> (StoryWorld, At) {
        let deploy = chrono::Utc.with_ymd_and_hms(2026, 11, 20, 8, 10, 0).unwrap() + Duration::milliseconds(250);
        (StoryWorld::new(Story::connection_leak(), seed, deploy - Duration::minutes(70), deploy), deploy)
    }

    #[test]
    fn questions_may_come_in_any_order() {
        let (mut forward, deploy) = world(3);
        let instants: Vec<At> = (-9..14).map(|i| deploy + Duration::milliseconds(i * 61_337)).collect();
        let in_order: Vec<String> = instants.iter().map(|at| forward.metrics(*at)).collect();
        let (mut back, _) = world(3);
        for (at, text) in instants.iter().zip(&in_order).rev() {
            assert!(back.metrics(*at) == *text, "{at}");
        }
        let (mut other, _) = world(4);
        assert!(other.metrics(instants[3]) != in_order[3]);
    }

    #[test]
    fn what_is_kept_stays_small_and_the_answers_the_same() {
        let (mut world, deploy) = world(1);
        world.spacing = 1;
        let at = deploy - Duration::minutes(65);
        let text = world.metrics(at);
        world.metrics(deploy + Duration::minutes(6));
        assert!(world.kept.len() <= MOST_KEPT, "{}", world.kept.len());
        assert!(world.spacing > 1);
        assert!(world.metrics(at) == text);
    }

    #[test]
    fn before_its_beginning_the_world_stands_still() {
        let (mut world, deploy) = world(1);
        let first = world.begins();
        assert!(world.metrics(deploy - Duration::days(9)) == world.metrics(first));
    }

    #[test]
    fn a_new_process_starts_when_the_deploy_ends() {
        let (world, _) = world(1);
        assert_eq!((world.started(-1), world.version(-1)), (-86_400, "v2.30.4"));
        assert_eq!((world.started(0), world.version(0)), (0, "v2.31.0"));
        assert_eq!(world.version(-86_401), "v2.30.3");
        assert_eq!(StoryWorld::commit("v2.31.0").len(), 40);
        assert_ne!(StoryWorld::commit("v2.31.0"), StoryWorld::commit("v2.30.4"));
    }
}
