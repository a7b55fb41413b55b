//! Pushes of accounts that are connected with their own AppSecret: plain, compatible and secure mode (protocol A.6).
//!
//! Invariant: what comes in another mode than the operator chose is refused and named so, except an encrypted push where
//! plain ones are expected and the key is known: that is safer than what was asked for.

use std::sync::Arc;

use subtle::ConstantTimeEq as _;
use wechat::crypto::{KeyUsed, MessageCrypto, url_signature};
use wechat::envelope::{PushQuery, parse_envelope, parse_envelope_json};
use wechat::message::tree;

use super::take::{Arrival, take_message};
use super::{Refusal, Reply};
use crate::core::{Core, Runtime};
use crate::dto::MessageMode;
use crate::store::tables::inbox::NewPush;
use crate::store::tables::platform::Own;

/// A plain push may be so old, or so far ahead, s. WeChat repeats within half a minute; the rest is for wrong clocks.
const STALE: u64 = 3_600;

/// How an opened push was closed, for the reply.
enum Closed<'a> {
    /// Not at all.
    Plain,
    /// With this key.
    Sealed(&'a MessageCrypto, KeyUsed),
}

/// Takes a push of an own account. `Ok` means durable.
///
/// # Errors
/// As [`super::accept`].
pub(super) async fn accept(
    core: &Core,
    runtime: &Arc<Runtime>,
    own: Own,
    query: &str,
    body: &[u8],
    began: i64,
) -> Result<Reply, Refusal> {
    let now = core.clock().now();
    let query = PushQuery::parse(query).map_err(|_| Refusal::BadBody)?;
    let json = body.trim_ascii_start().first() == Some(&b'{');
    let (closed, random, message) = open(runtime, own, &query, body, json, now)?;
    if matches!(closed, Closed::Sealed(_, KeyUsed::Previous)) {
        core.previous_key_used(runtime.row.id, now);
    }
    let appid = &runtime.row.component_appid;
    let platform_id = runtime.row.id;
    let push = NewPush {
        platform_id,
        authorizer: Some(appid.clone()),
        received_at: now,
        dedupe: 0,
        kind: None,
        random,
        seal: super::sealed::seal_of(
            runtime,
            &query,
            match closed {
                Closed::Plain => None,
                Closed::Sealed(_, key) => Some(key),
            },
        ),
        body: message,
        flags: 0,
        rule_id: None,
        notify: None,
    };
    let arrival = Arrival { began, made_up: core.expected_pushes().made_up(&query.nonce), nonce: query.nonce.clone() };
    let reply = take_message(core, runtime, appid, push, arrival).await?;
    core.verifications().pushed(platform_id, now);
    let Reply::Document(xml) = reply else { return Ok(reply) };
    let document = if json { as_json(&xml) } else { xml };
    let Closed::Sealed(crypto, key) = closed else { return Ok(Reply::Document(document)) };
    let random = wechat::crypto::random_prefix().map_err(|_| Refusal::Store)?;
    let (at, nonce) = (now / 1000, &query.nonce);
    Ok(Reply::Document(if json {
        crypto.seal_reply_json(key, document.as_bytes(), at, nonce, random)
    } else {
        crypto.seal_reply(key, document.as_bytes(), at, nonce, random)
    }))
}

/// The reply for a mini program that chose JSON: whoever writes JSON reads JSON.
fn as_json(xml: &str) -> String {
    let mut reply = tree(xml.as_bytes()).map_or(serde_json::Value::Null, |node| node.to_json());
    if let Some(at) = reply.get_mut("CreateTime")
        && let Some(seconds) = at.as_str().and_then(|text| text.parse::<i64>().ok())
    {
        *at = seconds.into();
    }
    reply.to_string()
}

type Opened<'a> = (Closed<'a>, [u8; 16], Vec<u8>);

fn open<'a>(
    runtime: &'a Runtime,
    own: Own,
    query: &PushQuery,
    body: &[u8],
    json: bool,
    now: i64,
) -> Result<Opened<'a>, Refusal> {
    let token = &runtime.row.verify_token;
    if token.is_empty() {
        // Nothing could be verified, so nothing can be believed.
        return Err(Refusal::BadSignature);
    }
    let envelope = if json { parse_envelope_json(body) } else { parse_envelope(body) };
    let encrypted = query.is_encrypted() || envelope.is_ok();
    if !encrypted {
        if own.message_mode != MessageMode::Plain {
            return Err(Refusal::WrongMode);
        }
        let ours = url_signature(token.expose(), &query.timestamp, &query.nonce);
        if !bool::from(ours.as_bytes().ct_eq(query.signature.as_bytes())) {
            return Err(Refusal::BadSignature);
        }
        // The signature covers neither the body nor anything that is used once: only its time can make it end.
        let sent_at = query.timestamp.parse::<i64>().map_err(|_| Refusal::BadBody)?;
        if (now / 1000).abs_diff(sent_at) > STALE {
            return Err(Refusal::Stale);
        }
        // There is no encrypted form that could be made again.
        return Ok((Closed::Plain, [0; 16], body.to_vec()));
    }
    let Some(crypto) = &runtime.crypto else {
        return Err(if own.message_mode == MessageMode::Plain { Refusal::WrongMode } else { Refusal::BadKey });
    };
    let opened = crypto.open(query, envelope.map_err(|_| Refusal::BadBody)?.encrypt_bytes())?;
    Ok((Closed::Sealed(crypto, opened.key), opened.random, opened.msg))
}
