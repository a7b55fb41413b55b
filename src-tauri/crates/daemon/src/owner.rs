//! The browser of an account's owner, as far as the simulated platform's pages need one: for the demonstration and tests.
//!
//! Knows nothing of the program around it, so that tests take this file in as it is.

use reqwest::header::{LOCATION, REFERER};
use reqwest::{Client, RequestBuilder};

/// The owner's browser: launch page → WeChat's page (with the Referer on a computer) → confirm → our result page.
///
/// # Errors
/// Which page did not answer as it should.
pub async fn visit(client: &Client, launch_url: &str, on_a_computer: bool, taken: &[String]) -> Result<(), String> {
    let lost = |at: &str| format!("{at} did not answer as it should");
    let launch = page(client.get(launch_url), "the launch page").await?;
    let onward = attribute(&launch, "id=\"continue\"", "href").ok_or_else(|| lost("the launch page"))?;
    let mut request = client.get(&onward);
    if on_a_computer {
        request = request.header(REFERER, launch_url);
    }
    let authorize = page(request, "the authorize page").await?;
    let action = attribute(&authorize, "<form", "action").ok_or_else(|| lost("the authorize page"))?;
    let target =
        reqwest::Url::parse(&onward).and_then(|base| base.join(&action)).map_err(|_| lost("the authorize page"))?;
    let form = form(&authorize, taken).ok_or_else(|| lost("the authorize page"))?;
    let confirm = client
        .post(target.clone())
        .header("content-type", "application/x-www-form-urlencoded")
        .header(REFERER, &onward)
        .body(form);
    let answer = confirm.send().await.map_err(|_| lost("the confirmation"))?;
    let callback = answer.headers().get(LOCATION).and_then(|v| v.to_str().ok()).and_then(|l| target.join(l).ok());
    let callback = callback.ok_or_else(|| lost("the confirmation"))?;
    page(client.get(callback), "the result page").await.map(|_| ())
}

async fn page(request: RequestBuilder, what: &str) -> Result<String, String> {
    let response = request.send().await.map_err(|_| format!("{what} could not be reached"))?;
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    if status.is_success() { Ok(text) } else { Err(format!("{what} answered HTTP status {}", status.as_u16())) }
}

/// An attribute of the tag in which `mark` stands.
fn attribute(html: &str, mark: &str, name: &str) -> Option<String> {
    let at = html.find(mark)?;
    let start = html[..=at].rfind('<')?;
    let tag = &html[start..start + html[start..].find('>')?];
    attribute_of(tag, name)
}

fn attribute_of(tag: &str, name: &str) -> Option<String> {
    let value = tag.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0;
    Some(
        value
            .replace("&#39;", "'")
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}

/// What the page's form sends when its reader chooses the first account that is not in `taken` and ticks nothing off.
fn form(html: &str, taken: &[String]) -> Option<String> {
    let form = html.split_once("<form")?.1.split_once("</form>")?.0;
    let mut chosen = None;
    let mut pairs = Vec::new();
    for tag in form.split("<input").skip(1).filter_map(|rest| rest.split('>').next()) {
        let (Some(name), value) = (attribute_of(tag, "name"), attribute_of(tag, "value").unwrap_or_default()) else {
            continue;
        };
        if tag.contains("type=\"radio\"") {
            if chosen.is_none() && !taken.contains(&value) {
                chosen = Some((name, value));
            }
        } else if !tag.contains("type=\"checkbox\"") || tag.contains(" checked") {
            pairs.push((name, value));
        }
    }
    pairs.push(chosen?);
    Some(
        pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect::<Vec<_>>().join("&"),
    )
}

/// Everything but letters, digits, `-`, `_`, `.` and `~` as `%XX`.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
