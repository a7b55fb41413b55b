//! Verify and decrypt one message of 1 KB, against OpenSSL's own speed for the same bytes.

use std::process::Command;
use std::time::Instant;

use wechat::crypto::msg_signature;
use wechat::envelope::PushQuery;

use crate::load;

/// Bytes of the message.
const MESSAGE: usize = 1_024;

pub fn run() {
    let crypto = load::crypto();
    let encrypt = crypto.encrypt(&[b'x'; MESSAGE], [7; 16]);
    let signature = msg_signature(load::TOKEN, "1767225600", "nonce", &encrypt);
    let query = PushQuery::parse(&format!("timestamp=1767225600&nonce=nonce&msg_signature={signature}")).unwrap();
    let cipher_bytes = encrypt.len() / 4 * 3;
    let mut best = f64::MAX;
    for _ in 0..15 {
        let started = Instant::now();
        let rounds = 20_000;
        for _ in 0..rounds {
            std::hint::black_box(crypto.open(std::hint::black_box(&query), encrypt.as_bytes()).unwrap());
        }
        best = best.min(started.elapsed().as_secs_f64() / f64::from(rounds));
    }
    let ours = best * 1e9;
    let aes = openssl(&["-decrypt", "-evp", "aes-256-cbc"], cipher_bytes);
    let sha = openssl(&["-evp", "sha1"], encrypt.len());
    println!("crypto: verify + decrypt of a {MESSAGE}-byte message ({} bytes of Base64)", encrypt.len());
    println!("  ours            {ours:>8.0} ns (signature, Base64, AES-256-CBC, padding, length, appid)");
    match (aes, sha) {
        (Some(aes), Some(sha)) => {
            println!("  OpenSSL         {:>8.0} ns (AES-256-CBC {aes:.0} + SHA-1 {sha:.0})", aes + sha);
            println!("  ours / OpenSSL  {:>8.2}   (limit 1.5)", ours / (aes + sha));
        }
        _ => println!("  OpenSSL's command line is missing: no ratio"),
    }
}

/// ns an operation over `bytes`, by `openssl speed`.
fn openssl(arguments: &[&str], bytes: usize) -> Option<f64> {
    let mut best: Option<f64> = None;
    for _ in 0..3 {
        let output = Command::new("openssl")
            .arg("speed")
            .args(arguments)
            .args(["-bytes", &bytes.to_string(), "-seconds", "1", "-mr"])
            .output()
            .ok()?;
        // +F:22:AES-256-CBC:1234567890.00   (bytes a second)
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rate: f64 = text.lines().find(|l| l.starts_with("+F:"))?.rsplit(':').next()?.trim().parse().ok()?;
        let ns = bytes as f64 / rate * 1e9;
        best = Some(best.map_or(ns, |b| b.min(ns)));
    }
    best
}
