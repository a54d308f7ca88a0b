//! The words of an update to others, made from what is known now: a first text for a person to edit, never the last.
//!
//! It says what is broken, how bad, since when, what is being done and when the next word comes. It promises no time of
//! a repair, and it tells no cause: only what a person marked as right is told, as what we believe. [`format()`] writes a
//! text in the way of a place, so that nothing in it calls people or becomes markup. Nothing is sent here.

use std::time::Duration;

use chrono::Datelike as _;

use crate::facts::At;
use crate::facts::Zone;
use crate::facts::text::clean;
use crate::facts::text::clean_line;
use crate::incident::UpdateStatus;

/// Most characters of one fact.
const FACT: usize = 600;
/// Words after an `@` that call everybody.
const EVERYBODY: [&str; 6] = ["everyone", "here", "channel", "all", "team", "group"];

/// What is known of an incident, in words and times. An empty text is not known, and nothing is said of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Situation {
    /// The service.
    pub service: String,
    /// What is broken: `requests to POST /checkout fail with 503`.
    pub broken: String,
    /// How bad, with its numbers: `4.2 % of requests fail (1,204 of 28,600)`.
    pub how_bad: String,
    /// What it means to others: `about 300 users cannot pay`.
    pub impact: String,
    /// When it began.
    pub since: Option<At>,
    /// What is being done; empty: what is always done in that stage.
    pub doing: String,
    /// What a person tested and marked as right.
    pub believed: String,
    /// What a person did to end it.
    pub fix: String,
    /// Since when all is as before.
    pub normal_since: Option<At>,
    /// When the next update comes.
    pub next_update: Option<At>,
    /// Now.
    pub now: At,
    /// The zone of the team; times are told in UTC and there.
    pub zone: Zone,
}

impl Situation {
    /// Nothing is known of a service but its name.
    #[must_use]
    pub fn of(service: &str, now: At, zone: Zone) -> Self {
        Self {
            service: service.to_owned(),
            broken: String::new(),
            how_bad: String::new(),
            impact: String::new(),
            since: None,
            doing: String::new(),
            believed: String::new(),
            fix: String::new(),
            normal_since: None,
            next_update: None,
            now,
            zone,
        }
    }
}

/// The text of an update: a headline, a sentence, a line for each fact. Plain, clean, without a line break at its end.
#[must_use]
pub fn draft(status: UpdateStatus, now: &Situation) -> String {
    let service = clean_line(&now.service, FACT);
    let mut lines = vec![format!("{}: {service}", status.title()), opening(status, now, &service)];
    let mut tell = |label: &str, fact: String| {
        if !fact.is_empty() {
            lines.push(format!("{label}: {fact}"));
        }
    };
    let over = status == UpdateStatus::Resolved;
    tell(if over { "What was broken" } else { "What is broken" }, line(&now.broken));
    tell(if over { "How bad it was" } else { "How bad" }, line(&now.how_bad));
    tell("Impact", line(&now.impact));
    match (over, now.since, now.normal_since) {
        (true, Some(since), Some(end)) if end >= since => {
            let lasted = lasted((end - since).to_std().unwrap_or_default());
            tell("When", format!("from {} to {}, {lasted}", now.time(since), now.time(end)));
        }
        (_, Some(since), _) => {
            let ago = lasted((now.now - since).to_std().unwrap_or_default());
            tell("Since", if over { now.time(since) } else { format!("{}, for {ago}", now.time(since)) });
        }
        (_, None, _) if !over => tell("Since", "not known yet".to_owned()),
        (_, None, _) => {}
    }
    if status != UpdateStatus::Investigating {
        tell("What we believe was the reason", line(&now.believed));
    }
    if matches!(status, UpdateStatus::Monitoring | UpdateStatus::Resolved) {
        tell("What we did", line(&now.fix));
    }
    tell("What we do", doing(status, now));
    lines.push(next(status, now));
    lines.join("\n")
}

/// The sentence below the headline.
fn opening(status: UpdateStatus, now: &Situation, service: &str) -> String {
    match (status, now.normal_since) {
        (UpdateStatus::Investigating, _) => format!("We are looking into a problem with {service}."),
        // Only a person who marked a hypothesis as right has found it.
        (UpdateStatus::Identified, _) if now.believed.trim().is_empty() && now.fix.trim().is_empty() => {
            format!("We know what is broken in {service} and are working on it.")
        }
        (UpdateStatus::Identified, _) if now.believed.trim().is_empty() => {
            format!("We are trying something that should mend {service}.")
        }
        (UpdateStatus::Identified, _) => format!("We have found what is wrong with {service} and are working on it."),
        (UpdateStatus::Monitoring, Some(since)) => {
            format!("{service} is back to normal since {}, and we keep watching it.", now.time(since))
        }
        (UpdateStatus::Monitoring, None) if now.fix.trim().is_empty() => format!("We are watching {service}."),
        (UpdateStatus::Monitoring, None) => format!("We have changed something to mend {service} and are watching it."),
        (UpdateStatus::Resolved, Some(since)) => format!("{service} works as before, since {}.", now.time(since)),
        (UpdateStatus::Resolved, None) => format!("The incident of {service} is over."),
    }
}

