//! Owns: template messages and their library (I.1).
//! Must not: judge the wording of a message.
//! Invariant: a message that was accepted is followed by exactly one TEMPLATESENDJOBFINISH.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Refusal, ok};
use crate::people::event_fields;
use crate::platform::Platform;
use crate::rng::Rng;
use crate::state::remember;

/// The first msgid; above 2^53, which JSON readers without 64-bit integers round (I.1).
const FIRST_MSGID: u64 = 9_007_199_254_740_993;

/// A template of an account.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) content: String,
    pub(crate) example: String,
}

/// Name in the library, title, content, example.
const LIBRARY: [(&str, &str, &str, &str); 3] = [
    (
        "TM00015",
        "订单支付成功",
        "{{first.DATA}}\n\n支付金额：{{orderMoneySum.DATA}}\n商品信息：{{orderProductName.DATA}}\n{{Remark.DATA}}",
        "我们已收到您的货款\n\n支付金额：30.00元\n商品信息：我是商品名字\n如有问题请致电客服",
    ),
    (
        "OPENTM207685059",
        "预约成功通知",
        "{{first.DATA}}\n预约项目：{{keyword1.DATA}}\n预约时间：{{keyword2.DATA}}\n{{remark.DATA}}",
        "您好，您已预约成功\n预约项目：洗剪吹\n预约时间：2026-01-01 10:00\n请准时到店",
    ),
    (
        "OPENTM411651139",
        "物流通知",
        "{{first.DATA}}\n订单编号：{{keyword1.DATA}}\n物流公司：{{keyword2.DATA}}\n{{remark.DATA}}",
        "您的订单已发货\n订单编号：20260101\n物流公司：模拟快递\n点击查看",
    ),
];

/// Industries by number, first and second class.
const INDUSTRIES: [(&str, &str); 41] = [
    ("IT科技", "互联网/电子商务"),
    ("IT科技", "IT软件与服务"),
    ("IT科技", "IT硬件与设备"),
    ("IT科技", "电子技术"),
    ("IT科技", "通信与运营商"),
    ("IT科技", "网络游戏"),
    ("金融业", "银行"),
    ("金融业", "基金理财信托"),
    ("金融业", "保险"),
    ("餐饮", "餐饮"),
    ("酒店旅游", "酒店"),
    ("酒店旅游", "旅游"),
    ("运输与仓储", "快递"),
    ("运输与仓储", "物流"),
    ("运输与仓储", "仓储"),
    ("教育", "培训"),
    ("教育", "院校"),
    ("政府与公共事业", "学术科研"),
    ("政府与公共事业", "交警"),
    ("政府与公共事业", "博物馆"),
    ("政府与公共事业", "公共事业非盈利机构"),
    ("医药护理", "医药医疗"),
    ("医药护理", "护理美容"),
    ("医药护理", "保健与卫生"),
    ("交通工具", "汽车相关"),
    ("交通工具", "摩托车相关"),
    ("交通工具", "火车相关"),
    ("交通工具", "飞机相关"),
    ("房地产", "建筑"),
    ("房地产", "物业"),
    ("消费品", "消费品"),
    ("商业服务", "法律"),
    ("商业服务", "会展"),
    ("商业服务", "中介服务"),
    ("商业服务", "认证"),
    ("商业服务", "审计"),
    ("文体娱乐", "传媒"),
    ("文体娱乐", "体育"),
    ("文体娱乐", "娱乐休闲"),
    ("印刷", "印刷"),
    ("其它", "其它"),
];

fn template(entry: &(&str, &str, &str, &str), id: String) -> Template {
    Template { id, title: entry.1.to_owned(), content: entry.2.to_owned(), example: entry.3.to_owned() }
}

/// What an account has added before the simulation begins: the first two of the library.
pub(crate) fn built_in(seed: u64, number: u64) -> Vec<Template> {
    let mut rng = Rng::stream(seed ^ 0x7E_4B1A7E, number);
    LIBRARY.iter().take(2).map(|entry| template(entry, rng.url_safe(43))).collect()
}

fn industry(number: u32) -> Value {
    let entry = INDUSTRIES.get((number as usize).wrapping_sub(1)).copied().unwrap_or(("其它", "其它"));
    json!({"first_class": entry.0, "second_class": entry.1})
}

