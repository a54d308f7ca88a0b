//! Which service a record of a change is about: sources of changes and the team do not always use the same name.

use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::triage::suspects::Known;
use crate::triage::suspects::Place;

/// How well a word names a service.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fit {
    /// `api` in `checkout-api` or in `api-server`: so many bytes are the same.
    Part(usize),
    /// But for upper and lower case the same.
    Same,
}

/// The place of a change.
pub fn of(change: &Change, services: &[Known<'_>]) -> Place {
    for word in [&change.service, &change.what] {
        if let Some(service) = named(word, services) {
            return Place::Service(service.name.clone());
        }
    }
    // A name that is none of ours says that it was elsewhere; but what is deployed may be a program of any service,
    // so that with one service only the record must say so itself, or the team what its programs are called.
    let known = services.len() > 1 || services.iter().any(|known| !known.aliases.is_empty());
    let program = matches!(change.kind, ChangeKind::Deploy | ChangeKind::Scale) && known;
    let other = if change.service.is_empty() && program { &change.what } else { &change.service };
    if other.is_empty() { Place::Unknown } else { Place::Service(other.as_str().into()) }
}

/// The service that a word names best; none when two are named as well as each other.
fn named<'a>(word: &str, services: &'a [Known<'a>]) -> Option<&'a Known<'a>> {
    let fits = |known: &Known<'_>| {
        std::iter::once(&**known.name)
            .chain(known.aliases.iter().map(String::as_str))
            .filter_map(|name| fit(word, name))
            .max()
    };
    let best = services.iter().filter_map(&fits).max()?;
    let mut named = services.iter().filter(|known| fits(known) == Some(best));
    named.next().filter(|_| named.next().is_none())
}

fn fit(word: &str, name: &str) -> Option<Fit> {
    if word.is_empty() || name.is_empty() {
        return None;
    }
    if word.eq_ignore_ascii_case(name) {
        return Some(Fit::Same);
    }
    let (short, long) = if word.len() < name.len() { (word, name) } else { (name, word) };
    let (short, long) = (short.to_ascii_lowercase(), long.to_ascii_lowercase());
    let bounds = ['-', '_', '.', '/'];
    let front = long.strip_prefix(&short).is_some_and(|rest| rest.starts_with(bounds));
    let back = long.strip_suffix(&short).is_some_and(|rest| rest.ends_with(bounds));
    (front || back).then_some(Fit::Part(short.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn words_name_services() {
        let names: Vec<Arc<str>> = ["checkout-api", "billing-api", "web"].map(Arc::from).to_vec();
        let aliases = [vec!["co_server".to_owned()], vec![], vec!["frontend".to_owned()]];
        let services: Vec<_> = names
            .iter()
            .zip(&aliases)
            .map(|(name, aliases)| Known { name, aliases: aliases.as_slice(), signals: None })
            .collect();
        for (word, expected) in [
            ("checkout-api", "checkout-api"),
            ("Checkout-API", "checkout-api"),
            ("checkout", "checkout-api"),
            ("api", ""),
            ("co_server", "checkout-api"),
            ("frontend-canary", "web"),
            ("web2", ""),
            ("acme/web", "web"),
            ("", ""),
        ] {
            let found = named(word, &services).map_or("", |known| &**known.name);
            assert_eq!(found, expected, "{word}");
        }
        assert_eq!(named("api", &services[..1]).map(|known| &**known.name), Some("checkout-api"));
    }
}
