//! Owns: user info and the list of followers (I.4).
//! Must not: tell a name or a picture; the platform no longer does.
//! Invariant: nothing but the openid is told of one who does not follow.

use serde_json::{Value, json};

use super::{Call, Refusal};
use crate::platform::Platform;

/// Openids of one answer.
const PAGE: usize = 10_000;

/// `/cgi-bin/user/info`.
pub(super) fn info(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.account()?.to_owned();
    let openid = call.need_query("openid", 41009)?.to_owned();
    let Some(bond) = platform.bond(&appid, &openid) else { return Err(Refusal::new(40003)) };
    if !bond.subscribed {
        return Ok(json!({"subscribe": 0, "openid": openid, "tagid_list": []}));
    }
    let mut answer = json!({
        "subscribe": 1, "openid": openid, "nickname": "", "sex": 0, "language": call.query("lang").unwrap_or("zh_CN"),
        "city": "", "province": "", "country": "", "headimgurl": "", "subscribe_time": bond.subscribe_time_s,
        "remark": "", "groupid": 0, "tagid_list": [], "subscribe_scene": bond.scene, "qr_scene": bond.qr_scene,
        "qr_scene_str": bond.qr_scene_str,
    });
    if let Some(unionid) = platform.unionid(&appid, &openid) {
        answer["unionid"] = json!(unionid);
    }
    Ok(answer)
}

/// `/cgi-bin/user/get`: the followers' openids.
pub(super) fn list(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.account()?.to_owned();
    let all = platform.follower_openids(&appid);
    let start = match call.query("next_openid").filter(|openid| !openid.is_empty()) {
        None => 0,
        Some(openid) => all.iter().position(|known| known == openid).ok_or_else(|| Refusal::new(40003))? + 1,
    };
    let total = all.len();
    let page: Vec<String> = all.into_iter().skip(start).take(PAGE).collect();
    let mut answer =
        json!({"total": total, "count": page.len(), "next_openid": page.last().cloned().unwrap_or_default()});
    if !page.is_empty() {
        answer["data"] = json!({"openid": page});
    }
    Ok(answer)
}
