//! From the text of a file to a [`Runbook`], or to everything that is wrong with it.

use crate::facts::markdown::is_id;
use crate::facts::text::clean_line;
use crate::triage::runbook::Cause;
use crate::triage::runbook::Escalation;
use crate::triage::runbook::KINDS;
use crate::triage::runbook::Problem;
use crate::triage::runbook::Runbook;
use crate::triage::runbook::Symptom;
use crate::triage::runbook::body;
use crate::triage::runbook::front;
use crate::triage::runbook::front::Node;
use crate::triage::runbook::front::Text;
use crate::triage::runbook::front::Wrong;
use crate::triage::runbook::symptom::closest;

/// Most characters of a title, a cause or whom to call.
const LONGEST: usize = 200;

/// How often a cause is behind it.
const OFTEN: [&str; 3] = ["often", "sometimes", "rarely"];

/// The keys of a front matter. Others are the team's own business, unless they are nearly one of these.
const KEYS: [&str; 7] = ["title", "key", "symptoms", "suspects", "services", "causes", "escalate"];

impl Runbook {
    /// Reads a runbook. `name` is that of its file, without folder and `.md`: it is the runbook's key.
    ///
    /// # Errors
    /// All problems at once, each with its place.
    pub fn parse(text: &str, name: &str) -> Result<Self, Vec<Problem>> {
        let problem = |(at, what): Wrong| {
            let (line, column) = place(text, at);
            Problem { line, column, what: clean_line(&what, 400) }
        };
        let (range, body_at) = front::split(text).map_err(|wrong| vec![problem(wrong)])?;
        let mut wrong: Vec<Wrong> = Vec::new();
        let mut book = Self {
            key: name.to_owned(),
            title: String::new(),
            is_own: false,
            symptoms: Vec::new(),
            suspects: Vec::new(),
            services: Vec::new(),
            causes: Vec::new(),
            escalations: Vec::new(),
            steps: Vec::new(),
        };
        if !is_id(name) {
            wrong.push((
                0,
                "the file's name is the key: call it with letters, digits, `-`, `_` or `.` alone".to_owned(),
            ));
        }
        match front::read(&text[range.clone()], range.start) {
            Ok(pairs) => {
                for (key, node) in &pairs {
                    take(&mut book, key, node, &mut wrong);
                }
                for (key, example) in [("title", "title: DB pool is full"), ("symptoms", "symptoms: [db_pool > 95%]")] {
                    if pairs.iter().all(|(known, _)| known.value != key) {
                        wrong.push((0, format!("`{key}` is missing: write `{example}` between the lines of `---`")));
                    }
                }
            }
            Err(one) => wrong.push(one),
        }
        let mut problems: Vec<Problem> = wrong.into_iter().map(problem).collect();
        match body::read(&text[body_at..], place(text, body_at).0) {
            Ok(steps) => book.steps = steps,
            Err(more) => problems.extend(more),
        }
        problems.sort();
        if problems.is_empty() { Ok(book) } else { Err(problems) }
    }
}

/// Line and character of a byte, both from 1.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &text[..byte];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[start..].trim_start_matches('\u{feff}').chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

