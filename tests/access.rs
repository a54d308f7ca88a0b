//! How a server is reached: TLS with one's own authority and certificate, proxies, credentials and their rotation.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod loopback;

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use loopback::proxy::Tunnel;
use loopback::tls::{Authority, Pair};
use loopback::{Loopback, Script};
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::sources::http::Access;
use sixty::sources::http::Answer;
use sixty::sources::http::Ask;
use sixty::sources::http::Auth;
use sixty::sources::http::Body;
use sixty::sources::http::Http;
use sixty::sources::http::Identity;
use sixty::sources::http::OAuth2;
use sixty::sources::http::Proxy;
use sixty::sources::http::Route;
use sixty::sources::http::Tls;
use sixty::sources::http::TlsVersion;
use sixty::sources::http::Via;
use sixty::sources::secret::Secret;
use sixty::sources::secret::SecretRef;
use url::Url;

async fn get(http: &Http, url: Url, access: &Access) -> Result<Body, Fault> {
    let ask = Ask { deadline: Duration::from_secs(30), access: Some(Arc::new(access.clone())), ..Ask::new(url) };
    match http.ask(&ask).await? {
        Answer::Body(body) => Ok(body),
        Answer::NotModified => unreachable!("nothing was known that could be unmodified"),
    }
}

fn plain(text: &str) -> SecretRef {
    SecretRef::Plain(Secret::new(text))
}

fn with_tls(tls: Tls) -> Access {
    Access { route: Route { tls, ..Route::default() }, ..Access::default() }
}

/// Files of one test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file as who rotates it does: beside it, and then in its place.
    fn write(&self, name: &str, text: &str) -> SecretRef {
        let beside = self.path("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, self.path(name)).unwrap();
        SecretRef::File(self.path(name))
    }

    fn identity(&self, name: &str, pair: &Pair) -> Identity {
        Identity {
            certificate: self.write(&format!("{name}.pem"), &pair.certificate),
            key: self.write(&format!("{name}.key"), &pair.key),
        }
    }
}

async fn secure(own: &Pair, clients: Option<&Authority>) -> Loopback {
    let server = Loopback::start_tls(Authority::server(own, clients)).await;
    server.on("/", Script::ok("text/plain", "up 1\n"));
    server
}

