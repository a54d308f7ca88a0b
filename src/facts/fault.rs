//! A [`Fault`]: the world is broken in one place. Data, shown where its source's data is missing.

use std::fmt;

/// What went wrong, coarse enough to choose a back-off and a colour by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FaultKind {
    /// No connection: refused, unreachable, reset.
    Connect,
    /// The name of the host has no address.
    Dns,
    /// The certificate or the handshake is not acceptable.
    Tls,
    /// The deadline passed.
    Timeout,
    /// 401, 403 or a redirect to a login page: retrying soon will not help.
    Denied,
    /// 429, or a provider's own rate limit.
    RateLimited,
    /// Any other HTTP status that is not a success.
    Status,
    /// The body is not what was asked for: HTML instead of metrics, broken JSON.
    Unreadable,
    /// The body, or what it unpacks to, is larger than the cap.
    TooLarge,
    /// The answer ended early.
    Truncated,
    /// A file or a program on this machine failed.
    Local,
    /// The answer was read, but what was looked for is not in it.
    NotFound,
}

impl FaultKind {
    /// One or two words for a narrow place.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connect => "no connection",
            Self::Dns => "unknown host",
            Self::Tls => "TLS",
            Self::Timeout => "timeout",
            Self::Denied => "denied",
            Self::RateLimited => "rate limited",
            Self::Status => "HTTP error",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too large",
            Self::Truncated => "truncated",
            Self::Local => "failed",
            Self::NotFound => "not found",
        }
    }
}

/// Why a source has no answer: cause first, then what to do. Both parts are clean text without secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What went wrong, coarsely.
    pub kind: FaultKind,
    /// The cause, in a few words without a full stop: `connection refused`, `401 Unauthorized`.
    pub cause: String,
    /// What a person can do about it; empty when nothing is known.
    pub advice: String,
    /// The source asked not to be asked again for so long (`Retry-After`).
    pub retry_after: Option<std::time::Duration>,
    /// The HTTP status that came instead of an answer, so that who asked can try another way after a 405.
    pub status: Option<u16>,
}

impl Fault {
    /// A fault with its cause; text from outside is made harmless here.
    #[must_use]
    pub fn new(kind: FaultKind, cause: &str) -> Self {
        let cause = crate::facts::text::clean_line(cause, 400);
        Self { kind, cause, advice: String::new(), retry_after: None, status: None }
    }

    /// The same fault with what to do about it.
    #[must_use]
    pub fn advise(mut self, advice: &str) -> Self {
        self.advice = crate::facts::text::clean_line(advice, 400);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        if !self.advice.is_empty() {
            write!(f, "; {}", self.advice)?;
        }
        Ok(())
    }
}