fn take(book: &mut Runbook, key: &Text, node: &Node, wrong: &mut Vec<Wrong>) {
    match key.value.as_str() {
        "title" => match node {
            Node::Text(text) if !text.value.trim().is_empty() => book.title = clean_line(&text.value, LONGEST),
            other => wrong.push((other.at(), "the title is no text: write `title: DB pool is full`".to_owned())),
        },
        "key" => match node {
            Node::Text(text) if text.value == book.key => {}
            other => {
                let what = format!("the key is not the file's name: write `key: {}`, or leave the line out", book.key);
                wrong.push((other.at(), what));
            }
        },
        "symptoms" => {
            for text in texts(node, "symptoms:\\n  - error_rate > 5% for 2m", wrong) {
                match Symptom::parse(&text.value) {
                    Ok(symptom) => book.symptoms.push(symptom),
                    Err((at, what)) => wrong.push((text.at + at, what)),
                }
            }
            if book.symptoms.is_empty() && wrong.is_empty() {
                wrong.push((
                    key.at,
                    "there is no symptom: write what it is for, as `- error_rate > 5% for 2m`".to_owned(),
                ));
            }
        }
        "suspects" => {
            for text in texts(node, "suspects: [deploy, pool]", wrong) {
                match KINDS.into_iter().find(|kind| *kind == text.value) {
                    Some(kind) if book.suspects.contains(&kind) => {}
                    Some(kind) => book.suspects.push(kind),
                    None => wrong.push((text.at, unknown_kind(&text.value))),
                }
            }
        }
        "services" => {
            let all = texts(node, "services: [checkout-*]", wrong);
            book.services = all.iter().map(|text| clean_line(&text.value, LONGEST)).collect();
        }
        "causes" => {
            for (when, text) in pairs(node, "causes:\\n  - often: a query per row", wrong) {
                let how_often = when.and_then(|when| OFTEN.into_iter().find(|word| *word == when.value));
                if let (Some(when), None) = (when, how_often) {
                    let what = "write `often`, `sometimes` or `rarely` before a cause; quote a cause that has a colon";
                    wrong.push((when.at, what.to_owned()));
                    continue;
                }
                book.causes.push(Cause { how_often, text: clean_line(&text.value, LONGEST) });
            }
        }
        "escalate" => {
            for (when, whom) in pairs(node, "escalate:\\n  - after 15 minutes: the database team", wrong) {
                let when = when.map(|when| clean_line(&when.value, LONGEST)).unwrap_or_default();
                book.escalations.push(Escalation { when, whom: clean_line(&whom.value, LONGEST) });
            }
        }
        other => {
            if let Some(near) = closest(other, &KEYS) {
                let what = format!("`{}` is not known: did you mean `{near}`?", clean_line(other, 40));
                wrong.push((key.at, what));
            }
        }
    }
}

fn unknown_kind(word: &str) -> String {
    let shown = clean_line(word, 40);
    match closest(word, &KINDS) {
        Some(near) => format!("`{shown}` is no kind of suspect; did you mean `{near}`?"),
        None => format!("`{shown}` is no kind of suspect; there are: {}", KINDS.join(", ")),
    }
}

/// A text or a list of texts.
fn texts<'a>(node: &'a Node, example: &str, wrong: &mut Vec<Wrong>) -> Vec<&'a Text> {
    let mut found = Vec::new();
    let items = match node {
        Node::List(items, _) => items.iter().collect(),
        one => vec![one],
    };
    for item in items {
        match item {
            Node::Text(text) if !text.value.trim().is_empty() => found.push(text),
            other => wrong.push((other.at(), format!("this is no text: write it like `{example}`"))),
        }
    }
    found
}

