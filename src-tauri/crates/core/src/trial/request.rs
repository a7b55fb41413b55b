//! What may be called, and the request of it.
//!
//! Invariant: the token of the engine is the only one in the request, and the path is exactly the one that was checked:
//! nothing in it is resolved or decoded on the way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wechat::multipart::Form;
use wechat::secret::SecretString;
use wechat::transport::ApiRequest;

use super::forms::APPID;
use super::mask;
use crate::dto::{ApiMethod, ApiTrialRequest, FieldError, NameValue};
use crate::error::AppError;
use crate::js_sdk::random_text;

/// Longest path, characters.
const MAX_PATH: usize = 200;
/// Most query parameters, and text fields of an upload.
const MAX_PAIRS: usize = 50;
/// Longest name or value of one, bytes.
const MAX_VALUE: usize = 8_192;
/// Longest body, bytes: menus and articles are some tens of thousands.
const MAX_BODY: usize = 1 << 20;
/// Longest file, bytes: WeChat takes 10 MB at most.
const MAX_FILE: usize = 10 << 20;
/// First parts of paths; anything else is short for a path under `/cgi-bin/`.
const ROOTS: [&str; 14] = [
    "cgi-bin",
    "wxa",
    "wxaapi",
    "datacube",
    "customservice",
    "semantic",
    "sns",
    "card",
    "cv",
    "shop",
    "product",
    "channels",
    "merchant",
    "publisher",
];
const BOUNDARY: usize = 24;

fn broken(field: &str, rule: &str, en: &str, zh: &str) -> AppError {
    AppError::invalid(vec![FieldError {
        field: field.to_owned(),
        rule: rule.to_owned(),
        message: en.to_owned(),
        message_zh: zh.to_owned(),
    }])
}

/// A checked call.
pub(crate) struct Call {
    pub method: ApiMethod,
    pub path: String,
    query: Vec<NameValue>,
    body: Option<String>,
    parts: Vec<NameValue>,
    file: Option<(String, String, Vec<u8>)>,
}

/// Checks what a person wants to call for this account.
///
/// # Errors
/// `InvalidInput` naming `path`, `query`, `body`, `parts`, `file` or `method`.
pub(crate) fn call(request: ApiTrialRequest) -> Result<Call, AppError> {
    let path = path(&request.path)?;
    pairs("query", &request.query)?;
    pairs("parts", &request.parts)?;
    if let Some(pair) = request.query.iter().find(|pair| is_token(&pair.name)) {
        let name = &pair.name;
        return Err(broken(
            "query",
            "access_token",
            &format!("leave {name} out: the engine adds the account's live token, and sends no other secret"),
            &format!("不要填写 {name}：系统会自动加上该账号的有效令牌，也不会发送其他密钥"),
        ));
    }
    let body = request.body.filter(|body| !body.trim().is_empty());
    if request.method == ApiMethod::Get && (body.is_some() || request.file.is_some() || !request.parts.is_empty()) {
        return Err(broken(
            "method",
            "body",
            "a GET has no body and no file; use POST",
            "GET 不能带请求体或文件，请用 POST",
        ));
    }
    if body.is_some() && (request.file.is_some() || !request.parts.is_empty()) {
        return Err(broken(
            "body",
            "upload",
            "an upload has text fields instead of a JSON body",
            "上传文件时请用文本字段，不能再带 JSON 请求体",
        ));
    }
    let body = body.map(|body| json(&body, &request.appid)).transpose()?;
    let file = match request.file {
        None if request.parts.is_empty() => None,
        None => return Err(broken("file", "required", "an upload needs a file", "请选择要上传的文件")),
        Some(file) => {
            let bad = || broken("file", "base64", "the file's bytes must come in Base64", "文件内容应为 Base64");
            // Before decoding, so that a huge text is not copied first.
            if file.content_base64.len() > MAX_FILE / 3 * 4 + 8 {
                return Err(too_large());
            }
            let bytes = STANDARD.decode(file.content_base64.trim()).map_err(|_| bad())?;
            if bytes.len() > MAX_FILE {
                return Err(too_large());
            }
            let field = if file.field.trim().is_empty() { "media".to_owned() } else { file.field.trim().to_owned() };
            Some((field, file.name, bytes))
        }
    };
    Ok(Call { method: request.method, path, query: request.query, body, parts: request.parts, file })
}

