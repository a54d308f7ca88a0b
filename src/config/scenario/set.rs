//! `set = { errors = "45 %", p95 = "x3" }`: quantities of a service and what they become.

use crate::drill::Quantity;
use crate::drill::Service;
use crate::drill::Setting;
use crate::drill::Value as Becomes;

use crate::config::reader::Section;
use crate::config::reader::Value;
use crate::config::reader::Wrong;
use crate::config::reader::quoted;
use crate::config::units;

use super::values;

/// What a value of a quantity may be, beside `"usual"`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A value with a unit, or a factor.
    Amount(units::Quantity),
    /// A time, or a factor.
    Time,
    /// So much per time.
    Speed(units::Quantity),
    /// A factor alone.
    Factor,
}

/// What a service must have for a quantity.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Pool,
    Memory,
    Cpu,
    Disk,
}

#[derive(Clone, Copy)]
struct Row {
    key: &'static str,
    quantity: Quantity,
    form: Form,
    needs: Needs,
    /// Whether calls have it as well.
    of_calls: bool,
    example: &'static str,
}

const fn row(key: &'static str, quantity: Quantity, form: Form, needs: Needs, example: &'static str) -> Row {
    Row { key, quantity, form, needs, of_calls: false, example }
}

const fn of_calls(row: Row) -> Row {
    Row { of_calls: true, ..row }
}

/// Every key of `set`, beside `codes`.
const ROWS: &[Row] = &[
    row("rate", Quantity::Rate, Form::Amount(units::Quantity::PerSecond), Needs::Nothing, "\"x1.6\" or \"900/s\""),
    of_calls(row("errors", Quantity::Errors, Form::Amount(units::Quantity::Ratio), Needs::Nothing, "\"45 %\"")),
    of_calls(row("p50", Quantity::P50, Form::Time, Needs::Nothing, "\"200 ms\" or \"x3\"")),
    row("p95", Quantity::P95, Form::Time, Needs::Nothing, "\"2 s\" or \"x3\""),
    row("pool_leak", Quantity::PoolLeak, Form::Speed(units::Quantity::Count), Needs::Pool, "\"12/min\""),
    row("pool_size", Quantity::PoolSize, Form::Amount(units::Quantity::Count), Needs::Pool, "10"),
    row("db_time", Quantity::DbTime, Form::Factor, Needs::Pool, "\"x5\""),
    row("db_queries", Quantity::DbQueries, Form::Factor, Needs::Pool, "\"x40\""),
    row("db_locked", Quantity::DbLocked, Form::Amount(units::Quantity::Ratio), Needs::Pool, "\"80 %\""),
    row("memory_leak", Quantity::MemoryLeak, Form::Speed(units::Quantity::Bytes), Needs::Memory, "\"30 MiB/min\""),
    row("memory", Quantity::Memory, Form::Amount(units::Quantity::Bytes), Needs::Memory, "\"1.6 GiB\""),
    row("cpu_time", Quantity::CpuTime, Form::Factor, Needs::Cpu, "\"x3\""),
    row("cpu_busy", Quantity::CpuBusy, Form::Amount(units::Quantity::Ratio), Needs::Cpu, "\"60 %\""),
    row("disk_fill", Quantity::DiskFill, Form::Speed(units::Quantity::Bytes), Needs::Disk, "\"2 GiB/min\""),
    row("disk", Quantity::Disk, Form::Amount(units::Quantity::Ratio), Needs::Disk, "\"97 %\""),
];

/// Reads `set`; with `call` the quantities are those of a call of the service.
pub(super) fn read(value: &Value<'_>, service: Option<&Service>, call: Option<&str>) -> Vec<Setting> {
    let Some(section) = value.section("`set`", "set = { errors = \"45 %\", p95 = \"2 s\" }") else { return Vec::new() };
    let mut all = Vec::new();
    for row in ROWS {
        let Some(value) = section.value(row.key) else { continue };
        if let (Some(call), false) = (call, row.of_calls) {
            let cause = format!("a call (of {}) has no `{}`", quoted(call), row.key);
            value.wrong(Wrong::new(cause, "write errors, codes or p50, or leave `to` out"));
            continue;
        }
        lacking(&value, row, service);
        let read = becomes(&value, row);
        all.extend(read.map(|value| Setting { quantity: row.quantity, value }));
    }
    codes(&section, &mut all);
    section.done();
    if all.is_empty() && value.as_text().is_none() {
        value.wrong(Wrong::new("`set` sets nothing", "write set = { errors = \"45 %\" }"));
    }
    all
}

