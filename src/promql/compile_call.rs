//! Function calls, from the parser's tree to ours. A function that is not named here is refused.

use promql_parser::parser::Call;
use promql_parser::parser::Expr;

use crate::facts::Labels;
use crate::promql::absent;
use crate::promql::calendar;
use crate::promql::compile::Compiler;
use crate::promql::compile::bare;
use crate::promql::math;
use crate::promql::plan::Histogram;
use crate::promql::plan::Map;
use crate::promql::plan::Node;
use crate::promql::plan::OverTime;
use crate::promql::plan::Presence;
use crate::promql::plan::RangeFunction;
use crate::promql::plan::Relabel;
use crate::promql::plan::Relabelling;
use crate::promql::refusal::Refusal;

const NATIVE: [&str; 5] = ["histogram_avg", "histogram_count", "histogram_stddev", "histogram_stdvar", "histogram_sum"];

/// The arguments of a call; the parser has checked how many there are, but not against what we do with them.
#[derive(Clone, Copy)]
struct Arguments<'e, 'q> {
    compiler: Compiler<'q>,
    all: &'e [Box<Expr>],
}

impl<'e> Arguments<'e, '_> {
    fn get(self, index: usize) -> Result<&'e Expr, Refusal> {
        self.all.get(index).map(|expr| &**expr).ok_or_else(|| self.compiler.error("a function lacks an argument"))
    }

    fn vector(self, index: usize) -> Result<Box<Node>, Refusal> {
        Ok(Box::new(self.compiler.vector(self.get(index)?)?))
    }

    fn scalar(self, index: usize) -> Result<Node, Refusal> {
        self.compiler.scalar(self.get(index)?)
    }

    fn text(self, index: usize) -> Result<String, Refusal> {
        self.compiler.text(self.get(index)?)
    }
}

pub(super) fn call(compiler: Compiler<'_>, call: &Call) -> Result<Node, Refusal> {
    let arguments = Arguments { compiler, all: &call.args.args };
    let name = call.func.name;
    if let Some((function, window, parameter)) = range_function(name) {
        let window = compiler.window(arguments.get(window)?)?;
        let parameter = parameter.map(|index| arguments.scalar(index)).transpose()?;
        return Ok(Node::OverTime(Box::new(OverTime { function, window, parameter })));
    }
    if let Some(function) = math::function(name) {
        return Ok(Node::Map { map: Map::Plain(function), argument: arguments.vector(0)?, bounds: Vec::new() });
    }
    if let Some(part) = date_function(name) {
        let argument = if arguments.all.is_empty() {
            Box::new(Node::ToVector(Box::new(Node::Time)))
        } else {
            arguments.vector(0)?
        };
        return Ok(Node::Map { map: Map::Plain(part), argument, bounds: Vec::new() });
    }
    match name {
        "clamp" | "clamp_min" | "clamp_max" | "round" => bounded(arguments, name),
        "absent" | "absent_over_time" => absent(arguments, name),
        "label_replace" | "label_join" => relabel(arguments, name),
        "histogram_quantile" => {
            let (quantile, buckets) = (arguments.scalar(0)?, *arguments.vector(1)?);
            Ok(Node::Histogram(Box::new(Histogram::Quantile { quantile, buckets })))
        }
        "histogram_fraction" => {
            let (lower, upper, buckets) = (arguments.scalar(0)?, arguments.scalar(1)?, *arguments.vector(2)?);
            Ok(Node::Histogram(Box::new(Histogram::Fraction { lower, upper, buckets })))
        }
        "sort" => Ok(Node::Order { descending: false, argument: arguments.vector(0)? }),
        "sort_desc" => Ok(Node::Order { descending: true, argument: arguments.vector(0)? }),
        "timestamp" => match bare(arguments.get(0)?) {
            Expr::VectorSelector(selector) => Ok(Node::SampleTimes(compiler.selector(selector)?)),
            _ => Ok(Node::Map { map: Map::EvaluationTime, argument: arguments.vector(0)?, bounds: Vec::new() }),
        },
        "time" => Ok(Node::Time),
        "pi" => Ok(Node::Number(std::f64::consts::PI)),
        "scalar" => Ok(Node::ToScalar(arguments.vector(0)?)),
        "vector" => Ok(Node::ToVector(Box::new(arguments.scalar(0)?))),
        _ if NATIVE.contains(&name) => Err(compiler.feature(&format!("native histograms (the function {name})"))),
        _ => Err(compiler.feature(&format!("the experimental function {name}"))),
    }
}