fn too_large() -> AppError {
    broken("file", "size", "must have at most 10 MiB", "最大 10 MiB")
}

fn is_token(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    name.ends_with("access_token") || name == "secret" || name == "appsecret"
}

fn pairs(field: &str, pairs: &[NameValue]) -> Result<(), AppError> {
    if pairs.len() > MAX_PAIRS {
        return Err(broken(field, "length", "at most 50", "最多 50 项"));
    }
    let bad =
        |pair: &NameValue| pair.name.trim().is_empty() || pair.name.len() > MAX_VALUE || pair.value.len() > MAX_VALUE;
    if pairs.iter().any(bad) {
        return Err(broken(
            field,
            "format",
            "each needs a name; names and values have at most 8192 bytes",
            "每项都要有名称，名称与值最多 8192 字节",
        ));
    }
    Ok(())
}

/// The path as it is sent. Short forms are filled up; what would break the engine is refused.
fn path(text: &str) -> Result<String, AppError> {
    let text = text.trim();
    let root = text.split('/').next().unwrap_or_default();
    let whole = if text.starts_with('/') {
        text.to_owned()
    } else if ROOTS.contains(&root) {
        format!("/{text}")
    } else {
        format!("/cgi-bin/{text}")
    };
    let plain = whole.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'.'));
    // An HTTP client would resolve dots, and the path that is sent would not be the one that was looked at.
    let whole_parts = whole.split('/').skip(1).all(|part| !part.is_empty() && part.bytes().any(|b| b != b'.'));
    if text.is_empty() || whole.len() > MAX_PATH || !plain || !whole_parts {
        return Err(broken(
            "path",
            "format",
            "must be a path such as /cgi-bin/user/info (letters, digits, / _ - .), at most 200 characters; parameters go into the query",
            "应为路径，例如 /cgi-bin/user/info（字母、数字与 / _ - .，最多 200 个字符）；参数请填在查询参数中",
        ));
    }
    forbidden(&whole.to_ascii_lowercase())?;
    Ok(whole)
}

fn forbidden(path: &str) -> Result<(), AppError> {
    let refuse = |en: &str, zh: &str| Err(broken("path", "engine", en, zh));
    match path {
        "/cgi-bin/token" | "/cgi-bin/stable_token" => refuse(
            "fetching a token here would end the one that the engine and your servers use; refresh it on the account's page",
            "在这里获取令牌会使系统和业务服务器正在用的令牌失效；请在账号页刷新",
        ),
        "/cgi-bin/ticket/getticket" => refuse(
            "tickets have a small quota and the engine keeps one for everybody; see the account's JS-SDK page",
            "票据额度很小，由系统统一获取；请到账号的 JS-SDK 页查看",
        ),
        "/cgi-bin/clear_quota/v2" => refuse(
            "this takes the AppSecret, which must not be typed here; clear quotas on the quota page",
            "此接口需要 AppSecret，请不要在这里填写；请到额度页清零",
        ),
        _ if path == "/cgi-bin/component" || path.starts_with("/cgi-bin/component/") => refuse(
            "platform calls take another token and change what the engine lives on; they have pages of their own",
            "第三方平台接口使用另一种令牌，并会影响系统运行；它们有各自的页面",
        ),
        _ if path.starts_with("/sns/") => refuse(
            "/sns/ calls take a user's token, not the account's; see web OAuth",
            "/sns/ 接口使用用户的令牌，不是账号的；请到网页授权页",
        ),
        _ => Ok(()),
    }
}

/// The body as it is sent: exactly as typed, with `$APPID$` filled in.
fn json(text: &str, appid: &str) -> Result<String, AppError> {
    if text.len() > MAX_BODY {
        return Err(broken("body", "size", "must have at most 1 MiB", "最大 1 MiB"));
    }
    if let Err(e) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let (line, column) = (e.line(), e.column());
        return Err(broken(
            "body",
            "json",
            &format!("is not JSON at line {line}, column {column}"),
            &format!("第 {line} 行第 {column} 列不是合法的 JSON"),
        ));
    }
    Ok(text.replace(&format!("\"{APPID}\""), &format!("\"{appid}\"")))
}

