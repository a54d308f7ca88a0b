//! Functions of one number: rounding, clamping, logarithms, angles.

/// 1, 0 or -1 as the number is above, at or below zero.
pub(super) fn sign(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        value
    }
}

/// To the nearest multiple of `to`; halves go up.
pub(super) fn round(value: f64, to: f64) -> f64 {
    let inverse = 1.0 / to;
    (value * inverse + 0.5).floor() / inverse
}

/// The larger one; not-a-number where one of them is.
pub(super) fn at_least(value: f64, bound: f64) -> f64 {
    if value.is_nan() || bound.is_nan() { f64::NAN } else { value.max(bound) }
}

/// The smaller one; not-a-number where one of them is.
pub(super) fn at_most(value: f64, bound: f64) -> f64 {
    if value.is_nan() || bound.is_nan() { f64::NAN } else { value.min(bound) }
}

/// The function of that name, where it is one of a single number.
pub(super) fn function(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sgn" => sign,
        "deg" => f64::to_degrees,
        "rad" => f64::to_radians,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_and_bounds() {
        for (value, to, rounded) in [(2.5, 1.0, 3.0), (-2.5, 1.0, -2.0), (0.25, 0.1, 0.3), (7.0, 5.0, 5.0)] {
            assert!((round(value, to) - rounded).abs() < 1e-12, "{value} to {to}");
        }
        assert_eq!((at_least(1.0, 2.0), at_most(3.0, 2.0)), (2.0, 2.0));
        assert!(at_least(f64::NAN, 2.0).is_nan() && at_most(1.0, f64::NAN).is_nan());
        assert_eq!((sign(-3.0), sign(0.0), sign(2.0)), (-1.0, 0.0, 1.0));
    }
}
