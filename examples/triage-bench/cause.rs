//! The contract of `score_cause.py`: one case as JSON on stdin, the ids of the changes on stdout, best first; `none`
//! in front when nothing fits.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::io::stdin;
use std::io::stdout;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use serde::Deserialize;
use sixty::facts::At;
use sixty::triage::suspects::CallGraph;
use sixty::triage::suspects::Candidate;
use sixty::triage::suspects::Case;
use sixty::triage::suspects::Kind;
use sixty::triage::suspects::Place;
use sixty::triage::suspects::Symptom;
use sixty::triage::suspects::rank;

/// The rows of the contract are a minute apart: an onset is right to half of that.
const WITHIN: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Input {
    as_of: f64,
    symptoms: Vec<Sign>,
    #[serde(default)]
    calls: BTreeMap<String, Vec<String>>,
    changes: Vec<Record>,
}

#[derive(Deserialize)]
struct Sign {
    service: String,
    signal: String,
    onset: f64,
    #[serde(default)]
    z: f64,
}

#[derive(Deserialize)]
struct Record {
    id: String,
    ts: f64,
    kind: String,
    service: Option<String>,
}

/// Reads one case and answers it.
pub fn run() -> Result<(), Box<dyn Error>> {
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    let input: Input = serde_json::from_str(&line)?;
    let symptoms = symptoms(input.symptoms)?;
    let candidates = input.changes.into_iter().map(candidate).collect::<Result<Vec<_>, _>>()?;
    let mut calls = CallGraph::new();
    for (caller, callees) in &input.calls {
        let caller = Arc::from(caller.as_str());
        for callee in callees {
            calls.add(&caller, &Arc::from(callee.as_str()));
        }
    }
    let ranking = rank(&Case {
        as_of: instant(input.as_of)?,
        onset: None,
        climb: None,
        about: None,
        reach: None,
        symptoms: &symptoms,
        calls: &calls,
        candidates: &candidates,
    });
    let none = (!ranking.fits).then_some("none");
    let ids = ranking.suspects.iter().map(|suspect| suspect.candidate.id.as_str());
    writeln!(stdout(), "{}", none.into_iter().chain(ids).collect::<Vec<_>>().join(" "))?;
    Ok(())
}

fn symptoms(signs: Vec<Sign>) -> Result<Vec<Symptom>, Box<dyn Error>> {
    let symptom = |sign: Sign| {
        let onset = instant(sign.onset)?;
        Ok(Symptom { service: sign.service.into(), signal: sign.signal.into(), onset, within: WITHIN, z: sign.z })
    };
    signs.into_iter().map(symptom).collect()
}

fn candidate(record: Record) -> Result<Candidate, Box<dyn Error>> {
    let kind = match record.kind.as_str() {
        "deploy" => Kind::Deploy,
        "config" => Kind::Config,
        "flag" => Kind::Flag,
        "cron" | "job" => Kind::Job,
        "scale" => Kind::Scale,
        "provider" => Kind::Provider,
        other => return Err(format!("{}: no kind of change is named {other}", record.id).into()),
    };
    let name = format!("{} {}", record.service.as_deref().unwrap_or("?"), record.kind);
    let place = record.service.map_or(Place::Unknown, |service| Place::Service(service.into()));
    Ok(Candidate::new(record.id, kind, instant(record.ts)?, place, name))
}

fn instant(seconds: f64) -> Result<At, Box<dyn Error>> {
    DateTime::from_timestamp_millis((seconds * 1_000.0).round() as i64).ok_or_else(|| "a time out of range".into())
}
