//! What must not be shown of what was sent: the parts of an address that is a secret, and tokens.
//!
//! The address of a webhook is a key: whoever has it can write there. A server, a proxy or a redirect may repeat it.

use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Failure;
use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

/// Shorter parts are words that stand everywhere.
const SHORTEST: usize = 5;

/// Texts that are taken out of whatever is told.
#[derive(Default)]
pub(super) struct Hidden(Vec<Secret>);

impl Hidden {
    /// Looks an address up that is a secret.
    ///
    /// # Errors
    /// `Local` when there is none, or when it is not an address; certain, since nothing was sent.
    pub(super) async fn address(&mut self, place: &SecretRef) -> Result<Url, Failure> {
        let secret = place.resolve().await.map_err(Failure::certain)?;
        let text = secret.expose().trim();
        let wrong = |what: &str| {
            let fault = Fault::new(FaultKind::Local, &format!("{} {what}", place.describe()));
            Failure::certain(fault.advise("copy the whole address of the webhook there, https://…"))
        };
        let url = Url::parse(text).map_err(|_| wrong("holds something that is not an address"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("holds no http or https address"));
        }
        let words = url.path().split('/').chain(url.query().into_iter().flat_map(|query| query.split(['&', '='])));
        self.0.extend(words.chain(url.password()).filter(|word| word.len() >= SHORTEST).map(Secret::new));
        self.0.push(secret);
        // The longest first, or a part of it would be left.
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Ok(url)
    }

    /// Looks a token up.
    ///
    /// # Errors
    /// `Local` when there is none; certain, since nothing was sent.
    pub(super) async fn token(&mut self, place: &SecretRef) -> Result<Secret, Failure> {
        let secret = place.resolve().await.map_err(Failure::certain)?;
        self.0.push(secret.clone());
        Ok(secret)
    }

    /// A text without them.
    pub(super) fn out_of(&self, text: &str) -> String {
        let long = self.0.iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST);
        long.fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }

    /// A failure without them.
    pub(super) fn out_of_failure(&self, mut failure: Failure) -> Failure {
        failure.fault.cause = self.out_of(&failure.fault.cause);
        failure.fault.advice = self.out_of(&failure.fault.advice);
        failure
    }
}
