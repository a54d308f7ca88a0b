//! The texts and times of an entry as they will be read back: clean, capped, in whole milliseconds.
//!
//! Nearly all texts are clean already, and thousands are read at once: looking is cheap, and only what must change is
//! made anew.

use crate::facts::text::clean;
use crate::facts::text::clean_line;
use crate::incident::ClockAct;
use crate::incident::Observation;
use crate::incident::What;
use crate::incident::body::whole;

/// Most characters of a name, a title, a key.
pub const LINE_MAX: usize = 200;
/// Most characters of a note; keeps the longest line far below what a reader accepts.
pub const NOTE_MAX: usize = 10_000;
/// Most lines of evidence.
const EVIDENCE_MAX: usize = 20;

impl What {
    /// The same with texts that are clean and capped.
    pub(super) fn cleaned(mut self) -> Self {
        self.each_line(|text| tidy_line(text, LINE_MAX));
        if let Self::Unsaved { text, .. } = &mut self {
            // Half a sentence may end with a blank: the next word goes behind it.
            *text = capped(text);
        } else if let Some(text) = self.paragraph() {
            tidy_paragraph(text);
        }
        if let Self::Hypothesis { evidence, .. } | Self::Observed(Observation { evidence, .. }) = &mut self {
            evidence.truncate(EVIDENCE_MAX);
            for sentence in evidence {
                tidy_line(sentence, 2 * LINE_MAX);
            }
        }
        if let Self::Observed(Observation { failed, .. }) = &mut self {
            // Hundredths are read back as they were written; and there is no JSON for what is no number.
            *failed = failed.filter(|(a, b)| a.is_finite() && b.is_finite());
            *failed = failed.map(|(a, b)| ((a * 100.0).round() / 100.0, (b * 100.0).round() / 100.0));
        }
        if let Self::Observed(Observation { onset: Some(at), .. }) | Self::Normal { since: at } = &mut self {
            *at = whole(*at);
        }
        if let Self::Clock { act: ClockAct::Set(at) | ClockAct::Snoozed(at) | ClockAct::Rang(at), .. } = &mut self {
            *at = whole(*at);
        }
        self
    }

    /// The texts of one line.
    fn each_line(&mut self, mut tidy: impl FnMut(&mut String)) {
        match self {
            Self::Opened { service, title } => {
                tidy(service);
                tidy(title);
            }
            Self::MergedInto { incident } => tidy(incident),
            Self::MergedFrom { incident, service } => {
                tidy(incident);
                tidy(service);
            }
            Self::Ticked { list, item } | Self::Unticked { list, item } => {
                tidy(list);
                tidy(item);
            }
            Self::Tested { hypothesis, .. } => tidy(hypothesis),
            Self::Acknowledged { place, reference, answer } => {
                tidy(place);
                tidy(reference);
                tidy(answer);
            }
            Self::Took { name, .. } => tidy(name),
            Self::HandedOver { to, .. } => tidy(to),
            Self::Drafted { update, .. } => tidy(update),
            Self::Sending { update, to } => {
                tidy(update);
                tidy(to);
            }
            Self::Sent { update, to, answer } | Self::NotSent { update, to, answer, .. } => {
                tidy(update);
                tidy(to);
                tidy(answer);
            }
            Self::Action { owner, due, .. } => {
                tidy(owner);
                tidy(due);
            }
            Self::Unsaved { about, .. } => tidy(about),
            Self::Exported { path, hash } => {
                tidy(path);
                tidy(hash);
            }
            Self::Looked { page } => tidy(page),
            _ => {}
        }
    }

    /// The text that may be long.
    fn paragraph(&mut self) -> Option<&mut String> {
        match self {
            Self::Note { text }
            | Self::Assessed { text, .. }
            | Self::Hypothesis { text, .. }
            | Self::Tested { text, .. }
            | Self::HandedOver { text, .. }
            | Self::Drafted { text, .. }
            | Self::Fixed { text }
            | Self::Action { text, .. }
            | Self::Unsaved { text, .. }
            | Self::Observed(Observation { headline: text, .. }) => Some(text),
            _ => None,
        }
    }
}

/// Cleans a text of one line and cuts it, unless there is nothing to do, as nearly always.
pub(super) fn tidy_line(text: &mut String, max: usize) {
    if text.len() > max || text.starts_with(' ') || text.ends_with(' ') || !is_clean(text, false) {
        *text = clean_line(text, max);
    }
}

/// The same for a text of several lines: without blanks at its ends.
fn tidy_paragraph(text: &mut String) {
    let ends = [' ', '\n'];
    if text.len() > NOTE_MAX || text.starts_with(ends) || text.ends_with(ends) || !is_clean(text, true) {
        *text = paragraph(text);
    }
}

/// Whether it is sure that cleaning would change nothing: ASCII that is seen, and letters and signs of which the same
/// is known. `false` costs time only.
fn is_clean(text: &str, lines: bool) -> bool {
    let seen = |byte: u8| byte.wrapping_sub(b' ') < 95 || (lines && byte == b'\n');
    // All bytes at once is faster than up to the first that is none.
    if text.bytes().fold(true, |all, byte| all & seen(byte)) {
        return true;
    }
    text.chars().all(|c| match c {
        '\0'..='\u{7f}' => seen(c as u8),
        // Latin but the soft hyphen, Greek, Cyrillic; dashes and quotation marks; currencies, arrows, kana, kanji. A blank
        // that is none of ASCII may stand at an end and would be trimmed.
        '\u{a1}'..='\u{ac}'
        | '\u{ae}'..='\u{24f}'
        | '\u{370}'..='\u{52f}'
        | '\u{2010}'..='\u{2027}'
        | '\u{20a0}'..='\u{20bf}'
        | '\u{2190}'..='\u{21ff}'
        | '\u{3041}'..='\u{30ff}'
        | '\u{4e00}'..='\u{9fff}' => true,
        _ => false,
    })
}

/// A text of several lines, clean, without blanks around it, capped.
fn paragraph(text: &str) -> String {
    capped(text.trim()).trim_end().to_owned()
}

/// A text of several lines, clean and capped.
fn capped(text: &str) -> String {
    let end = text.char_indices().nth(NOTE_MAX).map_or(text.len(), |(index, _)| index);
    let mut cleaned = clean(&text[..end]);
    if let Some((index, _)) = cleaned.char_indices().nth(NOTE_MAX) {
        cleaned.truncate(index);
    }
    cleaned
}
