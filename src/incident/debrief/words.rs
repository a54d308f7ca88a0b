//! The debrief in words.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::incident::debrief::Debrief;
use crate::incident::debrief::Outcome;

/// Cells of the names at the left.
const NAME: usize = 16;

/// Fewer columns than these are no text: lines are longer then.
const NARROWEST: usize = 40;

/// The page that opens to write is on the way to something, nothing that is looked at.
const WRITING: &str = "write";

/// What a page is called on the screen.
fn screen_word(page: &str) -> &str {
    match page {
        "service" => "the service's own page",
        "quick-win" => "quick win",
        "overview" => "all services",
        "query" => "a query",
        page => page,
    }
}

/// A time in words: `45 s`, `2 min 5 s`, `1 h 2 min`.
fn span(seconds: i64) -> String {
    let all = seconds.abs();
    let (hours, minutes, rest) = (all / 3_600, all / 60 % 60, all % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => format!("{rest} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// The same as a point of time after the beginning.
fn point(seconds: i64) -> String {
    if seconds < 0 { format!("{} before", span(seconds)) } else { format!("after {}", span(seconds)) }
}

impl Debrief {
    /// The lines of the debrief: a name, which is empty where the line goes on with the one before, and words.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines: Vec<(&'static str, String)> = vec![
            ("drill", format!("{}: {}", self.scenario, self.title)),
            ("service", self.service.clone()),
            ("outcome", format!("{}; it lasted {}", self.outcome.words(), span(self.lasted_s))),
        ];
        self.tell_times(&mut lines);
        let cause = self.cause.clone().unwrap_or_else(|| "nothing that anybody changed and told of".to_owned());
        lines.push(("cause", cause));
        list(&mut lines, "what it was", self.about.split(". ").map(|part| part.trim_end_matches('.').to_owned() + "."));
        list(&mut lines, "what ends it", self.ends.iter().cloned());
        lines.extend(self.lasting.iter().map(|fix| ("for good", fix.clone())));
        self.tell_tried(&mut lines);
        list(&mut lines, "named in vain", self.accused_in_vain.iter().map(|name| format!("{name}: innocent")));
        let [right, wrong, open] = self.hypotheses;
        if right + wrong + open > 0 {
            lines.push(("hypotheses", format!("{right} right, {wrong} wrong, {open} left open")));
        }
        self.tell_updates(&mut lines);
        let looked = self.looked.iter().filter(|(_, page)| page != WRITING);
        let looked = looked.map(|(at, page)| format!("{}, {}", screen_word(page), point(*at)));
        list(&mut lines, "looked at", looked);
        list(&mut lines, "missed", self.missed.iter().cloned());
        list(&mut lines, "left undone", self.left.iter().cloned());
        let seen = self.seen.iter().map(|(at, what)| format!("{}: {what}", point(*at)));
        list(&mut lines, "was to be seen", seen);
        lines
    }

    fn tell_times(&self, lines: &mut Vec<(&'static str, String)>) {
        let times = &self.times;
        let told = |what: Option<i64>| what.map_or_else(|| "not".to_owned(), point);
        lines.push(("acknowledged", told(times.acknowledged_s)));
        lines.push(("cause named", told(times.suspect_s)));
        lines.push(("first update", told(times.update_s)));
        if self.outcome != Outcome::ByItself || times.fix_s.is_some() {
            lines.push(("right fix", told(times.fix_s)));
        }
        lines.push((
            "back to usual",
            match (times.recovered_s, self.lull_s) {
                (None, Some(lull)) => {
                    format!("for a while, {}, by itself; nothing ended it, it comes back", point(lull))
                }
                (None, None) if self.outcome == Outcome::Fixed => "it was ended before anybody was hurt".to_owned(),
                (recovered, _) => told(recovered),
            },
        ));
        lines.push(("resolved", told(times.resolved_s)));
    }

    fn tell_tried(&self, lines: &mut Vec<(&'static str, String)>) {
        let tried = self.tried.iter().map(|tried| {
            let mut words = format!("{}: {}", point(tried.after_s), tried.what);
            words.push_str(match (tried.helps, tried.idle) {
                (true, _) => "; it ended the trouble",
                (false, true) => "; it changes nothing",
                (false, false) => "; it did not end the trouble",
            });
            if let Some(harm) = &tried.harm {
                let _ = write!(words, "; worse for a while: {harm}");
            }
            words
        });
        list(lines, "tried", tried);
    }

    fn tell_updates(&self, lines: &mut Vec<(&'static str, String)>) {
        let sent = self.updates_s.iter().map(|at| point(*at)).collect::<Vec<_>>();
        let sent = if sent.is_empty() { "none".to_owned() } else { format!("{}: {}", sent.len(), sent.join(", ")) };
        lines.push(("updates", sent));
        let late = self.updates_late_s.iter().map(|late| format!("late by {}", span(*late)));
        list(lines, "", late);
    }

    /// The debrief as plain text in lines of at most so many columns; 40 at least.
    #[must_use]
    pub fn text(&self, columns: usize) -> String {
        let columns = columns.max(NARROWEST) - NAME;
        let mut text = String::from("DEBRIEF\n");
        for (name, words) in self.lines() {
            for (index, line) in wrapped(&words, columns).into_iter().enumerate() {
                let _ = writeln!(text, "{:<NAME$}{line}", if index == 0 { name } else { "" });
            }
        }
        text
    }
}

/// Words in lines of at most so many columns. A word that is too long for a line is broken.
fn wrapped(words: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut last = String::new();
    for word in words.split_whitespace() {
        if !last.is_empty() && last.width() + 1 + word.width() <= columns {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(std::mem::take(&mut last));
            for c in word.chars() {
                if !last.is_empty() && format!("{last}{c}").width() > columns {
                    lines.push(std::mem::take(&mut last));
                }
                last.push(c);
            }
        }
    }
    lines.push(last);
    lines.retain(|line| !line.is_empty());
    if lines.is_empty() { vec![String::new()] } else { lines }
}

/// Several lines under one name.
fn list(lines: &mut Vec<(&'static str, String)>, name: &'static str, all: impl Iterator<Item = String>) {
    let all = all.map(|words| words.replace('\n', " ")).filter(|words| words.trim_matches('.').trim() != "");
    lines.extend(all.enumerate().map(|(index, words)| (if index == 0 { name } else { "" }, words)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        for (seconds, words) in
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (125, "2 min 5 s"), (3_600, "1 h"), (3_725, "1 h 2 min")]
        {
            assert_eq!(span(seconds), words);
        }
        assert_eq!((point(-5).as_str(), point(5).as_str()), ("5 s before", "after 5 s"));
    }

    #[test]
    fn words_are_wrapped_at_the_width() {
        let cases = [
            ("", 10, vec![""]),
            ("one two three", 7, vec!["one two", "three"]),
            ("one  two", 80, vec!["one two"]),
            ("abcdefghij k", 4, vec!["abcd", "efgh", "ij k"]),
            ("漢字漢字", 4, vec!["漢字", "漢字"]),
        ];
        for (words, columns, lines) in cases {
            assert_eq!(wrapped(words, columns), lines, "{words}");
        }
    }
}
