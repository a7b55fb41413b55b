//! Parametric QR codes (protocol H.3). Codes made here are not in the list of codes, and their scans are not counted.

use serde_json::json;

use super::{Form, OFFICIAL, Words, choice, number, post, text};

const PATH: &str = "/cgi-bin/qrcode/create";
const ABOUT: Words = (
    "得到 ticket 与二维码内容 url。要统计扫码，请在“带参数二维码”中创建。",
    "Answers a ticket and what the picture holds. To have scans counted, make codes on their own page.",
);

pub(super) fn forms() -> Vec<Form> {
    let of = |form: Form| form.sets(&[3]).kinds(OFFICIAL).changes();
    vec![
        of(post(
            "qrcode_temporary",
            "qrcode",
            ("生成临时二维码", "Make a temporary code"),
            ABOUT,
            PATH,
            json!({ "expire_seconds": 604_800, "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": "test" } } }),
        ))
        .field(number("/expire_seconds", ("有效期（秒，最长 2592000）", "Life in seconds, at most 2592000")).required())
        .field(choice("/action_name", ("类型", "Kind"), &["QR_STR_SCENE"]))
        .field(text("/action_info/scene/scene_str", ("场景值（1–64 个字符）", "Scene, 1 to 64 characters")).required()),
        of(post(
            "qrcode_temporary_number",
            "qrcode",
            ("生成临时二维码（数字）", "Make a temporary code (number)"),
            ABOUT,
            PATH,
            json!({ "expire_seconds": 604_800, "action_name": "QR_SCENE", "action_info": { "scene": { "scene_id": 123 } } }),
        ))
        .field(number("/expire_seconds", ("有效期（秒，最长 2592000）", "Life in seconds, at most 2592000")).required())
        .field(choice("/action_name", ("类型", "Kind"), &["QR_SCENE"]))
        .field(number("/action_info/scene/scene_id", ("场景值（32 位非零整数）", "Scene, a 32-bit number but not 0")).required()),
        of(post(
            "qrcode_permanent",
            "qrcode",
            ("生成永久二维码", "Make a permanent code"),
            (
                "永久有效，无法删除；每个账号最多 10 万个。要统计扫码，请在“带参数二维码”中创建。",
                "For ever, and it cannot be deleted; an account has 100,000. To have scans counted, make codes on their own page.",
            ),
            PATH,
            json!({ "action_name": "QR_LIMIT_STR_SCENE", "action_info": { "scene": { "scene_str": "test" } } }),
        ))
        .field(choice("/action_name", ("类型", "Kind"), &["QR_LIMIT_STR_SCENE"]))
        .field(text("/action_info/scene/scene_str", ("场景值（1–64 个字符）", "Scene, 1 to 64 characters")).required()),
        of(post(
            "qrcode_permanent_number",
            "qrcode",
            ("生成永久二维码（数字）", "Make a permanent code (number)"),
            (
                "永久有效，无法删除；场景值 1–100000。要统计扫码，请在“带参数二维码”中创建。",
                "For ever, and it cannot be deleted; scenes 1 to 100000. To have scans counted, make codes on their own page.",
            ),
            PATH,
            json!({ "action_name": "QR_LIMIT_SCENE", "action_info": { "scene": { "scene_id": 123 } } }),
        ))
        .field(choice("/action_name", ("类型", "Kind"), &["QR_LIMIT_SCENE"]))
        .field(number("/action_info/scene/scene_id", ("场景值（1–100000）", "Scene, 1 to 100000")).required()),
    ]
}
