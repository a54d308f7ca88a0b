//! How a server is reached: credentials, headers, TLS, proxy. Said once, used at every ask.
//!
//! Plain data. A secret is a [`SecretRef`] and is looked up when it is needed, so that it can be rotated. Nothing
//! here connects, and nothing here can be printed with a secret in it.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use crate::sources::http::shown;
use crate::sources::secret::SecretRef;

/// How a server is reached. The default is a plain request with the proxies of the environment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    /// Sent with each request to the asked origin; values are looked up at each.
    pub headers: Vec<(String, SecretRef)>,
    /// Who asks; `None`: nobody, or the userinfo of the address.
    pub auth: Option<Auth>,
    /// What lies between.
    pub route: Route,
    /// Whether redirects are followed; credentials stay at the asked origin in any case.
    pub follow_redirects: bool,
}

impl Default for Access {
    fn default() -> Self {
        Self { headers: Vec::new(), auth: None, route: Route::default(), follow_redirects: true }
    }
}

impl Access {
    /// What a person who looks at the numbers should know of the way that they came; clean.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        let token = match &self.auth {
            Some(Auth::OAuth2(oauth2)) => oauth2.route.tls.insecure_skip_verify,
            _ => false,
        };
        (self.route.tls.insecure_skip_verify || token)
            .then(|| "TLS certificates are not verified (insecure_skip_verify): it may be anybody".to_owned())
    }

    /// All secrets that are looked up, for a check before anything is asked. Certificates are none; keys are.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let auth: Vec<&SecretRef> = match &self.auth {
            None => Vec::new(),
            Some(Auth::Basic { user, password }) => std::iter::once(user).chain(password).collect(),
            Some(Auth::Scheme { credentials, .. }) => vec![credentials],
            Some(Auth::OAuth2(oauth2)) => oauth2.client_secret.iter().chain(oauth2.route.secrets()).collect(),
        };
        self.headers.iter().map(|(_, value)| value).chain(auth).chain(self.route.secrets())
    }
}

/// Who asks, as the `Authorization` header says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Auth {
    /// A user and a password.
    Basic {
        /// The user, which may lie in a file as well.
        user: SecretRef,
        /// The password; `None`: empty.
        password: Option<SecretRef>,
    },
    /// Credentials after the name of their scheme: `Bearer`.
    Scheme {
        /// The word before the credentials.
        scheme: String,
        /// What follows it.
        credentials: SecretRef,
    },
    /// A token that is fetched with client credentials (RFC 6749, 4.4) and kept until it expires.
    OAuth2(Box<OAuth2>),
}

/// Where a token is had, and for what.
#[derive(Clone, PartialEq, Eq)]
pub struct OAuth2 {
    /// The address that gives tokens; may hold userinfo, so that it is shown by [`shown`] only.
    pub token_url: Url,
    /// The name of this client.
    pub client_id: String,
    /// Its secret; `None`: it has none.
    pub client_secret: Option<SecretRef>,
    /// What the token is to be good for; may be empty.
    pub scopes: Vec<String>,
    /// Sent to the token's address as well.
    pub endpoint_params: Vec<(String, String)>,
    /// How the token's address is reached.
    pub route: Route,
}

impl fmt::Debug for OAuth2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of parameters may be secrets: some providers take an assertion or a password there.
        let params: Vec<&str> = self.endpoint_params.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("OAuth2")
            .field("token_url", &shown(&self.token_url))
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret)
            .field("scopes", &self.scopes)
            .field("endpoint_params", &params)
            .field("route", &self.route)
            .finish()
    }
}

/// What lies between: one kept client of its own for each that differs.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Route {
    /// How the other end is known, and how we are.
    pub tls: Tls,
    /// Through whom.
    pub proxy: Proxy,
}

