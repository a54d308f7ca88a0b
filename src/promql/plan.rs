//! A checked query as a tree of our own: what the parser's tree says, with every choice already made.
//!
//! Nothing here can be refused any more; [`compile`](super::compile) makes it, [`eval`](super::eval) walks it.

use crate::promql::grouping::Projection;
use crate::promql::selector::Selector;

/// Which optional behaviours of Prometheus hold. The default is what servers do without feature flags; anything
/// else exists for tests that were written for a server with flags.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Dialect {
    /// Metric names go at the end of the query instead of at once (`promql-delayed-name-removal`).
    pub delayed_names: bool,
    /// `__type__` and `__unit__` go where `__name__` goes (`type-and-unit-labels`).
    pub type_and_unit: bool,
}

/// When a selector or subquery is looked at, relative to the time of evaluation.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Shift {
    pub(super) at: Anchor,
    pub(super) offset_ms: i64,
}

/// What `@` says.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Anchor {
    /// No `@`: the time of evaluation.
    #[default]
    Now,
    /// `@ 1600000000`, in milliseconds.
    At(i64),
    /// `@ start()` of the whole query.
    Start,
    /// `@ end()` of the whole query.
    End,
}

/// A part of a query that has a value at an instant.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Number(f64),
    Text(String),
    Select(Selector),
    Negate(Box<Node>),
    Aggregate(Box<Aggregate>),
    Arithmetic(Box<Binary>),
    Set {
        keep: Keep,
        left: Box<Node>,
        right: Box<Node>,
        on: Projection,
    },
    OverTime(Box<OverTime>),
    Absent {
        argument: Box<Presence>,
        labels: crate::facts::Labels,
    },
    Map {
        map: Map,
        argument: Box<Node>,
        bounds: Vec<Node>,
    },
    Order {
        descending: bool,
        argument: Box<Node>,
    },
    Histogram(Box<Histogram>),
    Relabel(Box<Relabel>),
    /// `timestamp` of a bare selector: the time of its samples. Of anything else it is a [`Map`].
    SampleTimes(Selector),
    Time,
    ToScalar(Box<Node>),
    ToVector(Box<Node>),
}

/// What `absent` and `absent_over_time` look at.
#[derive(Clone, Debug)]
pub(super) enum Presence {
    Now(Node),
    Within(Window),
}

/// A range of samples: of a selector, or of a subquery.
#[derive(Clone, Debug)]
pub(super) enum Window {
    Select { selector: Selector, range_ms: i64 },
    Subquery(Box<Subquery>),
}

/// `node[range:step]`.
#[derive(Clone, Debug)]
pub(super) struct Subquery {
    pub(super) node: Node,
    pub(super) range_ms: i64,
    pub(super) step_ms: Option<i64>,
    pub(super) shift: Shift,
}

/// A function of a range.
#[derive(Clone, Debug)]
pub(super) struct OverTime {
    pub(super) function: RangeFunction,
    pub(super) window: Window,
    /// The one number that some of them take.
    pub(super) parameter: Option<Node>,
}

/// Functions of a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RangeFunction {
    Rate,
    Increase,
    Delta,
    InstantRate,
    InstantDelta,
    Changes,
    Resets,
    Derivative,
    PredictLinear,
    Average,
    Minimum,
    Maximum,
    Sum,
    Count,
    Quantile,
    Deviation,
    Variance,
    Last,
    First,
    Present,
}

impl RangeFunction {
    /// Whether the result still is the metric, so that it keeps its name.
    pub(super) fn keeps_name(self) -> bool {
        matches!(self, Self::Last | Self::First)
    }
}

/// Functions of one number, applied to each sample.
#[derive(Clone, Copy, Debug)]
pub(super) enum Map {
    Plain(fn(f64) -> f64),
    Round,
    Clamp,
    ClampMin,
    ClampMax,
    /// `timestamp` of a computed vector: the time of evaluation.
    EvaluationTime,
}

/// An aggregation.
#[derive(Clone, Debug)]
pub(super) struct Aggregate {
    pub(super) operator: Aggregation,
    pub(super) argument: Node,
    pub(super) groups: Projection,
}

/// What an aggregation does.
#[derive(Clone, Debug)]
pub(super) enum Aggregation {
    Sum,
    Average,
    Count,
    Minimum,
    Maximum,
    Group,
    Deviation,
    Variance,
    Quantile(Node),
    Top(Node),
    Bottom(Node),
    CountValues(String),
}

/// An arithmetic or comparison operator between scalars and vectors.
#[derive(Clone, Debug)]
pub(super) struct Binary {
    pub(super) operator: Operator,
    pub(super) left: Node,
    pub(super) right: Node,
    /// A comparison gives 0 or 1 instead of choosing.
    pub(super) to_bool: bool,
    pub(super) on: Projection,
    pub(super) cardinality: Cardinality,
}

/// How many samples of one side may match how many of the other.
#[derive(Clone, Debug)]
pub(super) enum Cardinality {
    OneToOne,
    /// `group_left` with the labels taken from the right.
    ManyToOne(Vec<String>),
    /// `group_right` with the labels taken from the left.
    OneToMany(Vec<String>),
}

/// Operators between two numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Atan2,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}

/// Set operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keep {
    And,
    Or,
    Unless,
}

/// What is read from the buckets of classic histograms.
#[derive(Clone, Debug)]
pub(super) enum Histogram {
    Quantile { quantile: Node, buckets: Node },
    Fraction { lower: Node, upper: Node, buckets: Node },
}

impl Histogram {
    pub(super) fn buckets(&self) -> &Node {
        let (Self::Quantile { buckets, .. } | Self::Fraction { buckets, .. }) = self;
        buckets
    }
}

/// `label_replace` and `label_join`.
#[derive(Clone, Debug)]
pub(super) struct Relabel {
    pub(super) argument: Node,
    pub(super) target: String,
    pub(super) how: Relabelling,
}

/// Where the new value of a label comes from.
#[derive(Clone, Debug)]
pub(super) enum Relabelling {
    Replace { replacement: String, source: String, pattern: std::sync::Arc<regex::Regex> },
    Join { separator: String, sources: Vec<String> },
}
