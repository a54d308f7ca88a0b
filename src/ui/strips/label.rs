//! The words beside a strip: its name, its value, what is wrong with it, and what stands behind the value.

use crate::app::App;
use crate::app::ServiceState;
use crate::facts::Answer;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::Signal;
use crate::facts::SourceKind;
use crate::facts::Unit;
use crate::signals::Freshness;
use crate::signals::held;
use crate::signals::units;
use crate::triage::Finding;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::triage::about_time;
use crate::ui::Role;
use crate::ui::clock;
use crate::ui::glyphs::symbol;
use crate::ui::rows::Span;
use crate::ui::rows::severity_role;
use crate::ui::rows::span;
use crate::ui::strips::Channel;

/// The words of one strip.
pub(in crate::ui) struct Label<'a> {
    /// The value, or why there is none.
    pub value: Span<'a>,
    /// What else is to be said, the most important first.
    pub lines: Vec<Span<'a>>,
    /// Why there is no value, in a sentence; empty where there is one.
    pub reason: &'a str,
}

/// The words of a strip, now or at the end of an axis that stands in the past. `width` is the room of a line; with
/// `shared`, the value stands in the same row.
pub(in crate::ui) fn label<'a>(
    app: &App,
    service: &'a ServiceState,
    signal: Signal,
    channel: &Channel,
    width: usize,
    shared: bool,
) -> Label<'a> {
    let measure = signal.measures()[0];
    if let Some(end) = app.navigation().end {
        return past(app, service, signal, end);
    }
    let freshness = service.signals.freshness(app.now());
    let mut lines = Vec::new();
    let stale = match freshness {
        Freshness::Never => {
            // Nothing has failed yet as long as the first answer is only on its way.
            let mut sources = app.sources_of(SourceKind::Metrics, Some(&service.name));
            let word = if sources.any(|source| source.fault.is_some()) { "no answer" } else { "asking" };
            return Label { value: span(Role::Muted, word), lines, reason: "" };
        }
        Freshness::Stale(age) => {
            lines.push(span(Role::Warning, format!("stale {}", clock::calm(age))));
            true
        }
        Freshness::Live => false,
    };
    let finding = service.verdict.findings.iter().find(|finding| finding.subject.signal() == signal);
    let (value, reason) = match service.signals.answer(measure) {
        Some(Answer::Known(number)) => {
            let role = match finding {
                _ if stale => Role::Stale,
                Some(finding) => severity_role(finding.severity),
                None => Role::Strong,
            };
            (span(role, value_text(service, signal, *number)), "")
        }
        Some(Answer::WarmingUp(left)) => {
            lines.push(span(Role::Muted, format!("{}s more", left.as_secs().max(1))));
            (span(Role::Muted, "warming up"), "")
        }
        Some(Answer::NoTraffic) => (span(Role::Unknown, "no traffic"), ""),
        Some(Answer::NoData(why)) => (span(Role::Unknown, "no data"), &**why),
        None => (span(Role::Unknown, "unmeasured"), ""),
    };
    if !stale {
        let room = if shared { width.saturating_sub(value.text.chars().count() + 2) } else { width };
        lines.extend(finding.map(|finding| problem(app, finding, room)));
        lines.extend(finding.and_then(|finding| runs_full(app, finding)));
        lines.extend(behind(app, service, signal));
        lines.extend(usual(app, service, signal, channel));
    }
    Label { value, lines, reason }
}

/// What the strip said at the end of an axis that stands in the past. A value of now beside a picture of then would
/// be read as one.
fn past<'a>(app: &App, service: &'a ServiceState, signal: Signal, end: crate::facts::At) -> Label<'a> {
    let track = service.signals.track(signal.measures()[0]);
    let number = track.and_then(|track| held(&track.history, end, service.signals.every()));
    let value = number.map_or_else(
        || span(Role::Unknown, "not known"),
        |number| span(Role::Text, value_text(service, signal, number)),
    );
    let lines = vec![span(Role::Muted, format!("at {}", clock::second(end, &app.settings().zone)))];
    Label { value, lines, reason: "" }
}

fn value_text(service: &ServiceState, signal: Signal, number: Number) -> String {
    let unit = signal.measures()[0].unit();
    let of = |measure: Measure| {
        let limit = service.signals.answer(measure).and_then(Answer::number)?;
        Some(units::of(number.value, limit.value, unit))
    };
    let shown = units::shown(number, unit);
    match signal {
        Signal::RequestRate | Signal::ErrorRate | Signal::Disk => shown,
        Signal::Calls => format!("{shown} fail"),
        Signal::Latency | Signal::Database => format!("p95 {shown}"),
        Signal::DbPool => of(Measure::PoolMax).unwrap_or_else(|| format!("{shown} in use")),
        Signal::Memory => of(Measure::MemoryLimit).unwrap_or(shown),
        Signal::Cpu => of(Measure::CpuMax).unwrap_or(shown),
    }
}

