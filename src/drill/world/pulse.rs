//! The [`Pulse`] of a service: how it is for the people who use it, as the world knows it and nobody has to measure.

use super::World;
use super::layout::COUNT;
use super::layout::SUM;
use super::layout::Series;
use super::layout::WIDTH;
use crate::drill::Second;
use crate::facts::At;

/// How a service is over some time.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Pulse {
    /// Requests per second.
    pub rate: f64,
    /// The share of them that is answered with 400 or more.
    pub failing: f64,
    /// The mean time to answer, in seconds.
    pub mean: f64,
    /// The fullest of the memories and disks of its instances, at the end.
    pub full: f64,
}

impl World {
    /// The pulse of a service, by its place in the scenario, between two instants; the second one is not included.
    pub fn pulse(&mut self, service: usize, from: At, to: At) -> Pulse {
        let (from, _) = self.place(from);
        let (to, _) = self.place(to);
        let (mut all, mut failed, mut time) = (0.0, 0.0, 0.0);
        for second in from..to {
            self.go_to(second);
            let (Some(layout), Some(frames)) = (self.fixed.layouts.get(service), self.frames.instances.get(service))
            else {
                return Pulse::default();
            };
            for frame in frames {
                for (series, cells) in layout.series.iter().zip(frame.steps.chunks_exact(WIDTH)) {
                    if let Series::Request { code, .. } = series {
                        all += cells[COUNT];
                        time += cells[SUM];
                        failed += if *code >= 400 { cells[COUNT] } else { 0.0 };
                    }
                }
            }
        }
        let per = |sum: f64, of: f64| if of > 0.0 { sum / of } else { 0.0 };
        let full = self.fullest(service, to);
        Pulse { rate: per(all, (to - from) as f64), failing: per(failed, all), mean: per(time, all), full }
    }

    fn fullest(&self, service: usize, second: Second) -> f64 {
        let plan = &self.fixed.plans[service];
        let one = |(index, instance): (usize, &super::instance::Instance)| {
            let frame = &self.frames.instances[service][index];
            let used = self.fixed.memory(service, index, instance, frame, second);
            let memory = plan.service.memory.as_ref().map_or(0.0, |memory| used / memory.limit);
            memory.max(plan.service.disk.as_ref().map_or(0.0, |disk| frame.disk / disk.size))
        };
        self.state.instances[service].iter().enumerate().map(one).fold(0.0, f64::max)
    }
}
