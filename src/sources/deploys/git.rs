//! The tags of a local clone, read by the `git` program.
//!
//! A tag says when somebody marked a version, not when it was deployed: its state is unknown and its title says
//! `tag`. Nothing is fetched: tags are as fresh as the clone.

use std::path::PathBuf;
use std::time::Duration;

use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Payload;
use crate::facts::text::clean_line;
use crate::sources::deploys::in_future;
use crate::sources::deploys::run;
use crate::sources::deploys::settle;

/// How many tags are asked for, the newest ones.
const TAGS: usize = 100;

/// A repository on a network that is gone must not hold the source for ever.
const DEADLINE: Duration = Duration::from_secs(10);

/// How much `git` may print, in bytes.
const CAP: usize = 1024 * 1024;

/// Name, date, the commit of an annotated tag, the object, tagger, author of the commit, subject.
const FORMAT: &str = "--format=%(refname:strip=2)%1f%(creatordate:unix)%1f%(*objectname:short)%1f%(objectname:short)\
                      %1f%(taggername)%1f%(authorname)%1f%(contents:subject)";

/// What must not be inherited or would ask somebody.
const ENVIRONMENT: &[(&str, Option<&str>)] = &[
    ("GIT_DIR", None),
    ("GIT_WORK_TREE", None),
    ("GIT_INDEX_FILE", None),
    ("GIT_TERMINAL_PROMPT", Some("0")),
    ("GIT_OPTIONAL_LOCKS", Some("0")),
    ("GIT_NO_LAZY_FETCH", Some("1")),
    // Its messages are told apart below.
    ("LC_ALL", Some("C")),
];

/// Which clone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GitSettings {
    /// The name of the source.
    pub name: String,
    /// A directory in the clone, or a bare repository.
    pub path: PathBuf,
    /// Which tags, as a glob of `git`; `*` stands for all of them, also those with a `/`.
    pub pattern: String,
    /// How often it is looked at.
    pub every: Duration,
}

#[derive(Debug)]
pub(super) struct Git {
    pub(super) settings: GitSettings,
    pub(super) remark: Option<String>,
}

impl Git {
    pub(super) fn new(settings: GitSettings) -> Self {
        Self { settings, remark: None }
    }

    pub(super) fn address(&self) -> String {
        clean_line(&self.settings.path.display().to_string(), 300)
    }

    pub(super) async fn ask(&mut self, at: At) -> Result<Payload, Fault> {
        let Some(path) = self.settings.path.to_str() else {
            return Err(Fault::new(FaultKind::Local, &format!("the path {} is not UTF-8", self.address())));
        };
        let pattern = match self.settings.pattern.as_str() {
            "" | "*" => "refs/tags".to_owned(),
            pattern => format!("refs/tags/{pattern}"),
        };
        let count = format!("--count={TAGS}");
        let arguments =
            ["git", "--no-pager", "-C", path, "for-each-ref", "--sort=-creatordate", &count, FORMAT, "--", &pattern];
        self.remark = None;
        let output = run::run(run::Program {
            argv: &arguments.map(str::to_owned),
            environment: ENVIRONMENT,
            input: String::new(),
            deadline: DEADLINE,
            cap: CAP,
        })
        .await?;
        if !output.status.success() {
            return Err(self.fault(&output));
        }
        let (changes, future) = settle(parse(&output.stdout), at);
        self.remark = in_future(future);
        Ok(Payload::Changes(changes))
    }

    fn fault(&self, output: &run::Output) -> Fault {
        let path = self.address();
        let line = run::first_line(&output.stderr);
        let said = |part: &str| output.stderr.contains(part);
        let (cause, advice) = if said("dubious ownership") {
            let advice = format!("allow it: git config --global --add safe.directory {path}");
            (format!("git does not trust {path}: it belongs to another user"), advice)
        } else if said("not a git repository") {
            (format!("{path} is not a git repository"), "name a clone, or a directory in one".to_owned())
        } else if said("cannot change to") && said("No such file") {
            (format!("{path} does not exist"), "clone the repository there, or correct the path".to_owned())
        } else {
            (format!("git {}: {line}", run::ended(output.status)), format!("run it by hand: git -C {path} tag"))
        };
        Fault::new(FaultKind::Local, &cause).advise(&advice)
    }
}

/// Reads the lines of [`FORMAT`]. A tag without a date (of a tree, of a file) is left out: it is no version.
fn parse(bytes: &[u8]) -> Vec<Change> {
    let text = String::from_utf8_lossy(bytes);
    let fields = text.lines().map(|line| line.split('\u{1f}').collect::<Vec<_>>());
    fields.filter_map(|fields| <[&str; 7]>::try_from(fields).ok()).filter_map(change).collect()
}