fn doing(status: UpdateStatus, now: &Situation) -> String {
    let own = line(&now.doing);
    match status {
        _ if !own.is_empty() => own,
        UpdateStatus::Investigating => "we look for what changed and for the quickest way back".to_owned(),
        UpdateStatus::Identified => "we work on the way back and check each step".to_owned(),
        UpdateStatus::Monitoring => "we compare with the time before the incident".to_owned(),
        UpdateStatus::Resolved => String::new(),
    }
}

fn next(status: UpdateStatus, now: &Situation) -> String {
    match (status, now.next_update) {
        (UpdateStatus::Resolved, _) => "This is the last update; a post-mortem follows.".to_owned(),
        // What was due in the past is no promise that can be kept.
        (_, Some(at)) if at > now.now => format!("Next update: by {}", now.time(at)),
        _ => "Next update: as soon as there is news".to_owned(),
    }
}

impl Situation {
    /// `02:14 UTC (03:14 CET)`; with the day where it is not the one of now.
    fn time(&self, at: At) -> String {
        let utc = with_day(at.naive_utc(), self.now.naive_utc());
        let (there, today) = (self.zone.local(at), self.zone.local(self.now));
        if there.naive_local() == at.naive_utc() {
            return format!("{utc} UTC");
        }
        let local = with_day(there.naive_local(), today.naive_local());
        format!("{utc} UTC ({local} {})", self.zone.abbreviation(at))
    }
}

fn with_day(at: chrono::NaiveDateTime, today: chrono::NaiveDateTime) -> String {
    let format = match (at.date() == today.date(), at.year() == today.year()) {
        (true, _) => "%H:%M",
        (false, true) => "%d %b %H:%M",
        (false, false) => "%d %b %Y %H:%M",
    };
    at.format(format).to_string()
}

/// `less than a minute`, `12 min`, `2 h 05 min`.
fn lasted(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0 => "less than a minute".to_owned(),
        1..60 => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

fn line(fact: &str) -> String {
    clean_line(fact, FACT)
}

/// How a place writes its texts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// As it is.
    Plain,
    /// Slack's own markup: `&`, `<` and `>` are escaped.
    Slack,
    /// Markdown: what would be markup is escaped, and each line break stays one.
    Markdown,
}

/// Writes a plain text in the way of a place. In none of them it calls people: `<!channel>`, `<@U1>` and `@everyone`
/// become harmless words. Cleans the text.
#[must_use]
pub fn format(text: &str, style: Style) -> String {
    let calm = calm(&clean(text));
    match style {
        Style::Plain => calm,
        Style::Slack => calm.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        Style::Markdown => {
            let lines: Vec<String> = calm.lines().map(markdown).collect();
            let mut out = String::new();
            for (index, line) in lines.iter().enumerate() {
                out.push_str(line);
                if let Some(next) = lines.get(index + 1) {
                    // Two blanks keep the break between two lines of one paragraph.
                    let joined = !line.is_empty() && !next.is_empty();
                    out.push_str(if joined { "  \n" } else { "\n" });
                }
            }
            out
        }
    }
}

/// Takes the power out of what calls people, by a blank between the sign and the word.
fn calm(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous = ' ';
    for (index, c) in text.char_indices() {
        out.push(c);
        let rest = &text[index + c.len_utf8()..];
        let calls = match c {
            '<' => rest.starts_with(['!', '@', '#']),
            // In an address of mail it stands behind a letter.
            '@' => !previous.is_alphanumeric() && calls_everybody(rest),
            _ => false,
        };
        if calls {
            out.push(' ');
        }
        previous = c;
    }
    out
}

fn calls_everybody(rest: &str) -> bool {
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric()).take(12).collect();
    EVERYBODY.iter().any(|everybody| word.eq_ignore_ascii_case(everybody))
}

