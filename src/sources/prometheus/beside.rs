//! What is asked beside the numbers, behind them in the queue: the bounds of histograms, parts of what is in trouble, who
//! calls whom. None of it keeps an answer from being told.

use std::time::Instant;

use futures_util::future::join3;

use crate::sources::http::Http;
use crate::sources::prometheus::Prometheus;
use crate::sources::prometheus::Stage;
use crate::sources::prometheus::answer::Rows;
use crate::sources::prometheus::look::Found;
use crate::sources::prometheus::server::Server;
use crate::sources::prometheus::splits;
use crate::sources::prometheus::splits::Ask;
use crate::sources::prometheus::splits::Part;

/// The questions that are due.
#[derive(Default)]
pub(super) struct Beside {
    bounds: Option<String>,
    apart: Vec<Ask>,
    callers: Option<String>,
}

/// What came back; nothing where there is no answer, until it is asked again.
#[derive(Default)]
pub(super) struct Besides {
    bounds: Option<Rows>,
    parts: Vec<Part>,
    callers: Option<Rows>,
    /// The instant of the parts, in milliseconds.
    at: i64,
}

impl Prometheus {
    /// What is due.
    pub(super) fn beside(&mut self, found: &Found) -> Beside {
        let is_filled = self.stage == Stage::Filled;
        Beside {
            bounds: self.bounds_query(found),
            apart: self.splits.due(&self.plans, found, &self.settings),
            callers: if is_filled { self.callers.due(&self.settings) } else { None },
        }
    }

    /// Takes what came back.
    pub(super) fn take_beside(&mut self, besides: Besides, found: &Found) {
        if let Some(rows) = besides.bounds {
            self.take_bounds(&rows, &found.label);
        }
        if let Some(rows) = besides.callers {
            self.callers.take(&rows, found);
        }
        self.splits.take(&besides.parts, besides.at, found.rate_window(&self.settings));
    }
}

/// Asks; the parts as of an instant.
pub(super) async fn put(server: &Server, http: &Http, beside: Beside, at: i64, until: Instant) -> Besides {
    let rows = async |query: Option<String>| {
        let told = server.call::<Rows>(http, "query", &[("query", query?)], until).await;
        told.ok().map(|told| told.data)
    };
    let parts = splits::put(server, http, beside.apart, at, until);
    // Without bounds no percentile is called a lower bound, until they are asked for again.
    let (bounds, parts, callers) = join3(rows(beside.bounds), parts, rows(beside.callers)).await;
    Besides { bounds, parts, callers, at }
}
