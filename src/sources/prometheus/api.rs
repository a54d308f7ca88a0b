//! The client of the Prometheus HTTP API: one call, its envelope, and every refusal in words.
//!
//! Prometheus, Thanos, Mimir, Cortex and `VictoriaMetrics` speak it, each with manners of its own. What is asked
//! for, and when, is decided elsewhere; nothing here is remembered but whether the server takes a POST.
//! Main type: [`Api`].

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::sources::http::Access;
use crate::sources::http::Answer;
use crate::sources::http::Ask;
use crate::sources::http::Body;
use crate::sources::http::Http;
use crate::sources::http::shown;

/// How long one call may take.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// The largest answer, in bytes after decompression.
const CAP: usize = 32 * 1024 * 1024;
/// Warnings that are repeated; a store that is away says so once per block.
const WARNINGS: usize = 3;

/// The API of a server at one address.
#[derive(Debug)]
pub struct Api {
    base: Url,
    access: Arc<Access>,
    /// It refuses queries by POST.
    get_only: AtomicBool,
}

/// A success: what was asked for, and what the server says beside it.
#[derive(Clone, PartialEq, Debug)]
pub struct Told<T> {
    /// What was asked for.
    pub data: T,
    /// Warnings of the server, and that something is missing; clean. The data can be used all the same.
    pub remarks: Vec<String>,
    /// The server knows that the data are not complete.
    pub partial: bool,
    /// The answer has a mark that only `VictoriaMetrics` makes.
    pub victoria: bool,
    /// Bytes of the answer, unpacked.
    pub bytes: usize,
    /// From asking to the complete answer.
    pub took: Duration,
}

/// Why a call has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// In words.
    pub fault: Fault,
    /// The server is well, but refuses this query: another replica would as well.
    pub is_query: bool,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self { fault, is_query: false }
    }
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        trouble.fault
    }
}

/// What is around every answer.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Envelope<T> {
    status: String,
    #[serde(default = "none")]
    data: Option<T>,
    #[serde(default, rename = "errorType")]
    error_type: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    #[serde(default)]
    infos: Option<Vec<String>>,
    #[serde(default, rename = "isPartial")]
    is_partial: Option<bool>,
}

const fn none<T>() -> Option<T> {
    None
}

impl Api {
    /// The API below that address, which is written without `/api/v1`.
    #[must_use]
    pub fn new(base: Url, access: Arc<Access>) -> Self {
        Self { base, access, get_only: AtomicBool::new(false) }
    }

    /// Where it is, without secrets.
    #[must_use]
    pub fn shown(&self) -> String {
        shown(&self.base).trim_end_matches('/').to_owned()
    }

    /// Calls `/api/v1/CALL` with these parameters. A parameter `query` is told in faults.
    ///
    /// # Errors
    /// Why there is no answer, and whether it is for the query.
    pub async fn call<T: DeserializeOwned>(
        &self,
        http: &Http,
        call: &str,
        form: &[(&str, String)],
        deadline: Duration,
    ) -> Result<Told<T>, Trouble> {
        let query = form.iter().find(|(name, _)| *name == "query").map(|(_, text)| text.as_str());
        let posts = query.is_some() && !self.get_only.load(Ordering::Relaxed);
        let mut answer = http.ask(&self.ask(call, form, deadline, posts)).await;
        if posts && answer.as_ref().is_err_and(|fault| fault.status == Some(405)) {
            // A proxy that only lets be read: the same as an address, as long as it may be.
            self.get_only.store(true, Ordering::Relaxed);
            answer = http.ask(&self.ask(call, form, deadline, false)).await;
        }
        match answer {
            Ok(Answer::Body(body)) => read(&body, query),
            Ok(Answer::NotModified) => Err(Fault::new(FaultKind::Status, "304 to a question that was new").into()),
            Err(fault) => Err(refusal(fault, query)),
        }
    }

    fn ask(&self, call: &str, form: &[(&str, String)], deadline: Duration, posts: bool) -> Ask {
        let mut url = self.base.clone();
        let path = url.path().trim_end_matches('/').trim_end_matches("/api/v1").to_owned();
        url.set_path(&format!("{path}/api/v1/{call}"));
        let form_of = || form.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        if !posts && !form.is_empty() {
            url.query_pairs_mut().extend_pairs(form);
        }
        let access = Some(Arc::clone(&self.access));
        let form = posts.then(form_of);
        Ask { access, form, accept: "application/json", deadline, cap: CAP, ..Ask::new(url) }
    }
}

