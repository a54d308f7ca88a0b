//! A post-mortem as Markdown, in which the text of people is text and nothing else, with room for what only they know.

use std::fmt::Write as _;

use crate::facts::At;
use crate::facts::markdown::escape;
use crate::incident::postmortem::By;
use crate::incident::postmortem::Document;
use crate::incident::postmortem::Factor;
use crate::incident::postmortem::document::between;
use crate::incident::postmortem::document::grouped;
use crate::incident::postmortem::document::span;

/// The document for people.
#[must_use]
pub fn markdown(document: &Document) -> String {
    let mut out = head(document);
    let _ = write!(out, "\n## Summary\n\n{}\n", block(&document.summary));
    impact(&mut out, document);
    if let Some(pictures) = &document.pictures {
        let _ = write!(out, "\n## Signals\n\n![The signals over the incident, with marks](<{}>)\n", link(pictures));
    }
    timeline(&mut out, document);
    factors(&mut out, document);
    resolution(&mut out, document);
    went(&mut out, document);
    actions(&mut out, document);
    out.push_str(
        "\n## Lessons\n\n<!-- What do we know now that we did not know before? What would have told us sooner? Where were \
         we lucky? -->\n- \n",
    );
    responders(&mut out, document);
    out
}

fn head(document: &Document) -> String {
    let service = if document.service.is_empty() { "an incident" } else { &document.service };
    let day = document.course.began_at.or(document.course.opened_at);
    let day = day.map(|at| at.format(", %Y-%m-%d").to_string()).unwrap_or_default();
    let mut out = format!("# Post-mortem: {}{day}\n", escape(service));
    let _ = write!(
        out,
        "\n> Draft, written by sixty {} at {} from the journal of the incident. It is about systems and circumstances: \
         everybody did what seemed right with what they knew at that time. All times are UTC.\n",
        escape(&document.version),
        moment(document.generated_at)
    );
    out.push_str("\n| | |\n| --- | --- |\n");
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(out, "| {name} | {value} |");
        }
    };
    row("Service", escape(&document.service));
    row("Headline", cell(&document.title));
    row("Incident", escape(&document.incident));
    row("With", document.parts.iter().map(|id| escape(id)).collect::<Vec<_>>().join("<br>"));
    row("Worst", document.impact.worst.clone().unwrap_or_default());
    let course = &document.course;
    let told = |at: Option<At>| at.map(moment).unwrap_or_default();
    row("Began", told(course.began_at));
    row("Opened", told(course.opened_at));
    row("As before since", told(course.normal_since));
    row("Resolved", if document.is_resolved { told(course.resolved_at) } else { "not yet".to_owned() });
    row("Lasted", course.duration_s.map(span).unwrap_or_default());
    out
}

fn impact(out: &mut String, document: &Document) {
    let impact = &document.impact;
    out.push_str("\n## Impact\n");
    let mut rows = Vec::new();
    if let (Some(failed), Some(asked)) = (impact.failed, impact.asked) {
        let share = if asked > 0.0 { format!(", {:.1} %", 100.0 * failed / asked) } else { String::new() };
        let (failed, asked) = (grouped(failed), grouped(asked));
        rows.push(format!("Requests failed: {failed} of {asked}{share} ({})", impact.counted));
    } else {
        rows.push("Requests failed: not known".to_owned());
    }
    if let (Some(critical), Some(warning)) = (impact.critical_s, impact.warning_s) {
        let unseen = impact.unseen_after.map(|at| format!("; not observed after {}", moment(at)));
        let unseen = unseen.unwrap_or_default();
        rows.push(format!("Critical for {}, a warning for {}{unseen}", span(critical), span(warning)));
    }
    rows.push(format!("Users affected: {}", impact.users.as_deref().unwrap_or("not known")));
    bullets(out, &rows);
    if !impact.peaks.is_empty() {
        out.push_str("\n| Signal | Before | Worst | At |\n| --- | --- | --- | --- |\n");
        for peak in &impact.peaks {
            let before = if peak.before.is_empty() { "not known" } else { &peak.before };
            let (what, before, worst) = (cell(&peak.what), cell(before), cell(&peak.worst));
            let _ = writeln!(out, "| {what} | {before} | {worst} | {} |", moment(peak.at));
        }
    }
    if !impact.assessed.is_empty() {
        out.push_str("\nAs it was assessed:\n");
        let rows: Vec<String> =
            impact.assessed.iter().map(|one| format!("{}: {} ({})", one.question, one.answer, one.who)).collect();
        bullets(out, &rows);
    }
}