impl Call {
    /// The request with the account's token.
    ///
    /// # Errors
    /// When the system has no random bytes for the boundary of an upload.
    pub(crate) fn request(&self, token: &SecretString) -> Result<ApiRequest, AppError> {
        let mut request = match self.method {
            ApiMethod::Get => ApiRequest::get(self.path.clone()),
            ApiMethod::Post => ApiRequest::post(self.path.clone(), self.body.clone().unwrap_or_default().into_bytes()),
        };
        if let Some((field, name, bytes)) = &self.file {
            let mut form = Form::new(&random_text(BOUNDARY)?).file(field, name, bytes);
            for part in &self.parts {
                form = form.text(&part.name, part.value.as_str());
            }
            let (content_type, body) = form.finish();
            request.content_type = Some(content_type);
            request.body = Some(body);
        }
        request = request.with_query("access_token", token.clone());
        for pair in &self.query {
            request = request.with_query(pair.name.trim(), pair.value.as_str());
        }
        Ok(request)
    }

    /// The query as it is shown and kept.
    pub(crate) fn shown_query(&self, token: &SecretString) -> Vec<NameValue> {
        let hide = |pair: &NameValue| NameValue {
            name: pair.name.trim().to_owned(),
            value: if mask::is_secret(pair.name.trim()) { "***".to_owned() } else { mask::plain(&pair.value, token) },
        };
        self.query.iter().map(hide).collect()
    }

    /// The body as it is shown and kept: secrets hidden, of a file its name and size.
    pub(crate) fn shown_body(&self, token: &SecretString) -> Option<String> {
        if let Some((field, name, bytes)) = &self.file {
            let mut lines: Vec<String> = self
                .parts
                .iter()
                .map(|part| {
                    let secret = mask::is_secret(&part.name);
                    let value = if secret { "***".to_owned() } else { mask::plain(&part.value, token) };
                    format!("{}: {value}", part.name)
                })
                .collect();
            lines.push(format!("{field}: {name} ({} B)", bytes.len()));
            return Some(lines.join("\n"));
        }
        let body = self.body.as_ref()?;
        let mut document: serde_json::Value = serde_json::from_str(body).ok()?;
        let before = document.clone();
        mask::value(&mut document, token);
        // What has no secret is shown as it was typed.
        Some(if document == before {
            body.clone()
        } else {
            serde_json::to_string_pretty(&document).unwrap_or_default()
        })
    }

