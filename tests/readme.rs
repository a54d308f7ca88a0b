//! The README tells the truth: its help, presets and keys are the program's, its examples work, its files exist.
//!
//! `SIXTY_BLESS=1 cargo test --test readme` writes the generated blocks anew. What the sentences between them claim
//! is not checked here.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use clap::CommandFactory;
use sixty::app::KEYS;
use sixty::app::KeyMap;
use sixty::commands::cli::Cli;
use sixty::config;
use sixty::config::World;
use sixty::facts::Measure;
use sixty::signals::preset;
use sixty::signals::preset::Family;
use sixty::signals::preset::Preset;

/// The pages whose paths and examples are checked.
const PAGES: &[&str] = &["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/// Folders whose files a page may name in `code`; all other code is not a path of ours.
const FOLDERS: &[&str] = &["src/", "tests/", "themes/", "runbooks/", "fuzz/", "screenshots/", "examples/", ".ci/"];

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(home().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The README with the text between `<!-- begin NAME -->` and `<!-- end NAME -->` replaced.
fn with_block(readme: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = readme.split_once(&begin).unwrap_or_else(|| panic!("README.md has no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("README.md has no {end}"));
    format!("{before}{begin}{text}{end}{after}")
}

/// What the program prints about itself.
fn help() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sixty"))
        .arg("--help")
        .env("COLUMNS", "80")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("```text\n{}\n```\n", lines.join("\n").trim_end())
}

/// A row per preset: its name in the configuration, its title, what it is told by, what it can bring.
fn presets() -> String {
    let mut out = String::new();
    for family in Family::ALL {
        let strips = match family {
            Family::Requests => "Request rate, error rate, latency",
            Family::Memory => "Memory",
            Family::Pool => "Connection pool",
            Family::Cpu => "CPU",
            Family::Disk => "Disk",
            Family::Start => "When the process began",
            Family::Calls => "Outgoing calls",
            Family::Database => "Database",
            Family::Locks => "Who waits for a lock of the database",
        };
        write!(
            out,
            "**{strips}**\n\n| `preset =` | for | is chosen when these are there | brings |\n|---|---|---|---|\n"
        )
        .unwrap();
        for preset in preset::all().iter().filter(|preset| preset.family == family) {
            let told = preset.fingerprint.iter().map(|all| {
                let all: Vec<_> = all.iter().map(|need| format!("`{}`", metric(need))).collect();
                all.join(" and ")
            });
            let told: Vec<String> = told.collect();
            let (key, title) = (preset.key, &preset.title);
            writeln!(out, "| `{key}` | {title} | {} | {} |", told.join(", or "), brings(preset)).unwrap();
        }
        out.push('\n');
    }
    out
}

/// A metric as a selector is written: `http_requests_total{code}`.
fn metric(need: &preset::Need) -> String {
    let labels = if need.labels.is_empty() { String::new() } else { format!("{{{}}}", need.labels.join(", ")) };
    format!("{}{labels}", need.metric)
}

/// The measures of a preset in words; the percentiles are one word.
fn brings(preset: &Preset) -> String {
    let word = |measure: &Measure| match measure {
        Measure::RequestRate => Some("rate"),
        Measure::ErrorRate | Measure::CallErrors => Some("errors"),
        Measure::LatencyP95 | Measure::DbLatency => Some("latency"),
        // What comes together has one word.
        Measure::LatencyP50 | Measure::LatencyP99 | Measure::NotFound | Measure::Resets => None,
        Measure::PoolUsed | Measure::MemoryUsed | Measure::CpuUsed => Some("used"),
        Measure::PoolMax | Measure::CpuMax => Some("max"),
        Measure::PoolWaiting => Some("waiting"),
        Measure::MemoryLimit => Some("limit"),
        Measure::RateLimited => Some("429 and 404"),
        Measure::Disk => Some("fullest"),
        Measure::Started => Some("start"),
        Measure::CallsLimited => Some("429"),
        Measure::DbLocked => Some("waiting for locks"),
    };
    preset.queries.keys().filter_map(word).collect::<Vec<_>>().join(", ")
}

/// A row per default rule: how bad, its sentence, why.
fn rules() -> String {
    let mut out = "| when it holds | rule | reason |\n|---|---|---|\n".to_owned();
    for one in sixty::triage::rules::defaults() {
        writeln!(out, "| {} | `{}` | {} |", one.rule.severity.word(), one.sentence, one.rule.reason).unwrap();
    }
    out
}

/// A row per key binding.
fn keys() -> String {
    let map = KeyMap::default();
    let mut out = "| keys | what they do | name in `[keys]` |\n|---|---|---|\n".to_owned();
    for row in KEYS {
        let keys: Vec<_> = map.shown(row).iter().map(|key| format!("`{key}`")).collect();
        writeln!(out, "| {} | {} | `{}` |", keys.join(" "), row.help, row.name).unwrap();
    }
    out
}

#[test]
fn the_generated_blocks_are_those_of_the_program() {
    let readme = page("README.md");
    let blocks: BTreeMap<&str, String> =
        [("help", help()), ("presets", presets()), ("keys", keys()), ("rules", rules())].into();
    let fresh = blocks.iter().fold(readme.clone(), |text, (name, block)| with_block(&text, name, block));
    if std::env::var_os("SIXTY_BLESS").is_some() {
        return fs::write(home().join("README.md"), fresh).unwrap();
    }
    for (name, block) in &blocks {
        let gone = block.lines().find(|line| !readme.contains(line)).unwrap_or("one that the program no longer says");
        assert!(
            with_block(&readme, name, block) == readme,
            "the block `{name}` of README.md is not what the program says (first line that differs: {gone}); \
             run SIXTY_BLESS=1 cargo test --test readme"
        );
    }
}

#[test]
fn the_two_commands_are_there() {
    let readme = page("README.md");
    let commands: Vec<&str> = readme.lines().filter(|line| line.starts_with("cargo ")).collect();
    assert_eq!(commands.first(), Some(&"cargo run --release -- demo"));
    assert!(commands.contains(&"cargo test"), "{commands:?}");
}

#[test]
fn every_command_option_and_theme_is_mentioned() {
    let readme = page("README.md");
    let program = Cli::command();
    let mut missing = Vec::new();
    for command in program.get_subcommands() {
        let name = format!("sixty {}", command.get_name());
        if !readme.contains(&name) {
            missing.push(name);
        }
    }
    let all = std::iter::once(&program).chain(program.get_subcommands());
    for argument in all.flat_map(clap::Command::get_arguments).filter(|argument| !argument.is_hide_set()) {
        let Some(long) = argument.get_long() else { continue };
        // `--at` must not pass for `--ascii`: the name ends where it ends.
        let found = readme
            .match_indices(&format!("--{long}"))
            .any(|(index, text)| !readme[index + text.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '-'));
        if !found {
            missing.push(format!("--{long}"));
        }
    }
    missing.extend(sixty::ui::themes().iter().map(|name| format!("`{name}`")).filter(|name| !readme.contains(name)));
    assert!(missing.is_empty(), "README.md does not mention: {}", missing.join(", "));
}

#[test]
fn every_subject_and_command_for_a_quick_win_is_mentioned() {
    let readme = page("README.md");
    let subjects = sixty::triage::Subject::ALL.map(sixty::triage::Subject::key);
    let actions = sixty::triage::quick_win::Action::ALL.map(sixty::triage::quick_win::Action::key);
    let named = |word: &&str| readme.contains(&format!("`{word}`"));
    let missing: Vec<&str> = subjects.into_iter().chain(actions).filter(|word| !named(word)).collect();
    assert!(missing.is_empty(), "README.md does not mention: {}", missing.join(", "));
}

/// The text of every fenced block of that language, with the line on which it begins.
fn fenced<'a>(page: &'a str, language: &str) -> Vec<(usize, &'a str)> {
    let open = format!("```{language}\n");
    let mut found = Vec::new();
    for (index, _) in page.match_indices(&open) {
        let body = &page[index + open.len()..];
        let end = body.find("\n```").unwrap_or(body.len());
        found.push((page[..index].lines().count() + 2, &body[..=end.min(body.len() - 1)]));
    }
    found
}

#[test]
fn every_example_of_a_configuration_works() {
    let readme = page("README.md");
    let examples = fenced(&readme, "toml");
    assert!(examples.len() >= 3, "{} examples", examples.len());
    for (line, text) in examples {
        let read = config::parse(text, "example", Path::new("/etc/sixty"), &World::anywhere(sixty::ui::themes()));
        if let Err(problems) = read {
            panic!("README.md, the example from line {line}:\n{problems}");
        }
    }
}

#[test]
fn every_file_that_is_named_exists() {
    let mut missing = Vec::new();
    for name in PAGES {
        let text = page(name);
        let links = text.match_indices("](").map(|(index, open)| &text[index + open.len()..]);
        let links = links.filter_map(|rest| rest.split(')').next());
        let links = links.filter(|target| !target.contains("://") && !target.starts_with('#'));
        let links = links.map(|target| target.split('#').next().unwrap_or_default());
        // Every other piece between backticks is code; fences have three of them, so they do not disturb the count.
        let code = text.split("```").step_by(2).flat_map(|outside| outside.split('`').skip(1).step_by(2));
        let code = code.filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)));
        for path in links.chain(code) {
            // Pictures are made by a command from the program; before that there are none at all.
            let not_yet = path.starts_with("screenshots/") && !home().join("screenshots").exists();
            if !not_yet && !exists(path) {
                missing.push(format!("{name}: {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

/// Whether there is such a file or folder; `*` and a word in capitals stand for any name.
fn exists(path: &str) -> bool {
    let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
    let stands_for_any = |part: &str| part.contains('*') || part.chars().all(|c| c.is_ascii_uppercase() || c == '.');
    let stem = last.split('.').next().unwrap_or_default();
    if !stem.is_empty() && !folder.is_empty() && stands_for_any(stem) {
        return home().join(folder).is_dir();
    }
    home().join(path).exists()
}

#[test]
fn the_blocks_are_found_and_replaced() {
    let text = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n";
    assert_eq!(with_block(text, "x", "new\n"), "a\n<!-- begin x -->\nnew\n<!-- end x -->\nb\n");
    assert_eq!(fenced("p\n```toml\na = 1\n```\nq\n", "toml"), [(3, "a = 1\n")]);
    assert!(exists("src/lib.rs") && exists("src/signals/presets/NAME.toml") && exists("themes/*.toml"));
    assert!(!exists("src/none.rs") && !exists("nowhere/NAME.toml"));
}
