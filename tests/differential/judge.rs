//! Debian's Prometheus as the judge: started on its own, with nothing to scrape but what is recorded, and asked over
//! its HTTP interface.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use sixty::facts::Labels;

use crate::recorder;

/// What an engine answered: rows of points, at one instant or several.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// Labels, and values at instants in milliseconds.
    Rows(Vec<(Labels, Vec<(i64, f64)>)>),
    Number(f64),
    Text(String),
    Error(String),
}

impl Answer {
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Rows(rows) if rows.is_empty())
    }

    /// The same with every infinity above all numbers.
    pub fn without_signs_of_infinity(&self) -> Self {
        let mut answer = self.clone();
        if let Self::Rows(rows) = &mut answer {
            for (_, value) in rows.iter_mut().flat_map(|(_, row)| row).filter(|(_, value)| value.is_infinite()) {
                *value = f64::INFINITY;
            }
        }
        answer
    }
}

/// A running Prometheus; ended when it is dropped.
pub struct Judge {
    child: Child,
    folder: PathBuf,
    address: String,
}

impl Judge {
    /// Starts it, to scrape each of these jobs at a path of its name, every second.
    pub fn start(folder: &Path, scraped: SocketAddr, jobs: impl Iterator<Item = &'static str>) -> Self {
        let folder = folder.join("judge");
        fs::create_dir_all(&folder).unwrap();
        let mut config = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n".to_owned();
        for job in jobs {
            let _ = writeln!(
                config,
                "  - {{job_name: {job}, metrics_path: /{job}, static_configs: [{{targets: ['{scraped}']}}]}}"
            );
        }
        fs::write(folder.join("prometheus.yml"), config).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let judge = Self { child, folder, address };
        let began = Instant::now();
        while recorder::get(&judge.address, "/-/ready", "*/*").is_none() {
            assert!(began.elapsed() < Duration::from_secs(30), "Prometheus does not start");
            std::thread::yield_now();
        }
        judge
    }

    /// The answer at an instant, in milliseconds.
    pub fn instant(&self, query: &str, at_ms: i64) -> Answer {
        self.ask("query", &[("query", query), ("time", &seconds(at_ms))])
    }

    /// The answer over a range.
    pub fn range(&self, query: &str, (start, end, step): (i64, i64, i64)) -> Answer {
        let times = [("start", seconds(start)), ("end", seconds(end)), ("step", seconds(step))];
        let mut parameters = vec![("query", query)];
        parameters.extend(times.iter().map(|(name, time)| (*name, time.as_str())));
        self.ask("query_range", &parameters)
    }

    fn ask(&self, what: &str, parameters: &[(&str, &str)]) -> Answer {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let request = format!(
            "POST /api/v1/{what} HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let (status, body) = recorder::exchange(&self.address, &request).expect("Prometheus answers");
        let answer: Value = serde_json::from_slice(&body.bytes)
            .unwrap_or_else(|error| panic!("{status} {error}: {}", String::from_utf8_lossy(&body.bytes)));
        if answer["status"] != "success" {
            return Answer::Error(answer["error"].as_str().unwrap_or_default().to_owned());
        }
        let result = &answer["data"]["result"];
        match answer["data"]["resultType"].as_str() {
            Some("scalar") => Answer::Number(number(&result[1])),
            Some("string") => Answer::Text(result[1].as_str().unwrap().to_owned()),
            _ => Answer::Rows(result.as_array().unwrap().iter().map(row).collect()),
        }
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Seconds since the epoch with their fraction, as the interface takes them.
pub fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms.div_euclid(1_000), ms.rem_euclid(1_000))
}

fn row(series: &Value) -> (Labels, Vec<(i64, f64)>) {
    let labels = series["metric"].as_object().unwrap().iter();
    let labels = labels.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    let points = match series["values"].as_array() {
        Some(values) => values.iter().map(point).collect(),
        None => vec![point(&series["value"])],
    };
    (labels, points)
}

fn point(point: &Value) -> (i64, f64) {
    ((point[0].as_f64().unwrap() * 1_000.0).round() as i64, number(&point[1]))
}

fn number(text: &Value) -> f64 {
    text.as_str().unwrap().parse().unwrap()
}
