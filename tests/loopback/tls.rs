//! A TLS server whose certificate nobody should accept.

use std::sync::Arc;

use base64::Engine;
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
