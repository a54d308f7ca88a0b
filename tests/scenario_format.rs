//! The format of scenario files: what is read, what is refused and in which words, and that it is documented.

#![expect(clippy::panic, reason = "a test ends where it is surprised")]

use std::time::Duration;

use sixty::config::scenario::parse;
use sixty::drill::AlterationKind;
use sixty::drill::ExpectedChange;
use sixty::drill::Manner;
use sixty::drill::Page;
use sixty::drill::Quantity;
use sixty::drill::Scenario;
use sixty::drill::Setting;
use sixty::drill::Severity;
use sixty::drill::Teller;
use sixty::drill::Timetable;
use sixty::drill::Value;

const HEAD: &str = "title = \"x\"\nbegins = \"2026-11-20T19:00:00Z\"\nlasts = \"2h\"\nzero = \"1h\"\n";
const SERVICE: &str = "[[service]]\nname = \"shop\"\npool = { size = 40 }\n[[service.route]]\npath = \"/a\"\n";

fn read(rest: &str) -> Scenario {
    parse(&format!("{HEAD}{SERVICE}{rest}"), "x.toml").unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn the_least_file_has_defaults_for_the_rest() {
    let scenario = parse(&format!("{HEAD}[[service]]\nname = \"shop\"\n"), "x.toml").unwrap();
    let service = &scenario.services[0];
    assert_eq!((scenario.zero, scenario.lasts, scenario.scrape.as_secs()), (3_600, Duration::from_secs(7_200), 5));
    assert_eq!((scenario.seeds.as_slice(), scenario.told_by.as_slice()), (&[1, 2, 3, 4, 5][..], &[Teller::Log][..]));
    assert_eq!((service.instances, service.programs.as_slice()), (1, &["shop".to_owned()][..]));
    assert_eq!(service.routes[0].name(), "GET /");
    assert!((service.rate - 100.0).abs() < 1e-9 && (service.p95 - 0.24).abs() < 1e-9);
    assert_eq!(scenario.zero_at().to_rfc3339(), "2026-11-20T20:00:00+00:00");
}

#[test]
fn events_are_put_in_order_and_know_their_place() {
    let scenario = read(
        "[[at]]\ntime = \"T\"\nroute = \"GET /a\"\nset = { errors = \"45 %\", p95 = \"x3\", pool_leak = \"12/min\", codes = { 404 = 0.1 } }\nover = \"60s\"\nlasts = \"5m\"\n\
         [[at]]\ntime = \"10m\"\ndeploy = \"shop v2\"\nby = \"ana\"\ninstance = [1]\n\
         [[at]]\ntime = \"-2h\"\nflag = \"new-tax on\"\ntold = false\n\
         [[at]]\ntime = \"20:30\"\nmetrics = \"hangs\"\n",
    );
    let [flag, deploy, trouble, silent] = scenario.events.as_slice() else { panic!("{:?}", scenario.events) };
    assert_eq!((flag.at, flag.change.as_ref().unwrap().told), (-7_200, false));
    let change = deploy.change.as_ref().unwrap();
    assert_eq!((change.kind, change.name().as_str(), change.takes), (AlterationKind::Deploy, "shop v2", 90));
    assert_eq!((deploy.place.service.as_deref(), deploy.place.instances.as_slice()), (Some("shop"), &[1][..]));
    let set = |quantity, value| Setting { quantity, value };
    assert_eq!(
        trouble.set,
        [
            set(Quantity::Errors, Value::To(0.45)),
            set(Quantity::P95, Value::Times(3.0)),
            set(Quantity::PoolLeak, Value::To(0.2)),
            set(Quantity::Code(404), Value::To(0.1)),
        ]
    );
    assert_eq!((trouble.at, trouble.over, trouble.until), (3_600, 60, Some(3_900)));
    assert_eq!((silent.at, silent.answers), (5_400, Some(Manner::Hangs)));
}

#[test]
fn surroundings_and_expectations_are_read() {
    let scenario = read(
        "[[vendor]]\nname = \"Stripe\"\n[[vendor]]\nname = \"AWS\"\npage = \"aws\"\n\
         [[job]]\nname = \"backup\"\nat = \"03:00\"\nset = { db_locked = \"5 %\" }\n\
         [[job]]\nname = \"sync\"\nevery = \"1h\"\nat = \"00:10\"\n\
         [[at]]\ntime = \"T\"\nvendor = \"Stripe\"\nincident = \"Errors\"\nimpact = \"critical\"\ncomponents = [\"API\"]\n\
         [[expect]]\ntime = \"T+60s\"\nseverity = \"critical\"\nfirst_within = \"60s\"\nonset = \"T\"\nchange = \"Stripe\"\ninnocent = [\"backup\"]\n\
         [[expect]]\ntime = \"30m\"\nseverity = \"ok\"\nchange = \"none\"\n",
    );
    assert_eq!((scenario.vendors[1].page, scenario.vendors[1].region.as_str()), (Page::Aws, "us-east-1"));
    let when: Vec<Timetable> = scenario.jobs.iter().map(|job| job.when).collect();
    assert_eq!(when, [Timetable::Daily(10_800), Timetable::Every(3_600, 600)]);
    assert_eq!(scenario.jobs[0].service.as_deref(), Some("shop"));
    let [calm, trouble] = scenario.expects.as_slice() else { panic!("{:?}", scenario.expects) };
    assert_eq!((calm.severity, &calm.change), (Some(Severity::Ok), &Some(ExpectedChange::Nothing)));
    assert_eq!(trouble.change, Some(ExpectedChange::Named("Stripe".to_owned())));
    assert_eq!((trouble.at, trouble.visible, trouble.onset.unwrap().within.as_secs()), (3_660, 3_600, 10));
    assert!(trouble.line > calm.line - 20 && trouble.line > 10);
}

#[test]
fn what_is_only_called_has_no_traffic_of_its_own() {
    let scenario =
        read("[[service.call]]\nto = \"stock\"\n[[service.call]]\nto = \"Stripe\"\n[[service]]\nname = \"stock\"\n");
    assert!(scenario.services[1].rate.abs() < 1e-9);
    let waits: Vec<f64> = scenario.services[0].calls.iter().map(|call| call.p50).collect();
    assert_eq!(waits, [0.002, 0.08]);
}

/// What is appended to a file that is well, and the place and words of its problem.
const WRONG: &[(&str, &str)] = &[
    ("[[at]]\ntime = \"T\"\nseti = { errors = \"1 %\" }", "unknown key `seti` in [[at]]; did you mean `set`?"),
    ("[[at]]\ntime = \"T\"\nset = { error = \"1 %\" }", "unknown key `error` in `set`; did you mean `errors`?"),
    ("[[at]]\ntime = \"T\"", "nothing happens in this [[at]]; write one of set, deploy"),
    ("[[at]]\nset = { errors = \"1 %\" }", "[[at]] has no `time`; write time = \"5m\""),
    ("[[at]]\ntime = \"soon\"\nnote = \"x\"", "`soon` is not an instant; write \"5m\" after the beginning"),
    ("[[at]]\ntime = \"3h\"\nnote = \"x\"", "`3h` is after the end of the scenario; write an earlier one"),
    ("[[at]]\ntime = 5\nnote = \"x\"", "`time` is a bare number; write time = \"5m\""),
    ("[[at]]\ntime = \"T\"\nset = { errors = \"45\" }", "`45` is more than 100 %"),
    ("[[at]]\ntime = \"T\"\nset = { p95 = \"2\" }", "`2` has no unit"),
    (
        "[[at]]\ntime = \"T\"\nset = { p95 = \"x-2\" }",
        "`x-2` is no factor that fits here; write p95 = \"2 s\" or \"x3\"",
    ),
    (
        "[[at]]\ntime = \"T\"\nset = { pool_leak = \"12\" }",
        "`12` does not say per which time; write pool_leak = \"12/min\"",
    ),
    ("[[at]]\ntime = \"T\"\nset = { pool_leak = \"x2\" }", "`x2` is no factor that fits here"),
    ("[[at]]\ntime = \"T\"\nset = { db_queries = 40 }", "`db_queries` is not a factor; write db_queries = \"x40\""),
    (
        "[[at]]\ntime = \"T\"\nset = { memory_leak = \"1 MiB/min\" }",
        "`memory_leak` is set, and the service `shop` has no `memory`; write memory = {",
    ),
    ("[[at]]\ntime = \"T\"\nset = { codes = { x = \"1 %\" } }", "`x` is no status code"),
    ("[[at]]\ntime = \"T\"\nset = { codes = { 404 = \"60 %\", 410 = \"60 %\" } }", "more than 100 % together"),
    ("[[at]]\ntime = \"T\"\nset = {}", "`set` sets nothing"),
    (
        "[[at]]\ntime = \"T\"\nservice = \"shp\"\nset = { errors = 0.1 }",
        "there is no service `shp`; did you mean `shop`?",
    ),
    ("[[at]]\ntime = \"T\"\nroute = \"/b\"\nset = { errors = 0.1 }", "there is no route `/b`; known are GET /a"),
    (
        "[[at]]\ntime = \"T\"\nto = \"Stripe\"\nset = { errors = 0.1 }",
        "there is no call to `Stripe`; the scenario has no call to",
    ),
    ("[[at]]\ntime = \"T\"\ndeploy = \"shop\"", "`shop` has no version; write deploy = \"api v2.31.0\""),
    ("[[at]]\ntime = \"T\"\ndeploy = \"a v1\"\nflag = \"b on\"", "there are two changes in one [[at]]"),
    ("[[at]]\ntime = \"T\"\nset = { errors = 0.1 }\nby = \"ana\"", "`by` is of a change, and there is none"),
    ("[[at]]\ntime = \"T\"\nset = { errors = 0.1 }\nuntil = \"T-1s\"", "it is over before it begins"),
    ("[[at]]\ntime = \"T\"\nincident = \"x\"", "[[at]] has no `vendor`"),
    ("[[at]]\ntime = \"T\"\nmetrics = \"dead\"", "`dead` is no manner to answer; known are ok, refused"),
    ("[[at]]\ntime = \"T\"\ninstance = 0\nset = { errors = 0.1 }", "`instance` is 0, and must be between 1 and 100"),
    ("[[job]]\nname = \"b\"", "[[job]] has no `at`; write at = \"03:00\", or every = \"1h\""),
    ("[[job]]\nname = \"b\"\nat = \"3 am\"", "`3 am` is not a time of day; write at = \"14:00\", in UTC"),
    ("[[vendor]]\nname = \"shop\"", "the name `shop` is taken by another one before"),
    ("[[vendor]]\nname = \"A\"\npage = \"azure\"", "`azure` is no kind of page; known are statuspage, aws, none"),
    ("[[expect]]\ntime = \"T\"", "nothing is expected here; write one of severity"),
    (
        "[[expect]]\ntime = \"T\"\nseverity = \"bad\"",
        "`bad` is no severity; known are ok, unknown, info, warning, critical",
    ),
    ("[[expect]]\ntime = \"T\"\nfirst_within = \"1m\"\nsays = [\"x\"]", "[[expect]] has no `severity`"),
    ("[[expect]]\ntime = \"T\"\nchange = \"shop v2\"", "there is no change or vendor `shop v2`"),
    ("[[service]]\nname = \"b\"\np50 = \"1 s\"\np95 = \"1 s\"", "the 95th percentile is not above the median (1 s)"),
    (
        "[[service]]\nname = \"b\"\npool = { size = 10, busy = 10 }",
        "`busy` is 10, and the pool has only 10 connections",
    ),
    ("[[service]]\nname = \"b\"\nmemory = { used = \"1 GiB\" }", "`memory` has no `limit`; write limit = \"2 GiB\""),
    ("[[service]]\nname = \"b\"\ncpu = { cores = 0 }", "`cores` is 0, and must be more"),
    ("[[service]]\nname = \"b\"\nrate = \"5/fortnight\"", "`/fortnight` is not a unit that fits here"),
    (
        "[[service]]\nname = \"b\"\nroute = [{ path = \"/x\", share = 0.4 }]",
        "the shares of its routes are 40.0 % together",
    ),
    ("[[service]]\nname = \"b\"\nroute = [{ path = \"/x\" }, { path = \"/x\" }]", "there is a second route `GET /x`"),
    (
        "[[service]]\nname = \"b\"\n[[service.call]]\nto = \"x\"\nroutes = [\"GET /y\"]",
        "there is no route `GET /y`; did you mean `GET /`?",
    ),
    ("[service]\nname = \"b\"", ""),
];

#[test]
fn each_mistake_is_told_with_its_place_and_what_to_write() {
    for (rest, words) in WRONG {
        let text = format!("{HEAD}{SERVICE}{rest}\n");
        let problems = parse(&text, "x.toml").map(|_| ()).unwrap_err();
        let shown = problems.to_string();
        assert!(shown.contains(words), "{rest}\n{shown}\nwanted: {words}");
        let first = problems.iter().next().unwrap();
        assert!(
            first.place.is_some_and(|place| place.line >= 9 || place.line == 1 || words.is_empty()),
            "{rest}\n{shown}"
        );
    }
}

#[test]
fn the_top_of_the_file_is_checked_as_well() {
    for (text, words) in [
        ("", "the file has no `title`"),
        ("", "the file has no `begins`; write begins = \"2026-11-20T19:00:00Z\""),
        ("", "the file has no `lasts`"),
        ("", "the file has no `[[service]]`"),
        ("begins = \"today\"", "`today` is not a date with a whole second and a zone"),
        ("begins = 2026-11-20T19:00:00", "is not a date with a whole second and a zone"),
        ("lasts = \"10s\"", "`lasts` is 10s, and must be whole seconds from 1m to 14d"),
        ("seeds = []", "`seeds` is empty"),
        ("seeds = [-1]", "negative or too large"),
        ("told_by = [\"jira\"]", "nobody called `jira` tells changes; known are log, github"),
        ("zero = \"T+5m\"", "T is not known here; write zero = \"30m\""),
        ("titel = \"x\"", "unknown key `titel` in the file; did you mean `title`?"),
        ("title = x", "x"),
    ] {
        let shown = parse(text, "x.toml").map(|_| ()).unwrap_err().to_string();
        assert!(shown.contains(words), "{text}\n{shown}\nwanted: {words}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = format!(
        "{HEAD}{SERVICE}[[at]]\ntime = \"T\"\nset = {{ errors = \"x\", p95 = 3, pool_size = -1 }}\nwho = \"ana\"\n[[expect]]\ntime = \"T\"\nseverity = 1\n"
    );
    let problems = parse(&text, "x.toml").map(|_| ()).unwrap_err();
    assert!(problems.len() >= 5, "{problems}");
}

#[test]
fn every_file_that_ships_is_read() {
    for (name, text) in sixty::drill::SHIPPED {
        let scenario = parse(text, name).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(scenario.seeds.len() >= 5 && !scenario.expects.is_empty(), "{name}");
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = std::fs::read_dir(folder).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        (path.extension()? == "toml").then(|| path.file_stem().unwrap().to_string_lossy().into_owned())
    });
    let mut files: Vec<String> = files.collect();
    files.sort();
    let mut names: Vec<String> = sixty::drill::SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    assert_eq!(files, names, "each file of the folder ships");
}
