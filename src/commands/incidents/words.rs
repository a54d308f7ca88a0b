//! Words from an argument or from the standard input, and how many notes they are.
//!
//! Nothing is cut in silence: what is longer than a note goes into several, and what is left out is said.

use std::io::Read as _;

use super::Refused;
use crate::facts::text::clean;
use crate::incident::NOTE_MAX;
use crate::runtime::exit;

/// Most bytes that are read from the standard input.
const MOST: u64 = 256 * 1024;

/// The words of an argument; `-` is what stands on the standard input. Bytes that are no UTF-8 are shown as such.
pub(super) fn given(argument: &str) -> Result<String, Refused> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Refused::cannot(format!("the standard input cannot be read: {error}")))?;
    if bytes.len() as u64 > MOST {
        bytes.pop();
        exit::say(format!("only the first {} KiB of the standard input are kept", MOST / 1024));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The words as notes that are kept whole: apart at the end of a line where one is near enough, else at a blank, else
/// anywhere. None when there are no words.
pub(super) fn notes(words: &str) -> Vec<String> {
    let cleaned = clean(words);
    let mut rest = cleaned.trim();
    let mut notes = Vec::new();
    while let Some((most, _)) = rest.char_indices().nth(NOTE_MAX) {
        // The line break or the blank itself may be the first character too many.
        let reach = &rest[..=most + rest[most..].chars().next().map_or(0, |c| c.len_utf8() - 1)];
        let near = |mark: char| reach.rfind(mark).filter(|at| *at > most / 2);
        let cut = near('\n').or_else(|| near(' ')).unwrap_or(most);
        let (note, behind) = rest.split_at(cut);
        notes.push(note.trim_end().to_owned());
        rest = behind.trim_start();
    }
    notes.extend((!rest.is_empty()).then(|| rest.to_owned()));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_become_several_notes_and_none_is_lost() {
        assert!(notes("").is_empty() && notes(" \n ").is_empty());
        let line = "a line of a log that goes on, ö\n";
        for words in [
            line.repeat(900),
            "word ".repeat(5_000),
            "ö".repeat(25_000),
            format!("{}\n{}", "a".repeat(NOTE_MAX), "b".repeat(NOTE_MAX)),
            "x".repeat(NOTE_MAX),
        ] {
            let notes = notes(&words);
            assert!(notes.iter().all(|note| (1..=NOTE_MAX).contains(&note.chars().count())));
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(solid(&notes.concat()), solid(&words));
            assert!(notes.len() <= words.chars().count() / NOTE_MAX * 2 + 1);
        }
        assert!(notes(&line.repeat(900)).iter().all(|note| note.starts_with("a line") && note.ends_with('ö')));
        assert_eq!(notes(&format!("{}\n{}", "a".repeat(NOTE_MAX), "b".repeat(NOTE_MAX))).len(), 2);
    }
}
