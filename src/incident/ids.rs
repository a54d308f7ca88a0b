//! Names that are the same for whoever makes them: parts of the ids of entries, and what was tried how often.

use std::fmt::Write as _;

use crate::incident::Incident;
use crate::incident::What;

/// Most characters of a part of an id.
const LONGEST: usize = 48;

/// A text as a part of an id: printable ASCII, and another one for another text as far as that can be.
#[must_use]
pub fn id_part(text: &str) -> String {
    let mut part = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') => part.push(c),
            c => drop(write!(part, "_{:x}_", c as u32)),
        }
        if part.len() > LONGEST {
            // Long names may begin alike.
            let sum = text
                .bytes()
                .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
            part.truncate(LONGEST);
            return format!("{part}-{sum:016x}");
        }
    }
    part
}

impl Incident {
    /// Whether there is an entry of that id.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.times.contains_key(id)
    }

    /// How often somebody began to send an update to a channel.
    #[must_use]
    pub fn attempts(&self, update: &str, to: &str) -> usize {
        let sent = |what: &What| matches!(what, What::Sending { update: of, to: at } if of == update && at == to);
        self.entries().filter(|entry| sent(&entry.what)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::At;
    use crate::incident::Entry;

    #[test]
    fn parts_of_ids_can_be_written_and_differ() {
        let long = "x".repeat(300);
        let names = ["ana", "Ana", "#incidents", "_23_incidents", "日本", "", "a b", "a_b", &long, &long[1..]];
        let parts: std::collections::BTreeSet<String> = names.iter().map(|name| id_part(name)).collect();
        assert_eq!(parts.len(), names.len());
        assert!(parts.iter().all(|part| part.len() <= 66 && part.bytes().all(|byte| byte.is_ascii_graphic())));
    }

    #[test]
    fn attempts_are_counted_by_channel() {
        let sending = |id: &str, to: &str| {
            let what = What::Sending { update: "u".into(), to: to.into() };
            Entry::new(id, At::UNIX_EPOCH, "ana", "h", what)
        };
        let incident = Incident::fold([sending("1", "a"), sending("2", "a"), sending("3", "b")]);
        assert_eq!((incident.attempts("u", "a"), incident.attempts("u", "b"), incident.attempts("v", "a")), (2, 1, 0));
        assert!(incident.knows("1") && !incident.knows("4"));
    }
}
