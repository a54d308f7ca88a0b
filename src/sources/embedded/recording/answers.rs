//! The answers of one instant as bytes, with how each target did: history that needs no evaluation to be shown.
//!
//! The reasons why there is no number are texts that repeat for hours: they are kept once in a [`Texts`], and answers
//! point at them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Answer;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::ScrapeReport;
use crate::sources::embedded::recording::bytes;
use crate::sources::embedded::recording::bytes::Broken;
use crate::sources::embedded::recording::bytes::Bytes;

/// Kinds of faults by their number in the file; new ones go to the end.
const FAULTS: [FaultKind; 12] = [
    FaultKind::Local,
    FaultKind::Connect,
    FaultKind::Dns,
    FaultKind::Tls,
    FaultKind::Timeout,
    FaultKind::Denied,
    FaultKind::RateLimited,
    FaultKind::Status,
    FaultKind::Unreadable,
    FaultKind::TooLarge,
    FaultKind::Truncated,
    FaultKind::NotFound,
];

/// Kinds of answers.
const KNOWN: u8 = 0;
const AT_LEAST: u8 = 1;
const WARMING_UP: u8 = 2;
const NO_TRAFFIC: u8 = 3;
const NO_DATA_OF: u8 = 4;
const NO_DATA: u8 = 5;

/// So many texts are kept once; a text with a number in it that changes all the time must not fill the file.
const TEXTS: usize = 64;

/// Texts that repeat, in the order in which they were met.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Texts(pub(super) Vec<Arc<str>>);

impl Texts {
    fn find(&mut self, text: &Arc<str>) -> Option<usize> {
        let known = self.0.iter().position(|other| other == text);
        if known.is_none() && self.0.len() < TEXTS {
            self.0.push(Arc::clone(text));
            return Some(self.0.len() - 1);
        }
        known
    }
}

/// How one target did, and how long it took.
pub type Outcome = (Result<ScrapeReport, Fault>, Duration);

/// What is known of one instant.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Record {
    pub answers: BTreeMap<Measure, Answer>,
    pub targets: Vec<Outcome>,
    /// Series kept, of the most that may be kept.
    pub series: (usize, usize),
}

impl Record {
    pub fn to_bytes(&self, texts: &mut Texts) -> Vec<u8> {
        let mut out = Vec::new();
        bytes::put_number(&mut out, self.answers.len() as u64);
        for (measure, answer) in &self.answers {
            out.push(Measure::ALL.iter().position(|other| other == measure).unwrap_or_default() as u8);
            put_answer(&mut out, answer, texts);
        }
        bytes::put_number(&mut out, self.targets.len() as u64);
        for (outcome, took) in &self.targets {
            put_outcome(&mut out, outcome);
            put_duration(&mut out, *took);
        }
        bytes::put_number(&mut out, self.series.0 as u64);
        bytes::put_number(&mut out, self.series.1 as u64);
        out
    }

    pub fn of(bytes: &[u8], texts: &Texts) -> Result<Self, Broken> {
        let mut bytes = Bytes::new(bytes);
        let mut record = Self::default();
        for _ in 0..bytes.count()? {
            let measure = *Measure::ALL.get(usize::from(bytes.byte()?)).ok_or(Broken)?;
            record.answers.insert(measure, answer(&mut bytes, texts)?);
        }
        for _ in 0..bytes.count()? {
            record.targets.push((outcome(&mut bytes)?, duration(&mut bytes)?));
        }
        record.series = (size(&mut bytes)?, size(&mut bytes)?);
        bytes.end()?;
        Ok(record)
    }
}

fn put_answer(out: &mut Vec<u8>, answer: &Answer, texts: &mut Texts) {
    match answer {
        Answer::Known(number) => {
            out.push(if number.at_least { AT_LEAST } else { KNOWN });
            bytes::put_float(out, 0, number.value.to_bits());
        }
        Answer::WarmingUp(left) => {
            out.push(WARMING_UP);
            put_duration(out, *left);
        }
        Answer::NoTraffic => out.push(NO_TRAFFIC),
        Answer::NoData(why) => {
            if let Some(index) = texts.find(why) {
                out.push(NO_DATA_OF);
                bytes::put_number(out, index as u64);
            } else {
                out.push(NO_DATA);
                bytes::put_text(out, why);
            }
        }
    }
}

