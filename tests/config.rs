//! The sample configuration, and what the program answers to mistakes: each with its place and what to write.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use sixty::config::Config;
use sixty::config::Problems;
use sixty::config::World;
use sixty::config::load;
use sixty::config::parse;
use sixty::facts::Zone;
use sixty::sources::http::Access;
use sixty::sources::http::Auth;
use sixty::sources::http::Proxy;
use sixty::sources::http::TlsVersion;
use sixty::sources::secret::Secret;
use sixty::sources::secret::SecretRef;
use sixty::triage::Limit;
use sixty::triage::Subject;

const SAMPLE: &str = include_str!("../sixty.sample.toml");
const THEMES: &[&str] = &["terminal", "dark", "light", "mono", "okabe-ito"];

fn read(text: &str) -> Result<Config, Problems> {
    parse(text, "sixty.toml", Path::new("/etc/sixty"), &World::anywhere(THEMES))
}

/// The sample with its examples switched on.
fn examples() -> String {
    let lines = SAMPLE.lines().map(|line| match line.strip_prefix("#!") {
        Some(example) => example.strip_prefix(' ').unwrap_or(example),
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_sample_is_the_defaults() {
    let config = read(SAMPLE).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config, Config::default());
}

#[test]
fn the_sample_names_every_setting() {
    let written = examples();
    for key in [
        "time_zone",
        "theme",
        "ascii",
        "window",
        "retention",
        "rate_window",
        "max_series",
        "who",
        "enabled",
        "size",
        "state_dir",
        "checklist",
        "runbooks",
        "opens",
        "breathe",
        "bell",
        "update",
        "escalate",
        "call_out",
        "post_mortem",
        "full_list",
        "users",
        "metrics",
        "status",
        "changes",
    ] {
        assert!(written.lines().any(|line| line.starts_with(&format!("{key} ="))), "{key}");
    }
}

#[test]
fn the_examples_of_the_sample_work() {
    let config = read(&examples()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.services.len(), 3);
    assert_eq!(config.services[1].targets[0].access.headers.len(), 2);
    assert!(config.services[1].targets[1].access.route.tls.server_name.is_some());
    let servers: Vec<_> = config.prometheus.iter().map(|server| server.name.as_str()).collect();
    assert_eq!(servers, ["prod", "staging"]);
    assert_eq!(config.prometheus[0].every, config.intervals.metrics);
    assert_eq!(config.prometheus[0].own.len(), 1);
    let plain = sixty::sources::prometheus::Settings::named("prod", config.prometheus[0].urls.clone());
    assert_eq!((plain.backfill, plain.max_queries), (config.prometheus[0].backfill, config.prometheus[0].max_queries));
    assert_eq!(config.services[1].queries.len(), 2);
    assert_eq!(config.services[1].rules, sixty::triage::Rules::default());
    let pages: Vec<_> = config.status.iter().map(|page| page.name.as_str()).collect();
    assert_eq!(pages, ["GitHub", "Stripe", "AWS", "Google Cloud", "Azure", "Slack"]);
    assert_eq!(config.deploys.len(), 4);
    let about = config.deploys.iter().filter_map(|source| match source {
        sixty::sources::deploys::Settings::About { service, of } => Some((service.as_str(), of.bare())),
        _ => None,
    });
    let about: Vec<_> = about.collect();
    assert!(matches!(about[..], [("checkout-api", sixty::sources::deploys::Settings::Command(_))]), "{about:?}");
    assert_eq!(config.services[0].calls, ["payments", "Stripe"]);
    assert_eq!(config.services[0].programs, ["api", "checkout"]);
    let own = config.services[0].rules.iter().filter(|rule| rule.reason.is_empty());
    assert_eq!(own.count(), 5);
    assert!(config.services[0].rules.about(sixty::facts::Signal::Disk).next().is_none());
    for action in sixty::triage::quick_win::Action::ALL {
        assert!(config.commands.get(action).is_some(), "{}", action.key());
    }
    assert_eq!(config.keys["quit"], ["q", "Ctrl-C"]);
    assert_eq!(config.who.as_deref(), Some("ana"));
    assert_eq!(config.checklist.as_deref(), Some(Path::new("/etc/sixty/first-60-seconds.md")));
    assert_eq!(config.runbooks.as_deref(), Some(Path::new("/etc/sixty/runbooks")));
    assert_eq!(config.incident.full_list.as_deref(), Some(Path::new("/etc/sixty/full-incident.md")));
    assert!(config.incident.users.as_ref().is_some_and(|users| users.contains("$service")));
}

#[test]
fn the_sample_names_every_key_of_a_server() {
    for key in ["urls", "bearer", "authorization", "oauth2", "server_name", "insecure_skip_verify", "max_version"] {
        assert!(SAMPLE.contains(key), "{key}");
    }
}

#[test]
fn what_is_written_is_read() {
    let config = read(
        r#"
time_zone = "Europe/Berlin"
theme = "themes/ours.toml"
ascii = true
window = "30m"
rate_window = "1m"
state_dir = "~/incidents"
[intervals]
metrics = "2s"
[[service]]
name = "api"
targets = ["http://a/metrics"]
[[service.target]]
url = "http://b/metrics"
[service.thresholds]
error_rate = { warning = 0.02 }
latency_p95 = { warning = "none", critical = "2.5 s" }
request_rate = { critical = "60 /min" }
[[statuspage]]
url = "http://127.0.0.1:8080"
every = "1s"
[[deploys.file]]
path = "deploys.jsonl"
"#,
    )
    .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.time_zone, Zone::named("Europe/Berlin"));
    assert_eq!(config.theme, "/etc/sixty/themes/ours.toml");
    assert_eq!(config.ascii, Some(true));
    assert_eq!(config.window, Duration::from_secs(1800));
    assert_eq!(config.rate_window, Some(Duration::from_secs(60)));
    assert_eq!(config.state_dir.as_deref(), Some(Path::new("/home/somebody/incidents")));
    assert_eq!(config.intervals.metrics, Duration::from_secs(2));
    let service = &config.services[0];
    assert_eq!(service.targets.len(), 2);
    let limit = |subject| service.rules.limit(subject);
    assert_eq!(limit(Subject::ErrorRate), Limit { warning: Some(0.02), critical: Some(0.05) });
    assert_eq!(limit(Subject::LatencyP95), Limit { warning: None, critical: Some(2.5) });
    assert_eq!(limit(Subject::RequestRate).critical, Some(1.0));
    assert_eq!(config.status[0].name, "127.0.0.1:8080");
    assert_eq!(config.status[0].every, Duration::from_secs(1));
}

fn plain(text: &str) -> SecretRef {
    SecretRef::Plain(Secret::new(text))
}

/// A service without a mistake, before the mistake: three lines.
const SERVICE: &str = "[[service]]\nname = \"api\"\ntargets = [\"http://a/metrics\"]\n";

/// What stands in the file (`+` at its beginning: after [`SERVICE`]), the line and the column of the one problem,
/// and words that it has.
type Mistake = (&'static str, usize, usize, &'static [&'static str]);

const GENERAL: &[Mistake] = &[
    ("[severities]\ncritical = \"as bad as can be\"", 2, 12, &["is no short name", "1 to 12 characters", "SEV1"]),
    ("[severities]\nfatal = \"SEV0\"", 2, 1, &["unknown key `fatal`"]),
    ("colour = 1", 1, 1, &["unknown key `colour` in the file", "known are"]),
    ("thme = \"dark\"", 1, 1, &["unknown key `thme`", "did you mean `theme`?"]),
    ("theme = \"drak\"", 1, 9, &["unknown theme `drak`", "did you mean `dark`"]),
    ("theme = 3", 1, 9, &["`theme` is a bare number", "write theme = \"terminal\""]),
    ("time_zone = \"EST\"", 1, 13, &["`EST` is not the name", "America/New_York", "America/Panama"]),
    ("time_zone = \"IST\"", 1, 13, &["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
    ("time_zone = \"Europe/Berln\"", 1, 13, &["not an IANA time zone", "did you mean Europe/Berlin"]),
    ("time_zone = \"UTC+2\"", 1, 13, &["summer time"]),
    ("ascii = \"yes\"", 1, 9, &["`ascii` is a text", "ascii = true"]),
    ("window = 30", 1, 10, &["`window` is a bare number", "write window = \"1h\""]),
    ("window = \"30\"", 1, 10, &["`30` has no unit", "\"30s\""]),
    ("window = \"30 parsecs\"", 1, 10, &["`parsecs` is not a unit of time"]),
    ("window = \"1s\"", 1, 10, &["`window` is 1s", "between 1m and 7d"]),
    ("window = \"12h\"", 1, 10, &["the window (12h) is longer", "(6h)"]),
    ("retention = \"30m\"", 1, 13, &["longer than samples are kept (30m)"]),
    ("rate_window = \"6s\"", 1, 15, &["a rate needs two samples", "rate_window = \"20s\""]),
    ("max_series = 3", 1, 14, &["not between 100 and 1000000"]),
    ("max_series = -3", 1, 14, &["negative or too large"]),
    ("max_series = \"many\"", 1, 14, &["`max_series` is a text", "write max_series = 5000"]),
    ("state_dir = \"~bob/x\"", 1, 13, &["`~bob/x` is not expanded"]),
    ("checklist = \"none.md\"", 1, 13, &["there is no file `/etc/sixty/none.md`"]),
    ("[incident]\nopens = \"yes\"", 2, 9, &["opens = true"]),
    ("[incident]\nupdate = \"5s\"", 2, 10, &["not between 1m and 30d", "\"off\""]),
    ("[incident]\nescalate = 20", 2, 12, &["escalate = \"20m\""]),
    ("[incident]\ncall_out = \"soon\"", 2, 12, &["soon"]),
    ("[incident]\npost_mortem = [\"48h\", \"24h\"]", 2, 15, &["the earlier one first"]),
    ("[incident]\npost_mortem = \"24h\"", 2, 15, &["post_mortem = ["]),
    ("[incident]\nfull_list = \"none.md\"", 2, 13, &["there is no file `/etc/sixty/none.md`"]),
    ("[incident]\nusers = \"sum(\"", 2, 9, &["not PromQL"]),
    ("[incident]\nbel = true", 2, 1, &["bell"]),
    ("runbooks = \"none\"", 1, 12, &["there is no folder `/etc/sixty/none`"]),
    ("runbooks = 5", 1, 12, &["write runbooks = \"runbooks\""]),
    ("who = \"é\"\n\"é\" = 1", 2, 1, &["unknown key `é`"]),
    ("\"\\u001b]0;x\\u0007\" = 1", 1, 1, &["unknown key `␛]0;x␇`"]),
    ("[intervals]\nmetrics = \"100ms\"", 2, 11, &["`metrics` is 100ms", "between 1s and a day"]),
    ("[intervals]\nmetric = \"5s\"", 2, 1, &["unknown key `metric` in [intervals]", "`metrics`"]),
    ("intervals = 5", 1, 13, &["`intervals` is a bare number", "[intervals]"]),
    ("[keys]\nquit = \"Ctrl+Q\"", 2, 8, &["`Ctrl+Q` is not a key", "\"Ctrl-Q\""]),
    ("[keys]\nqiut = \"q\"", 2, 1, &["unknown command `qiut`", "`quit`"]),
    ("[keys]\nhelp = \"q\"", 2, 8, &["the key `q` is given to `quit` and to `help`"]),
    ("[keys]\nhelp = \"Ctrl-C\"", 2, 8, &["Ctrl-C always leaves"]),
];

const SYNTAX: &[Mistake] = &[
    ("window = 5s", 1, 10, &["a text needs quotes", "write \"5s\""]),
    ("window = ", 1, 10, &["a value is missing"]),
    ("who = \"ana", 1, 11, &["a text is not closed"]),
    ("theme = \"dark\"\ntheme = \"light\"", 2, 1, &["a second time"]),
    ("théme = 1", 1, 3, &["invalid unquoted key"]),
    ("[[service]\nname = \"api\"", 1, 11, &["a table's name is not closed"]),
    ("[[service]]\nname = \"a\"\ntargets = [\"http://h/\"\n\n[intervals]\nmetrics = \"5s\"", 3, 11, &["never closed"]),
    ("just words", 1, 6, &["this is not `key = value`"]),
];

const SERVICES: &[Mistake] = &[
    ("[[service]]\ntargets = [\"http://a/metrics\"]", 1, 1, &["[[service]] has no `name`", "checkout-api"]),
    ("[[service]]\nname = \"api\"", 1, 1, &["[[service]] has no targets", "http://host:port/metrics"]),
    ("[service]\nname = \"api\"", 1, 1, &["write [[service]] with two brackets"]),
    ("+[[service]]\nname = \"api\"\ntargets = [\"http://b\"]", 5, 8, &["the name `api` is taken"]),
    ("[[service]]\nname = \"\"\ntargets = [\"http://b\"]", 2, 8, &["the name is empty"]),
    ("[[service]]\nname = \"\\u001b[2J\"\ntargets = [\"http://b\"]", 2, 8, &["`␛[2J` cannot be shown"]),
    ("[[service]]\nname = \"a\"\ntargets = [\"localhost:90/metrics\"]", 3, 12, &["has no scheme", "http://localhost"]),
    ("[[service]]\nname = \"a\"\ntargets = [\"ftp://u:pw@h/\"]", 3, 12, &["`ftp://h/` is neither http nor https"]),
    ("[[service]]\nname = \"a\"\ntargets = \"http://h/\"", 3, 11, &["`targets` is a text", "[\"http://host"]),
    ("[[service]]\nname = \"a\"\ntargets = [\"http://h/\", 5]", 3, 25, &["an entry of `targets` is a bare number"]),
    ("[[service]]\nname = \"a\"\ntargets = [\"http://h\", \"http://h/\"]", 3, 24, &["is listed twice"]),
    ("+preset = \"opentelemtry\"", 4, 10, &["unknown preset `opentelemtry`", "did you mean `"]),
    ("+[service.signals]\nerror_rate = \"sum(\"", 5, 14, &["not PromQL: unclosed left parenthesis"]),
    ("+[service.signals]\nerror_rate = \"rate(x[$interval])\"", 5, 14, &["$interval", "$__rate_interval"]),
    ("+[service.signals]\nmemory_used = \"x[5m]\"", 5, 15, &["ranges of samples", "put it into a function"]),
    ("+[service.signals]\nlatency = \"x\"", 5, 1, &["made of latency_p95, latency_p50, latency_p99"]),
    ("+[service.signals]\np95 = \"x\"", 5, 1, &["did you mean `latency_p95`?"]),
    ("+[service.signals]\nlatency_p50 = \"limitk(1, x)\"", 5, 15, &["limitk is not supported"]),
    ("+[service.signals]\nlatency_p59 = \"x\"", 5, 1, &["did you mean `latency_p"]),
    ("+[service.thresholds]\nerror_rate = { warning = 5 }", 5, 26, &["more than 100 %", "write \"5 %\""]),
    ("+[service.thresholds]\nerror_rate = { warning = \"5 s\" }", 5, 26, &["`s` is not a unit that fits here"]),
    ("+[service.thresholds]\nlatency_p95 = { critical = 1 }", 5, 28, &["1 has no unit", "500 ms"]),
    ("+[service.thresholds]\nerror_rate = { warning = \"9 %\" }", 5, 14, &["above its critical limit"]),
    ("+[service.thresholds]\nmemory = { critical = \"2 GiB\" }", 5, 23, &["is a size", "share of the whole"]),
    ("+[service.thresholds]\nmemory = \"90 %\"", 5, 10, &["`memory` is a text", "{ critical = \"5 %\" }"]),
    ("+[service.thresholds]\nmemory = { warn = \"90 %\" }", 5, 12, &["unknown key `warn`", "did you mean `warning`?"]),
    ("+[service.rules]\ncritical = [\"errors > 5%\"]", 5, 13, &["stops at character 1", "write one of error_rate"]),
    ("+[service.rules]\nwarning = [\"cpu > 90% for ever\"]", 5, 12, &["stops at character 15", "write it as in `30s`"]),
    ("+[service.rules]\nfatal = [\"cpu > 90%\"]", 5, 1, &["unknown key `fatal`"]),
    ("+[service.rules]\noff = [\"disc\"]", 5, 8, &["`disc` is not measured", "did you mean `disk`?"]),
    ("+[[service.target]]\nheaders = {}", 4, 1, &["[[service.target]] has no `url`"]),
];

const SOURCES: &[Mistake] = &[
    ("[[statuspage]]\nname = \"x\"", 1, 1, &["[[statuspage]] has no `url`"]),
    ("[[statuspage]]\nurl = \"https://x.example\"\nevery = \"5s\"", 3, 9, &["between 1m and a day", "every = \"60s\""]),
    ("[[slack]]\nregions = []", 2, 1, &["unknown key `regions` in [[slack]]"]),
    ("[intervals]\nstatus = \"5s\"\n[[slack]]", 2, 10, &["too often for `Slack`"]),
    ("[[slack]]\n[[slack]]", 2, 1, &["a second [[slack]]", "its own name"]),
    ("[[deploys.gitlab]]\nx = 1", 1, 11, &["unknown key `gitlab` in [deploys]"]),
    ("[[github]]\nrepo = \"a/b\"", 1, 3, &["unknown key `github`", "did you mean `deploys.github`?"]),
    ("[deploys.git]\npath = \"x\"", 1, 1, &["write [[deploys.git]] with two brackets"]),
    ("[[deploys.file]]\nname = \"x\"", 1, 1, &["[[deploys.file]] has no `path`"]),
    ("[[deploys.file]]\npath = \"x\"\nservice = \" \"", 3, 11, &["not a name that can be shown", "service ="]),
    (
        "[[service]]\nname = \"a\"\ntargets = [\"http://h/metrics\"]\ncalls = [\"b\", \"\"]",
        4,
        15,
        &["not a name that can be shown", "calls ="],
    ),
    ("[[service]]\nname = \"a\"\ntargets = [\"http://h/metrics\"]\nprograms = \"b\"", 4, 12, &["programs"]),
    ("[[deploys.command]]\ncommand = \"deploys --json\"", 2, 11, &["no shell takes it apart", "\"sh\", \"-c\""]),
    ("[[deploys.command]]\ncommand = []", 2, 11, &["names no program"]),
    ("[[deploys.github]]\nrepo = \"api\"", 2, 8, &["`api` is not a repository", "owner/name"]),
];

/// A server without a mistake, before the mistake: three lines (`=` at the beginning of a text).
const SERVER: &str = "[[prometheus]]\nname = \"prod\"\nurl = \"http://p:9090\"\n";

const SERVERS: &[Mistake] = &[
    ("[[prometheus]]\nname = \"prod\"", 1, 1, &["[[prometheus]] has no `url`", "http://prometheus:9090"]),
    ("[prometheus]\nurl = \"http://p:9090\"", 1, 1, &["write [[prometheus]] with two brackets"]),
    ("=[[prometheus]]\nname = \"prod\"\nurl = \"http://q\"", 5, 8, &["the name `prod` is taken"]),
    ("=[[prometheus]]\nname = \"q\"\nurl = \"http://p:9090/\"", 6, 7, &["is asked as `prod` already"]),
    ("=urls = [\"http://q:9090\"]", 4, 8, &["`url` and `urls` are the same"]),
    ("[[prometheus]]\nurls = []", 2, 8, &["`urls` is empty"]),
    ("[[prometheus]]\nurls = [\"http://p\", \"http://p/\"]", 2, 21, &["is listed twice"]),
    (
        "[[prometheus]]\nurl = \"http://u:hunter2@p:9090/prom/api/v1/query?query=up\"",
        2,
        7,
        &["is more than the address of the server", "write http://p:9090/prom"],
    ),
    ("[[prometheus]]\nurl = \"http://p:9090/graph\"", 2, 7, &["is more than the address", "write http://p:9090"]),
    ("=label = \"my service\"", 4, 9, &["`my service` is not the name of a label"]),
    ("=selector = \"env=prod\"", 4, 12, &["not a list of matchers", "env=\"prod\""]),
    ("=selector = 'a=\"b\"} or vector(1'", 4, 12, &["not a list of matchers"]),
    ("=selector = 'a=\"b\" or c=\"d\"'", 4, 12, &["`or` between matchers"]),
    ("=every = \"1s\"", 4, 9, &["between 2s and a day", "every = \"15s\""]),
    ("=backfill = \"30d\"", 4, 12, &["`backfill` is 30d, and must be at most 7d"]),
    ("=max_queries = 0", 4, 15, &["not between 1 and 64"]),
    ("=interval = \"5s\"", 4, 1, &["unknown key `interval` in [[prometheus]]"]),
    (
        "[[service]]\nname = \"a\"\nprometheus = \"prod\"",
        3,
        14,
        &["no [[prometheus]] with the name `prod`", "write one"],
    ),
    ("=[[service]]\nname = \"a\"\nprometheus = \"prd\"", 6, 14, &["the name `prd`", "did you mean `prod`?"]),
    (
        "=[[service]]\nname = \"a\"\nprometheus = \"prod\"\ntargets = [\"http://t\"]",
        4,
        1,
        &["has targets and a prometheus", "leave one of them out"],
    ),
    (
        "=[[service]]\nname = \"a\"\nprometheus = \"prod\"\n[service.signals]\nerror_rate = \"sum(\"",
        8,
        14,
        &["not PromQL"],
    ),
];

const ACCESS: &[Mistake] = &[
    ("=tenant = \"a b\"", 4, 10, &["`a b` is not a tenant"]),
    ("=tenant = \"a\"\nheaders = { x-scope-orgid = \"b\" }", 4, 10, &["`tenant` is the header X-Scope-OrgID"]),
    ("=headers = { Host = \"b\" }", 4, 13, &["the header `Host` is written by sixty itself"]),
    ("=basic_auth = { user = \"ana\", password = \"hunter2\" }", 4, 41, &["must not stand in the configuration"]),
    ("=basic_auth = { password = { env = \"A\" } }", 4, 14, &["has no `user`", "password = { file"]),
    ("=basic_auth = { user = \"ana:hunter2\" }", 4, 23, &["cannot have `:`"]),
    ("=bearer = \"hunter2\"", 4, 10, &["must not stand in the configuration"]),
    ("=bearer = { env = \"A\" }\nbasic_auth = { user = \"a\" }", 4, 10, &["both say who asks", "keep one"]),
    (
        "=bearer = { env = \"A\" }\nheaders = { Authorization = { env = \"B\" } }",
        4,
        10,
        &["`bearer` and the header `Authorization`"],
    ),
    ("=authorization = { type = \"basic\", credentials = { env = \"A\" } }", 4, 26, &["write basic_auth instead"]),
    ("=authorization = { type = \"Token\" }", 4, 17, &["has no `credentials`"]),
    ("=oauth2 = { token_url = \"https://x/token\" }", 4, 10, &["has no `client_id`"]),
    ("=oauth2 = { client_id = \"a\", token_url = \"x/token\" }", 4, 41, &["has no scheme"]),
    (
        "[[prometheus]]\nurl = \"https://ana:hunter2@p\"\nbearer = { env = \"A\" }",
        1,
        1,
        &["has credentials in its address and others beside it"],
    ),
    ("=tls = { ca = \"gone.pem\" }", 4, 14, &["gone.pem", "write the path of one that can be read"]),
    ("=tls = { cert = \"a.pem\" }", 4, 7, &["has `cert` and no `key`", "write both"]),
    ("=tls = { key = { env = \"A\" } }", 4, 7, &["has `key` and no `cert`"]),
    ("=tls = { insecure = true }", 4, 9, &["unknown key `insecure`", "did you mean `insecure_skip_verify`?"]),
    ("=tls = { insecure_skip_verify = \"yes\" }", 4, 32, &["is a text", "insecure_skip_verify = true"]),
    ("=tls = { server_name = \"10.0.0.7\" }", 4, 23, &["is an address, and must be a name"]),
    ("=tls = { min_version = \"1.4\" }", 4, 23, &["`1.4` is not a version of TLS", "\"1.3\""]),
    ("=tls = { max_version = \"1.1\" }", 4, 23, &["older than 1.2 is broken"]),
    ("=tls = { min_version = \"1.3\", max_version = \"1.2\" }", 4, 7, &["min_version is newer than max_version"]),
    ("=proxy = \"proxy:3128\"", 4, 9, &["`proxy:3128` has no scheme", "http://host:port"]),
    ("=proxy = { url = \"ftp://u:hunter2@p\" }", 4, 17, &["`ftp://p` is not the address of a proxy", "socks5"]),
    (
        "=proxy = \"http://p:1\"\ntls = { server_name = \"a.example\" }",
        1,
        1,
        &["a proxy and a server_name", "leave one of them out"],
    ),
    ("=http_config = \"none.yml\"", 4, 15, &["none.yml` does not exist", "an http_config in YAML"]),
    ("+[[service.target]]\nurl = \"https://b\"\ntls = { cert = \"a.pem\" }", 6, 7, &["has `cert` and no `key`"]),
];

const SECRETS: &[Mistake] = &[
    (
        "+[[service.target]]\nurl = \"http://b\"\nheaders = { Authorization = \"Bearer hunter2\" }",
        6,
        29,
        &["`Authorization` must not stand in the configuration", "{ env ="],
    ),
    (
        "+[[service.target]]\nurl = \"http://b\"\nheaders = { X-Any = \"ghp_hunter2hunter2\" }",
        6,
        21,
        &["`X-Any` must not stand in the configuration"],
    ),
    (
        "+[[service.target]]\nurl = \"http://b\"\nheaders = { \"A B\" = \"x\" }",
        6,
        13,
        &["`A B` is not the name of a header"],
    ),
    ("[[deploys.github]]\nrepo = \"a/b\"\ntoken = \"hunter2\"", 3, 9, &["`token` must not stand in the configuration"]),
    ("[[deploys.github]]\nrepo = \"a/b\"\ntoken = hunter2", 3, 9, &["a text needs quotes"]),
    (
        "[[deploys.github]]\nrepo = \"a/b\"\ntoken = { env = \"ghp_hunter2hunter2\" }",
        3,
        17,
        &["not the name of a variable", "GITHUB_TOKEN"],
    ),
    ("[[deploys.github]]\nrepo = \"a/b\"\ntoken = { env = \"A\", file = \"b\" }", 3, 9, &["exactly one of env, file"]),
    ("[[deploys.github]]\nrepo = \"a/b\"\ntoken = { env = \"GONE\" }", 3, 9, &["GONE is not set"]),
];

#[test]
fn each_mistake_is_told_with_its_place_and_what_to_write() {
    let missing = |secret: &_| {
        let shown = format!("{secret:?}");
        let file = shown.contains("gone").then(|| "file gone.pem does not exist".to_owned());
        shown.contains("GONE").then(|| "GONE is not set".to_owned()).or(file)
    };
    let world = World {
        missing_secret: &missing,
        is_file: &|path| !path.ends_with("none.md"),
        is_folder: &|path| !path.ends_with("none"),
        read_file: &|_| Err("does not exist".to_owned()),
        ..World::anywhere(THEMES)
    };
    for (text, line, column, fragments) in [GENERAL, SYNTAX, SERVICES, SOURCES, SERVERS, ACCESS, SECRETS].concat() {
        let text = text.strip_prefix('+').map_or(text.to_owned(), |rest| format!("{SERVICE}{rest}"));
        let text = text.strip_prefix('=').map_or(text.clone(), |rest| format!("{SERVER}{rest}"));
        let Err(problems) = parse(&text, "sixty.toml", Path::new("/etc/sixty"), &world) else {
            panic!("accepted: {text}");
        };
        let shown = problems.to_string();
        let start = format!("sixty.toml:{line}:{column}: ");
        assert!(shown.starts_with(&start), "\n{text}\nshould have {start}\n{shown}");
        for fragment in fragments {
            assert!(shown.contains(fragment), "\n{text}\nshould have {fragment}\n{shown}");
        }
        assert_eq!(problems.len(), 1, "\n{text}\none problem, not these:\n{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn servers_are_read_with_all_that_they_need() {
    let config = read(
        r#"
window = "12h"
[[prometheus]]
urls = ["http://10.0.0.1:9090/prom", "http://10.0.0.2:9090/prom/"]
[[prometheus]]
name = "prod"
url = "https://metrics.example"
label = "app"
services = ["web"]
selector = '{env="prod", team=~"a|b",}'
every = "15s"
rate_window = "1m"
backfill = "12h"
max_queries = 8
tenant = "shop"
headers = { X-Team = "core" }
basic_auth = { user = "ana", password = { file = "password" } }
tls = { ca = "ca.pem", cert = "me.pem", key = { env = "KEY" }, server_name = "p.example", min_version = "1.3" }
follow_redirects = false
[[service]]
name = "api"
prometheus = "prod"
environment = "prod"
preset = "fastapi"
[service.signals]
error_rate = "limitk(1, x{$selector})"
"#,
    )
    .unwrap_or_else(|problems| panic!("{problems}"));
    let [first, prod] = config.prometheus.as_slice() else { panic!("two servers") };
    assert_eq!((first.name.as_str(), first.urls.len()), ("10.0.0.1:9090", 2));
    assert_eq!(first.backfill, Duration::from_hours(3));
    assert_eq!(*first.access, Access::default());
    assert_eq!((prod.label.as_deref(), prod.selector.as_str()), (Some("app"), "env=\"prod\", team=~\"a|b\""));
    assert_eq!(prod.services.iter().map(|name| &**name).collect::<Vec<_>>(), ["web", "api"]);
    assert_eq!((prod.every, prod.rate_window), (Duration::from_secs(15), Some(Duration::from_secs(60))));
    assert_eq!((prod.backfill, prod.max_queries), (Duration::from_hours(12), 8));
    assert_eq!(config.retention, Duration::from_hours(6));
    assert_eq!(config.history(), Duration::from_hours(12));
    let own = &prod.own["api"];
    assert_eq!((own.presets.as_slice(), own.queries.len()), (&["fastapi".to_owned()][..], 1));
    let names: Vec<&str> = prod.access.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["X-Team", "X-Scope-OrgID"]);
    assert!(matches!(&prod.access.auth, Some(Auth::Basic { password: Some(_), .. })));
    let tls = &prod.access.route.tls;
    assert_eq!(tls.ca, Some(SecretRef::File("/etc/sixty/ca.pem".into())));
    assert_eq!(tls.identity.as_ref().unwrap().key, SecretRef::Env("KEY".to_owned()));
    assert_eq!((tls.server_name.as_deref(), tls.min_version), (Some("p.example"), Some(TlsVersion::V1_3)));
    assert!(!prod.access.follow_redirects);
    assert_eq!(config.services[0].prometheus.as_deref(), Some("prod"));
}

/// What becomes of an `http_config` that is named by a server.
fn http_config(yaml: &str, beside: &str) -> Result<Access, Problems> {
    let world = World {
        missing_secret: &|secret| format!("{secret:?}").contains("gone").then(|| "file gone does not exist".to_owned()),
        read_file: &|path| {
            assert_eq!(path, Path::new("/etc/sixty/prom/http.yml"));
            Ok(yaml.to_owned())
        },
        ..World::anywhere(THEMES)
    };
    let text = format!("{SERVER}http_config = \"prom/http.yml\"\n{beside}");
    let config = parse(&text, "sixty.toml", Path::new("/etc/sixty"), &world)?;
    Ok(config.prometheus[0].access.as_ref().clone())
}

#[test]
fn the_file_of_prometheus_is_taken_as_it_is() {
    let access = http_config(
        r"
# As for a remote_read.
basic_auth:
  username: ana
  password: hunter2
follow_redirects: false
enable_http2: true
proxy_url: http://u:hunter2@proxy:3128
no_proxy: localhost,10.0.0.0/8
proxy_connect_header:
  X-Way: [one, two]
http_headers:
  X-Scope-OrgID: {values: [shop]}
  X-Key:
    secrets:
      - hunter2
    files: [key]
tls_config:
  ca_file: ../ca.pem
  cert_file: me.pem
  key_file: me.key
  insecure_skip_verify: true
  min_version: TLS12
",
        "",
    )
    .unwrap();
    assert!(!format!("{access:?}").contains("hunter2"));
    let Some(Auth::Basic { user, password: Some(password) }) = &access.auth else { panic!("{access:?}") };
    assert_eq!((user, password), (&plain("ana"), &plain("hunter2")));
    assert!(!access.follow_redirects);
    let Proxy::Via(via) = &access.route.proxy else { panic!("{access:?}") };
    assert_eq!((via.url.host_str(), via.no_proxy.as_deref()), (Some("proxy"), Some("localhost,10.0.0.0/8")));
    assert_eq!(via.headers.len(), 2);
    let file = |path: &str| SecretRef::File(format!("/etc/sixty/prom/{path}").into());
    let mut headers = access.headers.clone();
    headers.sort_by(|a, b| a.0.cmp(&b.0));
    let header = |name: &str, value| (name.to_owned(), value);
    assert_eq!(
        headers,
        [header("X-Key", plain("hunter2")), header("X-Key", file("key")), header("X-Scope-OrgID", plain("shop"))]
    );
    let tls = &access.route.tls;
    assert_eq!(tls.ca, Some(file("../ca.pem")));
    assert_eq!(tls.identity.as_ref().map(|own| own.key.clone()), Some(file("me.key")));
    assert!(tls.insecure_skip_verify && tls.min_version == Some(TlsVersion::V1_2));
    let empty = http_config("", "").unwrap();
    // As in Prometheus itself, and unlike sixty's own default.
    assert_eq!(empty.route.proxy, Proxy::Direct);
    let own = "tenant = \"other\"\nproxy = \"environment\"\nbearer = { env = \"A\" }\ntls = { ca = \"x.pem\" }\n";
    let own =
        http_config("bearer_token: x\nhttp_headers: {x-scope-orgid: {values: [shop]}, A: {values: [b]}}", own).unwrap();
    assert_eq!(own.headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["A", "X-Scope-OrgID"]);
    assert_eq!(own.route.proxy, Proxy::Environment);
    assert!(matches!(own.auth, Some(Auth::Scheme { credentials: SecretRef::Env(_), .. })));
    for (yaml, scheme) in [
        ("authorization: {credentials: hunter2}", "Bearer"),
        ("authorization:\n  type: Token\n  credentials_file: token", "Token"),
        ("bearer_token_file: token", "Bearer"),
    ] {
        let Some(Auth::Scheme { scheme: found, .. }) = http_config(yaml, "").unwrap().auth else { panic!("{yaml}") };
        assert_eq!(found, scheme);
    }
    let oauth2 = "oauth2:\n  client_id: sixty\n  client_secret: hunter2\n  token_url: https://id.example/token\n  \
                  scopes: [a, b]\n  endpoint_params: {audience: x}\n  tls_config: {ca_file: id.pem}\n";
    let Some(Auth::OAuth2(oauth2)) = http_config(oauth2, "").unwrap().auth else { panic!("no client") };
    assert_eq!((oauth2.scopes.len(), oauth2.endpoint_params.len(), oauth2.route.proxy), (2, 1, Proxy::Direct));
    assert_eq!(oauth2.route.tls.ca, Some(file("id.pem")));
}

#[test]
fn mistakes_in_the_file_of_prometheus_have_their_place_there() {
    for (yaml, place, fragments) in [
        (
            "basic_aut: {username: a}",
            "1:1",
            &["unknown key `basic_aut` in the http_config", "did you mean `basic_auth`?"][..],
        ),
        ("basic_auth: {user: a}", "1:14", &["unknown key `user` in basic_auth", "`username`"]),
        ("basic_auth: hunter2", "1:13", &["`basic_auth` is a text"]),
        (
            "basic_auth:\n  password: hunter2\n  password_file: x",
            "3:18",
            &["at most one of `password`, `password_file`"],
        ),
        ("basic_auth: {username: a}\nbearer_token: hunter2", "2:15", &["at most one of `basic_auth`, `bearer_token`"]),
        ("authorization: {type: Basic, credentials: hunter2}", "1:23", &["cannot be `basic`", "basic_auth"]),
        (
            "authorization: {credentials_ref: x}",
            "1:34",
            &["`credentials_ref` needs the secrets of a running Prometheus"],
        ),
        ("oauth2: {client_id: a}", "1:9", &["has no `token_url`"]),
        (
            "oauth2: {client_id: a, token_url: 'http://x', grant_type: 'urn:x'}",
            "1:59",
            &["grant_type is not supported"],
        ),
        ("bearer_token_file: gone", "1:20", &["file gone does not exist"]),
        ("tls_config: {cert_file: a}", "1:13", &["`cert_file` and no `key_file`"]),
        ("tls_config: {ca: a, ca_file: b}", "1:30", &["at most one of `ca`, `ca_file`"]),
        ("tls_config: {max_version: TLS11}", "1:27", &["older than 1.2 is broken"]),
        ("tls_config: {insecure_skip_verify: 'yes'}", "1:36", &["insecure_skip_verify: true"]),
        ("no_proxy: a", "1:11", &["`no_proxy` needs a `proxy_url`"]),
        ("proxy_from_environment: true\nproxy_url: http://p:1", "1:25", &["`proxy_from_environment` and `proxy_url`"]),
        ("proxy_url: p:1", "1:12", &["`p:1` has no scheme"]),
        ("proxy_connect_header: {A: [b]}", "1:23", &["`proxy_connect_header` needs a `proxy_url`"]),
        ("http_headers: {Host: {values: [a]}}", "1:16", &["`Host` is written by sixty itself"]),
        ("http_headers: {Authorization: {secrets: [hunter2]}}", "1:16", &["cannot stand here", "basic_auth"]),
        ("http_headers: {A: {value: hunter2}}", "1:20", &["unknown key `value`", "`values`"]),
        ("basic_auth:\n\tusername: hunter2", "2:", &["this is not YAML"]),
        ("- a", "1:1", &["this is not a table"]),
    ] {
        let shown = http_config(yaml, "").expect_err(yaml).to_string();
        let start = format!("/etc/sixty/prom/http.yml:{place}");
        assert!(shown.starts_with(&start), "\n{yaml}\nshould have {start}\n{shown}");
        for fragment in fragments {
            assert!(shown.contains(fragment), "\n{yaml}\nshould have {fragment}\n{shown}");
        }
        assert!(!shown.contains("hunter2") && !shown.contains('\n'), "\n{yaml}\n{shown}");
    }
    let both = http_config("no_proxy: a\nx: y", "every = \"x\"").unwrap_err();
    assert_eq!(both.len(), 3, "{both}");
}

#[test]
fn all_mistakes_are_told_at_once_by_place() {
    let text =
        "theme = \"drak\"\nwindow = \"1\"\nfoo = 1\n[[service]]\nname = \"a\"\ntargets = [\"h:1\"]\n[[deploys.git]]\n";
    let shown = read(text).unwrap_err().to_string();
    let places: Vec<&str> = shown.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(places, ["sixty.toml:1:9", "sixty.toml:2:10", "sixty.toml:3:1", "sixty.toml:6:12", "sixty.toml:7:1"]);
}

#[test]
fn a_broken_line_hides_no_wrong_value_and_invents_none() {
    // The header of the service is broken: its keys land elsewhere, which must not be told as unknown keys.
    let shown = read("theme = \"drak\"\n[[service]\nname = \"a\"\ntargets = [\"http://a\"]\n").unwrap_err().to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert!(lines[0].starts_with("sixty.toml:1:9: unknown theme"), "{shown}");
    assert!(lines[1].starts_with("sixty.toml:2:11: "), "{shown}");
}

#[test]
fn files_are_read_with_their_own_folder_as_base() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sixty.toml");
    std::fs::write(folder.path().join("list.md"), "- [ ] one\n").unwrap();
    std::fs::write(&path, "\u{feff}checklist = \"list.md\"\n").unwrap();
    let world = World::machine(THEMES, None);
    let config = load(&path, &world).unwrap();
    assert_eq!(config.path.as_deref(), Some(path.as_path()));
    assert_eq!(config.checklist, Some(folder.path().join("list.md")));

    let problem = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        load(&path, &world).unwrap_err().to_string()
    };
    assert!(
        problem(b"# \xc3\xa9\nwho = \"\xff\"\n").ends_with("sixty.toml:2:8: this is not UTF-8; save the file as UTF-8")
    );
    assert!(problem(&vec![b'#'; 2_000_000]).contains("larger than 1 MiB"));
    assert!(load(&folder.path().join("none.toml"), &world).unwrap_err().to_string().contains("cannot be read"));
    assert!(load(folder.path(), &world).is_err());
}

/// Each problem has a place in the text, and its line is harmless.
fn well_placed(text: &str) -> Result<(), TestCaseError> {
    let Err(problems) = read(text) else { return Ok(()) };
    for problem in problems.iter() {
        let Some(place) = problem.place else { return Err(TestCaseError::fail(format!("no place: {problem}"))) };
        let line = text.split('\n').nth(place.line - 1);
        prop_assert!(line.is_some(), "{problem} in {text:?}");
        prop_assert!(place.column <= line.unwrap_or("").chars().count() + 1, "{problem} in {text:?}");
        prop_assert!(!problem.to_string().chars().any(char::is_control), "{problem:?}");
        prop_assert!(!problem.cause.is_empty());
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_text_panics(text in "(\\PC|[\\[\\]{}=\"'#.,\\n\\r\\t]){0,200}") {
        well_placed(&text)?;
    }

    #[test]
    fn no_damage_to_the_examples_panics(
        cuts in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..30, "(\\PC|[\\[\\]{}=\"'#,\\n\u{1b}]){0,6}"),
            1..6,
        ),
    ) {
        let mut text: Vec<char> = examples().chars().collect();
        for (at, length, put) in cuts {
            let at = at.index(text.len() + 1);
            let end = (at + length).min(text.len());
            text.splice(at..end, put.chars());
        }
        well_placed(&text.into_iter().collect::<String>())?;
    }

    #[test]
    fn lines_in_any_order_do_not_panic(
        order in Just(examples().lines().map(str::to_owned).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        well_placed(&order.join("\n"))?;
    }
}
