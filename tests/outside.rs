//! `[[channel]]` and `[[pager]]` as a team writes them: what is read, each mistake with its place, and nothing of it
//! where nobody may act.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod loopback;

use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::time::Duration;

use loopback::{Loopback, Script};
use sixty::config::Config;
use sixty::config::Problems;
use sixty::config::World;
use sixty::config::parse;
use sixty::courier::ChannelKind;
use sixty::courier::PagerKind;
use sixty::sources::http::Auth;
use sixty::sources::secret::Secret;
use sixty::sources::secret::SecretRef;

fn read(text: &str, world: &World<'_>) -> Result<Config, Problems> {
    parse(text, "sixty.toml", Path::new("/etc/sixty"), world)
}

const ALL: &str = r##"
[[channel]]
name = "#incidents"
kind = "slack"
url = { env = "HOOK" }
services = ["web"]
proxy = "none"

[[channel]]
name = "bot"
kind = "slack_bot"
token = { file = "slack" }
channel = "C012"

[[channel]]
name = "local"
kind = "webhook"
url = "http://127.0.0.1:8080/hook"
secret = { command = ["pass", "show", "hook"] }
bearer = { env = "TOKEN" }

[[pager]]
kind = "pagerduty"
token = { env = "PD" }
from = "ana@example.com"
service_ids = ["P1"]
api = "https://api.eu.pagerduty.com"

[[pager]]
kind = "alertmanager"
name = "prod"
url = "https://mimir.example/alertmanager"
silence = "2h"
tenant = "shop"
basic_auth = { user = "ana", password = { env = "PW" } }

[[pager]]
kind = "oncall"
url = "https://oncall.example/oncall"
token = { env = "OC" }
grafana = "https://g.example"

[[pager]]
kind = "opsgenie"
token = { env = "OG" }
teams = ["core", "web"]
"##;

#[test]
fn what_is_written_is_read() {
    let config = read(ALL, &World::anywhere(&[])).unwrap_or_else(|problems| panic!("{problems}"));
    let [slack, bot, local] = config.channels.as_slice() else { panic!("three channels: {:?}", config.channels) };
    assert_eq!(slack.kind, ChannelKind::Slack { url: SecretRef::Env("HOOK".to_owned()) });
    assert!(slack.takes("web") && !slack.takes("db") && bot.takes("db"));
    let ChannelKind::SlackBot { api, token, channel } = &bot.kind else { panic!("{bot:?}") };
    assert_eq!((api.as_str(), channel.as_str()), ("https://slack.com/api", "C012"));
    assert_eq!(*token, SecretRef::File("/etc/sixty/slack".into()));
    let ChannelKind::Webhook { url, secret: Some(_) } = &local.kind else { panic!("{local:?}") };
    assert_eq!(*url, SecretRef::Plain(Secret::new("http://127.0.0.1:8080/hook")));
    assert!(matches!(local.access.auth, Some(Auth::Scheme { .. })));
    assert_eq!(local.secrets().count(), 3);
    let names: Vec<_> = config.pagers.iter().map(|pager| pager.name.as_str()).collect();
    assert_eq!(names, ["PagerDuty", "prod", "Grafana OnCall", "Opsgenie"]);
    let PagerKind::PagerDuty { api, from, service_ids, teams, .. } = &config.pagers[0].kind else { panic!() };
    assert_eq!((api.as_str(), from.as_str()), ("https://api.eu.pagerduty.com/", "ana@example.com"));
    assert_eq!((service_ids.as_slice(), teams.is_empty()), (&["P1".to_owned()][..], true));
    let PagerKind::Alertmanager { url, silence } = &config.pagers[1].kind else { panic!() };
    assert_eq!((url.as_str(), *silence), ("https://mimir.example/alertmanager", Duration::from_secs(7200)));
    assert_eq!(config.pagers[1].access.headers.len(), 1);
    let PagerKind::OnCall { grafana: Some(_), .. } = &config.pagers[2].kind else { panic!() };
    let PagerKind::Opsgenie { teams, .. } = &config.pagers[3].kind else { panic!() };
    assert_eq!(teams, &["core", "web"]);
}

