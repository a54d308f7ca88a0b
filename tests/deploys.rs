//! Sources of changes against real files, programs, clones and a scripted GitHub.

mod loopback;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use loopback::Loopback;
use loopback::Script;
use serde_json::json;
use sixty::facts::At;
use sixty::facts::Change;
use sixty::facts::ChangeState;
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::facts::Payload;
use sixty::facts::SourceKind;
use sixty::sources::deploys::CommandSettings;
use sixty::sources::deploys::DeploySource;
use sixty::sources::deploys::FileSettings;
use sixty::sources::deploys::GitSettings;
use sixty::sources::deploys::GithubSettings;
use sixty::sources::deploys::MOST;
use sixty::sources::deploys::Settings;
use sixty::sources::http::Http;
use sixty::sources::secret::Secret;
use sixty::sources::secret::SecretRef;

const MINUTE: Duration = Duration::from_mins(1);

/// 2026-11-20T03:21:00Z.
fn now() -> At {
    At::from_timestamp(1_795_144_860, 0).unwrap_or_default()
}

fn shared() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let named = std::env::var_os("SIXTY_SHARED").map(PathBuf::from);
    let found = std::iter::once(beside).chain(named).find(|path| path.join("payloads").is_dir());
    if found.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the shared test data is missing");
        println!("skipped: the shared test data is not here");
    }
    found
}

async fn ask(source: &mut DeploySource) -> Result<Payload, Fault> {
    source.ask(&Http::new(), now()).await
}

/// The changes of an answer; what is no such answer matches none of the lists that the tests expect.
#[track_caller]
fn changes(answer: Result<Payload, Fault>) -> Vec<Change> {
    let changes = match answer {
        Ok(Payload::Changes(changes)) => Ok(changes),
        other => Err(other),
    };
    assert!(changes.is_ok(), "no changes: {changes:?}");
    changes.unwrap_or_default()
}

fn names(changes: &[Change]) -> Vec<String> {
    changes.iter().map(Change::name).collect()
}

// A file.

fn file(path: &Path) -> DeploySource {
    DeploySource::new(Settings::File(FileSettings { name: "deploys".into(), path: path.into(), every: MINUTE }))
}

fn line(version: &str, minutes_ago: i64) -> String {
    let at = now() - chrono::TimeDelta::minutes(minutes_ago);
    format!("{}\n", json!({"at": at.to_rfc3339(), "what": "api", "version": version}))
}

#[tokio::test]
async fn a_log_is_read_followed_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deploys.jsonl");
    let mut source = file(&path);
    let info = source.info();
    assert_eq!((info.id.as_str(), info.kind, info.every), ("deploys", SourceKind::Changes, MINUTE));
    assert_eq!(info.address, path.display().to_string());

    let fault = ask(&mut source).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Local);
    assert!(fault.cause.ends_with("deploys.jsonl does not exist") && !fault.advice.is_empty(), "{fault}");

    std::fs::write(&path, "").unwrap();
    assert_eq!(changes(ask(&mut source).await), []);
    let mut log = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    write!(log, "{}{}", line("v1", 60), line("v2", 5)).unwrap();
    assert_eq!(names(&changes(ask(&mut source).await)), ["api v2", "api v1"]);
    assert_eq!(ask(&mut source).await, Ok(Payload::Unchanged));

    // A line that is being written is not a bad line.
    let third = line("v3", 1);
    log.write_all(&third.as_bytes()[..20]).unwrap();
    assert_eq!(changes(ask(&mut source).await).len(), 2);
    assert_eq!(source.remark(), None);
    log.write_all(&third.as_bytes()[20..]).unwrap();
    assert_eq!(changes(ask(&mut source).await).len(), 3);

    log.write_all(b"oops\n").unwrap();
    assert_eq!(changes(ask(&mut source).await).len(), 3);
    assert_eq!(source.remark().unwrap(), "1 of 4 entries were not understood (line 4: not JSON)");
    assert_eq!(ask(&mut source).await, Ok(Payload::Unchanged));
    assert!(source.remark().is_some(), "an unchanged file keeps its remark");

    // A file that was replaced is another file, even when nothing in it can be read; and that is said each time.
    std::fs::write(&path, "<html>\nlogin\n").unwrap();
    for _ in 0..2 {
        let fault = ask(&mut source).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreadable);
        assert_eq!(fault.cause, "none of 2 entries is a change (line 1: not JSON)");
    }
}

