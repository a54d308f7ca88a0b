//! `sixty report` against the real Prometheus and the real `VictoriaMetrics`, straight and with nginx in front that
//! asks for a password, a private authority, a client certificate, a tenant or a token: each right, and each wrong.
//!
//! Truth comes from elsewhere: from the simulated service that both scrape, and from the servers' own answers to
//! queries that stand here. Where the programs are not installed it is skipped, which CI must not accept.

#![cfg(test)]

mod loopback;
#[path = "servers/programs.rs"]
mod programs;
#[path = "servers/shop.rs"]
mod shop;
mod stack;

use std::fs;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use chrono::DateTime;
use chrono::Utc;
use serde_json::Value;

use crate::loopback::tls::Authority;
use crate::programs::Program;
use crate::programs::Server;
use crate::programs::wait_for;
use crate::shop::Shop;

/// Whatever is printed, these are not.
const SECRETS: [&str; 3] = ["open-sesame-91", "wrong-sesame-17", "token-of-gold-44"];
const PASSWORD: &str = SECRETS[0];
const WRONG: &str = SECRETS[1];
const TOKEN: &str = SECRETS[2];

/// A rule that fires, and one that fails whenever it is evaluated: both sides of it have several series.
const RULES: &str = r#"groups:
  - name: shop
    interval: 1s
    rules:
      - alert: ShopFails
        expr: sum by (job) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[1m])) > 0
        labels: {severity: page}
        annotations: {summary: 'Requests to {{ $labels.job }} fail', runbook_url: 'https://runbooks.example/shop'}
      - alert: NeverEvaluated
        expr: http_server_request_duration_seconds_count * on (job) http_server_request_duration_seconds_count > 0
"#;

/// What runs, and where it is found.
struct Site {
    folder: tempfile::TempDir,
    shop: Shop,
    prometheus: Server,
    victoria: Server,
    /// The ports of nginx by what they ask for.
    ports: [u16; 5],
    nginx: Program,
}

/// The ports of [`Site::ports`].
const BASIC: usize = 0;
const TLS: usize = 1;
const MUTUAL: usize = 2;
const TENANT: usize = 3;
const BEARER: usize = 4;

impl Site {
    fn start() -> Option<Self> {
        if !programs::installed(&["prometheus", "promtool", "victoria-metrics", "nginx"]) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let all: [u16; 8] = programs::free_ports();
        let [.., prometheus, victoria, ready] = all;
        let ports = *all.first_chunk().unwrap();
        let shop = Shop::start();
        let at = |name: &str| folder.path().join(name);
        shop.fill_prometheus(&at("prometheus"));
        let prometheus = Server::prometheus(&at("prometheus"), prometheus, &shop.scraped(), RULES);
        let victoria = Server::victoria(&at("victoria"), victoria, &shop.scraped());
        shop.fill_victoria(victoria.port);
        certificates(folder.path());
        fs::write(at("htpasswd"), format!("ana:{{PLAIN}}{PASSWORD}\n")).unwrap();
        for (file, secret) in [("password", PASSWORD), ("wrong", WRONG), ("token", TOKEN)] {
            fs::write(at(file), format!("{secret}\n")).unwrap();
        }
        let blocks = blocks(folder.path(), ports, prometheus.port, victoria.port);
        let nginx = programs::nginx(&at("nginx"), &blocks, ready);
        Some(Self { folder, shop, prometheus, victoria, ports, nginx })
    }

    /// Where a server is found behind nginx.
    fn behind(&self, port: usize, server: &str) -> String {
        let scheme = if [TLS, MUTUAL].contains(&port) { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}/{server}", self.ports[port])
    }

