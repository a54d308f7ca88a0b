//! Status pages (`[[statuspage]]`, `[[aws]]`, ...) and where changes are read (`[[deploys.file]]`, ...).

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::facts::text::clean_line;
use crate::sources::deploys;
use crate::sources::http::is_loopback;
use crate::sources::status;

use super::paths;
use super::read::Context;
use super::read::every;
use super::reader::Section;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::secrets;
use super::service;
use super::units::spell;
use super::urls;

/// Vendors ask for no more than one request a minute.
const VENDOR_FLOOR: Duration = Duration::from_secs(60);
/// How long a page may take to answer as a whole.
const STATUS_DEADLINE: Duration = Duration::from_secs(10);
/// How long a command may take to print its changes, unless it has a `deadline` of its own.
const COMMAND_DEADLINE: Duration = Duration::from_secs(10);
/// Where GitHub is asked, unless a company has its own.
const GITHUB_API: &str = "https://api.github.com";

/// A format of status pages, as the configuration calls it.
struct Page {
    table: &'static str,
    kind: status::Kind,
    /// The provider's name; `""` where every page is another provider.
    vendor: &'static str,
    /// Whether the provider says in which regions something is wrong.
    regions: bool,
}

const PAGES: &[Page] = &[
    Page { table: "statuspage", kind: status::Kind::Statuspage, vendor: "", regions: false },
    Page { table: "aws", kind: status::Kind::Aws, vendor: "AWS", regions: true },
    Page { table: "google_cloud", kind: status::Kind::Gcp, vendor: "Google Cloud", regions: true },
    Page { table: "azure", kind: status::Kind::Azure, vendor: "Azure", regions: true },
    Page { table: "slack", kind: status::Kind::Slack, vendor: "Slack", regions: false },
];

/// Reads the status pages, in the order of the kinds.
pub(super) fn status(top: &Section<'_>, context: &Context<'_>) -> Vec<status::Settings> {
    let mut names = Vec::new();
    let mut too_often = None;
    let mut pages = Vec::new();
    for page in PAGES {
        for section in top.value(page.table).map(|value| value.sections(page.table)).unwrap_or_default() {
            pages.extend(one_page(&section, page, context, &mut names, &mut too_often));
            section.done();
        }
    }
    if let Some(name) = too_often {
        let cause =
            format!("`intervals.status` is {}, too often for {}", spell(context.intervals.status), quoted(&name));
        let advice = "write status = \"60s\" or more; vendors allow one request a minute";
        intervals_status(top, Wrong::new(cause, advice));
    }
    pages
}

/// Notes a problem at `intervals.status`.
fn intervals_status(top: &Section<'_>, wrong: Wrong) {
    // The keys of that table were checked where it was read: here it is only looked up.
    let section = top.value("intervals").and_then(|value| value.section("[intervals]", ""));
    if let Some(value) = section.and_then(|section| section.value("status")) {
        value.wrong(wrong);
    }
}

fn one_page(
    section: &Section<'_>,
    page: &Page,
    context: &Context<'_>,
    names: &mut Vec<String>,
    too_often: &mut Option<String>,
) -> Option<status::Settings> {
    let example = "url = \"https://www.githubstatus.com\"";
    let url = match (section.value("url"), page.kind.default_url()) {
        (Some(value), _) => value.text(example).and_then(|text| text.map(urls::parse_url)),
        (None, Some(url)) => Some(url),
        (None, None) => {
            section.lacks("url", example);
            None
        }
    };
    let unnamed = match page.vendor {
        "" => url.as_ref().map(urls::host_and_port).unwrap_or_default(),
        vendor => vendor.to_owned(),
    };
    let name = name(section, &unnamed, "name = \"GitHub\"", names);
    let components = words(section.value("components"), "components = [\"Git Operations\"]");
    let regions = if page.regions { words(section.value("regions"), "regions = [\"us-east-1\"]") } else { Vec::new() };
    let floor = if url.as_ref().is_some_and(is_loopback) { Duration::from_secs(1) } else { VENDOR_FLOOR };
    let every = match section.value("every") {
        Some(value) => every(&value, "every = \"60s\"", floor)?,
        None => context.intervals.status,
    };
    let (url, name) = (url?, name?);
    if every < floor {
        too_often.get_or_insert(name.clone());
    }
    Some(status::Settings { name, kind: page.kind, url, components, regions, every, deadline: STATUS_DEADLINE })
}

/// Reads `[deploys]`: files, commands, GitHub, git, in this order.
pub(super) fn deploys(top: &Section<'_>, context: &Context<'_>) -> Vec<deploys::Settings> {
    let mut found = Vec::new();
    let example = "[[deploys.file]], [[deploys.command]], [[deploys.github]] or [[deploys.git]]";
    let Some(all) = top.value("deploys").and_then(|value| value.section("[deploys]", example)) else { return found };
    let mut names = Vec::new();
    for (kind, read) in KINDS {
        let shown = format!("deploys.{kind}");
        for section in all.value(kind).map(|value| value.sections(&shown)).unwrap_or_default() {
            let source = read(&section, context, &mut names);
            let about = section.value("service").and_then(|value| service::named(&value));
            found.extend(source.map(|of| match about {
                Some(service) => deploys::Settings::About { service, of: Box::new(of) },
                None => of,
            }));
            section.done();
        }
    }
    all.done();
    found
}

/// How one kind of table is read.
type Reader = fn(&Section<'_>, &Context<'_>, &mut Vec<String>) -> Option<deploys::Settings>;

const KINDS: &[(&str, Reader)] = &[("file", file), ("command", command), ("github", github), ("git", git)];