fn change([tag, date, commit, object, tagger, author, subject]: [&str; 7]) -> Option<Change> {
    let started = chrono::DateTime::from_timestamp(date.parse().ok()?, 0)?;
    let (what, version) = parted(tag);
    let subject = clean_line(subject, 200);
    Some(Change {
        // A tag that was moved is another change.
        id: clean_line(&format!("{tag} {}", if commit.is_empty() { object } else { commit }), 200),
        kind: ChangeKind::Deploy,
        what: clean_line(what, 80),
        service: String::new(),
        version: clean_line(version, 80),
        who: clean_line(if tagger.is_empty() { author } else { tagger }, 80),
        environment: String::new(),
        title: if subject.is_empty() { "tag".to_owned() } else { format!("tag: {subject}") },
        started,
        finished: None,
        state: ChangeState::Unknown,
        link: String::new(),
    })
}

/// `api/v1.2`, `api@1.2` and `api-v1.2` are the version of a part; any other tag is a version alone.
fn parted(tag: &str) -> (&str, &str) {
    let number = |text: &str| text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    for separator in ['/', '@', '-'] {
        if let Some((what, version)) = tag.rsplit_once(separator)
            && !what.is_empty()
            && number(version)
            && (separator != '-' || (version.starts_with('v') && !number(what)))
        {
            return (what, version);
        }
    }
    ("", tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_name_a_part_and_a_version() {
        for (tag, parts) in [
            ("v2.31.0", ("", "v2.31.0")),
            ("api/v2", ("api", "v2")),
            ("team/api/2.0", ("team/api", "2.0")),
            ("@scope/kit@1.2.3", ("@scope/kit", "1.2.3")),
            ("web-v88", ("web", "v88")),
            ("v1.2-v3", ("", "v1.2-v3")),
            ("2026-11-20", ("", "2026-11-20")),
            ("release/next", ("", "release/next")),
            ("/v1", ("", "/v1")),
        ] {
            assert_eq!(parted(tag), parts, "{tag}");
        }
    }

    #[test]
    fn lines_of_git_are_read_and_made_harmless() {
        let printed = "v2\u{1f}1795144500\u{1f}abc1234\u{1f}fff0000\u{1f}Ana\u{1f}\u{1f}Second \u{1b}[2J\n\
                       v1\u{1f}1795140900\u{1f}\u{1f}def5678\u{1f}\u{1f}Sam\u{1f}First\n\
                       tree\u{1f}\u{1f}\u{1f}1234567\u{1f}\u{1f}\u{1f}\nnonsense\n";
        let changes = parse(printed.as_bytes());
        let seen: Vec<_> = changes.iter().map(|c| (c.version.as_str(), c.who.as_str(), c.title.as_str())).collect();
        assert_eq!(seen, [("v2", "Ana", "tag: Second ␛[2J"), ("v1", "Sam", "tag: First")]);
        assert_eq!((changes[0].id.as_str(), changes[1].id.as_str()), ("v2 abc1234", "v1 def5678"));
        assert_eq!((changes[0].state, changes[0].started.timestamp()), (ChangeState::Unknown, 1_795_144_500));
    }

    #[test]
    fn what_git_complains_about_is_told_apart() {
        let git = Git::new(GitSettings {
            name: "tags".into(),
            path: "/srv/api".into(),
            pattern: "*".into(),
            every: Duration::from_mins(1),
        });
        for (stderr, cause, advice) in [
            (
                "fatal: detected dubious ownership in repository at '/srv/api'\nTo add an exception",
                "git does not trust /srv/api: it belongs to another user",
                "allow it: git config --global --add safe.directory /srv/api",
            ),
            (
                "fatal: not a git repository (or any of the parent directories): .git\n",
                "/srv/api is not a git repository",
                "name a clone, or a directory in one",
            ),
            (
                "fatal: cannot change to '/srv/api': No such file or directory\n",
                "/srv/api does not exist",
                "clone the repository there, or correct the path",
            ),
            ("\nfatal: \u{1b}[2J\n", "git ended with 128: fatal: ␛[2J", "run it by hand: git -C /srv/api tag"),
        ] {
            let status = std::os::unix::process::ExitStatusExt::from_raw(128 << 8);
            let fault = git.fault(&run::Output { stdout: Vec::new(), stderr: stderr.to_owned(), status });
            assert_eq!((fault.cause.as_str(), fault.advice.as_str()), (cause, advice));
        }
    }
}