    /// A report with arguments, begun.
    fn begin(&self, args: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_sixty"))
            .args(["report", "--format", "json", "--state-dir"])
            .arg(self.folder.path().join("state"))
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// A report with arguments.
    fn report(&self, args: &[&str]) -> Told {
        Self::end(self.begin(args))
    }

    /// What a report said that was begun. Whatever it prints, no secret is among it.
    fn end(report: Child) -> Told {
        let output = report.wait_with_output().unwrap();
        let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        let encoded = SECRETS.map(|secret| {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(format!("ana:{secret}"))
        });
        for secret in SECRETS.iter().copied().chain(encoded.iter().map(String::as_str)) {
            assert!(!printed.concat().contains(secret), "a secret is printed: {}", printed.concat());
        }
        let code = output.status.code().unwrap();
        let all: Value = serde_json::from_str(&printed[0]).unwrap_or_else(|error| panic!("{error}: {}", printed[1]));
        assert_eq!(all["exit_code"], code);
        Told { all, code }
    }

    /// A report with a configuration.
    fn configured(&self, config: &str) -> Told {
        let file = self.folder.path().join("sixty.toml");
        fs::write(&file, config).unwrap();
        self.report(&["--config", &file.display().to_string()])
    }

    /// A report of one server that is reached in this way.
    fn reached(&self, port: usize, server: &str, access: &str) -> Told {
        self.configured(&table("prod", &self.behind(port, server), access))
    }
}

/// A table of the configuration.
fn table(name: &str, url: &str, access: &str) -> String {
    format!("[[prometheus]]\nname = \"{name}\"\nurl = \"{url}\"\n{access}\n")
}

/// Who is who: the authority of the servers, that of the clients, and strangers.
fn certificates(folder: &Path) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    let (authority, clients) = (Authority::new("sixty test servers"), Authority::new("sixty test clients"));
    let stranger = Authority::new("sixty test strangers");
    write("ca.pem", &authority.pem);
    write("clients.pem", &clients.pem);
    write("other.pem", &stranger.pem);
    for (name, pair) in [
        ("server", authority.sign("127.0.0.1", 2120)),
        ("client", clients.sign("ana", 2120)),
        ("stranger", stranger.sign("eve", 2120)),
    ] {
        write(&format!("{name}.pem"), &pair.certificate);
        write(&format!("{name}.key"), &pair.key);
    }
}

/// What nginx asks for at each of its ports before it passes anything on.
fn blocks(folder: &Path, ports: [u16; 5], prometheus: u16, victoria: u16) -> String {
    let here = folder.display();
    let own = format!("ssl_certificate {here}/server.pem; ssl_certificate_key {here}/server.key;");
    let asked = [
        ("", format!("auth_basic metrics; auth_basic_user_file {here}/htpasswd;")),
        (" ssl", own.clone()),
        (" ssl", format!("{own} ssl_client_certificate {here}/clients.pem; ssl_verify_client on;")),
        ("", "if ($http_x_scope_orgid != shop) { return 401 \"no org id\\n\"; }".to_owned()),
        ("", format!("if ($http_authorization != \"Bearer {TOKEN}\") {{ return 403; }}")),
    ];
    let block = |(port, (kind, asked)): (u16, (&str, String))| {
        format!(
            "server {{ listen 127.0.0.1:{port}{kind}; {asked} \
             location /prom/ {{ proxy_pass http://127.0.0.1:{prometheus}/; }} \
             location /vm/ {{ proxy_pass http://127.0.0.1:{victoria}/; }} }}\n"
        )
    };
    ports.into_iter().zip(asked).map(block).collect()
}

/// What a report said.
struct Told {
    all: Value,
    code: i32,
}

impl Told {
    fn service(&self, name: &str) -> &Value {
        let services = self.all["services"].as_array().unwrap();
        services
            .iter()
            .find(|service| service["name"] == name)
            .unwrap_or_else(|| panic!("no {name}: {}", self.sources()))
    }

    /// Only the service of the server with that program. Where several have one of the same name, it is that of the
    /// server that tells them apart.
    fn only(mut self, program: &str) -> Self {
        let services = self.all["services"].as_array_mut().unwrap();
        services.retain(|one| one["engine"]["name"].as_str().unwrap_or_default().starts_with(program));
        let [service] = services.as_mut_slice() else { panic!("{services:?}") };
        let (name, server) = service["name"].as_str().unwrap().split_once('@').unwrap();
        assert_eq!((name, server), (shop::JOB, if program == "VictoriaMetrics" { "second" } else { "first" }));
        service["name"] = shop::JOB.into();
        self
    }

