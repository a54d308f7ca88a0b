//! What is sent: a parcel as each place wants it. Pure.

use serde_json::Value;
use serde_json::json;

use crate::incident::Parcel;
use crate::incident::draft::Style;
use crate::incident::draft::format;

/// Characters that Slack takes in one message.
const SLACK: usize = 40_000;
/// Characters that Discord takes in one message.
const DISCORD: usize = 2_000;
/// Bytes of a whole message to Teams. It promises 28 kB, and clients have been refused from 21 kB on.
const TEAMS: usize = 21_000;
/// Said at the end of what did not fit.
const CUT: &str = "… (cut: the place takes no more; the whole text is in the journal of the incident)";

/// For an incoming webhook of Slack.
pub(super) fn slack(parcel: &Parcel) -> Value {
    json!({ "text": cut(&format(&parcel.text, Style::Slack), SLACK) })
}

/// For Slack's `chat.postMessage`; `thread` is the first message of the incident.
pub(super) fn slack_message(parcel: &Parcel, channel: &str, thread: Option<&str>) -> Value {
    let mut body = slack(parcel);
    body["channel"] = json!(channel);
    body["unfurl_links"] = json!(false);
    if let Some(thread) = thread {
        body["thread_ts"] = json!(thread);
    }
    body
}

/// For a workflow of Microsoft Teams: an adaptive card with the first line as its heading.
pub(super) fn teams(parcel: &Parcel) -> Value {
    let mut most = TEAMS;
    loop {
        let card = teams_card(&cut(&format(&parcel.text, Style::Markdown), most));
        // What is escaped in JSON is longer than it is in characters.
        if card.to_string().len() <= TEAMS || most < 500 {
            return card;
        }
        most = most * 4 / 5;
    }
}

fn teams_card(text: &str) -> Value {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut blocks = vec![json!({
        "type": "TextBlock", "text": first.trim_end(), "weight": "bolder", "size": "medium", "wrap": true,
        "style": "heading",
    })];
    // A card keeps no single line breaks: each line is a block of its own.
    let lines = rest.lines().map(str::trim_end).filter(|line| !line.is_empty());
    blocks.extend(lines.map(|line| json!({ "type": "TextBlock", "text": line, "wrap": true, "spacing": "small" })));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.2",
                "body": blocks,
                "msteams": { "width": "full" },
            },
        }],
    })
}

/// For a webhook of Discord.
pub(super) fn discord(parcel: &Parcel) -> Value {
    json!({
        "content": cut(&format(&parcel.text, Style::Markdown), DISCORD),
        "allowed_mentions": { "parse": [] },
    })
}

/// For whoever listens: the parcel itself.
pub(super) fn webhook(parcel: &Parcel) -> Value {
    json!({
        "event": "update",
        "update": parcel.update,
        "incident": parcel.incident,
        "service": parcel.service,
        "status": parcel.status.word(),
        "severity": parcel.severity.word(),
        "started_at": parcel.started_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        "text": format(&parcel.text, Style::Plain),
    })
}

/// At most so many units of UTF-16, in which some places count; with a word about it where something is missing.
fn cut(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(CUT.encode_utf16().count());
    let mut used = 0;
    let fits = |c: &char| {
        used += c.len_utf16();
        used <= room
    };
    let mut out: String = text.chars().take_while(fits).collect();
    // Half of an escape would be another text: `&lt`, or a lone backslash.
    if let Some(at) = out.rfind('&').filter(|at| out.len() - at < 5 && !out[*at..].contains(';')) {
        out.truncate(at);
    }
    while out.ends_with('\\') {
        out.pop();
    }
    out.push_str(CUT);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::UpdateStatus;
    use crate::triage::Severity;

    fn parcel(text: &str) -> Parcel {
        Parcel {
            update: "u-1".to_owned(),
            to: "#incidents".to_owned(),
            incident: "2026-11-20-checkout".to_owned(),
            service: "checkout-api".to_owned(),
            status: UpdateStatus::Identified,
            severity: Severity::Critical,
            started_at: "2026-11-20T02:14:10.5Z".parse().ok(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn each_place_gets_its_own_form() {
        let parcel = parcel("Identified: a < b\n<!channel> *now*");
        assert_eq!(slack(&parcel), json!({ "text": "Identified: a &lt; b\n&lt; !channel&gt; *now*" }));
        assert_eq!(
            slack_message(&parcel, "C1", Some("17.1")),
            json!({
                "channel": "C1", "thread_ts": "17.1", "unfurl_links": false,
                "text": "Identified: a &lt; b\n&lt; !channel&gt; *now*",
            })
        );
        assert_eq!(slack_message(&parcel, "C1", None).get("thread_ts"), None);
        assert_eq!(
            discord(&parcel),
            json!({ "content": "Identified: a \\< b  \n\\< !channel\\> \\*now\\*", "allowed_mentions": { "parse": [] } })
        );
        let card = teams(&parcel);
        let body = &card["attachments"][0]["content"]["body"];
        assert_eq!(body[0]["text"], "Identified: a \\< b");
        assert_eq!(body[1]["text"], "\\< !channel\\> \\*now\\*");
        assert_eq!(
            webhook(&parcel),
            json!({
                "event": "update", "update": "u-1", "incident": "2026-11-20-checkout", "service": "checkout-api",
                "status": "identified", "severity": "critical", "started_at": "2026-11-20T02:14:10Z",
                "text": "Identified: a < b\n< !channel> *now*",
            })
        );
    }

    #[test]
    fn what_is_too_long_is_cut_with_a_word() {
        let long = parcel(&"\u{1f525} <fire> \n".repeat(5_000));
        let content = discord(&long)["content"].as_str().unwrap().to_owned();
        assert!(content.encode_utf16().count() <= DISCORD && content.ends_with(CUT), "{content}");
        assert!(teams(&long).to_string().len() <= TEAMS);
        let text = slack(&long)["text"].as_str().unwrap().to_owned();
        assert!(text.encode_utf16().count() <= SLACK && text.ends_with(CUT));
        for room in 300..330 {
            let text = cut(&format(&"<".repeat(500), Style::Slack), room);
            let kept = text.strip_suffix(CUT).unwrap();
            assert_eq!(kept.len() % 4, 0, "no half escape: {kept}");
        }
        assert!(!discord(&parcel("short"))["content"].as_str().unwrap().contains(CUT));
    }
}