#[test]
fn where_nobody_may_act_nothing_is_kept_and_nothing_is_looked_for() {
    let looked = |secret: &SecretRef| panic!("looked for {secret:?}");
    let world = World { acts: false, missing_secret: &looked, ..World::anywhere(&[]) };
    let config = read(ALL, &world).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((config.channels.len(), config.pagers.len()), (0, 0));
    assert!(read("[[channel]]\nname = \"a\"\nkind = \"fax\"", &world).is_err(), "mistakes are told all the same");
    // A token that is missing must not keep the screen away in the middle of an incident.
    let missing = |_: &SecretRef| Some("is not set".to_owned());
    let world = World { missing_secret: &missing, ..World::anywhere(&[]) };
    assert_eq!(read(ALL, &world).unwrap_or_else(|problems| panic!("{problems}")).channels.len(), 3);
}

/// A text, where the problem is, and what is said.
type Mistake = (&'static str, usize, usize, &'static [&'static str]);

const SLACK: &str = "[[channel]]\nname = \"a\"\nkind = \"slack\"\n";
const PAGERDUTY: &str = "[[pager]]\nkind = \"pagerduty\"\ntoken = { env = \"A\" }\n";
const ALERTMANAGER: &str = "[[pager]]\nkind = \"alertmanager\"\n";

#[test]
fn each_mistake_is_told_with_its_place_and_what_to_write() {
    let mistakes: &[(&str, Mistake)] = &[
        ("", ("[[channel]]\nname = \"a\"\nkind = \"slak\"", 3, 8, &["unknown kind `slak`", "did you mean `slack`?"])),
        ("", ("[[channel]]\nname = \"a\"", 1, 1, &["has no `kind`"])),
        ("", ("[[channel]]\nkind = \"slack\"\nurl = { env = \"A\" }", 1, 1, &["has no `name`"])),
        (SLACK, ("", 1, 1, &["[[channel]] has no `url`", "{ env ="])),
        (
            SLACK,
            (
                "url = \"https://hooks.slack.com/services/T0/B0/hunter2\"",
                4,
                7,
                &["must not stand in the configuration"],
            ),
        ),
        (
            SLACK,
            ("url = { env = \"A\" }\ntoken = { env = \"B\" }", 5, 9, &["`token` means nothing for the kind `slack`"]),
        ),
        (SLACK, ("url = { env = \"A\" }\nsecret = { env = \"B\" }", 5, 10, &["`secret` means nothing"])),
        (SLACK, ("url = { env = \"A\" }\nchanel = \"x\"", 5, 1, &["unknown key `chanel`", "`channel`"])),
        (
            "",
            (
                "[[channel]]\nname = \"a\"\nkind = \"slack_bot\"\nchannel = \"C1\"\ntoken = \"xoxb-hunter2hunter2\"",
                5,
                9,
                &["`token` must not stand"],
            ),
        ),
        (
            "",
            (
                "[[channel]]\nname = \"a\"\nkind = \"slack_bot\"\nchannel = \"a b\"\ntoken = { env = \"A\" }",
                4,
                11,
                &["`a b` is not a channel of Slack", "C0123456789"],
            ),
        ),
        (
            SLACK,
            (
                "url = { env = \"A\" }\n[[channel]]\nname = \"a\"\nkind = \"teams\"\nurl = { env = \"B\" }",
                6,
                8,
                &["taken"],
            ),
        ),
        ("", ("[[pager]]\nkind = \"pager_duty\"", 2, 8, &["unknown kind", "did you mean `pagerduty`?"])),
        (PAGERDUTY, ("", 1, 1, &["has no `from`", "ana@example.com"])),
        (PAGERDUTY, ("from = \"ana\"", 4, 8, &["`ana` is not a mail address"])),
        (
            PAGERDUTY,
            ("from = \"a@b.c\"\nsilence = \"1h\"", 5, 11, &["`silence` means nothing for the kind `pagerduty`"]),
        ),
        (PAGERDUTY, ("from = \"a@b.c\"\nbearer = { env = \"B\" }", 1, 1, &["a token and other credentials"])),
        (
            PAGERDUTY,
            (
                "from = \"a@b.c\"\napi = \"https://api.pagerduty.com/incidents?a=hunter2\"",
                5,
                7,
                &["write https://api.pagerduty.com"],
            ),
        ),
        (ALERTMANAGER, ("", 1, 1, &["has no `url`", "alertmanager:9093"])),
        (ALERTMANAGER, ("url = \"http://a:9093/#/alerts\"", 3, 7, &["more than the address", "write http://a:9093"])),
        (ALERTMANAGER, ("url = \"http://a:9093/x/api/v2/alerts\"", 3, 7, &["write http://a:9093/x"])),
        (ALERTMANAGER, ("url = \"http://a:9093\"\nsilence = \"5s\"", 4, 11, &["between 1m and a day"])),
        (ALERTMANAGER, ("url = \"http://a:9093\"\ntoken = { env = \"A\" }", 4, 9, &["means nothing for the kind"])),
        (
            ALERTMANAGER,
            (
                "url = \"http://a:9093\"\n[[pager]]\nkind = \"alertmanager\"\nurl = \"http://b\"",
                4,
                1,
                &["would be called `Alertmanager`"],
            ),
        ),
    ];
    for (before, (text, line, column, fragments)) in mistakes {
        let text = format!("{before}{text}");
        let Err(problems) = read(&text, &World::anywhere(&[])) else { panic!("accepted: {text}") };
        let shown = problems.to_string();
        assert!(shown.starts_with(&format!("sixty.toml:{line}:{column}: ")), "\n{text}\n{line}:{column}\n{shown}");
        for fragment in *fragments {
            assert!(shown.contains(fragment), "\n{text}\nshould have {fragment}\n{shown}");
        }
        assert_eq!(problems.len(), 1, "\n{text}\none problem, not these:\n{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn all_problems_come_at_once() {
    let text = "[[channel]]\nkind = \"fax\"\n[[pager]]\nkind = \"pagerduty\"\nfrom = \"x\"\nsilence = \"1h\"";
    let problems = read(text, &World::anywhere(&[])).unwrap_err();
    assert_eq!(problems.len(), 5, "{problems}");
}

/// Runs the program on a configuration.
async fn sixty(arguments: &[&str], file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sixty"));
    command.args(arguments).arg("--config").arg(file).env("PD_FOR_TEST", "hunter2-pd").env("HOOK_FOR_TEST", "");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test]
async fn check_looks_at_pagers_and_sends_nothing() {
    let server = Loopback::start().await;
    server.on("/metrics", Script::ok("text/plain", "up 1\n"));
    server.on("/am/api/v2/alerts", Script::ok("application/json", "[]"));
    server.on("/pd/incidents", Script::status(401, "application/json", r#"{"error":{"message":"no hunter2-pd"}}"#));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sixty.toml");
    let text = format!(
        r##"
state_dir = "state"
[[service]]
name = "web"
targets = ["{metrics}"]
[[channel]]
name = "#incidents"
kind = "slack"
url = {{ env = "HOOK_FOR_TEST" }}
[[channel]]
name = "local"
kind = "webhook"
url = "{hook}"
[[pager]]
kind = "alertmanager"
url = "{am}"
[[pager]]
kind = "pagerduty"
api = "{pd}"
from = "ana@example.com"
token = {{ env = "PD_FOR_TEST" }}
"##,
        metrics = server.url("/metrics"),
        hook = server.url("/hook/hunter2"),
        am = server.url("/am"),
        pd = server.url("/pd"),
    );
    std::fs::write(&file, text).unwrap();
    let output = sixty(&["check"], &file).await;
    let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    let line = |name: &str| told.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {told}"));
    for (name, word, words) in [
        ("channel #incidents", "fault", "Slack, environment variable HOOK_FOR_TEST is empty; nothing was sent"),
        ("channel local", "ok", "webhook, no secret; nothing was sent"),
        ("pager Alertmanager", "ok", "no page is open, Alertmanager at http://127.0.0.1"),
        ("pager PagerDuty", "fault", "401 Unauthorized"),
    ] {
        assert!(line(name).starts_with(word) && line(name).contains(words), "{name}: {told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
    assert_eq!(output.status.code(), Some(1));
    assert!(server.requests().iter().all(|request| request.method == "GET"));
    assert_eq!(server.asked("/hook/hunter2"), 0);
    assert_eq!((server.asked("/am/api/v2/alerts"), server.asked("/pd/incidents")), (1, 1));
    // A report acts for nobody: it knows no pager.
    sixty(&["report"], &file).await;
    assert_eq!((server.asked("/am/api/v2/alerts"), server.asked("/pd/incidents")), (1, 1));
}