/// A function of a range, where its range stands among the arguments, and where its number.
fn range_function(name: &str) -> Option<(RangeFunction, usize, Option<usize>)> {
    let function = match name {
        "rate" => RangeFunction::Rate,
        "increase" => RangeFunction::Increase,
        "delta" => RangeFunction::Delta,
        "irate" => RangeFunction::InstantRate,
        "idelta" => RangeFunction::InstantDelta,
        "changes" => RangeFunction::Changes,
        "resets" => RangeFunction::Resets,
        "deriv" => RangeFunction::Derivative,
        "avg_over_time" => RangeFunction::Average,
        "min_over_time" => RangeFunction::Minimum,
        "max_over_time" => RangeFunction::Maximum,
        "sum_over_time" => RangeFunction::Sum,
        "count_over_time" => RangeFunction::Count,
        "stddev_over_time" => RangeFunction::Deviation,
        "stdvar_over_time" => RangeFunction::Variance,
        "last_over_time" => RangeFunction::Last,
        "first_over_time" => RangeFunction::First,
        "present_over_time" => RangeFunction::Present,
        "predict_linear" => return Some((RangeFunction::PredictLinear, 0, Some(1))),
        "quantile_over_time" => return Some((RangeFunction::Quantile, 1, Some(0))),
        _ => return None,
    };
    Some((function, 0, None))
}

fn date_function(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "minute" => calendar::minute,
        "hour" => calendar::hour,
        "day_of_week" => calendar::day_of_week,
        "day_of_month" => calendar::day_of_month,
        "day_of_year" => calendar::day_of_year,
        "days_in_month" => calendar::days_in_month,
        "month" => calendar::month,
        "year" => calendar::year,
        _ => return None,
    })
}

fn bounded(arguments: Arguments<'_, '_>, name: &str) -> Result<Node, Refusal> {
    let map = match name {
        "clamp" => Map::Clamp,
        "clamp_min" => Map::ClampMin,
        "clamp_max" => Map::ClampMax,
        _ => Map::Round,
    };
    let bounds = (1..arguments.all.len()).map(|index| arguments.scalar(index)).collect::<Result<_, _>>()?;
    Ok(Node::Map { map, argument: arguments.vector(0)?, bounds })
}

fn absent(arguments: Arguments<'_, '_>, name: &str) -> Result<Node, Refusal> {
    let compiler = arguments.compiler;
    let argument = bare(arguments.get(0)?);
    let labels = match argument {
        Expr::VectorSelector(selector) => absent::labels(&compiler.selector(selector)?),
        Expr::MatrixSelector(matrix) => absent::labels(&compiler.selector(&matrix.vs)?),
        _ => Labels::default(),
    };
    let argument = if name == "absent" {
        Presence::Now(compiler.vector(argument)?)
    } else {
        Presence::Within(compiler.window(argument)?)
    };
    Ok(Node::Absent { argument: Box::new(argument), labels })
}

fn relabel(arguments: Arguments<'_, '_>, name: &str) -> Result<Node, Refusal> {
    let compiler = arguments.compiler;
    let target = compiler.label(arguments.get(1)?, name)?;
    let how = if name == "label_replace" {
        let pattern = compiler.anchored(&arguments.text(4)?)?;
        Relabelling::Replace { replacement: arguments.text(2)?, source: arguments.text(3)?, pattern }
    } else {
        let source = |index| compiler.label(arguments.get(index)?, name);
        let sources = (3..arguments.all.len()).map(source).collect::<Result<Vec<_>, _>>()?;
        Relabelling::Join { separator: arguments.text(2)?, sources }
    };
    Ok(Node::Relabel(Box::new(Relabel { argument: *arguments.vector(0)?, target, how })))
}
