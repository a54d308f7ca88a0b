//! How a server is reached: credentials, headers, TLS, proxy. Said once, used at every ask.

use crate::sources::secret::SecretRef;

/// How a server is reached. The default is a plain request with the proxies of the environment.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Access {
    /// Sent with each request to the asked origin; values are looked up at each.
    pub headers: Vec<(String, SecretRef)>,
}