fn answer(bytes: &mut Bytes<'_>, texts: &Texts) -> Result<Answer, Broken> {
    Ok(match bytes.byte()? {
        kind @ (KNOWN | AT_LEAST) => {
            let number = Number::exact(f64::from_bits(bytes.float(0)?)).ok_or(Broken)?;
            Answer::Known(Number { at_least: kind == AT_LEAST, ..number })
        }
        WARMING_UP => Answer::WarmingUp(duration(bytes)?),
        NO_TRAFFIC => Answer::NoTraffic,
        NO_DATA_OF => Answer::NoData(Arc::clone(texts.0.get(size(bytes)?).ok_or(Broken)?)),
        NO_DATA => Answer::NoData(bytes.text()?.into()),
        _ => return Err(Broken),
    })
}

fn put_outcome(out: &mut Vec<u8>, outcome: &Result<ScrapeReport, Fault>) {
    match outcome {
        Ok(report) => {
            out.push(0);
            for count in [report.bytes, report.samples, report.skipped] {
                bytes::put_number(out, count as u64);
            }
            bytes::put_text(out, &report.skipped_example);
            bytes::put_text(out, &report.remark);
        }
        Err(fault) => {
            out.push(1 + FAULTS.iter().position(|kind| *kind == fault.kind).unwrap_or_default() as u8);
            bytes::put_text(out, &fault.cause);
            bytes::put_text(out, &fault.advice);
            out.push(u8::from(fault.retry_after.is_some()));
            put_duration(out, fault.retry_after.unwrap_or_default());
            bytes::put_number(out, fault.status.map_or(0, u64::from));
        }
    }
}

fn outcome(bytes: &mut Bytes<'_>) -> Result<Result<ScrapeReport, Fault>, Broken> {
    let kind = bytes.byte()?;
    if kind == 0 {
        return Ok(Ok(ScrapeReport {
            bytes: size(bytes)?,
            samples: size(bytes)?,
            skipped: size(bytes)?,
            skipped_example: bytes.text()?.to_owned(),
            remark: bytes.text()?.to_owned(),
        }));
    }
    let kind = *FAULTS.get(usize::from(kind - 1)).ok_or(Broken)?;
    let fault = Fault::new(kind, bytes.text()?).advise(bytes.text()?);
    let asked_for = bytes.byte()? == 1;
    let retry_after = Some(duration(bytes)?).filter(|_| asked_for);
    let status = u16::try_from(bytes.number()?).map_err(|_| Broken)?;
    Ok(Err(Fault { retry_after, status: Some(status).filter(|status| *status > 0), ..fault }))
}

fn put_duration(out: &mut Vec<u8>, duration: Duration) {
    bytes::put_number(out, u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
}

fn duration(bytes: &mut Bytes<'_>) -> Result<Duration, Broken> {
    bytes.number().map(Duration::from_micros)
}

fn size(bytes: &mut Bytes<'_>) -> Result<usize, Broken> {
    usize::try_from(bytes.number()?).map_err(|_| Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_an_instant_is_read_again() {
        let texts: Vec<Arc<str>> = (0..TEXTS + 5).map(|index| format!("reason {index}").into()).collect();
        let mut kept = Texts::default();
        for why in &texts {
            let fault = Fault::new(FaultKind::Timeout, "no answer within 10 s").advise("is it up?");
            let asked_for = Fault { retry_after: Some(Duration::from_secs(90)), status: Some(429), ..fault.clone() };
            let report = ScrapeReport {
                bytes: 70_000,
                samples: 507,
                skipped: 1,
                skipped_example: "line 3: no value".to_owned(),
                remark: "no Content-Type".to_owned(),
            };
            let record = Record {
                answers: BTreeMap::from([
                    (Measure::RequestRate, Answer::Known(Number { value: 612.25, at_least: false })),
                    (Measure::ErrorRate, Answer::NoTraffic),
                    (Measure::LatencyP50, Answer::WarmingUp(Duration::from_millis(1_500))),
                    (Measure::LatencyP99, Answer::Known(Number { value: 10.0, at_least: true })),
                    (Measure::PoolUsed, Answer::NoData(Arc::clone(why))),
                ]),
                targets: vec![
                    (Ok(report), Duration::from_micros(12_345)),
                    (Ok(ScrapeReport::default()), Duration::ZERO),
                    (Err(fault), Duration::from_secs(10)),
                    (Err(asked_for), Duration::from_secs(10)),
                ],
                series: (507, 5_000),
            };
            let bytes = record.to_bytes(&mut kept);
            assert_eq!(Record::of(&bytes, &kept), Ok(record));
            assert_eq!(Record::of(&bytes[..bytes.len() - 1], &kept), Err(Broken));
        }
        assert_eq!(kept.0, texts[..TEXTS]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let _ = Record::of(&bytes, &Texts::default());
        }
    }
}