impl Route {
    fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let headers = match &self.proxy {
            Proxy::Via(via) => via.headers.as_slice(),
            Proxy::Environment | Proxy::Direct => &[],
        };
        self.tls.identity.iter().map(|identity| &identity.key).chain(headers.iter().map(|(_, value)| value))
    }
}

/// How the other end is known, and how we are.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tls {
    /// Where the certificates of accepted authorities lie (PEM), instead of the machine's; `None`: the machine's.
    pub ca: Option<SecretRef>,
    /// Our own certificate.
    pub identity: Option<Identity>,
    /// The name that the certificate must be for and that is asked for, instead of the host of the address. A
    /// name, no number; proxies of the environment are not used then, since they would be asked for that name.
    pub server_name: Option<String>,
    /// Accept any certificate: whoever is on the way can read and change everything.
    pub insecure_skip_verify: bool,
    /// The oldest version that is accepted.
    pub min_version: Option<TlsVersion>,
    /// The newest version that is accepted.
    pub max_version: Option<TlsVersion>,
}

impl Tls {
    /// Where its certificates and its key lie.
    pub(super) fn parts(&self) -> impl Iterator<Item = &SecretRef> {
        let identity = self.identity.iter().flat_map(|identity| [&identity.certificate, &identity.key]);
        self.ca.iter().chain(identity)
    }

    /// The files among them, which may be rotated.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let file = |part: &SecretRef| match part {
            SecretRef::File(path) => Some(path.clone()),
            _ => None,
        };
        self.parts().filter_map(file).collect()
    }
}

/// A certificate and its private key, both PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The certificate, and those between it and its authority.
    pub certificate: SecretRef,
    /// The key: PKCS#8, PKCS#1 or SEC1, not encrypted.
    pub key: SecretRef,
}

/// A version of TLS; older ones are not spoken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TlsVersion {
    /// TLS 1.2
    V1_2,
    /// TLS 1.3
    V1_3,
}

/// Through whom a server is reached.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Proxy {
    /// As `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say; never to this machine itself.
    #[default]
    Environment,
    /// Through nobody.
    Direct,
    /// Through this one.
    Via(Box<Via>),
}

/// A proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Via {
    /// Its address; may hold a user and a password, so that it is shown by [`shown`] only.
    pub url: Url,
    /// Hosts that are reached without it, as in `NO_PROXY`: names, `.domains`, addresses and networks, by commas.
    pub no_proxy: Option<String>,
    /// Sent to the proxy itself; their values are looked up when the first connection is made.
    pub headers: Vec<(String, SecretRef)>,
}

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Via")
            .field("url", &shown(&self.url))
            .field("no_proxy", &self.no_proxy)
            .field("headers", &self.headers)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::secret::Secret;

    #[test]
    fn nothing_secret_is_printed() {
        let secret = || SecretRef::Plain(Secret::new("hunter2"));
        let url = |text: &str| Url::parse(text).unwrap();
        let via = Via { url: url("http://u:hunter2@proxy:3128"), no_proxy: None, headers: Vec::new() };
        let access = Access {
            headers: vec![("X".to_owned(), secret())],
            auth: Some(Auth::OAuth2(Box::new(OAuth2 {
                token_url: url("https://u:hunter2@id.example/token?client_secret=hunter2"),
                client_id: "sixty".to_owned(),
                client_secret: Some(secret()),
                scopes: Vec::new(),
                endpoint_params: vec![("password".to_owned(), "hunter2".to_owned())],
                route: Route::default(),
            }))),
            route: Route {
                tls: Tls {
                    ca: Some(secret()),
                    identity: Some(Identity { certificate: secret(), key: secret() }),
                    ..Tls::default()
                },
                proxy: Proxy::Via(Box::new(via)),
            },
            follow_redirects: true,
        };
        let printed = format!("{access:?}");
        assert!(!printed.contains("hunter2"), "{printed}");
        assert_eq!(access.secrets().count(), 3);
        assert_eq!(access.remark(), None);
    }
}