/// A list of texts, each alone or behind one key.
fn pairs<'a>(node: &'a Node, example: &str, wrong: &mut Vec<Wrong>) -> Vec<(Option<&'a Text>, &'a Text)> {
    let mut found = Vec::new();
    let items = match node {
        Node::List(items, _) => items.iter().collect(),
        one => vec![one],
    };
    for item in items {
        match item {
            Node::Text(text) if !text.value.trim().is_empty() => found.push((None, text)),
            Node::Pairs(entries, _) => {
                for (key, value) in entries {
                    match value {
                        Node::Text(text) if !text.value.trim().is_empty() => found.push((Some(key), text)),
                        other => wrong.push((other.at(), format!("this is no text: write it like `{example}`"))),
                    }
                }
            }
            other => wrong.push((other.at(), format!("this is no text: write it like `{example}`"))),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "---\n# ours\ntitle: Pool is full\nkey: pool\nowner: ana\nsymptoms:\n  - db_pool > 95% for 1m or db_pool_waiting > 0 for 1m\n  - latency_p95 > 1s for 2m\nsuspects: [pool, deploy]\nservices: pay-*\ncauses:\n  - often: a connection that is not given back\n  - the database is slow\nescalate:\n  - after 15 minutes: the database team\n---\n# Pool\n## Investigate\n- [ ] Look\n";

    #[test]
    fn a_whole_file() {
        for text in [GOOD.to_owned(), format!("\u{feff}{}", GOOD.replace('\n', "\r\n"))] {
            let book = Runbook::parse(&text, "pool").unwrap();
            assert_eq!((book.title.as_str(), book.list().as_str()), ("Pool is full", "runbook:pool"));
            assert_eq!(book.symptoms.len(), 2);
            assert_eq!(book.suspects, ["pool", "deploy"]);
            assert_eq!(book.services, ["pay-*"]);
            let causes: Vec<_> = book.causes.iter().map(|cause| (cause.how_often, cause.text.as_str())).collect();
            let expected = [(Some("often"), "a connection that is not given back"), (None, "the database is slow")];
            assert_eq!(causes, expected);
            assert_eq!(book.escalations[0].when, "after 15 minutes");
            assert_eq!(book.steps.len(), 1);
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let told = |text: &str| {
            let problems = Runbook::parse(text, "pool").unwrap_err();
            problems
                .iter()
                .map(|one| format!("{}:{}: {}", one.line, one.column, one.what))
                .collect::<Vec<_>>()
                .join("\n")
        };
        for (from, to, expected) in [
            ("---\n# ours", "# ours", "1:1: there is no front matter"),
            ("---\n# Pool", "# Pool", "1:1: the front matter does not end"),
            ("title: Pool is full", "title: [a", "is not YAML"),
            (
                "title: Pool is full",
                "title: Pool: full",
                "3:12: this is not YAML: mapping values are not allowed in this context; quote a",
            ),
            ("title: Pool is full\n", "", "1:1: `title` is missing"),
            ("title: Pool is full", "titel: Pool is full", "3:1: `titel` is not known: did you mean `title`?"),
            ("title: Pool is full", "title: ''", "3:9: the title is no text"),
            ("key: pool", "key: pond", "4:6: the key is not the file's name: write `key: pool`"),
            (
                "or db_pool_waiting",
                "or db_pool_waitin",
                "7:29: `db_pool_waitin` is no signal; did you mean `db_pool_waiting`?",
            ),
            ("latency_p95 > 1s for 2m", "'latency'", "8:6: `latency` is no signal; there are:"),
            ("[pool, deploy]", "[pool, deplyo]", "9:18: `deplyo` is no kind of suspect; did you mean `deploy`?"),
            ("- often:", "- mostly:", "12:5: write `often`, `sometimes` or `rarely`"),
            ("- [ ] Look", "- Look", "there is no step"),
            ("## Investigate", "## Look", "19:1: this step stands under another heading"),
            ("services: pay-*", "services: [[a]]", "10:12: this is no text"),
            ("owner: ana", "owner: &a ana\ntags: *a", "6:7: an alias is not understood"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let said = told(&GOOD.replace(from, to));
            assert!(said.contains(expected), "{to:?} should say {expected}:\n{said}");
        }
        let two = told(&GOOD.replace("db_pool >", "dbpool >").replace("## Investigate", "## Look"));
        assert_eq!(two.lines().count(), 2, "all at once: {two}");
        assert!(Runbook::parse(GOOD, "a b").unwrap_err()[0].what.contains("the file's name is the key"));
    }

    proptest::proptest! {
        #[test]
        fn no_file_panics(text in "(---\n|title: |symptoms: |- |\\[ \\] |## Fix\n|```\n|[a-z:>%\\[\\]{}&*'\"\n ]|\\PC){0,40}") {
            if let Err(problems) = Runbook::parse(&text, "x") {
                proptest::prop_assert!(problems.iter().all(|one| one.line <= text.lines().count().max(1) + 1));
            }
        }
    }
}
