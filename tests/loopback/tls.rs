//! TLS servers: one whose certificate nobody should accept, and the authority of those that a test trusts.

use std::sync::Arc;

use base64::Engine;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio_rustls::rustls;
use url::Url;

/// A key made for this test; it protects nothing.
const KEY: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZtWs1ldfGZwyYz+V1rgugLdz24llRrRDPO0hL7rL5xuhRANCAAR2\
    bI1s7KRXTkAXh2OYNa3aMjXRDUoHKWIIIMIhST4N6z3+IgviZMmieAbvzn7kxelkaZwk2DESTFIdBqswFPsu\
    ";
/// Signed by nobody but itself, for 127.0.0.1 and localhost, from 2020 to 2120.
pub const VALID: &str = "\
    MIIBYzCCAQmgAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDApzaXh0eSB0ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAw\
    MTAxMDAwMDAwWjAVMRMwEQYDVQQDDApzaXh0eSB0ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdmyNbOykV05AF4djmDWt\
    2jI10Q1KByliCCDCIUk+Des9/iIL4mTJongG785+5MXpZGmcJNgxEkxSHQarMBT7LqNIMEYwGgYDVR0RBBMwEYcEfwAAAYIJbG9j\
    YWxob3N0MAkGA1UdEwQCMAAwHQYDVR0OBBYEFN9RFrs9DAAzQ+hBwZEPpj7d6mZwMAoGCCqGSM49BAMCA0gAMEUCICmTKBHEei3q\
    MWM8OIB1gguhOISisugzqTnmtCyEvSDdAiEAqYyGWn5p07vYwtVrArwDFpOU2zPDdmTGxplv8ky6qh8=\
    ";
/// The same until 2021.
pub const EXPIRED: &str = "\
    MIIBYTCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDApzaXh0eSB0ZXN0MB4XDTIwMDEwMTAwMDAwMFoXDTIxMDEw\
    MTAwMDAwMFowFTETMBEGA1UEAwwKc2l4dHkgdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHZsjWzspFdOQBeHY5g1rdoy\
    NdENSgcpYgggwiFJPg3rPf4iC+JkyaJ4Bu/OfuTF6WRpnCTYMRJMUh0GqzAU+y6jSDBGMBoGA1UdEQQTMBGHBH8AAAGCCWxvY2Fs\
    aG9zdDAJBgNVHRMEAjAAMB0GA1UdDgQWBBTfURa7PQwAM0PoQcGRD6Y+3epmcDAKBggqhkjOPQQDAgNIADBFAiAprwBytpKaLN8c\
    ruqbj7hI6ZuW3GZ/58hluWh3nYbiPwIhAJZtoYNfhCFKsB5a+mNSBCjdtpkHxFxtBDwuecq6Efty\
    ";

/// Serves one TLS handshake after the other with a certificate; nothing is ever answered.
pub async fn serve(certificate: &str) -> Url {
    let bytes = |text: &str| base64::engine::general_purpose::STANDARD.decode(text.trim()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(bytes(KEY).into());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![bytes(certificate).into()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    url
}

/// An authority that was made for one test.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub pem: String,
    der: rustls::pki_types::CertificateDer<'static>,
}

/// A certificate and its key, both PEM.
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// The key, PKCS#8.
    pub key: String,
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    /// A certificate that signed itself as an authority does, as `openssl req -x509` makes it.
    pub fn alone(name: &str, until: i32) -> Pair {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 12, 31);
        let key = KeyPair::generate().unwrap();
        Pair { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    }

    /// A certificate for a name or an address, good until the end of a year.
    pub fn sign(&self, name: &str, until: i32) -> Pair {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// The settings of a server with a certificate; `clients` is the authority of the certificates that it asks for.
    pub fn server(own: &Pair, clients: Option<&Self>) -> rustls::ServerConfig {
        use rustls::pki_types::pem::PemObject;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(authority.der.clone()).unwrap();
                let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let certificate = rustls::pki_types::CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
        builder.with_single_cert(vec![certificate], key).unwrap()
    }
}