#[tokio::test]
async fn of_a_huge_log_the_end_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.jsonl");
    let mut text = String::new();
    for number in 0..60_000 {
        let _ = writeln!(
            text,
            r#"{{"at":{},"what":"api","version":"v{number}","title":"{:40}"}}"#,
            1_795_000_000 + number,
            "x"
        );
    }
    assert!(text.len() > 5 * 1024 * 1024);
    std::fs::write(&path, text).unwrap();
    let mut source = file(&path);
    let found = changes(ask(&mut source).await);
    assert_eq!((found.len(), found[0].version.as_str()), (MOST, "v59999"));
    assert_eq!(source.remark().unwrap(), "only the last 4 MiB of the file are read");
}

#[tokio::test]
async fn what_is_no_file_is_a_fault_and_never_waits() {
    let folder = tempfile::tempdir().unwrap();
    let fault = ask(&mut file(folder.path())).await.unwrap_err();
    assert!(fault.cause.ends_with("is a directory"), "{fault}");
    let pipe = folder.path().join("pi\u{1b}[2Jpe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut source = file(&pipe);
    let fault = ask(&mut source).await.unwrap_err();
    assert!(fault.cause.ends_with("pi␛[2Jpe is not a file"), "{fault}");
    assert!(!source.info().address.contains('\u{1b}'));
}

#[tokio::test]
async fn a_clock_that_is_ahead_is_tolerated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deploys.jsonl");
    std::fs::write(&path, line("soon", -3) + &line("tomorrow", -1_500)).unwrap();
    let mut source = file(&path);
    let found = changes(ask(&mut source).await);
    assert_eq!((found.len(), found[0].started), (1, now()));
    assert_eq!(source.remark().unwrap(), "1 entry lies in the future and is left out");
    // It comes into sight by itself.
    let later = now() + chrono::TimeDelta::days(2);
    assert_eq!(changes(source.ask(&Http::new(), later).await).len(), 2);
}

// A command.

fn command(argv: &[&str], deadline: Duration) -> DeploySource {
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    DeploySource::new(Settings::Command(CommandSettings { name: "deploys".into(), argv, every: MINUTE, deadline }))
}

fn shell(script: &str) -> DeploySource {
    command(&["/bin/sh", "-c", script], Duration::from_secs(20))
}

#[tokio::test]
async fn a_command_prints_lines_or_one_array() {
    let mut source = shell(&format!("printf '%s' '{}{}'; echo oops", line("v1", 9), line("v2", 3)));
    assert_eq!(source.info().address, "command `/bin/sh …`", "arguments may be secrets");
    assert_eq!(names(&changes(ask(&mut source).await)), ["api v2", "api v1"]);
    assert_eq!(source.remark().unwrap(), "1 of 3 entries were not understood (line 3: not JSON)");
    let mut array = shell(&format!("printf '[%s,%s]' '{}' '{}'", line("v1", 9), line("v2", 3)));
    assert_eq!(changes(ask(&mut array).await).len(), 2);
    assert_eq!(changes(ask(&mut shell("")).await), []);
}