/// The answer to a call that succeeded, as HTTP sees it.
fn read<T: DeserializeOwned>(body: &Body, query: Option<&str>) -> Result<Told<T>, Trouble> {
    if body.looks_like_html() {
        return Err(Fault::new(FaultKind::Unreadable, "a web page instead of an answer of the Prometheus API")
            .advise("is this the address of the server itself, and not of a login or a dashboard before it?")
            .into());
    }
    let bytes = body.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body.bytes);
    let envelope: Envelope<T> = serde_json::from_slice(bytes).map_err(|error| not_understood(&error))?;
    if envelope.status != "success" {
        let (kind, words) = (envelope.error_type.unwrap_or_default(), envelope.error.unwrap_or_default());
        return Err(failed(&kind, &words, query));
    }
    let Some(data) = envelope.data else {
        return Err(Fault::new(FaultKind::Unreadable, "a success without data").into());
    };
    let partial = envelope.is_partial == Some(true);
    let mut remarks = Vec::new();
    if partial {
        remarks.push("the answer is partial: a part of the server's storage did not answer".to_owned());
    }
    let warnings = envelope.warnings.unwrap_or_default();
    remarks.extend(warnings.iter().take(WARNINGS).map(|text| clean_line(&format!("the server warns: {text}"), 300)));
    if let Some(more) = warnings.len().checked_sub(WARNINGS).filter(|more| *more > 0) {
        remarks.push(format!("the server warns {more} times more"));
    }
    remarks.extend(
        envelope.infos.iter().flatten().take(1).map(|text| clean_line(&format!("the server notes: {text}"), 300)),
    );
    let victoria = envelope.is_partial.is_some();
    Ok(Told { data, remarks, partial, victoria, bytes: body.bytes.len(), took: body.took })
}

fn not_understood(error: &serde_json::Error) -> Fault {
    let fault = if error.is_eof() {
        Fault::new(FaultKind::Truncated, &format!("the JSON ends early: {error}"))
    } else {
        Fault::new(FaultKind::Unreadable, &format!("not an answer of the Prometheus API: {error}"))
    };
    fault.advise("look at what answers at this address; a proxy before it may have changed the answer")
}

/// A refusal in the server's own envelope.
fn failed(kind: &str, words: &str, query: Option<&str>) -> Trouble {
    let words = clean_line(words, 260);
    let asked = query.map(|query| clean_line(query, 300)).unwrap_or_default();
    let about_query = |cause: String| Trouble {
        fault: Fault::new(FaultKind::Status, &cause).advise(&format!("the query: {asked}")),
        is_query: !asked.is_empty(),
    };
    let of_server = |kind: FaultKind, cause: String, advice: &str| Fault::new(kind, &cause).advise(advice).into();
    match kind {
        "bad_data" => about_query(format!("the server does not accept what is asked: {words}")),
        "execution" | "422" => about_query(format!("the server cannot evaluate a query: {words}")),
        "timeout" => of_server(
            FaultKind::Timeout,
            format!("the server gave up: {words}"),
            "it is overloaded, or the query reads too many series: give `services` or a `selector`",
        ),
        "canceled" => of_server(
            FaultKind::Timeout,
            format!("the server broke off: {words}"),
            "it is shutting down or overloaded; it is asked again",
        ),
        "unavailable" | "503" => of_server(
            FaultKind::Status,
            format!("the server is not ready: {words}"),
            "it is starting, or a part of it is away; it is asked again",
        ),
        _ => of_server(
            FaultKind::Status,
            format!("the server says {}: {words}", clean_line(if kind.is_empty() { "error" } else { kind }, 40)),
            "the server is in trouble itself",
        ),
    }
}

/// A refusal as HTTP sees it: by its status, with the words that the body has for it.
fn refusal(fault: Fault, query: Option<&str>) -> Trouble {
    let Some(status) = fault.status else { return fault.into() };
    let words = fault.cause.split_once(": ").map(|(_, words)| words.to_owned()).unwrap_or_default();
    let lower = words.to_lowercase();
    let retry_after = fault.retry_after;
    let mut trouble = match status {
        400 | 401 | 403 if lower.contains("no org id") => {
            let cause = format!("{status}: the server has tenants and none was named (no org id)");
            Fault::new(FaultKind::Denied, &cause).advise("name the tenant in the header X-Scope-OrgID").into()
        }
        400 if lower.contains("https") => {
            return fault.advise("the port wants https: write the address with https://").into();
        }
        // Said by a proxy of us, not by the server of the query: our certificate is none that it takes.
        400 if fault.kind == FaultKind::Denied => return fault.into(),
        400 => failed("bad_data", &words, query),
        422 => failed("execution", &words, query),
        // What a proxy says for itself has no words, and its own status says enough.
        503 if ["timed out", "timeout", "deadline"].iter().any(|part| lower.contains(part)) => {
            failed("timeout", &words, query)
        }
        503 if ["cancel", "abort"].iter().any(|part| lower.contains(part)) => failed("canceled", &words, query),
        503 if !words.is_empty() => failed("unavailable", &words, query),
        404 => Fault::new(FaultKind::NotFound, "404: there is no Prometheus API at this path")
            .advise(
                "give the base address: Mimir and Cortex have it below /prometheus, a VictoriaMetrics cluster \
                 below /select/TENANT/prometheus",
            )
            .into(),
        _ => return fault.into(),
    };
    (trouble.fault.status, trouble.fault.retry_after) = (Some(status), retry_after);
    trouble
}
