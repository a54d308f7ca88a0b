//! Arithmetic and comparisons between numbers, between a vector and a number, and, by matching, between vectors.

use crate::promql::calls;
use crate::promql::eval::Evaluated;
use crate::promql::eval::Frame;
use crate::promql::matching;
use crate::promql::plan::Binary;
use crate::promql::plan::Operator;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;

impl Operator {
    pub(super) fn is_comparison(self) -> bool {
        use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        matches!(self, Equal | NotEqual | Greater | Less | GreaterOrEqual | LessOrEqual)
    }

    /// The result; of a comparison 1 or 0.
    pub(super) fn apply(self, left: f64, right: f64) -> f64 {
        let truth = |holds: bool| f64::from(u8::from(holds));
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Modulo => left % right,
            Self::Power => left.powf(right),
            Self::Atan2 => left.atan2(right),
            Self::Equal => truth(left == right),
            Self::NotEqual => truth(left != right),
            Self::Greater => truth(left > right),
            Self::Less => truth(left < right),
            Self::GreaterOrEqual => truth(left >= right),
            Self::LessOrEqual => truth(left <= right),
        }
    }
}

pub(super) fn eval<'a>(frame: &Frame<'a>, binary: &'a Binary, now: i64) -> Result<Evaluated<'a>, EvalError> {
    let operator = binary.operator;
    match (frame.eval(&binary.left, now)?, frame.eval(&binary.right, now)?) {
        (Evaluated::Scalar(left), Evaluated::Scalar(right)) => Ok(Evaluated::Scalar(operator.apply(left, right))),
        (Evaluated::Vector(left), Evaluated::Scalar(right)) => {
            with_number(frame, binary, left, |value| operator.apply(value, right))
        }
        (Evaluated::Scalar(left), Evaluated::Vector(right)) => {
            with_number(frame, binary, right, |value| operator.apply(left, value))
        }
        (Evaluated::Vector(left), Evaluated::Vector(right)) => {
            Ok(Evaluated::Vector(matching::apply(frame, binary, left, right)?))
        }
        _ => Err(EvalError::new("a text cannot be calculated with")),
    }
}

/// A vector and a number: each sample is calculated with, or kept as it is where the comparison holds.
fn with_number<'a>(
    frame: &Frame<'a>,
    binary: &Binary,
    samples: Vec<Sample<'a>>,
    apply: impl Fn(f64) -> f64,
) -> Result<Evaluated<'a>, EvalError> {
    Ok(Evaluated::Vector(if binary.operator.is_comparison() && !binary.to_bool {
        samples.into_iter().filter(|sample| apply(sample.value) != 0.0).collect()
    } else {
        calls::each(frame, samples, apply)?
    }))
}