    fn sources(&self) -> &Value {
        &self.all["sources"]
    }

    /// Why a source of metrics has no answer: kind and both sentences.
    fn fault(&self, server: &str) -> (String, String) {
        let sources = self.sources().as_array().unwrap();
        let source = sources.iter().find(|source| source["id"].as_str().unwrap().ends_with(server));
        let fault = &source.unwrap_or_else(|| panic!("no {server}: {}", self.sources()))["fault"];
        let text = |key: &str| fault[key].as_str().unwrap_or("nothing").to_owned();
        (text("kind"), format!("{}; {}", text("cause"), text("advice")))
    }

    fn notes(&self, service: &str) -> Vec<String> {
        let notes = self.service(service)["engine"]["notes"].as_array().unwrap();
        notes.iter().map(|note| note.as_str().unwrap().to_owned()).collect()
    }
}

/// A measure of a service: its value and its instant.
fn signal(service: &Value, measure: &str) -> (f64, String) {
    let found = &service["signals"][measure];
    let value = found["value"].as_f64().unwrap_or_else(|| panic!("{measure}: {found}, {}", service["engine"]));
    (value, found["at"].as_str().unwrap().to_owned())
}

fn near(what: &str, value: f64, truth: f64, share: f64) -> Result<(), String> {
    let fits = (value - truth).abs() <= share * truth.abs();
    if fits { Ok(()) } else { Err(format!("{what}: {value} where the truth is {truth}")) }
}

/// How long numbers may take to be true: a scrape that a busy machine was late for leaves the rate window by then.
const UNTIL_TRUE: Duration = Duration::from_secs(75);

/// Reports, and looks whether the numbers are true. A scrape may reach a server an instant after it was asked: then
/// it tells another number for the same instant; or it came late, and the server's own rate is not what the service
/// did. Then it is looked again, at a later instant.
fn reported(what: &str, site: &Site, server: &Server, report: impl Fn() -> Told) -> Told {
    let mut wrong = Vec::new();
    let began = Instant::now();
    while began.elapsed() < UNTIL_TRUE {
        let told = report();
        assert_eq!(told.code, 2, "{what}: {}", told.sources());
        match numbers_are_true(what, site, told.service(shop::JOB), server) {
            Ok(()) => return told,
            Err(why) if wrong.last() != Some(&why) => wrong.push(why),
            Err(_) => {}
        }
    }
    panic!("{wrong:?}")
}

/// The numbers are those that the server itself gives for that instant, and close to what the service really did.
fn numbers_are_true(what: &str, site: &Site, service: &Value, server: &Server) -> Result<(), String> {
    let count = |more: &str| {
        format!("sum(rate(http_server_request_duration_seconds_count{{job=\"{}\"{more}}}[1m]))", shop::JOB)
    };
    let errors = format!("{} / {}", count(",http_response_status_code=~\"5..\""), count(""));
    let buckets = format!("rate(http_server_request_duration_seconds_bucket{{job=\"{}\"}}[1m])", shop::JOB);
    for (measure, query) in [
        ("request_rate", count("")),
        ("error_rate", errors),
        ("latency_p95", format!("histogram_quantile(0.95, sum by (le) ({buckets}))")),
        ("memory_used", format!("sum(go_memory_used_bytes{{job=\"{}\"}})", shop::JOB)),
    ] {
        let (value, at) = signal(service, measure);
        near(&format!("{what}: {measure} at {at}"), value, server.number(&query, Some(&at))?, 1e-9)?;
    }
    let (rate, at) = signal(service, "request_rate");
    let truth = site.shop.truth(at.parse::<DateTime<Utc>>().unwrap());
    near(&format!("{what}: request rate"), rate, truth.rate, 0.05)?;
    near(&format!("{what}: error rate"), signal(service, "error_rate").0, truth.errors, 0.05)?;
    near(&format!("{what}: memory"), signal(service, "memory_used").0, truth.memory, 0.05)?;
    println!("ok: {what}: {rate:.1} req/s where {:.1} were made, {:.1} % failed", truth.rate, truth.errors * 100.0);
    Ok(())
}

