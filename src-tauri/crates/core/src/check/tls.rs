//! A TLS handshake that tells the certificate's dates, also when it is refused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::error::AppError;

/// What was seen of a certificate. Times in ms since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dates {
    pub begins: i64,
    pub ends: i64,
}

/// Why a handshake failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    Expired,
    NotYetValid,
    WrongName,
    Untrusted,
    TimedOut,
    Other(String),
}

/// Judges as the system's verifier does, and remembers what it was shown.
#[derive(Debug)]
struct Looking {
    inner: Arc<dyn ServerCertVerifier>,
    seen: Mutex<Option<Dates>>,
}

impl ServerCertVerifier for Looking {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Ok(mut seen) = self.seen.lock() {
            *seen = dates(end_entity.as_ref());
        }
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn dates(der: &[u8]) -> Option<Dates> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    Some(Dates {
        begins: validity.not_before.timestamp().saturating_mul(1000),
        ends: validity.not_after.timestamp().saturating_mul(1000),
    })
}

/// The verifier of the operating system, as every call of ours uses it.
///
/// # Errors
/// When the system's certificates cannot be read.
pub(super) fn system_verifier() -> Result<Arc<dyn ServerCertVerifier>, AppError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls_platform_verifier::Verifier::new(provider)
        .map(|verifier| Arc::new(verifier) as Arc<dyn ServerCertVerifier>)
        .map_err(|e| AppError::new(crate::dto::ErrorCode::Internal, format!("no system certificates: {e}")))
}

/// Shakes hands on an open connection. Answers the certificate's dates, if it showed one, and whether it was refused.
pub(super) async fn shake_hands(
    stream: TcpStream,
    host: &str,
    verifier: Arc<dyn ServerCertVerifier>,
    patience: Duration,
) -> (Option<Dates>, Result<(), Refusal>) {
    let looking = Arc::new(Looking { inner: verifier, seen: Mutex::new(None) });
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = match rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions() {
        Ok(builder) => builder.dangerous().with_custom_certificate_verifier(looking.clone()).with_no_client_auth(),
        Err(e) => return (None, Err(Refusal::Other(e.to_string()))),
    };
    let Ok(name) = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()) else {
        return (None, Err(Refusal::WrongName));
    };
    let handshake = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream);
    let outcome = match tokio::time::timeout(patience, handshake).await {
        Err(_) => Err(Refusal::TimedOut),
        Ok(Ok(_)) => Ok(()),
        Ok(Err(e)) => Err(judge(&e)),
    };
    let seen = looking.seen.lock().ok().and_then(|seen| *seen);
    (seen, outcome)
}

fn judge(e: &std::io::Error) -> Refusal {
    let tls = e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(why)) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Refusal::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Refusal::NotYetValid,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Refusal::WrongName,
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Refusal::Untrusted,
            other => Refusal::Other(format!("{other}")),
        },
        Some(other) => Refusal::Other(other.to_string()),
        None => Refusal::Other(e.to_string()),
    }
}
