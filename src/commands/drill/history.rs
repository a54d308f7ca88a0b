//! The drills of the past: a line each in `drills/history.jsonl`, so that a team sees how it gets on.
//!
//! Lines are appended under the file's lock and synced; a line that cannot be read is left out, and told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::facts::At;
use crate::facts::text::clean_line;
use crate::incident::Debrief;

/// The version of the line format that is written.
const VERSION: u64 = 1;

/// So many drills back, `random` takes another scenario.
const LATELY: usize = 10;

/// One drill.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Held {
    v: u64,
    /// When it was held, by the clock of the machine.
    pub at: At,
    /// The name of the scenario.
    pub scenario: String,
    /// The noise.
    pub seed: u64,
    /// How many times faster it ran.
    pub speed: f64,
    /// Who took part.
    pub who: String,
    /// How it ended.
    pub outcome: String,
    /// How long it lasted, in seconds.
    pub lasted_s: i64,
    /// To the acknowledgement, in seconds.
    #[serde(default)]
    pub acknowledged_s: Option<i64>,
    /// Until the cause was named.
    #[serde(default)]
    pub suspect_s: Option<i64>,
    /// To the first update.
    #[serde(default)]
    pub update_s: Option<i64>,
    /// To the fix that helps.
    #[serde(default)]
    pub fix_s: Option<i64>,
    /// Until all was as usual.
    #[serde(default)]
    pub recovered_s: Option<i64>,
    /// Fixes that did not help, and those that made it worse.
    #[serde(default)]
    pub wrong: usize,
    /// Those that made it worse.
    #[serde(default)]
    pub harmful: usize,
    /// How much was missed.
    #[serde(default)]
    pub missed: usize,
}

impl Held {
    /// The line of a drill that has just ended.
    #[must_use]
    pub fn new(at: At, who: &str, (noise, speed): (u64, f64), debrief: &Debrief) -> Self {
        let times = &debrief.times;
        Self {
            v: VERSION,
            at,
            scenario: debrief.scenario.clone(),
            seed: noise,
            speed,
            who: who.to_owned(),
            outcome: debrief.outcome.words().to_owned(),
            lasted_s: debrief.lasted_s,
            acknowledged_s: times.acknowledged_s,
            suspect_s: times.suspect_s,
            update_s: times.update_s,
            fix_s: times.fix_s,
            recovered_s: times.recovered_s,
            wrong: debrief.wrong().count(),
            harmful: debrief.tried.iter().filter(|tried| tried.harm.is_some()).count(),
            missed: debrief.missed.len(),
        }
    }
}

/// The file of all drills.
pub struct History(PathBuf);

impl History {
    /// That of a state directory.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        Self(state.join("drills").join("history.jsonl"))
    }

    /// Adds a drill.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&self, held: &Held) -> std::io::Result<()> {
        if let Some(folder) = self.0.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&self.0)?;
        file.lock()?;
        let mut line = serde_json::to_string(held)?;
        line.push('\n');
        // Whoever died in the middle of a line shall not spoil the next one.
        if is_torn(&mut file)? {
            line.insert(0, '\n');
        }
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }

    /// All drills, oldest first, and how many lines are none.
    ///
    /// # Errors
    /// The file cannot be read. That there is none is no error.
    pub fn read(&self) -> Result<(Vec<Held>, usize), String> {
        let text = match std::fs::read(&self.0) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("{}: cannot be read: {error}", self.0.display())),
        };
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let read: Vec<Option<Held>> = lines.map(|line| serde_json::from_str(line).ok()).collect();
        let skipped = read.iter().filter(|line| line.is_none()).count();
        let mut all: Vec<Held> = read.into_iter().flatten().collect();
        for held in &mut all {
            for text in [&mut held.scenario, &mut held.who, &mut held.outcome] {
                *text = clean_line(text, 80);
            }
        }
        all.sort_by_key(|held| held.at);
        Ok((all, skipped))
    }
}

fn is_torn(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0] != b'\n')
}

/// A scenario that was not drilled lately; `chance` picks among those, 0 to 1.
#[must_use]
pub fn choose<'n>(names: &[&'n str], past: &[Held], chance: f64) -> Option<&'n str> {
    let lately = past.iter().rev().take(LATELY.min(names.len().saturating_sub(1)));
    let lately: Vec<&str> = lately.map(|held| held.scenario.as_str()).collect();
    let fresh: Vec<&str> = names.iter().copied().filter(|name| !lately.contains(name)).collect();
    let index = (chance * fresh.len() as f64) as usize;
    fresh.get(index.min(fresh.len().saturating_sub(1))).copied()
}