#[test]
fn real_servers_are_asked_as_they_want_to_be() {
    let began = Instant::now();
    let Some(mut site) = Site::start() else { return };
    println!("the servers run after {:.1} s", began.elapsed().as_secs_f64());
    wait_for("the rules are evaluated", || {
        let rules = site.prometheus.api("rules", &[])?;
        let rules = &rules["groups"][0]["rules"];
        let done = rules[0]["state"] == "firing" && rules[1]["health"] == "err";
        if done { Ok(()) } else { Err(rules.to_string()) }
    });
    // Between the past that it was given and its own scrapes is a step that no rate should be told of; the newest
    // instant that is asked for lies up to 5 s back.
    wait_for("it scrapes by itself", || {
        let scrapes = site.prometheus.number("count_over_time(up[12s])", None)?;
        if scrapes >= 11.0 { Ok(()) } else { Err(format!("{scrapes} scrapes in 12 s")) }
    });
    // It takes a while from taking samples to finding them, unless it is told to.
    let _ = programs::get(site.victoria.port, "/internal/force_flush");
    wait_for("the past is found", || site.victoria.number("process_resident_memory_bytes", None));
    // Without any configuration: what the address is, is found out.
    let one = |what, server: &Server| reported(what, &site, server, || site.report(&[&server.url()]));
    let told = one("Prometheus", &site.prometheus);
    the_past_is_there(&site, &told);
    alerts_are_told(&site, &told);
    let told = one("VictoriaMetrics", &site.victoria);
    the_past_is_there(&site, &told);
    the_lag_is_said(&told);
    println!("straight after {:.1} s", began.elapsed().as_secs_f64());
    the_right_way_gives_numbers(&site);
    println!("the right ways after {:.1} s", began.elapsed().as_secs_f64());
    the_wrong_way_says_what_to_do(&site);
    println!("the wrong ways after {:.1} s", began.elapsed().as_secs_f64());
    several_servers_beside_each_other(&site);
    println!("beside each other after {:.1} s", began.elapsed().as_secs_f64());
    an_outage_that_the_server_did_not_have_leaves_no_gap(&mut site);
    println!("all after {:.1} s", began.elapsed().as_secs_f64());
}

/// The first answer brings what was before anybody looked: the fault is minutes older than the report.
fn the_past_is_there(site: &Site, told: &Told) {
    let service = told.service(shop::JOB);
    let points = service["signals"]["request_rate"]["points"].as_array().unwrap();
    let known: Vec<&str> =
        points.iter().filter(|point| !point[1].is_null()).map(|point| point[0].as_str().unwrap()).collect();
    let first: DateTime<Utc> = known[0].parse().unwrap();
    let age = (site.shop.started() - first).num_seconds();
    assert!((600..1_260).contains(&age), "the first known point is {age} s older than the servers");
    let onset: DateTime<Utc> = service["onset"]["at"].as_str().expect("an onset").parse().unwrap();
    let age = (site.shop.started() - onset).num_seconds();
    assert!((240..600).contains(&age), "the onset is {age} s older than the servers: {}", service["headline"]["text"]);
}

fn alerts_are_told(site: &Site, told: &Told) {
    let alert = &told.all["alerts"][0];
    for (key, value) in [
        ("name", "ShopFails"),
        ("state", "firing"),
        ("severity", "page"),
        ("service", shop::JOB),
        ("summary", "Requests to shop fail"),
        ("runbook", "https://runbooks.example/shop"),
    ] {
        assert_eq!(alert[key], value, "{key} of {alert}");
    }
    // It cannot have fired for longer than the servers run, which is long on a busy machine.
    let oldest = (Utc::now() - site.shop.started()).as_seconds_f64();
    assert!(alert["age_s"].as_f64().is_some_and(|age| age < oldest), "{alert}");
    let rule = &told.all["broken_rules"][0];
    assert_eq!((&rule["name"], &rule["group"]), (&"NeverEvaluated".into(), &"shop".into()));
    let error = rule["error"].as_str().unwrap();
    assert!(error.contains("many-to-many matching not allowed"), "{error}");
    println!("ok: {alert} and {}", rule["error"]);
}

