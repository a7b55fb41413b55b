//! The self-check of a public base URL, step by step.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Bilingual;

/// A step, in the order in which a push of WeChat's meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CheckStepName {
    /// The name has addresses.
    Dns,
    /// One of them takes a connection.
    Tcp,
    /// Its certificate is good; https only.
    Tls,
    /// `/healthz` answers with our nonce: it is this listener.
    Path,
    /// A signed and encrypted test push comes in and is answered.
    Push,
    /// The Token that was used for signing is the one here; self-test only.
    Token,
    /// The EncodingAESKey that was used is the one here; self-test only.
    AesKey,
    /// The answer came in time and can be read by WeChat; self-test only.
    Answer,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CheckOutcome {
    /// As it should be.
    Ok,
    /// Works now, and will trouble somebody later.
    Warning,
    /// Broken.
    Failed,
    /// Not tried: not needed here, or a step before it failed.
    Skipped,
}

/// What was found. The window and the command line word it by `text` and `fix`; this is to branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CheckCode {
    /// Good.
    Ok,
    /// A step before it failed.
    NotReached,
    /// Plain http: no certificate to look at.
    PlainHttp,
    /// No platform to push for.
    NoPlatform,
    /// The name does not exist.
    NoSuchName,
    /// The name could not be looked up.
    LookupFailed,
    /// The name leads to this machine or a private network.
    PrivateAddress,
    /// Nothing listens there.
    Refused,
    /// No answer in time.
    TimedOut,
    /// No way there.
    Unreachable,
    /// WeChat calls ports 80 and 443 only.
    PortNotAllowed,
    /// The certificate's time is over.
    CertificateExpired,
    /// The certificate's time has not begun: mostly this machine's clock.
    CertificateNotYetValid,
    /// The certificate is for another name.
    CertificateWrongName,
    /// Nobody trusted has signed the certificate.
    CertificateUntrusted,
    /// Less than 14 days are left.
    CertificateEndsSoon,
    /// TLS failed otherwise.
    TlsFailed,
    /// The tunnel answers, but nothing behind it: 502, 503, 504, or the tunnel's own page.
    NothingBehind,
    /// An answer that is not ours.
    OtherAnswer,
    /// A page for browsers stands in front (ngrok's free plan, for one).
    Interstitial,
    /// The provider's page about a missing ICP filing.
    IcpPage,
    /// Redirected elsewhere.
    Redirected,
    /// Another status than 200.
    BadStatus,
    /// Answered, but slower than WeChat waits (5 s) or near it.
    TooSlow,
    /// The connection broke off.
    BrokenOff,
    /// The test push was refused.
    PushRefused,
    /// The test push was answered by somebody else.
    PushElsewhere,
    /// The Token is another one here.
    TokenDiffers,
    /// The EncodingAESKey is another one here.
    KeyDiffers,
    /// The answer is none that WeChat could read.
    BadAnswer,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CheckStep {
    /// Which.
    pub step: CheckStepName,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// What was found.
    pub code: CheckCode,
    /// Time taken, ms; null when skipped.
    pub took_ms: Option<i64>,
    /// What was found, in words.
    pub text: Bilingual,
    /// What to do; empty when nothing is to be done.
    pub fix: Bilingual,
}
