//! What all formats share at the end: the order, the caps, the headline and since when.

use std::cmp::Ordering;

use url::Url;

use crate::facts::At;
use crate::facts::Component;
use crate::facts::Level;
use crate::facts::Notice;
use crate::facts::NoticeState;
use crate::facts::NoticeUpdate;
use crate::facts::ProviderStatus;
use crate::facts::text::clean_line;
use crate::sources::status::plain::prose;

/// The most that is kept of each list, and the longest texts in characters.
const NOTICES: usize = 50;
const UPDATES: usize = 20;
pub(super) const COMPONENTS: usize = 200;
pub(super) const NAMED: usize = 50;
const UPDATE: usize = 2_000;

/// A status before its lists are ordered and cut.
pub(super) struct Draft {
    pub(super) level: Level,
    /// The provider's own words for the level; empty when it has none.
    pub(super) words: String,
    pub(super) components: Vec<Component>,
    pub(super) notices: Vec<Notice>,
    pub(super) page_updated: Option<At>,
}

impl Draft {
    /// Orders, cuts, and finds the headline where the provider has none.
    pub(super) fn finish(mut self) -> ProviderStatus {
        self.notices.sort_by(|a, b| {
            let planned = |notice: &Notice| notice.state == NoticeState::Scheduled;
            planned(a).cmp(&planned(b)).then_with(|| {
                // What is planned: the next first. What goes on: the worst first, then the newest.
                if planned(a) {
                    a.started.cmp(&b.started)
                } else {
                    worst(a.level, b.level).then(b.started.cmp(&a.started))
                }
            })
        });
        self.components.sort_by(|a, b| worst(a.level, b.level));
        let active = || self.notices.iter().filter(|notice| notice.state != NoticeState::Scheduled);
        let since = match self.level {
            Level::Operational | Level::Unknown => None,
            level => active().filter(|notice| notice.level == level).map(|notice| notice.started).min(),
        };
        let summary = if !self.words.is_empty() {
            self.words
        } else if let Some(notice) = active().find(|notice| notice.level == self.level && !notice.title.is_empty()) {
            notice.title.clone()
        } else if let Some(row) = self.components.iter().find(|row| row.level == self.level) {
            format!("{}: {}", row.name, row.word)
        } else {
            "no open incident".to_owned()
        };
        for notice in &mut self.notices {
            notice.components.truncate(NAMED);
            notice.updates.sort_by_key(|update| std::cmp::Reverse(update.at));
            notice.updates.truncate(UPDATES);
        }
        self.notices.truncate(NOTICES);
        self.components.truncate(COMPONENTS);
        ProviderStatus {
            level: self.level,
            summary: clean_line(&summary, 200),
            components: self.components,
            notices: self.notices,
            since,
            page_updated: self.page_updated,
        }
    }
}

/// Orders levels from the worst to the best.
fn worst(a: Level, b: Level) -> Ordering {
    if a == b {
        Ordering::Equal
    } else if a.worse(b) == a {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// The worst of many levels; operational when there are none.
pub(super) fn worst_of(levels: impl IntoIterator<Item = Level>) -> Level {
    levels.into_iter().fold(Level::Operational, Level::worse)
}

/// The level that the notices which go on add up to.
pub(super) fn worst_active(notices: &[Notice]) -> Level {
    worst_of(notices.iter().filter(|notice| notice.state != NoticeState::Scheduled).map(|notice| notice.level))
}

/// A message without markup, or `None` when nothing is left of it.
pub(super) fn update(at: At, text: &str) -> Option<NoticeUpdate> {
    let text = prose(text, UPDATE);
    (!text.is_empty()).then_some(NoticeUpdate { at, text })
}

/// An address that may be shown and opened: http or https, clean; else `""`.
pub(super) fn link(address: &str) -> String {
    match Url::parse(address.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.as_str().len() <= 500 => {
            clean_line(url.as_str(), 500)
        }
        _ => String::new(),
    }
}

/// A name of a component or region, clean and short.
pub(super) fn name(text: &str) -> String {
    clean_line(text, 120)
}
