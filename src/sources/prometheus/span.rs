//! Which instants are asked for: the past once, then what is new, and what an outage left out.

use std::time::Duration;

/// Points that a span of the past has at most. A strip of the screen is at most about so many dots wide, and a
/// server allows 11,000.
pub(super) const POINTS: i64 = 360;
/// The same for what only stands beside a line that is drawn, and where there are so many services that their past
/// would be a burden for the server: percentiles cost it most.
pub(super) const FEW_POINTS: i64 = 120;
/// So many new points are asked for one by one; a longer time is asked for as the past is.
const SINGLE: i64 = 60;

/// Instants from `start` to `end`, both included, in milliseconds since the epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) step: i64,
}

impl Span {
    /// What to ask for when the newest final instant is `now_ms`, so that it and the past since `last` (or the whole
    /// backfill) are there; `None` while there is nothing new.
    pub(super) fn next(
        last: Option<i64>,
        now_ms: i64,
        every: Duration,
        backfill: Duration,
        points: i64,
    ) -> Option<Self> {
        let every = millis(every).max(1);
        let backfill = millis(backfill);
        let end = now_ms.div_euclid(every) * every;
        let missing = last.map_or(backfill, |last| (end - last).min(backfill));
        if last.is_some_and(|last| end <= last) {
            return None;
        }
        let step = match last {
            Some(_) if missing <= SINGLE * every => every,
            _ => {
                (missing.div_euclid(points * every) + i64::from(missing.rem_euclid(points * every) > 0)).max(1) * every
            }
        };
        // The newest instant is always among them; what is known already is not.
        let known = i64::from(last.is_some() && missing % step == 0 && missing > 0);
        let start = end - (missing / step - known).max(0) * step;
        Some(Self { start, end, step })
    }
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

/// An instant or a step as the API takes it, in seconds.
pub(super) fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms.div_euclid(1_000), ms.rem_euclid(1_000))
}

/// The parameters of a query over a span.
pub(super) fn range(query: &str, span: Span) -> Vec<(&'static str, String)> {
    vec![
        ("query", query.to_owned()),
        ("start", seconds(span.start)),
        ("end", seconds(span.end)),
        ("step", seconds(span.step)),
        // The cache of VictoriaMetrics would move the instants; others do not know it.
        ("nocache", "1".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(last: Option<i64>, now: i64) -> Option<(i64, i64, i64)> {
        let span = Span::next(last, now, Duration::from_secs(5), Duration::from_hours(3), POINTS)?;
        Some((span.start, span.end, span.step))
    }

    #[test]
    fn the_past_once_then_what_is_new_then_what_was_missed() {
        let hours = 3 * 3_600_000;
        for (last, now, expected) in [
            (None, 20_000_001, Some((20_000_000 - hours, 20_000_000, 30_000))),
            (Some(20_000_000), 20_004_999, None),
            (Some(20_000_000), 19_000_000, None),
            (Some(20_000_000), 20_005_000, Some((20_005_000, 20_005_000, 5_000))),
            (Some(20_000_000), 20_300_000, Some((20_005_000, 20_300_000, 5_000))),
            (Some(20_000_000), 20_305_000, Some((20_005_000, 20_305_000, 5_000))),
            (Some(20_000_000), 21_805_000, Some((20_005_000, 21_805_000, 10_000))),
            (Some(20_000_000), 90_000_000, Some((90_000_000 - hours, 90_000_000, 30_000))),
        ] {
            let found = span(last, now);
            if last == Some(20_000_000) && now == 90_000_000 {
                assert_eq!(found.map(|(_, end, step)| (end, step)), Some((90_000_000, 30_000)));
                continue;
            }
            assert_eq!(found, expected, "{last:?} {now}");
        }
        assert_eq!((seconds(1_500), seconds(30_000), seconds(-1)), ("1.500".into(), "30.000".into(), "-1.999".into()));
    }

    proptest::proptest! {
        #[test]
        fn a_span_ends_at_the_newest_instant_and_holds_only_news(
            last in proptest::option::of(0_i64..40_000_000), now in 0_i64..60_000_000,
            every in 1_u64..120, backfill in 0_u64..100_000,
        ) {
            let last = last.map(|last| last / (every as i64 * 1_000) * (every as i64 * 1_000));
            let (every, backfill) = (Duration::from_secs(every), Duration::from_secs(backfill));
            if let Some(span) = Span::next(last, now, every, backfill, POINTS) {
                proptest::prop_assert!(span.start <= span.end && span.end <= now && now - span.end < millis(every));
                proptest::prop_assert_eq!((span.end - span.start) % span.step, 0);
                proptest::prop_assert_eq!(span.step % millis(every), 0);
                proptest::prop_assert!((span.end - span.start) / span.step <= POINTS);
                proptest::prop_assert!(last.is_none_or(|last| span.start > last));
                // Nothing between what is known and what is asked for is left out.
                let begin = last.unwrap_or(i64::MIN).max(span.end - millis(backfill));
                proptest::prop_assert!(span.start - begin <= span.step.max(millis(every)));
            } else {
                proptest::prop_assert!(last.is_some_and(|last| now - last < millis(every)));
            }
        }
    }
}
