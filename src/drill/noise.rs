//! Seeded noise: a pure function of seed, channel and second, so that a world looks alive and is repeatable.
//!
//! There is no generator with a state: any second can be asked for in any order.

/// The noise of one world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::drill) struct Noise {
    seed: u64,
}

impl Noise {
    /// The noise that belongs to a seed.
    pub(in crate::drill) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// 64 bits that look random.
    pub(in crate::drill) const fn bits(self, channel: u64, index: i64) -> u64 {
        // Two rounds of the SplitMix64 finaliser: neighbours in any of the three inputs share nothing.
        let key = mix(self.seed ^ channel.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mix(key ^ (index as u64).wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    /// Evenly spread in -1..1.
    pub(in crate::drill) fn even(self, channel: u64, index: i64) -> f64 {
        // 53 bits are what a double holds exactly.
        (self.bits(channel, index) >> 11) as f64 * (2.0 / 9_007_199_254_740_992.0) - 1.0
    }

    /// Around 0 with a standard deviation of 1, never beyond 3.
    pub(in crate::drill) fn bell(self, channel: u64, index: i64) -> f64 {
        // Three pieces of 21 bits: the sum of three even ones is close enough to a bell.
        let bits = self.bits(channel, index);
        let piece = |shift: u32| ((bits >> shift) & 0x1f_ffff) as f64;
        (piece(0) + piece(21) + piece(42)) * (2.0 / 2_097_152.0) - 3.0
    }

    /// A slow wander in -1..1 that changes its mind every `period` seconds.
    pub(in crate::drill) fn wander(self, channel: u64, second: f64, period: f64) -> f64 {
        let place = second / period;
        let (index, share) = (place.floor() as i64, place - place.floor());
        let soft = share * share * (3.0 - 2.0 * share);
        let (from, to) = (self.even(channel, index), self.even(channel, index + 1));
        from + (to - from) * soft
    }
}

const fn mix(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_centred_and_as_wide_as_it_says() {
        let noise = Noise::new(7);
        let count = 20_000;
        let values = || (0..count).map(|second| noise.bell(3, second));
        let mean = values().sum::<f64>() / count as f64;
        let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64;
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.05, "variance {variance}");
    }

    #[test]
    fn stays_in_its_bounds_and_wanders_without_jumps() {
        let noise = Noise::new(1);
        let mut last = noise.wander(1, -500.0, 20.0);
        for second in -500..500 {
            assert!(noise.even(2, second).abs() <= 1.0);
            assert!(noise.bell(2, second).abs() <= 3.0);
            let next = noise.wander(1, f64::from(second as i32), 20.0);
            assert!((next - last).abs() < 0.2, "{second}: {last} to {next}");
            last = next;
        }
    }

    #[test]
    fn seeds_channels_and_seconds_all_matter() {
        let bits = Noise::new(1).bits(1, 1);
        assert_ne!(bits, Noise::new(2).bits(1, 1));
        assert_ne!(bits, Noise::new(1).bits(2, 1));
        assert_ne!(bits, Noise::new(1).bits(1, 2));
        assert_ne!(Noise::new(1).bits(2, 1), Noise::new(2).bits(1, 1));
    }
}