fn file(section: &Section<'_>, context: &Context<'_>, names: &mut Vec<String>) -> Option<deploys::Settings> {
    let path = path(section, "path = \"deploys.jsonl\"", context);
    let unnamed = path.as_deref().map(file_name).unwrap_or_default();
    let name = name(section, &unnamed, "name = \"deploys\"", names);
    let every = interval(section, context, 1);
    Some(deploys::Settings::File(deploys::FileSettings { name: name?, path: path?, every: every? }))
}

fn command(section: &Section<'_>, context: &Context<'_>, names: &mut Vec<String>) -> Option<deploys::Settings> {
    let example = "command = [\"./deploys.sh\", \"--json\"]";
    let argv = match section.value("command") {
        None => {
            section.lacks("command", example);
            None
        }
        Some(value) => argv(&value, example),
    };
    let program = argv.as_ref().and_then(|argv| argv.first()).map(|program| file_name(Path::new(program)));
    let name = name(section, &program.unwrap_or_default(), "name = \"deploys\"", names);
    let deadline = match section.value("deadline") {
        Some(value) => every(&value, "deadline = \"10s\"", Duration::from_millis(100)),
        None => Some(COMMAND_DEADLINE),
    };
    let every = interval(section, context, 5);
    let (name, argv, every, deadline) = (name?, argv?, every?, deadline?);
    Some(deploys::Settings::Command(deploys::CommandSettings { name, argv, every, deadline }))
}

fn github(section: &Section<'_>, context: &Context<'_>, names: &mut Vec<String>) -> Option<deploys::Settings> {
    let repo = section.required_text("repo", "repo = \"owner/name\"").and_then(|text| text.map(repository));
    let name = name(section, repo.as_deref().unwrap_or_default(), "name = \"api deploys\"", names);
    let environment = section.value("environment").and_then(|value| value.text("environment = \"production\""));
    let api = match section.value("api") {
        Some(value) => value.text("api = \"https://api.github.com\"").and_then(|text| text.map(urls::parse_url)),
        None => Url::parse(GITHUB_API).ok(),
    };
    let token = section.value("token").and_then(|value| secrets::read(&value, context));
    let floor = if api.as_ref().is_some_and(is_loopback) { 1 } else { 10 };
    let every = interval(section, context, floor);
    Some(deploys::Settings::Github(deploys::GithubSettings {
        name: name?,
        repo: repo?,
        environment: environment.map(|text| text.raw().to_owned()),
        api: api?,
        token,
        every: every?,
    }))
}

fn git(section: &Section<'_>, context: &Context<'_>, names: &mut Vec<String>) -> Option<deploys::Settings> {
    let path = path(section, "path = \"~/src/api\"", context);
    let unnamed = path.as_deref().map(file_name).unwrap_or_default();
    let name = name(section, &unnamed, "name = \"api tags\"", names);
    let pattern = section.value("pattern").and_then(|value| value.text("pattern = \"v*\""));
    let pattern = pattern.map_or("*", |text| text.raw()).to_owned();
    let every = interval(section, context, 1);
    Some(deploys::Settings::Git(deploys::GitSettings { name: name?, path: path?, pattern, every: every? }))
}

/// The name of a source: what is written, else `unnamed`; a problem when it is taken.
fn name(section: &Section<'_>, unnamed: &str, example: &str, names: &mut Vec<String>) -> Option<String> {
    if let Some(value) = section.value("name") {
        return service::name(&value.text(example)?, names);
    }
    let unnamed = clean_line(unnamed, service::LONGEST_NAME);
    if unnamed.is_empty() {
        return None;
    }
    if names.contains(&unnamed) {
        let cause = format!("there is a second {} that would be called {}", section.shown(), quoted(&unnamed));
        section.note_shape(Wrong::new(cause, format!("give each its own name, as in {example}")));
        return None;
    }
    names.push(unnamed.clone());
    Some(unnamed)
}

/// How often a source of changes is asked, at least `floor` seconds apart.
fn interval(section: &Section<'_>, context: &Context<'_>, floor: u64) -> Option<Duration> {
    let floor = Duration::from_secs(floor);
    match section.value("every") {
        Some(value) => every(&value, "every = \"30s\"", floor),
        None => Some(context.intervals.changes.max(floor)),
    }
}

fn path(section: &Section<'_>, example: &str, context: &Context<'_>) -> Option<PathBuf> {
    let text = section.required_text("path", example)?;
    text.map(|path| paths::expand(path, context.base, context.world.home))
}

fn argv(value: &Value<'_>, example: &str) -> Option<Vec<String>> {
    if value.as_text().is_some() {
        let advice = format!("write {example}, or for a shell [\"sh\", \"-c\", \"...\"]");
        value.wrong(Wrong::new("`command` is one text, and no shell takes it apart", advice));
        return None;
    }
    let words: Vec<String> = value.texts(example)?.iter().map(|word| word.raw().to_owned()).collect();
    if words.first().is_none_or(|program| program.trim().is_empty()) {
        value.wrong(Wrong::new("`command` names no program", format!("write {example}")));
        return None;
    }
    Some(words)
}

fn repository(text: &str) -> Result<String, Wrong> {
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    match text.split_once('/') {
        Some((owner, name)) if part(owner) && part(name) => Ok(text.to_owned()),
        _ => Err(Wrong::new(
            format!("{} is not a repository", quoted(&urls::shown(text))),
            "write repo = \"owner/name\"",
        )),
    }
}

fn words(value: Option<Value<'_>>, example: &str) -> Vec<String> {
    let texts = value.and_then(|value| value.texts(example)).unwrap_or_default();
    texts.iter().map(|text| text.raw().to_owned()).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
