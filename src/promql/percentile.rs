//! Which histograms a percentile is read from, so that one in the open last bucket can be told from a number.
//!
//! A server answers with the highest bound and does not say that it is one. Nothing is evaluated here.

use promql_parser::parser;
use promql_parser::parser::Expr;
use promql_parser::parser::token;

use crate::promql::by_label::bare;

/// The histograms that a percentile is read from.
#[derive(Clone, PartialEq, Debug)]
pub struct Percentile {
    /// The metrics that hold its buckets.
    pub metrics: Vec<String>,
    /// By what the percentile is multiplied.
    pub factor: f64,
}

/// What a query reads its percentile from; `None` where it is no percentile, or one that is worked on further.
#[must_use]
pub fn percentile(query: &str) -> Option<Percentile> {
    let mut expr = parser::parse(query).ok()?;
    let (metrics, factor) = quantile(&mut expr)?;
    Some(Percentile { metrics, factor })
}

fn quantile(expr: &mut Expr) -> Option<(Vec<String>, f64)> {
    match bare(expr) {
        Expr::Call(call) if call.func.name == "histogram_quantile" => {
            let mut metrics = Vec::new();
            names(call.args.args.get(1)?, &mut metrics);
            (!metrics.is_empty()).then_some((metrics, 1.0))
        }
        Expr::Binary(binary) if binary.op.id() == token::T_LOR => {
            let (mut metrics, factor) = quantile(&mut binary.lhs)?;
            let (more, other) = quantile(&mut binary.rhs)?;
            metrics.extend(more.into_iter().filter(|name| !metrics.contains(name)).collect::<Vec<_>>());
            (factor.to_bits() == other.to_bits()).then_some((metrics, factor))
        }
        Expr::Binary(binary) => {
            let (metrics, factor) = quantile(&mut binary.lhs)?;
            let Expr::NumberLiteral(number) = bare(&mut binary.rhs) else { return None };
            match binary.op.id() {
                token::T_MUL => Some((metrics, factor * number.val)),
                token::T_DIV => Some((metrics, factor / number.val)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The names of all metrics below a part that is made of calls and aggregations, as quantiles of histograms are.
fn names(expr: &Expr, found: &mut Vec<String>) {
    match expr {
        Expr::Paren(inner) => names(&inner.expr, found),
        Expr::Aggregate(aggregate) => names(&aggregate.expr, found),
        Expr::Call(call) => call.args.args.iter().for_each(|argument| names(argument, found)),
        Expr::MatrixSelector(range) => found.extend(range.vs.name.clone()),
        Expr::VectorSelector(selector) => found.extend(selector.name.clone()),
        _ => {}
    }
}
