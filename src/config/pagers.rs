//! `[[pager]]`: who pages, so that a page can be acknowledged from here.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::courier::Pager;
use crate::courier::PagerKind as Kind;
use crate::sources::secret::SecretRef;

use super::access;
use super::channels::foreign;
use super::channels::kind_of;
use super::channels::required;
use super::channels::services;
use super::read::Context;
use super::read::every;
use super::reader::Section;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::secrets;
use super::service;
use super::urls;

const KINDS: [&str; 4] = ["pagerduty", "opsgenie", "oncall", "alertmanager"];
const TOKEN: &str = "token = { env = \"PAGER_TOKEN\" }";
const PAGERDUTY_API: &str = "https://api.pagerduty.com";
const OPSGENIE_API: &str = "https://api.opsgenie.com";
/// How long a silence lasts; long enough to work, short enough to be paged again when it was forgotten.
const SILENCE: Duration = Duration::from_hours(1);
/// For one answer of a pager.
const DEADLINE: Duration = Duration::from_secs(10);

/// Reads all pagers.
pub(super) fn read(top: &Section<'_>, context: &Context<'_>) -> Vec<Pager> {
    let mut names = Vec::new();
    let mut pagers = Vec::new();
    for section in top.value("pager").map(|value| value.sections("pager")).unwrap_or_default() {
        pagers.extend(one(&section, context, &mut names));
        section.done();
    }
    pagers
}

/// The keys that not every kind has.
struct Keys<'d> {
    url: Option<Value<'d>>,
    api: Option<Value<'d>>,
    token: Option<Value<'d>>,
    from: Option<Value<'d>>,
    service_ids: Option<Value<'d>>,
    teams: Option<Value<'d>>,
    grafana: Option<Value<'d>>,
    silence: Option<Value<'d>>,
}

fn one(section: &Section<'_>, context: &Context<'_>, names: &mut Vec<String>) -> Option<Pager> {
    let kind = kind_of(section, &KINDS, "kind = \"pagerduty\"");
    let name = match section.value("name") {
        Some(value) => value.text("name = \"PagerDuty\"").and_then(|text| service::name(&text, names)),
        None => unnamed(section, kind, names),
    };
    let services = services(section);
    let keys = Keys {
        url: section.value("url"),
        api: section.value("api"),
        token: section.value("token"),
        from: section.value("from"),
        service_ids: section.value("service_ids"),
        teams: section.value("teams"),
        grafana: section.value("grafana"),
        silence: section.value("silence"),
    };
    if let Some(kind) = kind {
        check_keys(&keys, kind);
    }
    let made = kind.and_then(|kind| made(section, context, &keys, kind));
    let urls: Vec<Url> = match &made {
        Some(Kind::Alertmanager { url, .. }) => vec![url.clone()],
        _ => Vec::new(),
    };
    let access = access::read(section, context, &urls);
    if access.auth.is_some() && kind.is_some_and(|kind| kind != "alertmanager") {
        let cause = format!("{} has a token and other credentials beside it", section.shown());
        section.note_shape(Wrong::new(cause, format!("keep {TOKEN}")));
    }
    Some(Pager { name: name?, kind: made?, services, access: Arc::new(access), deadline: DEADLINE })
}

/// A pager without a name is called after its kind.
fn unnamed(section: &Section<'_>, kind: Option<&str>, names: &mut Vec<String>) -> Option<String> {
    let name = match kind? {
        "pagerduty" => "PagerDuty",
        "opsgenie" => "Opsgenie",
        "oncall" => "Grafana OnCall",
        _ => "Alertmanager",
    };
    if names.iter().any(|other| other == name) {
        let cause = format!("there is a second {} that would be called {}", section.shown(), quoted(name));
        section.note_shape(Wrong::new(cause, "give each its own name, as in name = \"PagerDuty EU\""));
        return None;
    }
    names.push(name.to_owned());
    Some(name.to_owned())
}

/// Notes keys that mean nothing for the kind.
fn check_keys(keys: &Keys<'_>, kind: &str) {
    let is = |kinds: &[&str]| kinds.contains(&kind);
    let all = [
        (keys.url.as_ref(), !is(&["alertmanager", "oncall"])),
        (keys.api.as_ref(), !is(&["pagerduty", "opsgenie"])),
        (keys.token.as_ref(), is(&["alertmanager"])),
        (keys.from.as_ref(), !is(&["pagerduty"])),
        (keys.service_ids.as_ref(), !is(&["pagerduty"])),
        (keys.teams.as_ref(), is(&["alertmanager"])),
        (keys.grafana.as_ref(), !is(&["oncall"])),
        (keys.silence.as_ref(), !is(&["alertmanager"])),
    ];
    foreign(&all, Some(kind));
}