fn told(fault: &Fault, cause: &str, advice: &str) {
    assert!(fault.cause.contains(cause), "should have `{cause}`: {fault}");
    assert!(fault.advice.contains(advice), "should have `{advice}`: {fault}");
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_is_named() {
    let (folder, ours, other) = (Folder::new(), Authority::new("ours"), Authority::new("other"));
    let server = secure(&ours.sign("127.0.0.1", 2120), None).await;
    let tls = |ca: SecretRef| with_tls(Tls { ca: Some(ca), ..Tls::default() });
    let http = Http::new();
    let good = tls(folder.write("ca.pem", &format!("# both\n{}{}", other.pem, ours.pem)));
    for _ in 0..2 {
        assert_eq!(get(&http, server.url("/"), &good).await.unwrap().bytes, b"up 1\n");
    }
    get(&http, server.url("/"), &tls(plain(&ours.pem))).await.unwrap();
    let fault = get(&http, server.url("/"), &tls(folder.write("other.pem", &other.pem))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Tls);
    told(&fault, "certificate of an unknown issuer", "other.pem is not its authority");
    let fault = get(&http, server.url("/"), &Access::default()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Tls, "{fault}");
    let mut open = with_tls(Tls { insecure_skip_verify: true, ..Tls::default() });
    get(&http, server.url("/"), &open).await.unwrap();
    assert!(open.remark().unwrap().contains("not verified"));
    open.route.tls.min_version = Some(TlsVersion::V1_3);
    open.route.tls.max_version = Some(TlsVersion::V1_3);
    get(&http, server.url("/"), &open).await.unwrap();
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_with_what_to_do() {
    let (folder, ours) = (Folder::new(), Authority::new("ours"));
    let server = secure(&ours.sign("127.0.0.1", 2120), None).await;
    let pair = ours.sign("me", 2120);
    let (certificate, key) = (folder.write("me.pem", &pair.certificate), folder.write("me.key", &pair.key));
    let other = folder.write("other.key", &ours.sign("you", 2120).key);
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let cut = pair.certificate.replace("MII", "M*I");
    let ca = |ca: SecretRef| Tls { ca: Some(ca), ..Tls::default() };
    let own = |certificate: &SecretRef, key: &SecretRef| Tls {
        identity: Some(Identity { certificate: certificate.clone(), key: key.clone() }),
        ..Tls::default()
    };
    for (tls, cause, advice) in [
        (ca(SecretRef::File(folder.path("none.pem"))), "none.pem does not exist", "is the path right"),
        (ca(SecretRef::File(folder.0.path().to_owned())), "cannot be used", "is the path right"),
        (ca(folder.write("empty.pem", "")), "empty.pem is empty", "is the path right"),
        (ca(folder.write("text.pem", "hello")), "text.pem holds no certificate", "-----BEGIN CERTIFICATE-----"),
        (ca(folder.write("a.der", "0\u{3}abc")), "a.der is a certificate in DER", "openssl x509"),
        (ca(folder.write("cut.pem", &cut)), "cut.pem holds a certificate that cannot be read", "copy it again"),
        (ca(SecretRef::Env("SIXTY_NO_SUCH".to_owned())), "variable SIXTY_NO_SUCH is not set", "export"),
        (own(&key, &key), "me.key holds no certificate", "BEGIN CERTIFICATE"),
        (own(&certificate, &certificate), "me.pem holds a certificate and no private key", "swapped"),
        (own(&certificate, &folder.write("l.key", locked)), "l.key holds an encrypted key", "without one"),
        (own(&certificate, &folder.write("n.key", "x")), "n.key holds no private key", "BEGIN PRIVATE KEY"),
        (
            own(&certificate, &folder.write("z.key", &locked.replace("ENCRYPTED ", ""))),
            "z.key holds a private key",
            "copy",
        ),
        (own(&certificate, &other), "other.key is not the key of file", "both rotated"),
    ] {
        let fault = get(&Http::new(), server.url("/"), &with_tls(tls)).await.unwrap_err();
        told(&fault, cause, advice);
        assert_eq!(fault.kind, FaultKind::Local, "{fault}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn the_server_may_ask_who_we_are() {
    let (folder, ours, other) = (Folder::new(), Authority::new("ours"), Authority::new("other"));
    let server = secure(&ours.sign("127.0.0.1", 2120), Some(&ours)).await;
    let ca = folder.write("ca.pem", &ours.pem);
    let tls = |identity: Option<Identity>| with_tls(Tls { ca: Some(ca.clone()), identity, ..Tls::default() });
    let http = Http::new();
    let good = tls(Some(folder.identity("me", &ours.sign("me", 2120))));
    get(&http, server.url("/"), &good).await.unwrap();
    let fault = get(&http, server.url("/"), &tls(None)).await.unwrap_err();
    told(&fault, "the server asks for a client certificate", "tls = { cert =");
    let expired = tls(Some(folder.identity("old", &ours.sign("me", 2021))));
    let fault = get(&http, server.url("/"), &expired).await.unwrap_err();
    told(&fault, "the client certificate expired", "old.pem");
    let foreign = tls(Some(folder.identity("foreign", &other.sign("me", 2120))));
    let fault = get(&http, server.url("/"), &foreign).await.unwrap_err();
    told(&fault, "does not know the authority of the client certificate", "foreign.pem");
    // Who rotates the certificate need not restart anything.
    folder.identity("old", &ours.sign("me", 2120));
    get(&http, server.url("/"), &expired).await.unwrap();
    std::fs::remove_file(folder.path("old.key")).unwrap();
    told(&get(&http, server.url("/"), &expired).await.unwrap_err(), "old.key does not exist", "path");
    folder.identity("old", &ours.sign("me", 2021));
    told(&get(&http, server.url("/"), &expired).await.unwrap_err(), "the client certificate expired", "old.pem");
}

#[tokio::test]
async fn keys_in_the_old_forms_are_read_as_well() {
    let (folder, ours) = (Folder::new(), Authority::new("ours"));
    let server = secure(&ours.sign("127.0.0.1", 2120), Some(&ours)).await;
    let pair = ours.sign("me", 2120);
    // A key on P-256 in PKCS#8 has its SEC1 form inside, from the 30th byte on.
    let text: String = pair.key.lines().filter(|line| !line.starts_with('-')).collect();
    let engine = base64::engine::general_purpose::STANDARD;
    let inner = base64::Engine::decode(&engine, text).unwrap()[29..].to_vec();
    // As in the file of a certificate and a key together, with words between.
    let inner = base64::Engine::encode(&engine, inner);
    let sec1 = format!(
        "subject=me\n{}-----BEGIN EC PRIVATE KEY-----\n{inner}\n-----END EC PRIVATE KEY-----\n",
        pair.certificate
    );
    let both = folder.write("both.pem", &sec1);
    let tls = Tls {
        ca: Some(plain(&ours.pem)),
        identity: Some(Identity { certificate: both.clone(), key: both }),
        ..Tls::default()
    };
    get(&Http::new(), server.url("/"), &with_tls(tls)).await.unwrap();
}

#[tokio::test]
async fn the_certificate_must_be_good_and_for_the_name() {
    let (ours, http) = (Authority::new("ours"), Http::new());
    let tls = || Tls { ca: Some(plain(&ours.pem)), ..Tls::default() };
    let old = secure(&ours.sign("127.0.0.1", 2021), None).await;
    let fault = get(&http, old.url("/"), &with_tls(tls())).await.unwrap_err();
    told(&fault, "certificate expired", "renew the certificate of 127.0.0.1");
    let server = secure(&ours.sign("prometheus.example", 2120), None).await;
    let fault = get(&http, server.url("/"), &with_tls(tls())).await.unwrap_err();
    told(&fault, "certificate is not for `127.0.0.1`", "it is for prometheus.example");
    let named = |name: &str| with_tls(Tls { server_name: Some(name.to_owned()), ..tls() });
    for url in [server.url("/"), server.url_by_name("/")] {
        let body = get(&http, url.clone(), &named("prometheus.example")).await.unwrap();
        assert_eq!(body.url, url);
        let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        assert_eq!(server.requests().last().unwrap().header("host"), Some(host.as_str()));
    }
    let fault = get(&http, server.url("/"), &named("other.example")).await.unwrap_err();
    told(&fault, "certificate is not for `other.example`", "it is for prometheus.example");
}

#[tokio::test]
async fn a_certificate_may_be_its_own_authority() {
    let http = Http::new();
    for (own, cause) in [
        (Authority::alone("127.0.0.1", 2120), None),
        (Authority::alone("127.0.0.1", 2021), Some("certificate expired")),
        (Authority::alone("prometheus.example", 2120), Some("certificate is not for `127.0.0.1`")),
    ] {
        let server = secure(&own, None).await;
        let tls = |ca: &str| with_tls(Tls { ca: Some(plain(ca)), ..Tls::default() });
        match (get(&http, server.url("/"), &tls(&own.certificate)).await, cause) {
            (Err(fault), Some(cause)) => told(&fault, cause, ""),
            (answer, _) => assert_eq!(answer.unwrap().bytes, b"up 1\n"),
        }
        let other = tls(&Authority::new("other").pem);
        let fault = get(&http, server.url("/"), &other).await.unwrap_err();
        assert!(cause.is_some() || fault.cause == "certificate is that of an authority", "{fault}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_server_takes_neither_certificate_nor_credentials_along() {
    let (folder, ours, http) = (Folder::new(), Authority::new("ours"), Http::new());
    let own = ours.sign("127.0.0.1", 2120);
    let (first, second) = (secure(&own, Some(&ours)).await, secure(&own, Some(&ours)).await);
    let third = secure(&own, None).await;
    first.on("/away", Script::redirect(second.url("/").as_str()));
    first.on("/open", Script::redirect(third.url("/").as_str()));
    let mut access = with_tls(Tls {
        ca: Some(plain(&ours.pem)),
        identity: Some(folder.identity("me", &ours.sign("me", 2120))),
        ..Tls::default()
    });
    access.auth = Some(Auth::Scheme { scheme: "Bearer".to_owned(), credentials: plain("s3cr3t-token") });
    access.headers = vec![("X-Scope-OrgID".to_owned(), plain("shop"))];
    let fault = get(&http, first.url("/away"), &access).await.unwrap_err();
    told(&fault, "the server asks for a client certificate", "");
    get(&http, first.url("/open"), &access).await.unwrap();
    let (asked, sent_on) = (first.requests().remove(0), third.requests().remove(0));
    assert_eq!(asked.header("authorization"), Some("Bearer s3cr3t-token"));
    assert_eq!(asked.header("x-scope-orgid"), Some("shop"));
    assert_eq!((sent_on.header("authorization"), sent_on.header("x-scope-orgid")), (None, None));
    access.follow_redirects = false;
    let fault = get(&http, first.url("/open"), &access).await.unwrap_err();
    told(&fault, "HTTP 302 to https://127.0.0.1:", "follow_redirects");
    assert_eq!(fault.status, Some(302));
}

#[tokio::test]
async fn credentials_are_looked_up_at_each_ask() {
    let (folder, http) = (Folder::new(), Http::new());
    let server = Loopback::start().await;
    server.on("/", Script::ok("text/plain", "ok"));
    server.on("/echo", Script::status(403, "text/plain", "who is ana with hunter2? YW5hOmh1bnRlcjI="));
    let basic = Access {
        auth: Some(Auth::Basic { user: plain("ana"), password: Some(folder.write("password", "hunter1\n")) }),
        ..Access::default()
    };
    let token = Access {
        auth: Some(Auth::Scheme { scheme: "Bearer".to_owned(), credentials: folder.write("token", "first") }),
        ..Access::default()
    };
    let sent = || server.requests().last().unwrap().header("authorization").map(str::to_owned);
    get(&http, server.url("/"), &basic).await.unwrap();
    assert_eq!(sent().as_deref(), Some("Basic YW5hOmh1bnRlcjE="));
    get(&http, server.url("/"), &token).await.unwrap();
    assert_eq!(sent().as_deref(), Some("Bearer first"));
    folder.write("password", "hunter2");
    folder.write("token", "second\r\n");
    get(&http, server.url("/"), &basic).await.unwrap();
    assert_eq!(sent().as_deref(), Some("Basic YW5hOmh1bnRlcjI="));
    get(&http, server.url("/"), &token).await.unwrap();
    assert_eq!(sent().as_deref(), Some("Bearer second"));
    let fault = get(&http, server.url("/echo"), &basic).await.unwrap_err();
    assert_eq!(fault.cause, "403 Forbidden: who is ana with …? …");
    told(&fault, "", "the credentials were refused");
    std::fs::remove_file(folder.path("token")).unwrap();
    told(&get(&http, server.url("/"), &token).await.unwrap_err(), "token does not exist", "readable for this user");
}

#[tokio::test]
async fn a_missing_tenant_is_told_from_wrong_credentials() {
    let server = Loopback::start().await;
    server.on("/", Script::status(401, "text/plain", "no org id\n"));
    let basic = Access {
        auth: Some(Auth::Basic { user: plain("ana"), password: Some(plain("hunter1")) }),
        ..Access::default()
    };
    let fault = get(&Http::new(), server.url("/"), &basic).await.unwrap_err();
    told(&fault, "no org id", "tenant = ");
}

#[tokio::test]
async fn tokens_are_fetched_once_and_again_when_they_are_refused() {
    let (folder, http) = (Folder::new(), Http::new());
    let server = Loopback::start().await;
    let token = |value: &str| {
        let body = format!(r#"{{"access_token":"{value}","token_type":"bearer","expires_in":3600}}"#);
        Script::ok("application/json", body)
    };
    let refusal = r#"{"error":"invalid_client","error_description":"no client with secret hunter2"}"#;
    server.in_turn("/token", vec![token("first"), token("second")]);
    server.on("/refused", Script::status(401, "application/json", refusal));
    server.on("/html", Script::ok("application/json", "<html>"));
    let ok = Script::ok("text/plain", "ok");
    server.in_turn("/", vec![ok.clone(), ok.clone(), Script::status(401, "text/plain", ""), ok]);
    let with = |path: &str| Access {
        auth: Some(Auth::OAuth2(Box::new(OAuth2 {
            token_url: server.url(path),
            client_id: "six ty".to_owned(),
            client_secret: Some(folder.write("secret", "hunter2")),
            scopes: vec!["read".to_owned(), "metrics".to_owned()],
            endpoint_params: vec![("audience".to_owned(), "prometheus".to_owned())],
            route: Route::default(),
        }))),
        ..Access::default()
    };
    for _ in 0..3 {
        get(&http, server.url("/"), &with("/token")).await.unwrap();
    }
    let requests = server.requests();
    let targets: Vec<&str> = requests.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(targets, ["/token", "/", "/", "/", "/token", "/"]);
    assert_eq!(requests[0].body, "grant_type=client_credentials&scope=read+metrics&audience=prometheus");
    assert_eq!(requests[0].header("authorization"), Some("Basic c2l4K3R5Omh1bnRlcjI="));
    assert_eq!(requests[1].header("authorization"), Some("Bearer first"));
    assert_eq!(requests[5].header("authorization"), Some("Bearer second"));
    let fault = get(&http, server.url("/"), &with("/refused")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied);
    told(&fault, "/refused: 401 Unauthorized: no client with secret …", "scopes");
    let last = server.requests().pop().unwrap();
    assert!(last.body.ends_with("&client_id=six+ty&client_secret=hunter2"), "{}", last.body);
    let fault = get(&http, server.url("/"), &with("/html")).await.unwrap_err();
    told(&fault, "/html: the answer is not JSON", "/token");
}

#[tokio::test]
async fn a_silent_server_of_tokens_delays_nobody_beyond_the_deadline() {
    let (server, http) = (Loopback::start().await, Http::new());
    server.on("/token", Script::silent());
    let access = Arc::new(Access {
        auth: Some(Auth::OAuth2(Box::new(OAuth2 {
            token_url: server.url("/token"),
            client_id: "sixty".to_owned(),
            client_secret: None,
            scopes: Vec::new(),
            endpoint_params: Vec::new(),
            route: Route::default(),
        }))),
        ..Access::default()
    });
    let ask =
        || Ask { deadline: Duration::from_millis(150), access: Some(Arc::clone(&access)), ..Ask::new(server.url("/")) };
    let begun = std::time::Instant::now();
    let asks: Vec<Ask> = (0..20).map(|_| ask()).collect();
    for answer in futures_util::future::join_all(asks.iter().map(|ask| http.ask(ask))).await {
        let fault = answer.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Timeout);
        told(&fault, "no token from http://127.0.0.1:", "hangs or is overloaded");
    }
    // One after the other they would take three seconds.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(server.asked("/"), 0);
}

#[tokio::test]
async fn a_proxy_is_asked_in_the_way_of_each_scheme() {
    let (ours, http) = (Authority::new("ours"), Http::new());
    let server = secure(&ours.sign("prometheus.example", 2120), None).await;
    let address: SocketAddr = format!("127.0.0.1:{}", server.url("/").port().unwrap()).parse().unwrap();
    let tunnel = Tunnel::start(address, "proxy-authorization: basic dtpodw50zxiy").await;
    let via = |url: Url, no_proxy: Option<&str>, headers: Vec<(String, SecretRef)>| Access {
        route: Route {
            tls: Tls { ca: Some(plain(&ours.pem)), ..Tls::default() },
            proxy: Proxy::Via(Box::new(Via { url, no_proxy: no_proxy.map(str::to_owned), headers })),
        },
        ..Access::default()
    };
    let there = Url::parse("https://prometheus.example:9090/").unwrap();
    let fault = get(&http, there.clone(), &via(tunnel.url(), None, Vec::new())).await.unwrap_err();
    told(&fault, "the proxy asks for credentials", "http://user:password@proxy:port");
    let mut known = tunnel.url();
    known.set_username("u").unwrap();
    known.set_password(Some("hunter2")).unwrap();
    let headers = vec![("X-Team".to_owned(), plain("shop"))];
    let body = get(&http, there.clone(), &via(known, None, headers)).await.unwrap();
    assert_eq!((body.bytes.as_slice(), body.url.as_str()), (&b"up 1\n"[..], there.as_str()));
    let head = tunnel.heads().pop().unwrap();
    assert!(head.starts_with("connect prometheus.example:9090 http/1.1\r\n"), "{head}");
    assert!(head.contains("x-team: shop"), "{head}");
    // Without TLS the proxy gets the whole address, and this machine is no exception when a proxy is written down.
    let proxy = Loopback::start().await;
    proxy.on("http://127.0.0.1:1/metrics", Script::ok("text/plain", "by the proxy"));
    let local = Url::parse("http://127.0.0.1:1/metrics").unwrap();
    let body = get(&http, local.clone(), &via(proxy.url("/"), None, Vec::new())).await.unwrap();
    assert_eq!(body.bytes, b"by the proxy");
    let fault = get(&http, local.clone(), &via(proxy.url("/"), Some("127.0.0.0/8"), Vec::new())).await.unwrap_err();
    told(&fault, "connection refused", "nothing listens on 127.0.0.1:1");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = Url::parse(&format!("http://{free}/")).unwrap();
    let fault = get(&http, there, &via(gone.clone(), None, Vec::new())).await.unwrap_err();
    told(&fault, &format!("proxy {gone}: connection refused"), "nothing listens on 127.0.0.1:");
    let socks = Url::parse(&format!("socks5://u:hunter2@{free}")).unwrap();
    let fault = get(&http, local, &via(socks, None, Vec::new())).await.unwrap_err();
    told(&fault, &format!("proxy socks5://{free}"), "");
    assert!(!fault.to_string().contains("hunter2"), "{fault}");
    proxy.on("http://127.0.0.1:1/407", Script::status(407, "text/plain", "hunter2?"));
    let url = Url::parse("http://127.0.0.1:1/407").unwrap();
    let fault = get(&http, url, &via(proxy.url("/"), None, Vec::new())).await.unwrap_err();
    told(&fault, "407 Proxy Authentication Required", "the proxy asks for credentials");
}

#[tokio::test]
async fn settings_of_tls_cost_nothing_where_there_is_none() {
    let server = Loopback::start().await;
    server.on("/", Script::ok("text/plain", "ok"));
    let tls = Tls { ca: Some(SecretRef::File(Path::new("/no/such/ca.pem").to_owned())), ..Tls::default() };
    get(&Http::new(), server.url("/"), &with_tls(tls)).await.unwrap();
}
