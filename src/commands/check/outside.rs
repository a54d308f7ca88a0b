//! What `sixty check` says of channels and pagers. Pagers are asked what they have open; to channels nothing is sent.

use std::time::Instant;

use futures_util::future::join_all;

use crate::commands::check::Line;
use crate::commands::check::Word;
use crate::config::Config;
use crate::courier::Channel;
use crate::courier::Pager;
use crate::facts::At;
use crate::facts::Fault;
use crate::incident::OpenPage;
use crate::incident::PageState;
use crate::sources::http::Http;
use crate::sources::secret::SecretRef;

/// A line for each channel and each pager.
pub(super) fn lines(config: &Config, at: At) -> Vec<Line> {
    let mut lines: Vec<Line> = config.channels.iter().map(channel).collect();
    if config.pagers.is_empty() {
        return lines;
    }
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let http = Http::new();
            let all = join_all(config.pagers.iter().map(|one| pager(one, &http, at)));
            lines.extend(runtime.block_on(all));
        }
        Err(error) => lines.push(Line::new(Word::Fault, "pagers", format!("no pager can be asked: {error}"))),
    }
    lines
}

fn channel(channel: &Channel) -> Line {
    let what = format!("channel {}", channel.name);
    let (word, secrets) = told(channel.secrets());
    Line::new(word, &what, format!("{}{}, {secrets}; nothing was sent", channel.kind.title(), scope(&channel.services)))
}

async fn pager(pager: &Pager, http: &Http, at: At) -> Line {
    let what = format!("pager {}", pager.name);
    let begun = Instant::now();
    let answer = pager.list(http, "", at).await;
    let about = format!("{}{} at {}", pager.kind.title(), scope(&pager.services), pager.shown());
    let (word, found) = words(&answer);
    let (secret, told) = told(pager.secrets());
    let remark = if secret == Word::Ok { String::new() } else { format!("; {told}") };
    Line { took: Some(begun.elapsed()), ..Line::new(word.max(secret), &what, format!("{found}, {about}{remark}")) }
}

fn words(answer: &Result<Vec<OpenPage>, Fault>) -> (Word, String) {
    match answer {
        Err(fault) => (Word::Fault, fault.to_string()),
        Ok(pages) => {
            let triggered = pages.iter().filter(|page| page.state == PageState::Triggered).count();
            let pages = match pages.len() {
                0 => "no page is open".to_owned(),
                1 => format!("1 page is open, {triggered} of it not acknowledged"),
                count => format!("{count} pages are open, {triggered} of them not acknowledged"),
            };
            (Word::Ok, pages)
        }
    }
}

fn scope(services: &[String]) -> String {
    if services.is_empty() { String::new() } else { format!(" for {}", services.join(", ")) }
}

/// Whether the secrets are there, in words.
fn told<'a>(secrets: impl Iterator<Item = &'a SecretRef>) -> (Word, String) {
    let needed: Vec<&SecretRef> = secrets.filter(|secret| !matches!(secret, SecretRef::Plain(_))).collect();
    let missing: Vec<String> = needed.iter().filter_map(|secret| secret.missing()).collect();
    if !missing.is_empty() {
        return (Word::Fault, missing.join(", "));
    }
    let shown: Vec<String> = needed.iter().map(|secret| secret.describe()).collect();
    let is_open = shown.iter().any(|secret| secret.contains("readable by every user"));
    let are = if shown.len() == 1 { "is" } else { "are" };
    let words = if shown.is_empty() { "no secret".to_owned() } else { format!("{} {are} there", shown.join(", ")) };
    (if is_open { Word::Warn } else { Word::Ok }, words)
}
