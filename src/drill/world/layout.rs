//! The [`Layout`]: which counters an instance of a service has, and where in its cells each of them is.

use super::plan::Plan;

/// The finite bounds of every histogram, in seconds: those of OpenTelemetry, and 30 s for slow days.
pub(super) const BOUNDS: [f64; 15] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0];

/// Where in a histogram's cells the number of its events is; the finite buckets come before it.
pub(super) const COUNT: usize = BOUNDS.len();
/// Where in a histogram's cells the sum of its times is.
pub(super) const SUM: usize = COUNT + 1;
/// Cells of one histogram.
pub(super) const WIDTH: usize = SUM + 1;

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    With(u16),
    /// It was given up.
    TimedOut,
}

/// One histogram of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Series {
    /// Requests of a route with a status code.
    Request { route: usize, code: u16 },
    /// Calls with an end.
    Call { call: usize, ended: Ended },
    /// Queries.
    Query,
}

/// The counters of each instance of a service.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Layout {
    /// The histograms, `WIDTH` cells each.
    pub(super) series: Vec<Series>,
    /// For each route, the index of its first series: 200, then the other codes.
    pub(super) routes: Vec<(usize, Vec<u16>)>,
    /// For each call, the index of its first series: 200, the other codes, then what was given up.
    pub(super) calls: Vec<(usize, Vec<u16>)>,
    /// The index of the series of queries, if there is a pool.
    pub(super) queries: Option<usize>,
    /// The cell with the seconds of a core that were used.
    pub(super) cpu: usize,
    /// The cell with the requests that got no connection in time.
    pub(super) timeouts: usize,
    /// How many cells there are.
    pub(super) cells: usize,
}

impl Layout {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut series = Vec::new();
        let mut routes = Vec::new();
        for route in 0..plan.service.routes.len() {
            let codes = plan.codes(route);
            routes.push((series.len(), codes.clone()));
            series.extend([200].into_iter().chain(codes).map(|code| Series::Request { route, code }));
        }
        let mut calls = Vec::new();
        for call in 0..plan.service.calls.len() {
            let codes = plan.call_codes(call);
            calls.push((series.len(), codes.clone()));
            let ends = [200].into_iter().chain(codes).map(Ended::With).chain([Ended::TimedOut]);
            series.extend(ends.map(|ended| Series::Call { call, ended }));
        }
        let queries = plan.service.pool.is_some().then_some(series.len());
        series.extend(queries.map(|_| Series::Query));
        let cpu = series.len() * WIDTH;
        Self { series, routes, calls, queries, cpu, timeouts: cpu + 1, cells: cpu + 2 }
    }

    /// The cells of a route's requests with a code; those of 500 where it has no such code.
    pub(super) fn request<'c>(&self, cells: &'c mut [f64], route: usize, code: u16) -> &'c mut [f64] {
        let (first, codes) = &self.routes[route];
        let place = if code == 200 { 0 } else { codes.binary_search(&code).map_or(1, |place| place + 1) };
        histogram(cells, first + place)
    }

    /// The cells of calls with an end.
    pub(super) fn call<'c>(&self, cells: &'c mut [f64], call: usize, ended: Ended) -> &'c mut [f64] {
        let (first, codes) = &self.calls[call];
        let place = match ended {
            Ended::With(200) => 0,
            Ended::With(code) => codes.binary_search(&code).map_or(1, |place| place + 1),
            Ended::TimedOut => codes.len() + 1,
        };
        histogram(cells, first + place)
    }
}

/// The cells of a histogram.
pub(super) fn histogram(cells: &mut [f64], index: usize) -> &mut [f64] {
    &mut cells[index * WIDTH..(index + 1) * WIDTH]
}