/// A person's drills of a scenario, or of all.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Progress {
    /// Who.
    pub who: String,
    /// The scenario; `None`: all.
    pub scenario: Option<String>,
    /// How many drills.
    pub drills: usize,
    /// The median time to the fix, in seconds, of those that were ended by one.
    pub median_fix_s: Option<i64>,
    /// That of the last drill.
    pub last_fix_s: Option<i64>,
    /// The median time to the acknowledgement.
    pub median_acknowledged_s: Option<i64>,
    /// That of the last drill.
    pub last_acknowledged_s: Option<i64>,
}

/// A time of a drill.
type Field = fn(&Held) -> Option<i64>;

/// How each person gets on: with all scenarios, then with each that they drilled more than once.
#[must_use]
pub fn progress(all: &[Held]) -> Vec<Progress> {
    let mut groups: BTreeMap<(String, Option<String>), Vec<&Held>> = BTreeMap::new();
    for held in all {
        groups.entry((held.who.clone(), None)).or_default().push(held);
        groups.entry((held.who.clone(), Some(held.scenario.clone()))).or_default().push(held);
    }
    let told = groups.into_iter().filter(|((_, scenario), drills)| scenario.is_none() || drills.len() > 1);
    let row = |((who, scenario), drills): ((String, Option<String>), Vec<&Held>)| {
        let of = |what: Field| drills.iter().filter_map(|held| what(held)).collect::<Vec<_>>();
        let last = |what: Field| drills.last().and_then(|held| what(held));
        let fix: Field = |held| held.fix_s;
        let acknowledged: Field = |held| held.acknowledged_s;
        Progress {
            who,
            scenario,
            drills: drills.len(),
            median_fix_s: median(of(fix)),
            last_fix_s: last(fix),
            median_acknowledged_s: median(of(acknowledged)),
            last_acknowledged_s: last(acknowledged),
        }
    };
    told.map(row).collect()
}

fn median(mut all: Vec<i64>) -> Option<i64> {
    all.sort_unstable();
    let middle = all.len() / 2;
    if all.len() % 2 == 1 {
        all.get(middle).copied()
    } else {
        Some((all.get(middle.checked_sub(1)?)? + all.get(middle)?) / 2)
    }
}

/// A time as the tables show it: `4:05`, `-` where there is none.
fn clock(seconds: Option<i64>) -> String {
    seconds.map_or_else(
        || "-".to_owned(),
        |all| format!("{}{}:{:02}", if all < 0 { "-" } else { "" }, all.abs() / 60, all.abs() % 60),
    )
}

/// The history as tables.
#[must_use]
pub fn text(all: &[Held], skipped: usize) -> String {
    if all.is_empty() {
        return "no drill was held yet; begin with: sixty drill\n".to_owned();
    }
    let wide = |of: fn(&Held) -> &str, least: usize| {
        all.iter().map(|one| of(one).chars().count()).max().unwrap_or(0).max(least)
    };
    let (scenario, who) = (wide(|one| &one.scenario, 8), wide(|one| &one.who, 3));
    let mut out = format!(
        "{:<17} {:<scenario$} {:<who$} {:>7} {:>7} {:>7} {:>7} {:>7} {:>5}  outcome\n",
        "held (UTC)", "scenario", "who", "ack", "cause", "update", "fix", "back", "wrong"
    );
    for held in all {
        let _ = writeln!(
            out,
            "{:<17} {:<scenario$} {:<who$} {:>7} {:>7} {:>7} {:>7} {:>7} {:>5}  {}",
            held.at.format("%Y-%m-%d %H:%M"),
            held.scenario,
            held.who,
            clock(held.acknowledged_s),
            clock(held.suspect_s),
            clock(held.update_s),
            clock(held.fix_s),
            clock(held.recovered_s),
            held.wrong,
            held.outcome
        );
    }
    let _ = writeln!(
        out,
        "\n{:<who$} {:<scenario$} {:>6} {:>10} {:>9} {:>10} {:>9}",
        "who", "scenario", "drills", "ack median", "ack last", "fix median", "fix last"
    );
    for row in progress(all) {
        let _ = writeln!(
            out,
            "{:<who$} {:<scenario$} {:>6} {:>10} {:>9} {:>10} {:>9}",
            row.who,
            row.scenario.as_deref().unwrap_or("all"),
            row.drills,
            clock(row.median_acknowledged_s),
            clock(row.last_acknowledged_s),
            clock(row.median_fix_s),
            clock(row.last_fix_s)
        );
    }
    out.push_str("\nTimes are minutes:seconds of the story after the trouble began.\n");
    if skipped > 0 {
        let _ = writeln!(out, "{skipped} lines of the history cannot be read and are left out.");
    }
    out
}

/// The history for a program.
///
/// # Errors
/// Never in practice: plain data always serialises.
pub fn json(all: &[Held], skipped: usize) -> Result<String, serde_json::Error> {
    let document = serde_json::json!({
        "schema": "sixty.drills/1",
        "drills": all,
        "progress": progress(all),
        "skipped": skipped,
    });
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

#[cfg(test)]
mod tests;