fn the_lag_is_said(told: &Told) {
    let notes = told.notes(shop::JOB);
    let said = notes.iter().find(|note| note.contains("s behind: VictoriaMetrics withholds the newest"));
    let behind: u32 = said.and_then(|note| note.split(' ').next()?.parse().ok()).unwrap_or_else(|| panic!("{notes:?}"));
    assert!((29..=32).contains(&behind), "{notes:?}");
    let (_, at) = signal(told.service(shop::JOB), "request_rate");
    let age = told.all["generated_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap()
        - at.parse::<DateTime<Utc>>().unwrap();
    assert!((29..=40).contains(&age.num_seconds()), "the newest number is {age} old");
    println!("ok: {said:?}");
}

/// How each door of nginx is opened.
const RIGHT: [(usize, &str); 7] = [
    (BASIC, "basic_auth = { user = \"ana\", password = { file = \"password\" } }"),
    (BASIC, "http_config = \"basic.yml\""),
    (TLS, "tls = { ca = \"ca.pem\" }"),
    (MUTUAL, "tls = { ca = \"ca.pem\", cert = \"client.pem\", key = \"client.key\" }"),
    (MUTUAL, "http_config = \"mutual.yml\""),
    (TENANT, "tenant = \"shop\""),
    (BEARER, "bearer = { command = [\"cat\", \"token\"] }"),
];

fn the_right_way_gives_numbers(site: &Site) {
    let write = |name: &str, text: &str| fs::write(site.folder.path().join(name), text).unwrap();
    // As Prometheus itself takes them.
    write("basic.yml", "basic_auth:\n  username: ana\n  password_file: password\n");
    write("mutual.yml", "tls_config: {ca_file: ca.pem, cert_file: client.pem, key_file: client.key}\n");
    for (name, server) in [("prom", &site.prometheus), ("vm", &site.victoria)] {
        for (port, access) in RIGHT {
            reported(&format!("{name}, {access}"), site, server, || site.reached(port, name, access));
        }
        let url = site.behind(BASIC, name).replace("://", &format!("://ana:{PASSWORD}@"));
        reported(&format!("{name}, the password in the address"), site, server, || site.report(&[&url]));
    }
}

/// What does not open a door of nginx: the kind of the fault, and words of its sentences.
const WRONGS: [(usize, &str, &str, &[&str]); 10] = [
    (BASIC, "", "denied", &["401 Unauthorized, it asks for Basic; it asks for credentials: configure"]),
    (
        BASIC,
        "basic_auth = { user = \"ana\", password = { file = \"wrong\" } }",
        "denied",
        &["401 Unauthorized", "the credentials were refused"],
    ),
    (TLS, "", "tls", &["certificate of an unknown issuer", "name the authority's certificate (tls, ca)"]),
    (
        TLS,
        "tls = { ca = \"other.pem\" }",
        "tls",
        &["certificate of an unknown issuer", "other.pem is not its authority"],
    ),
    (
        MUTUAL,
        "tls = { ca = \"ca.pem\" }",
        "denied",
        &["No required SSL certificate was sent", "configure one: tls = { cert = "],
    ),
    (
        MUTUAL,
        "tls = { ca = \"ca.pem\", cert = \"stranger.pem\", key = \"stranger.key\" }",
        "denied",
        &["The SSL certificate error", "stranger.pem the one for this server"],
    ),
    (
        TENANT,
        "",
        "denied",
        &["the server has tenants and none was named", "name the tenant in the header X-Scope-OrgID"],
    ),
    (BEARER, "", "denied", &["403 Forbidden", "it asks for credentials"]),
    (BEARER, "bearer = { file = \"wrong\" }", "denied", &["403 Forbidden", "the credentials were refused"]),
    (BASIC, "tls = { ca = \"ca.pem\" }\nproxy = \"http://127.0.0.1:1\"", "connect", &["proxy", "connection refused"]),
];

fn the_wrong_way_says_what_to_do(site: &Site) {
    for name in ["prom", "vm"] {
        for (port, access, kind, words) in WRONGS {
            let told = site.reached(port, name, access);
            let (found, said) = told.fault("prod");
            let what = format!("{name}, {access:?}: {found}: {said}");
            assert!(found == kind && words.iter().all(|word| said.contains(word)), "{what}");
            assert_eq!(told.code, 3, "{what}");
            println!("ok: {what}");
        }
    }
    // The same without a configuration: the address is never found to be anything.
    let told = site.report(&[&site.behind(BASIC, "prom")]);
    assert_eq!((told.code, told.fault("").0.as_str()), (3, "denied"), "{}", told.sources());
    println!("ok: not detected: {}", told.fault("").1);
}

/// One program asks two servers that answer and two that refuse it: nobody takes the others down.
fn several_servers_beside_each_other(site: &Site) {
    let config = [
        table("refused", &site.behind(BASIC, "prom"), ""),
        table("strange", &site.behind(TLS, "vm"), ""),
        table("first", &site.prometheus.url(), ""),
        table("second", &site.behind(TENANT, "vm"), "tenant = \"shop\""),
    ];
    let config = config.concat();
    let found = |program: &str| {
        let told = site.configured(&config);
        assert_eq!(told.fault("refused").0, "denied");
        assert_eq!(told.fault("strange").0, "tls");
        told.only(program)
    };
    for (program, server) in [("Prometheus 2.", &site.prometheus), ("VictoriaMetrics", &site.victoria)] {
        reported(&format!("{program} beside others"), site, server, || found(program));
    }
}

/// The door is shut for a while behind which Prometheus goes on: afterwards each second of that time is there, as
/// Prometheus itself tells it.
fn an_outage_that_the_server_did_not_have_leaves_no_gap(site: &mut Site) {
    let config = table("prod", &site.behind(TENANT, "prom"), "tenant = \"shop\"\nevery = \"1s\"");
    fs::write(site.folder.path().join("sixty.toml"), config).unwrap();
    let scraped = || site.prometheus.number("timestamp(up)", None);
    // Prometheus counts what it is asked, and scrapes goes on meanwhile.
    let asked = |server: &Server| {
        let body = programs::get(server.port, "/metrics").unwrap_or_default();
        let text = String::from_utf8_lossy(&body).into_owned();
        let line = text.lines().find(|line| line.contains("_requests_total") && line.contains("query_range\""));
        line.and_then(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).unwrap_or_default()
    };
    let before = asked(&site.prometheus);
    let report = site.begin(&["--config", "sixty.toml", "--watch-for", "18s"]);
    wait_for("it is asked twice", || {
        let more = asked(&site.prometheus) - before;
        if more >= 20.0 { Ok(()) } else { Err(format!("{more} questions")) }
    });
    site.nginx.kill();
    let shut = scraped().unwrap();
    let open = wait_for("the time passes", || {
        scraped().and_then(|now| if now > shut + 7.0 { Ok(now) } else { Err(String::new()) })
    });
    site.nginx.again();
    let told = Site::end(report);
    let source = &told.sources()[0];
    assert!(source["fault_count"].as_u64() >= Some(3) && source["fault"].is_null(), "{source}");
    let points = told.service(shop::JOB)["signals"]["request_rate"]["points"].as_array().unwrap();
    let query = format!("sum(rate(http_server_request_duration_seconds_count{{job=\"{}\"}}[1m]))", shop::JOB);
    let mut seconds = 0;
    for second in shut.ceil() as i64..=open as i64 {
        let at =
            DateTime::<Utc>::from_timestamp(second, 0).unwrap().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let value = points.iter().find(|point| point[0] == *at).and_then(|point| point[1].as_f64());
        let value = value.unwrap_or_else(|| panic!("nothing at {at} from {shut} to {open}: {points:?}"));
        let truth = site.prometheus.number(&query, Some(&at)).unwrap();
        near(&format!("during the outage, {at}"), value, truth, 1e-9).unwrap();
        seconds += 1;
    }
    println!("ok: {} asks failed, {seconds} seconds of that time are there all the same", source["fault_count"]);
    assert!(seconds >= 7, "{seconds}");
}