/// Keywords of a content: the names in `{{name.DATA}}`.
fn keywords(content: &str) -> Vec<&str> {
    content.split("{{").skip(1).filter_map(|rest| rest.split_once(".DATA}}").map(|(name, _)| name)).collect()
}

/// `/cgi-bin/message/template/send`.
pub(super) fn send(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.account()?.to_owned();
    let to = call.need("touser", 40003)?;
    let Some(bond) = platform.bond(&appid, &to) else { return Err(Refusal::new(40003)) };
    let id = call.field("template_id").unwrap_or_default();
    let Some(state) = platform.state.accounts.get_mut(&appid) else { return Err(Refusal::new(40013)) };
    let Some(template) = state.templates.iter().find(|template| template.id == id) else {
        return Err(Refusal::new(40037));
    };
    for name in keywords(&template.content) {
        let value = call.body.get("data").and_then(|data| data.get(name)).and_then(|entry| entry.get("value"));
        if !matches!(value, Some(Value::String(_) | Value::Number(_))) {
            return Err(Refusal::with(47003, format!("argument invalid! data.{name}.value is empty")));
        }
    }
    if !bond.subscribed {
        return Err(Refusal::new(43004));
    }
    let text = format!("template {}", template.title);
    remember(&mut state.sent, (to.clone(), text));
    let msgid = FIRST_MSGID + 2 * platform.state.next_id();
    let mut event = event_fields("TEMPLATESENDJOBFINISH");
    event.push(("MsgID".to_owned(), msgid.to_string()));
    event.push(("Status".to_owned(), "success".to_owned()));
    platform.push_message(call.now, &appid, &to, &event);
    Ok(json!({"errcode": 0, "errmsg": "ok", "msgid": msgid}))
}

/// `/cgi-bin/template/get_all_private_template`.
pub(super) fn list(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let state = platform.state.accounts.get(call.account()?).ok_or_else(|| Refusal::new(40013))?;
    let (first, second) = state.industries.unwrap_or((1, 2));
    let class = |number: u32| industry(number)["second_class"].clone();
    let shown = state.templates.iter().map(|template| {
        json!({
            "template_id": template.id, "title": template.title, "primary_industry": class(first),
            "deputy_industry": class(second), "content": template.content, "example": template.example,
        })
    });
    Ok(json!({"template_list": shown.collect::<Vec<_>>()}))
}

/// `/cgi-bin/template/api_add_template`: from the library by its short id.
pub(super) fn add(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.account()?.to_owned();
    let short = call.field("template_id_short").unwrap_or_default();
    let Some(entry) = LIBRARY.iter().find(|entry| entry.0 == short) else { return Err(Refusal::new(40037)) };
    let added = template(entry, platform.state.rng.url_safe(43));
    let answer = json!({"errcode": 0, "errmsg": "ok", "template_id": added.id});
    if let Some(state) = platform.state.accounts.get_mut(&appid) {
        state.templates.push(added);
    }
    Ok(answer)
}

/// `/cgi-bin/template/del_private_template`.
pub(super) fn delete(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.field("template_id").unwrap_or_default();
    let state = platform.state.accounts.get_mut(call.account()?).ok_or_else(|| Refusal::new(40013))?;
    let before = state.templates.len();
    state.templates.retain(|template| template.id != id);
    if state.templates.len() == before { Err(Refusal::new(40037)) } else { Ok(ok()) }
}

/// `/cgi-bin/template/get_industry`.
pub(super) fn get_industry(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let state = platform.state.accounts.get(call.account()?).ok_or_else(|| Refusal::new(40013))?;
    let (first, second) = state.industries.unwrap_or((1, 2));
    Ok(json!({"primary_industry": industry(first), "secondary_industry": industry(second)}))
}

/// `/cgi-bin/template/api_set_industry`.
pub(super) fn set_industry(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let number = |name: &str| {
        let number = call.field(name).and_then(|id| id.parse::<u32>().ok());
        number.filter(|number| (1..=INDUSTRIES.len()).contains(&(*number as usize))).ok_or_else(|| Refusal::new(40035))
    };
    let chosen = (number("industry_id1")?, number("industry_id2")?);
    let state = platform.state.accounts.get_mut(call.account()?).ok_or_else(|| Refusal::new(40013))?;
    state.industries = Some(chosen);
    Ok(ok())
}