fn timeline(out: &mut String, document: &Document) {
    out.push_str("\n## Timeline\n");
    if document.timeline.is_empty() {
        out.push_str("\nThe journal has no entries.\n");
        return;
    }
    out.push_str("\n**Bold** names are people; _sixty_ is what the program saw.\n");
    out.push_str("\n| Time (UTC) | Who | Event | Evidence |\n| --- | --- | --- | --- |\n");
    let mut day = None;
    for line in &document.timeline {
        // The day stands where it changes, so that a night reads well.
        let is_new = day.replace(line.at.date_naive()) != Some(line.at.date_naive());
        let time = line.at.format(if is_new { "%Y-%m-%d %H:%M:%S" } else { "%H:%M:%S" });
        let who = match line.by {
            By::Person => format!("**{}**", cell(&line.who)),
            By::Sixty => "_sixty_".to_owned(),
        };
        let part = line.incident.as_ref().map(|id| format!("<br>(in {})", escape(id))).unwrap_or_default();
        let evidence: Vec<String> = line.evidence.iter().map(|one| cell(one)).collect();
        let _ = writeln!(out, "| {time} | {who} | {}{part} | {} |", cell(&line.text), evidence.join("<br>"));
    }
    if document.left_out > 0 {
        let lines = if document.left_out == 1 { "line of the journal is" } else { "lines of the journal are" };
        let _ = write!(out, "\n{} {lines} left out: what only the program needs.\n", document.left_out);
    }
}

fn factors(out: &mut String, document: &Document) {
    out.push_str("\n## Contributing factors\n");
    let (suspects, right): (Vec<&Factor>, Vec<&Factor>) =
        document.factors.iter().partition(|one| one.state == "suspect");
    let told = |one: &&Factor| {
        let test = if one.test.is_empty() { String::new() } else { format!(" · Test: {}", one.test) };
        let said = std::iter::once(format!("{} ({})", one.text, one.who));
        let said: Vec<String> = said.chain(one.evidence.iter().cloned()).collect();
        format!("{}{test}", said.join(" · "))
    };
    if right.is_empty() {
        out.push_str(
            "\n<!-- No hypothesis was marked as right. What contributed? Usually it is more than one thing. -->\n- \n",
        );
    } else {
        bullets(out, &right.iter().map(told).collect::<Vec<_>>());
        out.push_str("- <!-- What else contributed? Usually it is more than one thing. -->\n");
    }
    if !suspects.is_empty() {
        out.push_str(
            "\n### Near the beginning\n\nNamed by sixty for when and where they happened; it claims no cause.\n",
        );
        bullets(out, &suspects.iter().map(told).collect::<Vec<_>>());
    }
    let (wrong, open): (Vec<&Factor>, Vec<&Factor>) =
        document.other_hypotheses.iter().partition(|one| one.state == "wrong");
    for (title, rows) in [("Looked at and ruled out", wrong), ("Not decided", open)] {
        if !rows.is_empty() {
            let _ = write!(out, "\n### {title}\n");
            bullets(out, &rows.iter().map(told).collect::<Vec<_>>());
        }
    }
}

fn resolution(out: &mut String, document: &Document) {
    out.push_str("\n## Resolution\n");
    let mut rows: Vec<String> =
        document.fixes.iter().map(|fix| format!("{} ({}, {})", fix.text, fix.who, moment(fix.at))).collect();
    let course = &document.course;
    rows.extend(course.normal_since.map(|at| format!("All was as before since {}", moment(at))));
    rows.extend(course.resolved_at.map(|at| format!("Resolved {}", moment(at))));
    if rows.is_empty() {
        rows.push("It goes on.".to_owned());
    }
    bullets(out, &rows);
}

