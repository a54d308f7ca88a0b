//! Numbers and texts as few bytes, and back. Nothing that comes from a file is trusted: what does not fit is
//! [`Broken`], never a panic and never a large allocation.

/// The bytes are not what this version writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken;

/// Integers up to here are exact as floats.
const EXACT: i64 = 1 << 52;

/// Appends a number, seven bits a byte, the lowest first.
pub fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a number that may be negative; small ones are short on both sides of zero.
pub fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, zigzag(number));
}

/// Appends a text with its length.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a float by its bits, as the difference to the one before: counters grow by small whole numbers.
pub fn put_float(out: &mut Vec<u8>, before: u64, bits: u64) {
    if let (Some(from), Some(to)) = (whole(before), whole(bits)) {
        put_number(out, zigzag(to - from) << 1);
        return;
    }
    // One byte says how many zero bytes the difference has on either side; its lowest bit tells it from a number.
    let difference = before ^ bits;
    let (lead, trail) = match difference {
        0 => (7, 0),
        some => (some.leading_zeros() / 8, some.trailing_zeros() / 8),
    };
    out.push((1 | lead << 1 | trail << 4) as u8);
    out.extend_from_slice(&difference.to_be_bytes()[lead as usize..8 - trail as usize]);
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// The whole number that has exactly these bits as a float.
fn whole(bits: u64) -> Option<i64> {
    let value = f64::from_bits(bits);
    let number = value as i64;
    ((-EXACT..=EXACT).contains(&number) && (number as f64).to_bits() == bits).then_some(number)
}

/// What is left to be read.
#[derive(Clone, Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// `Ok` when everything was read.
    pub const fn end(self) -> Result<(), Broken> {
        if self.0.is_empty() { Ok(()) } else { Err(Broken) }
    }

    pub fn byte(&mut self) -> Result<u8, Broken> {
        let (first, rest) = self.0.split_first().ok_or(Broken)?;
        self.0 = rest;
        Ok(*first)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn number(&mut self) -> Result<u64, Broken> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                return Err(Broken);
            }
            number |= part << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Broken)
    }

    pub fn signed(&mut self) -> Result<i64, Broken> {
        self.number().map(unzigzag)
    }

    /// A count of things of which each takes at least a byte: never more than there are bytes.
    pub fn count(&mut self) -> Result<usize, Broken> {
        let count = usize::try_from(self.number()?).map_err(|_| Broken)?;
        if count > self.0.len() { Err(Broken) } else { Ok(count) }
    }

    pub fn text(&mut self) -> Result<&'a str, Broken> {
        let length = self.count()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Broken)
    }

    pub fn float(&mut self, before: u64) -> Result<u64, Broken> {
        let first = *self.0.first().ok_or(Broken)?;
        if first & 1 == 0 {
            let step = unzigzag(self.number()? >> 1);
            let to = whole(before).and_then(|from| from.checked_add(step)).ok_or(Broken)?;
            return Ok((to as f64).to_bits());
        }
        self.byte()?;
        let (lead, trail) = (usize::from(first >> 1 & 7), usize::from(first >> 4 & 7));
        let mut difference = [0; 8];
        let middle = difference.get_mut(lead..8 - trail).ok_or(Broken)?;
        middle.copy_from_slice(self.take(middle.len())?);
        Ok(before ^ u64::from_be_bytes(difference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn floats() -> impl Strategy<Value = u64> {
        prop_oneof![
            any::<u64>(),
            (-1_000_000_i64..1_000_000).prop_map(|whole| (whole as f64).to_bits()),
            any::<f32>().prop_map(|some| f64::from(some).to_bits()),
            prop::sample::select(vec![0, 1, 1 << 63, u64::MAX, 0x7ff0_0000_0000_0002, 2_f64.powi(52).to_bits()]),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, signed: i64, text: String, before in floats(), bits in floats()) {
            let mut out = Vec::new();
            put_number(&mut out, number);
            put_signed(&mut out, signed);
            put_text(&mut out, &text);
            put_float(&mut out, before, bits);
            let mut bytes = Bytes::new(&out);
            prop_assert_eq!(bytes.number(), Ok(number));
            prop_assert_eq!(bytes.signed(), Ok(signed));
            prop_assert_eq!(bytes.text(), Ok(&*text));
            prop_assert_eq!(bytes.float(before), Ok(bits));
            prop_assert_eq!(bytes.end(), Ok(()));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, before in floats()) {
            let _ = Bytes::new(&bytes).number();
            let _ = Bytes::new(&bytes).signed();
            let _ = Bytes::new(&bytes).text();
            let _ = Bytes::new(&bytes).float(before);
        }
    }

    #[test]
    fn a_counter_that_steps_costs_a_byte() {
        let mut out = Vec::new();
        put_float(&mut out, 123_456_789_f64.to_bits(), 123_456_820_f64.to_bits());
        assert_eq!(out.len(), 1);
    }
}
