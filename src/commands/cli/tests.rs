//! What can be typed, and what is answered to mistakes.

use super::*;

fn parse(line: &str) -> Result<Cli, Refusal> {
    read(std::iter::once("sixty").chain(line.split_whitespace()).map(OsString::from))
}

fn ok(line: &str) -> Cli {
    parse(line).unwrap_or_else(|refusal| panic!("{line}: {}", refusal.text))
}

#[test]
fn what_is_typed_is_what_is_looked_at() {
    let urls = |list: &[&str]| What::Urls(list.iter().map(|&url| url.to_owned()).collect());
    for (line, what) in [
        ("", What::Everything),
        ("checkout-api", What::Service("checkout-api".to_owned())),
        ("-- check", What::Service("check".to_owned())),
        ("http://a/m", urls(&["http://a/m"])),
        ("http://a/m http://b/m --service x", urls(&["http://a/m", "http://b/m"])),
        ("wall checkout", What::Service("checkout".to_owned())),
        ("report http://a/m --format json", urls(&["http://a/m"])),
        ("check", What::Everything),
        ("--config x.toml check", What::Everything),
        ("check --config x.toml", What::Everything),
        ("demo", What::Everything),
    ] {
        assert_eq!(ok(line).what(), what, "{line}");
    }
}

#[test]
fn mistakes_are_answered() {
    for (line, code, fragment) in [
        ("a b", 2, "several services are named, a b; write one of them"),
        ("checkout check", 3, "the command stands first: sixty check checkout"),
        ("a http://b/", 2, "either addresses or the name"),
        ("localhost:9090", 2, "write http://localhost:9090"),
        ("host/metrics", 2, "write http://host/metrics"),
        ("--service x checkout", 2, "--service gives addresses a name"),
        ("--window 5", 2, "`5` has no unit"),
        ("--window 5s", 2, "between 1m and 7d"),
        ("--time-zone EST", 2, "America/New_York"),
        ("--thme dark", 2, "--theme"),
        ("demo --speed 0", 2, "between 0.1 and 1000"),
        ("demo --now yesterday", 2, "2026-02-03T03:21:09Z"),
        ("report --format yaml", 3, "markdown"),
        ("check --foo", 3, "--foo"),
        ("completions tcsh", 2, "bash"),
        ("--as \u{1b}[2J\u{7}", 2, "80 visible characters"),
    ] {
        let refusal = parse(line).expect_err(line);
        assert!(refusal.text.contains(fragment), "{line}: {}", refusal.text);
        assert_eq!(refusal.code, code, "{line}");
        assert!(!refusal.text.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn options_are_read_before_and_behind_a_command() {
    for line in
        ["--state-dir /s --read-only report --watch-for 30s", "report --watch-for 30s --state-dir /s --read-only"]
    {
        let cli = ok(line);
        assert_eq!(cli.options.state_dir, Some(PathBuf::from("/s")));
        assert!(cli.options.read_only);
        let Some(Command::Report(report)) = cli.command.as_ref() else { panic!("{cli:?}") };
        assert_eq!(report.watch_for, Some(Duration::from_secs(30)));
        assert_eq!(report.format, Format::Text);
    }
    let Some(Command::Demo(demo)) = ok("demo --speed 60x --seed 7 --at 6m --now 2026-02-03T03:21:09Z").command else {
        panic!("a demo")
    };
    assert!((demo.speed - 60.0).abs() < 1e-9);
    assert_eq!((demo.seed, demo.port, demo.at), (Some(7), 0, Some(Duration::from_secs(360))));
    assert!(demo.now.is_some());
}

#[test]
fn options_win_over_the_configuration() {
    let config = Config { theme: "light".to_owned(), who: Some("ana".to_owned()), ..Config::default() };
    assert_eq!(ok("").options.apply(config.clone()), config);
    let changed = ok("--theme dark --ascii --window 12h --time-zone UTC --as ben").options.apply(config);
    assert_eq!(changed.theme, "dark");
    assert_eq!(changed.ascii, Some(true));
    assert_eq!(changed.window, Duration::from_secs(12 * 3600));
    assert_eq!(changed.retention, Duration::from_secs(12 * 3600));
    assert_eq!(changed.time_zone, Some(Zone::utc()));
    assert_eq!(changed.who.as_deref(), Some("ben"));
}

#[test]
fn help_fits_eighty_columns() {
    let mut whole = Cli::command().term_width(80);
    whole.build();
    let mut texts = vec![whole.render_help().to_string(), whole.render_long_help().to_string()];
    for command in whole.get_subcommands_mut() {
        let mut command = command.clone().term_width(80);
        texts.push(command.render_help().to_string());
        texts.push(command.render_long_help().to_string());
    }
    for text in &texts {
        // Whoever is told to see an option must find it.
        assert!(!text.contains("see --schema") || text.matches("--schema").count() > 1, "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    // What people see first is a page, not a book.
    assert!(whole.render_help().to_string().lines().count() <= 60);
}

#[test]
fn help_and_version_are_no_mistakes() {
    for line in ["--help", "-h", "--version", "report --help", "help", "help report"] {
        let refusal = parse(line).expect_err(line);
        assert_eq!(refusal.code, 0, "{line}");
        assert!(refusal.text.contains("sixty"), "{line}");
    }
    for part in ["Examples:", "Exit codes:", "Environment:", "sixty -- check", "NO_COLOR", "/etc/sixty/sixty.toml"] {
        assert!(parse("--help").expect_err("help").text.contains(part), "{part}");
    }
}

#[test]
fn completions_and_the_man_page_know_every_option() {
    for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
        let text = String::from_utf8(completions(shell)).unwrap();
        assert!(text.contains("watch-for") && text.contains("demo"), "{shell}");
    }
    let page = String::from_utf8(man().unwrap()).unwrap();
    for part in [".TH sixty", "SIXTY REPORT", "\\-\\-watch\\-for", "Exit codes"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("\\-\\-now"));
}

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}