fn went(out: &mut String, document: &Document) {
    let course = &document.course;
    out.push_str("\n## How it went\n\n| | After it was opened |\n| --- | --- |\n");
    let after = |at: Option<At>| match (course.opened_at, at) {
        (Some(opened), Some(at)) if at < opened => format!("{} before", between(at, opened)),
        (Some(opened), Some(at)) => between(opened, at),
        _ => "not written down".to_owned(),
    };
    for (name, at) in [
        ("Began", course.began_at),
        ("Acknowledged", course.acknowledged_at),
        ("First update", course.first_update_at),
        ("Right hypothesis", course.right_hypothesis_at),
        ("Last fix", course.fixed_at),
        ("As before", course.normal_since),
        ("Resolved", course.resolved_at),
    ] {
        let _ = writeln!(out, "| {name} | {} |", after(at));
    }
    out.push_str("\n### What went well\n");
    bullets(out, &document.went_well);
    out.push_str("- <!-- What else helped? What should stay as it is? -->\n");
    out.push_str("\n### What went badly\n");
    bullets(out, &document.went_badly);
    out.push_str("- <!-- What made it harder than it had to be? -->\n");
}

fn actions(out: &mut String, document: &Document) {
    out.push_str("\n## Action items\n\n| What | Owner | Due |\n| --- | --- | --- |\n");
    for action in &document.actions {
        let owner = if action.owner.is_empty() { "<!-- who? -->".to_owned() } else { cell(&action.owner) };
        let due = if action.due.is_empty() { "<!-- by when? -->".to_owned() } else { cell(&action.due) };
        let _ = writeln!(out, "| {} | {owner} | {due} |", cell(&action.text));
    }
    if document.actions.is_empty() {
        out.push_str("| <!-- what? --> | <!-- who? --> | <!-- by when? --> |\n");
    }
}

fn responders(out: &mut String, document: &Document) {
    out.push_str("\n## Responders\n");
    if document.responders.is_empty() {
        out.push_str("\nNobody wrote in the journal.\n");
        return;
    }
    out.push_str("\n| Who | Roles | From | To |\n| --- | --- | --- | --- |\n");
    for one in &document.responders {
        let (from, to) = (moment(one.from), moment(one.to));
        let _ = writeln!(out, "| {} | {} | {from} | {to} |", cell(&one.name), one.roles.join(", "));
    }
}

fn bullets(out: &mut String, rows: &[String]) {
    out.push('\n');
    for row in rows {
        let _ = writeln!(out, "- {}", block(row));
    }
}

/// With its day, to the second.
fn moment(at: At) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Text in a cell: its lines stay lines.
fn cell(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(escape).filter(|line| !line.is_empty()).collect();
    lines.join("<br>")
}

/// Text at the beginning of a line, where a dash or a number would begin a list.
fn block(text: &str) -> String {
    let text = escape(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    if text.starts_with(['-', '+', '=']) || (digits > 0 && [". ", ") "].iter().any(|list| rest.starts_with(list))) {
        return format!("{number}\\{rest}");
    }
    text
}

/// A file name within the brackets of a link.
fn link(name: &str) -> String {
    name.replace(['<', '>', '\n', '\\'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_wherever_it_stands() {
        for (raw, written) in [
            ("- a", "\\- a"),
            ("1. a", "1\\. a"),
            ("12) a", "12\\) a"),
            ("45.2 % of", "45.2 % of"),
            ("a - b", "a - b"),
            ("# a", "\\# a"),
        ] {
            assert_eq!(block(raw), written);
        }
        assert_eq!(cell("a | b\n\n- c\n<script>"), "a \\| b<br>- c<br>&lt;script&gt;");
    }
}
