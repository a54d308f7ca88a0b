//! What to evaluate: the contract between the engine and whoever knows the presets.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::Measure;
use crate::facts::PresetReport;
use crate::sources::exposition::Inventory;

/// Looks at the metrics that are there and says what to evaluate.
pub type Planner = Arc<dyn Fn(&Inventory) -> Plan + Send + Sync>;

/// What to evaluate.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Plan {
    /// The presets that were chosen.
    pub presets: Vec<PresetReport>,
    /// What has to be said beside the numbers; clean.
    pub notes: Vec<String>,
    /// The query of each measure, with its variables.
    pub queries: BTreeMap<Measure, String>,
    /// The measures whose query the team wrote: what is wrong with one of them is told, whichever it is.
    pub own: BTreeSet<Measure>,
    /// The label that names the route of a request, where there is one.
    pub route: Option<String>,
    /// Measures that should be there and cannot be had.
    pub absent: Vec<Absence>,
}

/// Why a measure has no query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Absence {
    /// The measure.
    pub measure: Measure,
    /// What was looked for, and what is there that looks close; one clean sentence.
    pub why: Arc<str>,
}