/// One line with what would be markup escaped. `_` within a word is none, and an address must stay as it is.
fn markdown(line: &str) -> String {
    // Blanks at the beginning would be a block of code.
    let chars: Vec<char> = line.trim().chars().collect();
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    // The sign that would begin a heading or a list.
    let opens = |index: usize, c: char| match c {
        '#' | '=' => index == 0,
        '-' | '+' => index == 0 && chars.get(1).is_none_or(|next| matches!(next, ' ' | '-' | '+')),
        '.' | ')' => digits > 0 && index == digits && chars.get(index + 1).is_none_or(|next| *next == ' '),
        _ => false,
    };
    let mut out = String::with_capacity(line.len() + 8);
    for (index, &c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| chars.get(index));
        let inside = [before, chars.get(index + 1)].iter().all(|c| c.is_some_and(|c| c.is_alphanumeric()));
        let escaped = match c {
            '\\' | '*' | '`' | '[' | ']' | '<' | '>' | '|' => true,
            '_' | '~' => !inside,
            _ => opens(index, c),
        };
        if escaped {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> At {
        text.parse().unwrap()
    }

    fn known() -> Situation {
        Situation {
            broken: "POST /checkout fails with 503".to_owned(),
            how_bad: "4.2 % of requests fail (1,204 of 28,600)".to_owned(),
            impact: "about 300 users cannot pay".to_owned(),
            since: Some(at("2026-11-20T02:14:10Z")),
            next_update: Some(at("2026-11-20T02:41:00Z")),
            ..Situation::of("checkout-api", at("2026-11-20T02:26:30Z"), Zone::named("Europe/Berlin").unwrap())
        }
    }

    #[test]
    fn the_first_word_says_what_how_bad_since_when_and_when_the_next_comes() {
        let expected = "Investigating: checkout-api\n\
            We are looking into a problem with checkout-api.\n\
            What is broken: POST /checkout fails with 503\n\
            How bad: 4.2 % of requests fail (1,204 of 28,600)\n\
            Impact: about 300 users cannot pay\n\
            Since: 02:14 UTC (03:14 CET), for 12 min\n\
            What we do: we look for what changed and for the quickest way back\n\
            Next update: by 02:41 UTC (03:41 CET)";
        assert_eq!(draft(UpdateStatus::Investigating, &known()), expected);
    }

    #[test]
    fn each_stage_has_its_words() {
        let mut now = known();
        now.believed = "the new release holds its connections".to_owned();
        let text = draft(UpdateStatus::Investigating, &now);
        assert!(!text.contains("holds its connections"), "what is believed waits for its stage: {text}");
        now.doing = "rolling back v214".to_owned();
        let text = draft(UpdateStatus::Identified, &now);
        for words in [
            "We have found what is wrong with checkout-api",
            "What we believe was the reason: the new release holds its connections",
            "What we do: rolling back v214",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        now.fix = "rolled back to v213".to_owned();
        now.doing.clear();
        let text = draft(UpdateStatus::Monitoring, &now);
        assert!(text.contains("We have changed something to mend checkout-api"), "{text}");
        assert!(text.contains("What we did: rolled back to v213"), "{text}");
        now.normal_since = Some(at("2026-11-20T02:25:00Z"));
        let text = draft(UpdateStatus::Monitoring, &now);
        assert!(text.contains("checkout-api is back to normal since 02:25 UTC (03:25 CET), and we keep watching it."));
        let text = draft(UpdateStatus::Resolved, &now);
        assert!(text.contains("checkout-api works as before, since 02:25 UTC (03:25 CET)."), "{text}");
        assert!(text.contains("When: from 02:14 UTC (03:14 CET) to 02:25 UTC (03:25 CET), 10 min"), "{text}");
        assert!(text.ends_with("This is the last update; a post-mortem follows."), "{text}");
        assert!(!text.contains("Next update"), "{text}");
    }

    #[test]
    fn what_is_not_known_is_not_invented() {
        let bare = Situation::of("checkout-api", at("2026-11-20T02:26:30Z"), Zone::utc());
        let expected = "Investigating: checkout-api\n\
            We are looking into a problem with checkout-api.\n\
            Since: not known yet\n\
            What we do: we look for what changed and for the quickest way back\n\
            Next update: as soon as there is news";
        assert_eq!(draft(UpdateStatus::Investigating, &bare), expected);
        assert_eq!(
            draft(UpdateStatus::Resolved, &bare),
            "Resolved: checkout-api\nThe incident of checkout-api is over.\n\
             This is the last update; a post-mortem follows."
        );
    }

    #[test]
    fn times_have_their_zone_and_their_day() {
        let mut now = known();
        now.since = Some(at("2026-11-19T23:58:00Z"));
        let text = draft(UpdateStatus::Investigating, &now);
        assert!(text.contains("Since: 19 Nov 23:58 UTC (00:58 CET), for 2 h 28 min"), "{text}");
        now.since = Some(at("2025-12-31T23:30:00Z"));
        let text = draft(UpdateStatus::Investigating, &now);
        assert!(text.contains("31 Dec 2025 23:30 UTC (01 Jan 00:30 CET)"), "{text}");
        now.zone = Zone::utc();
        now.next_update = Some(at("2026-11-20T02:20:00Z"));
        let text = draft(UpdateStatus::Investigating, &now);
        assert!(text.contains("Since: 31 Dec 2025 23:30 UTC, for "), "{text}");
        assert!(text.ends_with("Next update: as soon as there is news"), "a time that is over is not promised: {text}");
        // A clock that was set back must not make a negative age.
        now.since = Some(at("2026-11-20T03:00:00Z"));
        assert!(draft(UpdateStatus::Investigating, &now).contains("for less than a minute"));
    }

    #[test]
    fn no_cause_is_told_and_no_end_is_promised() {
        for status in UpdateStatus::ALL {
            for filled in [false, true] {
                let mut now = known();
                if filled {
                    now.believed = "a full pool".to_owned();
                    now.fix = "restarted".to_owned();
                    now.normal_since = now.since;
                }
                let text = draft(*status, &now).to_lowercase();
                for banned in ["caused by", "root cause", "because", "will be fixed", " eta ", "shortly"] {
                    assert!(!text.contains(banned), "{banned}: {text}");
                }
                assert_eq!(text.contains("a full pool"), filled && *status != UpdateStatus::Investigating);
                if filled && *status != UpdateStatus::Investigating {
                    assert!(text.contains("what we believe was the reason: a full pool"), "{text}");
                }
            }
        }
    }

    #[test]
    fn nobody_is_called_and_nothing_becomes_markup() {
        for (text, plain, slack, markdown) in [
            ("a < b & c > d", "a < b & c > d", "a &lt; b &amp; c &gt; d", "a \\< b & c \\> d"),
            ("<!channel> x", "< !channel> x", "&lt; !channel&gt; x", "\\< !channel\\> x"),
            ("<@U12> <#C1>", "< @U12> < #C1>", "&lt; @U12&gt; &lt; #C1&gt;", "\\< @U12\\> \\< #C1\\>"),
            ("hey @everyone!", "hey @ everyone!", "hey @ everyone!", "hey @ everyone!"),
            ("@HERE @Channel", "@ HERE @ Channel", "@ HERE @ Channel", "@ HERE @ Channel"),
            (
                "@hereafter ana@here.org",
                "@hereafter ana@here.org",
                "@hereafter ana@here.org",
                "@hereafter ana@here.org",
            ),
            ("*b* _i_ a_b_c", "*b* _i_ a_b_c", "*b* _i_ a_b_c", "\\*b\\* \\_i\\_ a_b_c"),
            ("# not a title", "# not a title", "# not a title", "\\# not a title"),
            ("1. not a list", "1. not a list", "1. not a list", "1\\. not a list"),
            ("- no item\nnext", "- no item\nnext", "- no item\nnext", "\\- no item  \nnext"),
            ("one\n\ntwo", "one\n\ntwo", "one\n\ntwo", "one\n\ntwo"),
            ("4.2 % fail", "4.2 % fail", "4.2 % fail", "4.2 % fail"),
            ("https://h/a_b?x=1", "https://h/a_b?x=1", "https://h/a_b?x=1", "https://h/a_b?x=1"),
            ("\u{1b}[31m@\u{200b}here", "␛[31m@·here", "␛[31m@·here", "␛\\[31m@·here"),
        ] {
            assert_eq!(format(text, Style::Plain), plain);
            assert_eq!(format(text, Style::Slack), slack);
            assert_eq!(format(text, Style::Markdown), markdown);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_calls_nobody(text in "[@<!#>a-zA-Z \\n]{0,40}|.{0,40}(@everyone|<!here>|<@U1>).{0,10}") {
            for style in [Style::Plain, Style::Slack, Style::Markdown] {
                let written = format(&text, style);
                for call in ["<!", "<@", "<#"] {
                    prop_assert!(!written.contains(call), "{}", written);
                }
                if style == Style::Slack {
                    prop_assert!(!written.contains(['<', '>']));
                }
                for call in written.split_whitespace().filter_map(|word| word.strip_prefix('@')) {
                    prop_assert!(!EVERYBODY.contains(&call.to_lowercase().as_str()), "{}", written);
                }
            }
            let plain = format(&text, Style::Plain);
            prop_assert_eq!(format(&plain, Style::Plain), plain);
        }
    }
}