    /// Secrets that must not come back in an error's words.
    pub(crate) fn secrets(&self, token: &SecretString) -> Vec<SecretString> {
        let named = self.query.iter().filter(|pair| mask::is_secret(pair.name.trim()));
        std::iter::once(token.clone()).chain(named.map(|pair| pair.value.as_str().into())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::ApiFile;

    fn request(path: &str) -> ApiTrialRequest {
        ApiTrialRequest {
            component_appid: "wx1".into(),
            appid: "wx0123456789abcdef".into(),
            form: None,
            method: ApiMethod::Post,
            path: path.into(),
            query: Vec::new(),
            body: None,
            parts: Vec::new(),
            file: None,
        }
    }

    fn field_of(request: ApiTrialRequest) -> String {
        call(request).err().unwrap().detail.unwrap().fields.remove(0).field
    }

    #[test]
    fn short_paths_are_filled_up() {
        for (typed, sent) in [
            ("/cgi-bin/user/info", "/cgi-bin/user/info"),
            ("user/info", "/cgi-bin/user/info"),
            (" cgi-bin/user/info ", "/cgi-bin/user/info"),
            ("wxa/getpaidunionid", "/wxa/getpaidunionid"),
            ("/datacube/getusersummary", "/datacube/getusersummary"),
            ("get_api_domain_ip", "/cgi-bin/get_api_domain_ip"),
        ] {
            assert_eq!(path(typed).unwrap(), sent);
        }
    }

    #[test]
    fn what_would_break_the_engine_or_hide_a_path_is_refused() {
        let long = format!("/{}", "x".repeat(200));
        for bad in [
            "",
            "/",
            "//cgi-bin/x",
            "/cgi-bin//token",
            "/cgi-bin/./token",
            "/cgi-bin/x/../token",
            "/cgi-bin/x/",
            "/a?b=1",
            "/a%2e",
            "/a b",
            "/路径",
            "https://api.weixin.qq.com/cgi-bin/user/info",
            &long,
            "token",
            "/cgi-bin/token",
            "stable_token",
            "/CGI-BIN/Stable_Token",
            "component/api_query_auth",
            "/cgi-bin/component/api_component_token",
            "ticket/getticket",
            "clear_quota/v2",
            "sns/userinfo",
            "/sns/auth",
        ] {
            let refused = path(bad).err().unwrap_or_else(|| panic!("{bad}"));
            let field = &refused.detail.unwrap().fields[0];
            assert!(field.field == "path" && !field.message_zh.is_ascii() && field.message.is_ascii(), "{bad}");
        }
    }

    #[test]
    fn input_is_named_by_its_field() {
        let pair = |name: &str, value: &str| NameValue { name: name.into(), value: value.into() };
        let base = || request("user/info");
        for name in ["access_token", " Access_Token", "component_access_token"] {
            assert_eq!(field_of(ApiTrialRequest { query: vec![pair(name, "x")], ..base() }), "query");
        }
        assert_eq!(field_of(ApiTrialRequest { query: vec![pair(" ", "x")], ..base() }), "query");
        let get = |body: &str| ApiTrialRequest { method: ApiMethod::Get, body: Some(body.into()), ..base() };
        assert_eq!(field_of(get("{}")), "method");
        assert!(call(get("  ")).is_ok(), "an empty body is none");
        let wrong = ApiTrialRequest { body: Some("{\n  \"a\": 1,\n}".into()), ..base() };
        let refused = call(wrong).err().unwrap();
        assert_eq!(refused.message, "body: is not JSON at line 3, column 1");
        let file =
            |content: &str| ApiFile { field: "media".into(), name: "a.jpg".into(), content_base64: content.into() };
        assert_eq!(field_of(ApiTrialRequest { file: Some(file("***")), ..base() }), "file");
        assert_eq!(field_of(ApiTrialRequest { file: Some(file(&"A".repeat(14_000_100))), ..base() }), "file");
        assert_eq!(field_of(ApiTrialRequest { parts: vec![pair("a", "b")], ..base() }), "file");
        let both = ApiTrialRequest { file: Some(file("QUJD")), body: Some("{}".into()), ..base() };
        assert_eq!(field_of(both), "body");
    }

    #[test]
    fn a_request_carries_the_token_and_shows_none() {
        let token = SecretString::from("T0KEN-of-the-account");
        let mut wanted = request("clear_quota");
        wanted.body = Some("{\"appid\":\"$APPID$\",\"note\":\"\\u4f60 T0KEN-of-the-account\",\"ticket\":\"x\"}".into());
        wanted.query = vec![NameValue { name: "lang".into(), value: "zh CN".into() }];
        let checked = call(wanted).unwrap();
        let sent = checked.request(&token).unwrap();
        assert_eq!(sent.target().expose(), "/cgi-bin/clear_quota?access_token=T0KEN-of-the-account&lang=zh%20CN");
        let body = String::from_utf8(sent.body.clone().unwrap()).unwrap();
        assert!(body.contains("\"wx0123456789abcdef\"") && body.contains("\\u4f60"), "as typed: {body}");
        let shown = checked.shown_body(&token).unwrap();
        assert!(!shown.contains("T0KEN") && shown.contains("\"ticket\": \"***\""), "{shown}");

        let mut upload = request("media/upload");
        upload.file = Some(ApiFile { field: String::new(), name: "a.jpg".into(), content_base64: "QUJD".into() });
        upload.parts = vec![NameValue { name: "description".into(), value: "{\"title\":\"x\"}".into() }];
        let checked = call(upload).unwrap();
        let sent = checked.request(&token).unwrap();
        assert!(sent.content_type.as_deref().unwrap().starts_with("multipart/form-data; boundary="));
        let body = sent.body.clone().unwrap();
        assert!(body.windows(3).any(|w| w == b"ABC"));
        assert_eq!(checked.shown_body(&token).unwrap(), "description: {\"title\":\"x\"}\nmedia: a.jpg (3 B)");
    }
}
