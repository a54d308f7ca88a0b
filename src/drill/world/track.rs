//! A [`Track`]: how one quantity of a service is altered over time, as knots that events and jobs have left.
//!
//! Several tracks may be about the same quantity in different places (the service, a route, an instance): they
//! are applied one after the other.

use crate::drill::Quantity;
use crate::drill::Second;
use crate::drill::Value;

/// From a second on, within a time, towards a value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Knot {
    pub(super) from: Second,
    pub(super) over: Second,
    pub(super) value: Value,
}

/// Where a track counts; `None`: everywhere. Indices are those of the service, from 0.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Where {
    pub(super) instance: Option<usize>,
    pub(super) route: Option<usize>,
    /// The call whose quantity it is; `None`: the service's own.
    pub(super) call: Option<usize>,
}

/// One quantity in one place.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Track {
    pub(super) place: Where,
    pub(super) quantity: Quantity,
    /// In the order of time.
    knots: Vec<Knot>,
}

/// Knots that may still be on their way; older ones have arrived.
const RECENT: usize = 4;

impl Track {
    pub(super) const fn new(place: Where, quantity: Quantity) -> Self {
        Self { place, quantity, knots: Vec::new() }
    }

    /// Adds a knot; knots of the same second keep their order.
    pub(super) fn push(&mut self, knot: Knot) {
        let place = self.knots.partition_point(|known| known.from <= knot.from);
        self.knots.insert(place, knot);
    }

    /// Whether a knot begins at a second.
    pub(super) fn has_knot_at(&self, second: Second) -> bool {
        self.knots.iter().any(|knot| knot.from == second)
    }

    /// The value at a second of what would be `usual`.
    pub(super) fn apply(&self, usual: f64, second: Second) -> f64 {
        let end = self.knots.partition_point(|knot| knot.from <= second);
        let mut value = usual;
        let recent = end.saturating_sub(RECENT);
        for (index, knot) in self.knots[recent..end].iter().enumerate() {
            let to = match knot.value {
                Value::Usual => usual,
                Value::Times(factor) => usual * factor,
                Value::To(value) => value,
            };
            let next = self.knots[recent..end].get(index + 1).map_or(second, |next| next.from);
            let is_old = index == 0 && recent > 0;
            let share =
                if knot.over <= 0 || is_old { 1.0 } else { ((next - knot.from) as f64 / knot.over as f64).min(1.0) };
            value += (to - value) * share;
        }
        value
    }
}

/// All tracks of a service.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Tracks(pub(super) Vec<Track>);

impl Tracks {
    /// The track of a quantity in a place, made if there is none.
    pub(super) fn entry(&mut self, place: Where, quantity: Quantity) -> &mut Track {
        let found = self.0.iter().position(|track| track.place == place && track.quantity == quantity);
        let index = found.unwrap_or_else(|| {
            self.0.push(Track::new(place, quantity));
            self.0.len() - 1
        });
        &mut self.0[index]
    }

    /// What a quantity of an instance and one of its routes is at a second.
    pub(super) fn of(&self, quantity: Quantity, place: Where, usual: f64, second: Second) -> f64 {
        let fits = |track: &&Track| {
            track.quantity == quantity
                && track.place.call == place.call
                && (track.place.route.is_none() || track.place.route == place.route)
                && (track.place.instance.is_none() || track.place.instance == place.instance)
        };
        self.0.iter().filter(fits).fold(usual, |value, track| track.apply(value, second))
    }

    /// The same, by those tracks alone that are about this very instance.
    pub(super) fn of_instance(&self, quantity: Quantity, place: Where, usual: f64, second: Second) -> f64 {
        let fits = |track: &&Track| {
            track.quantity == quantity
                && track.place.instance.is_some()
                && track.place.instance == place.instance
                && (track.place.route.is_none() || track.place.route == place.route)
        };
        self.0.iter().filter(fits).fold(usual, |value, track| track.apply(value, second))
    }

    /// The status codes that are set for a place, each with its share, in the order of the codes.
    pub(super) fn codes(&self, place: Where, usual: &[(u16, f64)], second: Second) -> Vec<(u16, f64)> {
        let mut all: Vec<(u16, f64)> = usual.to_vec();
        for track in &self.0 {
            if let Quantity::Code(code) = track.quantity
                && track.place.call == place.call
                && !all.iter().any(|(known, _)| *known == code)
            {
                all.push((code, 0.0));
            }
        }
        for (code, share) in &mut all {
            *share = self.of(Quantity::Code(*code), place, *share, second);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(knots: &[(Second, Second, Value)]) -> Track {
        let mut track = Track::new(Where::default(), Quantity::Errors);
        for &(from, over, value) in knots {
            track.push(Knot { from, over, value });
        }
        track
    }

    #[test]
    fn quantities_go_in_straight_lines_from_where_they_are() {
        let track = track(&[
            (10, 0, Value::To(5.0)),
            (20, 10, Value::Times(10.0)),
            (25, 10, Value::Usual),
            (50, 0, Value::To(7.0)),
        ]);
        for (second, value) in [(9, 1.0), (10, 5.0), (20, 5.0), (24, 7.0), (25, 7.5), (30, 4.25), (35, 1.0), (60, 7.0)]
        {
            assert!((track.apply(1.0, second) - value).abs() < 1e-9, "{second}: {}", track.apply(1.0, second));
        }
    }

    #[test]
    fn many_knots_cost_no_more_than_few() {
        let mut track = track(&[]);
        for night in 0..1_000 {
            track.push(Knot { from: night * 100, over: 0, value: Value::Times(3.0) });
            track.push(Knot { from: night * 100 + 10, over: 0, value: Value::Usual });
        }
        assert!((track.apply(2.0, 99_905) - 6.0).abs() < 1e-9);
        assert!((track.apply(2.0, 99_911) - 2.0).abs() < 1e-9);
    }
}
