//! `[[channel]]`: where updates are sent. The address of a webhook is a secret: it lies elsewhere, never in the file.

use std::sync::Arc;

use url::Url;

use crate::courier::Channel;
use crate::courier::ChannelKind as Kind;
use crate::sources::http::is_loopback;
use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

use super::access;
use super::read::Context;
use super::reader::Section;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::reader::suggestion;
use super::secrets;
use super::service;
use super::urls;

/// Where Slack's API is asked, unless a company has its own.
const SLACK_API: &str = "https://slack.com/api";
const KINDS: [&str; 5] = ["slack", "slack_bot", "teams", "discord", "webhook"];
const URL: &str = "url = { env = \"SLACK_WEBHOOK\" }";
/// The longest name or id of a channel there.
const LONGEST_CHANNEL: usize = 100;

/// Reads all channels.
pub(super) fn read(top: &Section<'_>, context: &Context<'_>) -> Vec<Channel> {
    let mut names = Vec::new();
    let mut channels = Vec::new();
    for section in top.value("channel").map(|value| value.sections("channel")).unwrap_or_default() {
        channels.extend(one(&section, context, &mut names));
        section.done();
    }
    channels
}

fn one(section: &Section<'_>, context: &Context<'_>, names: &mut Vec<String>) -> Option<Channel> {
    let name = section.required_text("name", "name = \"#incidents\"").and_then(|text| service::name(&text, names));
    let kind = kind_of(section, &KINDS, "kind = \"slack\"");
    let services = services(section);
    let access = access::read(section, context, &[]);
    let url = section.value("url");
    let token = section.value("token");
    let channel = section.value("channel");
    let api = section.value("api");
    let secret = section.value("secret");
    let is_bot = kind == Some("slack_bot");
    if kind.is_some() {
        foreign(&[(url.as_ref(), is_bot), (token.as_ref(), !is_bot), (channel.as_ref(), !is_bot)], kind);
        foreign(&[(api.as_ref(), !is_bot), (secret.as_ref(), kind != Some("webhook"))], kind);
    }
    let kind = match kind? {
        "slack_bot" => {
            let token = required(section, token.as_ref(), "token", "token = { env = \"SLACK_TOKEN\" }");
            let token = token.and_then(|value| secrets::read(value, context));
            let example = "channel = \"C0123456789\"";
            let channel = required(section, channel.as_ref(), "channel", example);
            let channel = channel.and_then(|value| value.text(example)?.map(slack_channel));
            let api = match api {
                Some(value) => value.text("api = \"https://slack.com/api\"").and_then(|text| text.map(urls::parse_url)),
                None => Url::parse(SLACK_API).ok(),
            };
            Kind::SlackBot { api: api?, token: token?, channel: channel? }
        }
        kind => {
            let url = required(section, url.as_ref(), "url", URL).and_then(|value| webhook(value, context));
            let secret = secret.map(|value| secrets::read(&value, context));
            match kind {
                "slack" => Kind::Slack { url: url? },
                "teams" => Kind::Teams { url: url? },
                "discord" => Kind::Discord { url: url? },
                _ => Kind::Webhook { url: url?, secret: secret.unwrap_or_default() },
            }
        }
    };
    Some(Channel { name: name?, kind, services, access: Arc::new(access) })
}

/// The word of a kind; notes one that is missing or not known.
pub(super) fn kind_of<'a>(section: &Section<'_>, known: &[&'a str], example: &str) -> Option<&'a str> {
    section.required_text("kind", example)?.map(|text| {
        let found = known.iter().find(|kind| **kind == text).copied();
        found.ok_or_else(|| Wrong::new(format!("unknown kind {}", quoted(text)), suggestion(text, known)))
    })
}

/// A value that must be there.
pub(super) fn required<'v, 'd>(
    section: &Section<'_>,
    value: Option<&'v Value<'d>>,
    key: &str,
    example: &str,
) -> Option<&'v Value<'d>> {
    if value.is_none() {
        section.lacks(key, example);
    }
    value
}

/// Notes keys that a kind has no use for: whoever wrote them thinks that they do something.
pub(super) fn foreign(keys: &[(Option<&Value<'_>>, bool)], kind: Option<&str>) {
    for (value, is_foreign) in keys {
        if let (Some(value), true) = (value, is_foreign) {
            let cause = format!("`{}` means nothing for the kind `{}`", value.name(), kind.unwrap_or_default());
            value.wrong(Wrong::new(cause, "leave it out, or change the kind"));
        }
    }
}

/// The services that something is for.
pub(super) fn services(section: &Section<'_>) -> Vec<String> {
    let Some(value) = section.value("services") else { return Vec::new() };
    let texts = value.texts("services = [\"checkout-api\"]").unwrap_or_default();
    let mut names = Vec::new();
    texts.iter().filter_map(|text| service::name(text, &mut names)).collect()
}

/// The address of a webhook, which is a secret; only one of this machine may stand in the file.
fn webhook(value: &Value<'_>, context: &Context<'_>) -> Option<SecretRef> {
    let Some(text) = value.as_text() else { return secrets::read(value, context) };
    match Url::parse(text.raw().trim()) {
        Ok(url) if is_loopback(&url) && matches!(url.scheme(), "http" | "https") => {
            Some(SecretRef::Plain(Secret::new(text.raw().trim())))
        }
        _ => secrets::read(value, context),
    }
}

fn slack_channel(text: &str) -> Result<String, Wrong> {
    let plain = |c: char| c.is_alphanumeric() || "-_#.".contains(c);
    if text.is_empty() || text.chars().count() > LONGEST_CHANNEL || !text.chars().all(plain) {
        let cause = format!("{} is not a channel of Slack", quoted(text));
        return Err(Wrong::new(cause, "write its id as in channel = \"C0123456789\", or its name"));
    }
    Ok(text.to_owned())
}