/// `codes`: `"usual"` stands for one code only.
fn codes(section: &Section<'_>, all: &mut Vec<Setting>) {
    let Some(value) = section.value("codes") else { return };
    let codes = values::codes(&value).unwrap_or_default();
    let setting = |(code, share)| Setting { quantity: Quantity::Code(code), value: Becomes::To(share) };
    all.extend(codes.into_iter().map(setting));
}

/// Notes that the service has nothing that the quantity is about.
fn lacking(value: &Value<'_>, row: &Row, service: Option<&Service>) {
    let Some(service) = service else { return };
    let (has, key, example) = match row.needs {
        Needs::Nothing => return,
        Needs::Pool => (service.pool.is_some(), "pool", "pool = { size = 100, busy = 22 }"),
        Needs::Memory => (service.memory.is_some(), "memory", "memory = { limit = \"2 GiB\", used = \"1.2 GiB\" }"),
        Needs::Cpu => (service.cpu.is_some(), "cpu", "cpu = { cores = 2, used = \"40 %\" }"),
        Needs::Disk => (service.disk.is_some(), "disk", "disk = { size = \"100 GiB\", used = \"40 GiB\" }"),
    };
    if !has {
        let cause = format!("`{}` is set, and the service {} has no `{key}`", row.key, quoted(&service.name));
        value.wrong(Wrong::new(cause, format!("write {example} into its [[service]]")));
    }
}

fn becomes(value: &Value<'_>, row: &Row) -> Option<Becomes> {
    let example = format!("{} = {}", row.key, row.example);
    let text = value.as_text();
    let raw = text.as_ref().map(|text| text.raw().trim());
    if raw == Some("usual") {
        return Some(Becomes::Usual);
    }
    if let Some(factor) = raw.and_then(|raw| raw.strip_prefix('x').or_else(|| raw.strip_prefix('×'))) {
        let factor = factor.trim().parse::<f64>().ok().filter(|factor| (0.0..=1e6).contains(factor));
        if factor.is_none() || matches!(row.form, Form::Speed(_)) {
            let cause = format!("{} is no factor that fits here", quoted(raw.unwrap_or_default()));
            value.wrong(Wrong::new(cause, format!("write {example}")));
            return None;
        }
        return factor.map(Becomes::Times);
    }
    let read = match row.form {
        Form::Factor => {
            let cause = format!("`{}` is not a factor", row.key);
            value.wrong(Wrong::new(cause, format!("write {example}, or \"usual\"")));
            return None;
        }
        Form::Amount(quantity) => return values::one(value, quantity).map(Becomes::To),
        Form::Time => value.text(&example)?.map(|raw| units::parse_duration(raw).map(|span| span.as_secs_f64())),
        Form::Speed(quantity) => value.text(&example)?.map(|raw| speed(raw, quantity, &example)),
    };
    read.map(Becomes::To)
}

/// So much per time: `12/min`, `30 MiB/min`, `1 /h`.
fn speed(text: &str, quantity: units::Quantity, example: &str) -> Result<f64, Wrong> {
    const TIMES: [(&str, f64); 7] =
        [("s", 1.0), ("sec", 1.0), ("m", 60.0), ("min", 60.0), ("h", 3_600.0), ("hour", 3_600.0), ("d", 86_400.0)];
    let wrong = |cause: String| Wrong::new(cause, format!("write {example}"));
    let Some((amount, time)) = text.split_once('/') else {
        return Err(wrong(format!("{} does not say per which time", quoted(text))));
    };
    let Some((_, span)) = TIMES.iter().find(|(name, _)| *name == time.trim()) else {
        return Err(wrong(format!("{} is not a unit of time", quoted(time))));
    };
    Ok(quantity.parse(amount)? / span)
}