#[tokio::test]
async fn a_command_is_told_which_span_is_asked_for_as_grafatui_tells_it() {
    let mut source =
        shell(r#"read -r line; printf '{"at":1795144800,"title":%s,"id":1}\n' "\"$(echo "$line" | tr -d '"')\"""#);
    let found = changes(ask(&mut source).await);
    assert_eq!(found[0].title, "{range:{from:2026-11-13T03:21:00Z,to:2026-11-20T03:21:00Z},version:1}");
}

#[tokio::test]
async fn a_command_that_fails_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let [plain, text] = ["plain", "text"].map(|name| folder.path().join(name).display().to_string());
    std::fs::write(&plain, "").unwrap();
    std::fs::write(&text, "no program\n").unwrap();
    std::fs::set_permissions(&text, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let [denied, nonsense] =
        [format!("`{plain}` may not be run: permission denied"), format!("`{text}` is not a program")];
    for (mut source, kind, cause) in [
        (
            shell("echo; printf 'no \\033[2J credentials\\nmore' >&2; exit 3"),
            FaultKind::Local,
            "`/bin/sh` ended with 3: no ␛[2J credentials",
        ),
        (shell("exit 7"), FaultKind::Local, "`/bin/sh` ended with 7"),
        (shell("kill -9 $$"), FaultKind::Local, "`/bin/sh` was killed by signal 9"),
        (shell("yes"), FaultKind::TooLarge, "`/bin/sh` printed more than 4096 KiB"),
        (shell("echo '<html>'"), FaultKind::Unreadable, "the only entry is not a change (line 1: not JSON)"),
        (command(&[], MINUTE), FaultKind::Local, "no program is named"),
        (command(&["/no/such/program"], MINUTE), FaultKind::Local, "`/no/such/program` is not installed"),
        (command(&[&plain], MINUTE), FaultKind::Local, &denied),
        (command(&[&text], MINUTE), FaultKind::Local, &nonsense),
        (
            command(&["/bin/sh", "-c", "sleep 600"], Duration::from_millis(50)),
            FaultKind::Timeout,
            "`/bin/sh` gave no answer within 0.05 s",
        ),
    ] {
        let fault = ask(&mut source).await.unwrap_err();
        assert_eq!((fault.kind, fault.cause.as_str()), (kind, cause));
    }
    // Much on the error output does not block it.
    let mut noisy = shell(&format!("head -c 300000 /dev/zero >&2; printf '%s' '{}'", line("v1", 1)));
    assert_eq!(changes(ask(&mut noisy).await).len(), 1);
}

#[tokio::test]
async fn what_a_command_has_started_dies_with_it() {
    if !Path::new("/proc/self/stat").exists() {
        println!("skipped: no /proc");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait", pid.display());
    let mut source = command(&["/bin/sh", "-c", &script], MINUTE);
    {
        let http = Http::new();
        let asking = source.ask(&http, now());
        tokio::pin!(asking);
        while !pid.exists() {
            tokio::select! {
                answer = &mut asking => panic!("{answer:?}"),
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
        // The question is given up here, as when the program ends.
    }
    let stat = format!("/proc/{}/stat", std::fs::read_to_string(&pid).unwrap().trim());
    // A dead process may stay in the table until somebody asks for it.
    let alive = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z"));
    let waiting = async {
        while alive() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("the grandchild lives on");
}

// A clone.

fn git(path: &Path, pattern: &str) -> DeploySource {
    let (name, path, pattern) = ("tags".into(), path.into(), pattern.into());
    DeploySource::new(Settings::Git(GitSettings { name, path, pattern, every: MINUTE }))
}

/// Runs `git` with a fixed author and time; `false` when it is not installed.
fn run_git(path: &Path, time: &str, arguments: &[&str]) -> bool {
    let mut command = std::process::Command::new("git");
    command.arg("-C").arg(path).args(["-c", "tag.gpgSign=false", "-c", "commit.gpgSign=false"]).args(arguments);
    for (name, value) in [("AUTHOR", "Sam"), ("COMMITTER", "Ana")] {
        command.env(format!("GIT_{name}_NAME"), value).env(format!("GIT_{name}_EMAIL"), "x@example.com");
        command.env(format!("GIT_{name}_DATE"), time);
    }
    match command.stdout(std::process::Stdio::null()).status() {
        Ok(status) => {
            assert!(status.success(), "git {arguments:?}");
            true
        }
        Err(_) => false,
    }
}

#[tokio::test]
async fn tags_of_a_clone_with_dates_and_people() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    if !run_git(path, "1795140000 +0000", &["init", "-q"]) {
        println!("skipped: git is not installed");
        return;
    }
    assert_eq!(changes(ask(&mut git(path, "*")).await), [], "no commit, no tag");
    run_git(path, "1795140000 +0000", &["commit", "-q", "--allow-empty", "-m", "First \u{1b}[2J step"]);
    run_git(path, "1795140000 +0000", &["tag", "v1"]);
    run_git(path, "1795143600 +0200", &["tag", "-a", "api/v2", "-m", "Second\n\nbody"]);
    run_git(path, "1795144000 +0000", &["tag", "-a", "web-v3", "-m", "Third"]);
    let found = changes(ask(&mut git(path, "*")).await);
    let seen: Vec<_> = found.iter().map(|c| (c.name(), c.who.as_str(), c.title.as_str())).collect();
    let expected =
        [("web v3", "Ana", "tag: Third"), ("api v2", "Ana", "tag: Second"), ("v1", "Sam", "tag: First ␛[2J step")];
    assert_eq!(seen, expected.map(|(name, who, title)| (name.to_owned(), who, title)));
    assert_eq!(found[1].started.timestamp(), 1_795_143_600);
    assert!(found.iter().all(|change| change.state == ChangeState::Unknown && change.finished.is_none()));
    assert_eq!(names(&changes(ask(&mut git(path, "v*")).await)), ["v1"]);
    assert_eq!(names(&changes(ask(&mut git(path, "api/*")).await)), ["api v2"]);
    assert_eq!(changes(ask(&mut git(path, "--exec=x")).await), [], "a pattern is never an option");

    let ids: Vec<String> = found.iter().map(|change| change.id.clone()).collect();
    let again: Vec<String> = changes(ask(&mut git(path, "*")).await).into_iter().map(|change| change.id).collect();
    assert_eq!(ids, again);

    let empty = tempfile::tempdir().unwrap();
    let fault = ask(&mut git(empty.path(), "*")).await.unwrap_err();
    assert!(fault.cause.ends_with("is not a git repository"), "{fault}");
    let fault = ask(&mut git(Path::new("/no/such/clone"), "*")).await.unwrap_err();
    assert_eq!(fault.cause, "/no/such/clone does not exist");
}

// GitHub.

const LIST: &str = "/repos/shop/api/deployments";
const JSON: &str = "application/json; charset=utf-8";

fn github(server: &Loopback, token: Option<&str>) -> DeploySource {
    DeploySource::new(Settings::Github(GithubSettings {
        name: "deploys github".into(),
        repo: "shop/api".into(),
        environment: Some("pro duction".into()),
        api: server.url("/"),
        token: token.map(|token| SecretRef::Plain(Secret::new(token))),
        every: MINUTE,
    }))
}

fn deployment(id: u64, minutes_ago: i64) -> serde_json::Value {
    let at = now() - chrono::TimeDelta::minutes(minutes_ago);
    json!({"id": id, "sha": "0123456789abcdef", "ref": format!("v{id}"), "task": "deploy", "environment": "production",
        "created_at": at.to_rfc3339(), "creator": {"login": "ana"}, "description": null, "payload": {}})
}

fn status(state: &str, minutes_ago: i64) -> serde_json::Value {
    let at = now() - chrono::TimeDelta::minutes(minutes_ago);
    json!({"state": state, "created_at": at.to_rfc3339(), "log_url": "", "target_url": "https://ci.example.com/1"})
}

fn statuses(id: u64) -> String {
    format!("{LIST}/{id}/statuses")
}

#[tokio::test]
async fn deployments_with_their_ends_and_only_what_is_new_is_asked_again() {
    let server = Loopback::start().await;
    let list = json!([deployment(2, 5), deployment(1, 60)]).to_string();
    server.in_turn(
        LIST,
        vec![
            Script::ok(JSON, &list).header("etag", "\"a\""),
            Script::status(304, JSON, ""),
            Script::status(304, JSON, ""),
        ],
    );
    server.in_turn(
        &statuses(2),
        vec![
            Script::ok(JSON, json!([status("in_progress", 4)]).to_string()).header("etag", "\"s\""),
            Script::status(304, JSON, ""),
            Script::ok(JSON, json!([status("success", 0), status("in_progress", 4)]).to_string()),
        ],
    );
    server.on(&statuses(1), Script::ok(JSON, json!([status("inactive", 5), status("success", 58)]).to_string()));
    let mut source = github(&server, Some("ghp_hunter2"));
    assert_eq!(source.info().address, format!("{}repos/shop/api/deployments", server.url("/")));
    assert!(!format!("{source:?}").contains("hunter2"));

    let found = changes(ask(&mut source).await);
    assert_eq!(names(&found), ["api v2", "api v1"]);
    assert_eq!((found[0].state, found[0].finished), (ChangeState::Running, None));
    assert_eq!(found[1].state, ChangeState::Succeeded, "inactive after a success");
    assert_eq!(found[1].finished, Some(now() - chrono::TimeDelta::minutes(58)));
    assert_eq!((found[0].who.as_str(), found[0].link.as_str()), ("ana", "https://ci.example.com/1"));

    assert_eq!(ask(&mut source).await, Ok(Payload::Unchanged));
    let found = changes(ask(&mut source).await);
    assert_eq!((found[0].state, found[0].finished), (ChangeState::Succeeded, Some(now())));
    assert_eq!(ask(&mut source).await, Ok(Payload::Unchanged));

    assert_eq!((server.asked(LIST), server.asked(&statuses(2)), server.asked(&statuses(1))), (4, 3, 1));
    let requests = server.requests();
    assert_eq!(requests[0].target, format!("{LIST}?per_page=30&environment=pro+duction"));
    for request in &requests {
        assert_eq!(request.header("authorization"), Some("Bearer ghp_hunter2"));
        assert_eq!(request.header("accept"), Some("application/vnd.github+json"));
        assert_eq!(request.header("x-github-api-version"), Some("2022-11-28"));
        assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("sixty/")));
    }
    let again = requests.iter().filter(|request| request.target.starts_with(&format!("{LIST}?")));
    let asked: Vec<_> = again.map(|request| request.header("if-none-match")).collect();
    assert_eq!(asked, [None, Some("\"a\""), Some("\"a\""), Some("\"a\"")]);
}

#[tokio::test]
async fn without_a_token_only_two_ends_are_asked_for() {
    let server = Loopback::start().await;
    let list: Vec<_> = (1..=20).map(|id| deployment(id, id.cast_signed())).collect();
    server.on(LIST, Script::ok(JSON, json!(list).to_string()));
    for id in 1..=20 {
        server.on(&statuses(id), Script::ok(JSON, json!([status("failure", 1)]).to_string()));
    }
    assert_eq!(changes(ask(&mut github(&server, None)).await).len(), 20);
    assert_eq!(server.requests().len(), 3);
    let found = changes(ask(&mut github(&server, Some("t0ken"))).await);
    assert_eq!(server.requests().len(), 3 + 9);
    assert_eq!(found.iter().filter(|change| change.state == ChangeState::Failed).count(), 8);
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let message = |text: &str| json!({"message": text}).to_string();
    let date = "Fri, 20 Nov 2026 03:21:00 GMT";
    for (script, kind, cause, wait) in [
        (
            Script::status(401, JSON, message("Bad credentials")),
            FaultKind::Denied,
            "401 Unauthorized: Bad credentials",
            None,
        ),
        (
            Script::status(403, JSON, message("API rate limit exceeded"))
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", "1795145460")
                .header("date", date),
            FaultKind::RateLimited,
            "403 Forbidden: API rate limit exceeded",
            Some(600),
        ),
        (
            Script::status(403, JSON, message("You have exceeded a secondary rate limit"))
                .header("x-ratelimit-remaining", "4000")
                .header("retry-after", "30"),
            FaultKind::RateLimited,
            "403 Forbidden: You have exceeded a secondary rate limit",
            Some(30),
        ),
        (
            Script::status(403, JSON, message("Resource not accessible")),
            FaultKind::Denied,
            "403 Forbidden: Resource not accessible",
            None,
        ),
        (Script::status(404, JSON, message("Not Found")), FaultKind::NotFound, "404 Not Found", None),
        (
            Script::status(429, JSON, "").header("retry-after", "7"),
            FaultKind::RateLimited,
            "429 Too Many Requests",
            Some(7),
        ),
        (Script::status(500, "text/html", "<html>"), FaultKind::Status, "500 Internal Server Error", None),
        (Script::ok(JSON, "{\"message\":1}"), FaultKind::Unreadable, "the answer is not a list of deployments", None),
        (Script::ok(JSON, "[{\"id\":"), FaultKind::Unreadable, "the answer is not JSON: ", None),
        (Script::ok(JSON, "[{\"no\":1}]"), FaultKind::Unreadable, "no entry of the answer is a deployment", None),
        (
            Script::ok("text/html", "<!doctype html><title>\u{1b}</title>"),
            FaultKind::Unreadable,
            "a web page came instead of JSON",
            None,
        ),
        (Script::truncated(JSON, "[{\"id\":1"), FaultKind::Truncated, "the answer ended early", None),
        (Script::raw(b"\x00\xff garbage"), FaultKind::Unreadable, "this is not an HTTP answer", None),
        (Script::hangs_up(), FaultKind::Connect, "the connection was closed without an answer", None),
    ] {
        for token in [None, Some("ghp_hunter2")] {
            let server = Loopback::start().await;
            server.on(LIST, script.clone());
            let fault = ask(&mut github(&server, token)).await.unwrap_err();
            assert_eq!((fault.kind, fault.retry_after.map(|wait| wait.as_secs())), (kind, wait), "{cause}: {fault}");
            assert!(fault.cause.starts_with(cause), "{cause}: {fault}");
            assert!(!fault.to_string().contains("hunter2"));
            if matches!(kind, FaultKind::RateLimited | FaultKind::Denied | FaultKind::NotFound) {
                assert!(fault.advice.contains("token"), "{fault}");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_of_the_ends_keeps_the_list() {
    let server = Loopback::start().await;
    server.on(LIST, Script::ok(JSON, json!([deployment(1, 5), deployment(2, 9), {"id": "x"}]).to_string()));
    server.on(&statuses(1), Script::status(429, JSON, "").header("retry-after", "60"));
    let mut source = github(&server, Some("t0ken"));
    let found = changes(ask(&mut source).await);
    assert_eq!((found.len(), found[0].state), (2, ChangeState::Unknown));
    let remark = source.remark().unwrap();
    assert!(
        remark.starts_with("1 entry was not understood; how the newest deployments went is not known: 429"),
        "{remark}"
    );
    assert_eq!(server.asked(&statuses(2)), 0, "one refusal is enough");
}

#[tokio::test]
async fn hostile_texts_are_harmless_and_a_missing_secret_is_a_fault() {
    let server = Loopback::start().await;
    let evil = "\u{1b}]0;pwned\u{7}\u{9b}2J\u{202e}\u{200b}";
    let mut entry = deployment(1, 5);
    for key in ["ref", "sha", "environment", "description", "task"] {
        entry[key] = json!(evil.repeat(100));
    }
    entry["creator"]["login"] = json!(evil);
    server.on(LIST, Script::ok(JSON, json!([entry]).to_string()));
    let mut state = status(evil, 1);
    state["target_url"] = json!("javascript:alert(1)");
    state["log_url"] = json!(format!("https://user:hunter2@ci.example.com/{evil}"));
    server.on(&statuses(1), Script::ok(JSON, json!([state]).to_string()));
    let found = changes(ask(&mut github(&server, Some("t0ken"))).await);
    let all = format!("{found:?}");
    assert!(!all.contains("hunter2") && !all.contains("\\u{"), "{all}");
    assert!(!all.chars().any(|c| c.is_control() || "\u{202e}\u{200b}".contains(c)));

    let mut source = DeploySource::new(Settings::Github(GithubSettings {
        name: "deploys".into(),
        repo: "shop/api".into(),
        environment: None,
        api: server.url("/"),
        token: Some(SecretRef::File("/no/such/token".into())),
        every: MINUTE,
    }));
    assert_eq!(ask(&mut source).await.unwrap_err().kind, FaultKind::Local);
}

#[tokio::test]
async fn recorded_answers_of_github_are_read() {
    let Some(shared) = shared() else { return };
    let read = |name: &str| std::fs::read_to_string(shared.join("payloads/deploys").join(name)).unwrap();
    let server = Loopback::start().await;
    let text_payload = read("github-deployment-string-payload.json");
    let list = read("github-deployments.json");
    let list = format!("[{text_payload},{}", list.trim_start().trim_start_matches('['));
    server.on(LIST, Script::ok(JSON, list));
    server.on(&statuses(315_601_563), Script::ok(JSON, read("github-deployment-statuses.json")));
    server.on(&statuses(178_653_229), Script::ok(JSON, "[]"));
    let mut source = github(&server, None);
    let found = changes(ask(&mut source).await);
    assert_eq!(source.remark(), None);
    let seen: Vec<_> =
        found.iter().map(|c| (c.version.as_str(), c.who.as_str(), c.environment.as_str(), c.state)).collect();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0], ("e53a04c", "bitwiseman", "unittest", ChangeState::Running));
    assert_eq!((seen[1].1, seen[1].2), ("martinvanzijl", "production"));
    assert_eq!(found[0].title, "question");
    assert_eq!(found[0].started, "2021-01-23T05:30:28Z".parse::<At>().unwrap());
    assert_eq!(found[0].link, "http://www.github.com/logurl");
}

#[tokio::test]
async fn the_drill_tells_the_same_through_its_log_and_through_its_forge() {
    use sixty::drill::{Server, Story, StoryWorld as World};
    let after = now();
    let start = after - chrono::TimeDelta::minutes(30);
    let world = || World::new(Story::connection_leak(), 1, start, after - chrono::TimeDelta::minutes(5));
    let log = world().deploys_jsonl(after);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deploys.jsonl");
    std::fs::write(&path, &log).unwrap();
    let mut logged = changes(ask(&mut file(&path)).await);
    assert_eq!(logged.len(), log.lines().count());
    logged.retain(|change| change.kind == sixty::facts::ChangeKind::Deploy);
    let server = Server::start(world(), std::sync::Arc::new(now), 0).await.unwrap();
    let mut source = DeploySource::new(Settings::Github(GithubSettings {
        name: "forge".into(),
        repo: "acme/checkout".into(),
        environment: None,
        api: format!("http://{}", server.address()).parse().unwrap(),
        token: None,
        every: MINUTE,
    }));
    let told = changes(ask(&mut source).await);
    assert_eq!(source.remark(), None);
    let shape =
        |change: &Change| (change.name(), change.who.clone(), change.environment.clone(), change.started.timestamp());
    let sorted = |changes: &[Change]| {
        let mut all: Vec<_> = changes.iter().map(shape).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(&told), sorted(&logged));
    assert!(told.len() >= 2 && told[0].state == ChangeState::Succeeded && told[0].finished.is_some());
}