/// `▲ critical ≥ 5 % for 5m`, shorter where the room is short.
fn problem(app: &App, finding: &Finding, width: usize) -> Span<'static> {
    let role = severity_role(finding.severity);
    let open = if finding.from_the_start { "> " } else { "" };
    let age = format!("{open}{}", clock::calm_between(finding.since, app.now()));
    let mark = symbol(finding.severity);
    if finding.subject == Subject::DbPool && finding.value >= 1.0 {
        return span(role, format!("{mark} full for {age}"));
    }
    let waiting = if finding.subject == Subject::DbPoolWaiting { " waiting" } else { "" };
    if let Some(leak) = finding.forecast() {
        let full = about_time(leak.full_at, app.now(), &app.settings().zone);
        let forms = [format!("{mark} full about {full}"), format!("{mark} full {full}")];
        let fits = usize::from(forms[0].chars().count() >= width);
        return span(role, forms[fits].clone());
    }
    let bound = finding.bound();
    let word = app.settings().severities.short(finding.severity);
    // What is only worth knowing has no mark that calls.
    let mark = if finding.severity == Severity::Info { "·" } else { mark };
    let forms = [
        format!("{mark} {word} {bound}{waiting} for {age}"),
        format!("{mark} {word} {bound}{waiting}, {age}"),
        format!("{mark} {bound}{waiting} for {age}"),
        format!("{mark} {bound}{waiting}, {age}"),
        format!("{mark} {bound}{waiting}"),
    ];
    // One more, since the sign takes two cells where there is only ASCII.
    let fits = forms.iter().position(|form| form.chars().count() < width);
    let [.., shortest] = &forms;
    span(role, fits.and_then(|index| forms.get(index)).unwrap_or(shortest).clone())
}

/// `full about 03:41`, where it is over another limit than that of the forecast and climbs on.
fn runs_full(app: &App, finding: &Finding) -> Option<Span<'static>> {
    let leak = finding.leak.as_ref().filter(|_| finding.forecast().is_none() && finding.value < 1.0)?;
    let full = about_time(leak.full_at, app.now(), &app.settings().zone);
    Some(span(severity_role(finding.severity), format!("full about {full}")))
}

/// The numbers that stand behind the value.
fn behind(app: &App, service: &ServiceState, signal: Signal) -> Option<Span<'static>> {
    let now = |measure| service.signals.now(measure, app.now());
    let shown = |measure: Measure| now(measure).map(|number| units::shown(number, measure.unit()));
    match signal {
        Signal::RequestRate | Signal::Disk => None,
        Signal::Calls => {
            let limited = now(Measure::CallsLimited).filter(|limited| limited.value > 0.0)?;
            Some(span(Role::Muted, format!("{} rate limited", units::shown(limited, Unit::Ratio))))
        }
        Signal::Database => {
            let locked = now(Measure::DbLocked)?;
            Some(span(Role::Muted, format!("{} wait for a lock", units::shown(locked, Unit::Count))))
        }
        Signal::Cpu => {
            let share = now(Measure::CpuUsed)?.value / now(Measure::CpuMax)?.value;
            let share = Number::exact(share)?;
            Some(span(Role::Muted, format!("{} of the limit", units::shown(share, Unit::Ratio))))
        }
        Signal::ErrorRate => {
            let (rate, share) = (now(Measure::RequestRate)?.value, now(Measure::ErrorRate)?.value);
            let failing = Number::exact(rate * share).filter(|failing| failing.value > 0.0)?;
            Some(span(Role::Muted, format!("{} fail", units::shown(failing, Unit::PerSecond))))
        }
        Signal::Latency => {
            let of = |name, measure| shown(measure).map(|text| format!("{name} {text}"));
            let parts = [of("p50", Measure::LatencyP50), of("p99", Measure::LatencyP99)];
            let text = parts.into_iter().flatten().collect::<Vec<_>>().join("  ");
            (!text.is_empty()).then(|| span(Role::Muted, text))
        }
        Signal::DbPool => {
            let waiting = now(Measure::PoolWaiting)?;
            let severity = service.watcher.rules().severity(Subject::DbPoolWaiting, waiting.value);
            let role = if waiting.value >= 1.0 { severity_role(severity) } else { Role::Muted };
            Some(span(role, format!("{} waiting", units::shown(waiting, Unit::Count))))
        }
        Signal::Memory => {
            let share = now(Measure::MemoryUsed)?.value / now(Measure::MemoryLimit)?.value;
            let share = Number::exact(share)?;
            Some(span(Role::Muted, format!("{} of the limit", units::shown(share, Unit::Ratio))))
        }
    }
}

/// What was usual on this axis; for a value that left it, by how much.
fn usual(app: &App, service: &ServiceState, signal: Signal, channel: &Channel) -> Option<Span<'static>> {
    let (low, high) = channel.usual?;
    let measure = signal.measures()[0];
    let unit = measure.unit();
    let middle = low.midpoint(high);
    let now = service.signals.now(measure, app.now())?.value;
    if signal == Signal::RequestRate && middle > 0.0 && (now < low * 0.9 || now > high * 1.1) {
        let percent = (now / middle - 1.0) * 100.0;
        let (arrow, size) = if percent < 0.0 { ("▼", -percent) } else { ("▲", percent) };
        let text = if size < 1000.0 { format!("{arrow} {size:.0} % of usual") } else { "far above usual".to_owned() };
        return Some(span(Role::Muted, text.replace("% of", "% from")));
    }
    let (from, from_unit) = units::parts(low, unit);
    let (to, to_unit) = units::parts(high, unit);
    let to_unit = if to_unit.is_empty() { String::new() } else { format!(" {to_unit}") };
    let from_unit =
        if from_unit.is_empty() || to_unit.ends_with(from_unit) { String::new() } else { format!(" {from_unit}") };
    if from == to && from_unit.is_empty() {
        return Some(span(Role::Muted, format!("usual {to}{to_unit}")));
    }
    Some(span(Role::Muted, format!("usual {from}{from_unit}–{to}{to_unit}")))
}