fn made(section: &Section<'_>, context: &Context<'_>, keys: &Keys<'_>, kind: &str) -> Option<Kind> {
    if kind == "alertmanager" {
        let url = address(section, keys.url.as_ref(), "url = \"http://alertmanager:9093\"");
        let silence = match &keys.silence {
            Some(value) => every(value, "silence = \"1h\"", Duration::from_secs(60)),
            None => Some(SILENCE),
        };
        return Some(Kind::Alertmanager { url: url?, silence: silence? });
    }
    let token = required(section, keys.token.as_ref(), "token", TOKEN);
    let token: Option<SecretRef> = token.and_then(|value| secrets::read(value, context));
    let teams = ids(keys.teams.as_ref(), "teams = [\"PQ9K7I8\"]");
    let api = |usual: &str| match &keys.api {
        Some(value) => value.text(&format!("api = \"{usual}\"")).and_then(|text| text.map(base)),
        None => Url::parse(usual).ok(),
    };
    match kind {
        "pagerduty" => {
            let example = "from = \"ana@example.com\"";
            let from = required(section, keys.from.as_ref(), "from", example);
            let from = from.and_then(|value| value.text(example)?.map(mail));
            let service_ids = ids(keys.service_ids.as_ref(), "service_ids = [\"PIJ90N7\"]");
            let api = api(PAGERDUTY_API);
            Some(Kind::PagerDuty { api: api?, token: token?, from: from?, service_ids: service_ids?, teams: teams? })
        }
        "opsgenie" => {
            let api = api(OPSGENIE_API);
            Some(Kind::Opsgenie { api: api?, token: token?, teams: teams? })
        }
        _ => {
            let api = address(section, keys.url.as_ref(), "url = \"https://oncall-prod-eu-west-0.grafana.net/oncall\"");
            let example = "grafana = \"https://example.grafana.net\"";
            let grafana = keys.grafana.as_ref().map(|value| value.text(example)?.map(urls::parse_url));
            let grafana = match grafana {
                Some(url) => Some(url?),
                None => None,
            };
            Some(Kind::OnCall { api: api?, token: token?, grafana, teams: teams? })
        }
    }
}

/// An address that must be there.
fn address(section: &Section<'_>, value: Option<&Value<'_>>, example: &str) -> Option<Url> {
    required(section, value, "url", example)?.text(example)?.map(base)
}

/// The base of an API: people copy longer addresses from their browser.
fn base(text: &str) -> Result<Url, Wrong> {
    let url = urls::parse_url(text)?;
    let longer = ["/api/v1", "/api/v2", "/v2/alerts", "/incidents"];
    let at = longer.iter().find_map(|part| url.path().find(part));
    if at.is_none() && url.fragment().is_none() && url.query().is_none() {
        return Ok(url);
    }
    let mut meant = url.clone();
    meant.set_path(&url.path()[..at.unwrap_or(url.path().len())]);
    meant.set_query(None);
    meant.set_fragment(None);
    let cause = format!("{} is more than the address of the server", quoted(&urls::shown(text.trim())));
    Err(Wrong::new(cause, format!("write {}", urls::shown(meant.as_str()).trim_end_matches('/'))))
}

fn ids(value: Option<&Value<'_>>, example: &str) -> Option<Vec<String>> {
    let Some(value) = value else { return Some(Vec::new()) };
    let one = |text: &str| {
        if text.trim().is_empty() || text.chars().any(char::is_control) || text.chars().count() > 100 {
            return Err(Wrong::new(format!("{} is not an id", quoted(text)), format!("write it as in {example}")));
        }
        Ok(text.to_owned())
    };
    value.texts(example)?.iter().map(|text| text.map(one)).collect()
}

fn mail(text: &str) -> Result<String, Wrong> {
    let plain = text.chars().all(|c| c.is_ascii_graphic());
    match text.split_once('@') {
        Some((who, place)) if plain && !who.is_empty() && place.contains('.') && !place.contains('@') => {
            Ok(text.to_owned())
        }
        _ => Err(Wrong::new(
            format!("{} is not a mail address", quoted(text)),
            "write that of a user of the account, in whose name pages are acknowledged: from = \"ana@example.com\"",
        )),
    }
}
