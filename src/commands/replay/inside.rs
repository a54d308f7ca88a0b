//! A world as a network that the sources ask, and the configuration that watches it there.

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;

use url::Url;

use super::play::Answers;
use crate::commands::stage;
use crate::config::Config;
use crate::drill::Answered;
use crate::drill::Scenario;
use crate::drill::World;
use crate::facts::At;
use crate::facts::Zone;
use crate::sources::http::Reply;
use crate::sources::http::Sent;

/// Where the world's endpoints are said to be; nobody connects there.
const BASE: &str = "http://world.invalid";

/// Where its deploy log is said to lie; nothing is read there.
const LOG: &str = "deploys.jsonl";

/// A world that answers on a network inside the program.
pub(super) struct Inside(Mutex<World>);

impl Inside {
    /// The world of a scenario with the noise of a seed.
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Self {
        Self(Mutex::new(World::new(scenario, seed).at_address(BASE)))
    }
}

impl Answers for Inside {
    fn answer(&self, url: &Url, form: Option<&[(String, String)]>, at: At) -> Sent {
        if form.is_some() {
            return Sent::at_once(Reply::new(405, "text/plain", "only GET is answered here\n"));
        }
        let asked = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).answer(&asked, at) {
            Answered::Body { status, kind, bytes, link } => {
                let mut reply = Reply::new(status, kind, bytes);
                reply.headers.extend(link.map(|link| ("link".to_owned(), link)));
                Sent::at_once(reply)
            }
            Answered::Refused => Sent::broken(io::ErrorKind::ConnectionRefused),
            Answered::Hangs => Sent::never(),
        }
    }

    fn file(&self, path: &Path, at: At) -> io::Result<Vec<u8>> {
        if path != Path::new(LOG) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).deploys_jsonl(at).into_bytes())
    }
}

/// The configuration of a team that runs the services of a scenario: the one of the demo. Times are UTC, so that the
/// same story is told in the same words everywhere.
///
/// # Errors
/// An address that cannot be one.
pub(super) fn watching(scenario: &Scenario, seed: u64) -> Result<Config, String> {
    let base = Url::parse(BASE).map_err(|error| error.to_string())?;
    let world = World::new(scenario, seed);
    Ok(Config { time_zone: Some(Zone::utc()), ..stage::watching(&world, &base, Path::new(LOG))? })
}
