//! What kinds and fields of pushes are called, in Chinese and English.
//!
//! Owns: the names, in WeChat's terms, for sections B and K of the protocol. Must not: invent one for what is unknown.
//! Invariant: a name appears once in its table.

use crate::account::Label;

/// Rows of `"name" "zh" "en";`.
macro_rules! table {
    ($($name:literal $zh:literal $en:literal;)*) => {
        &[$(($name, Label { zh: $zh, en: $en })),*]
    };
}

pub(super) type Table = &'static [(&'static str, Label)];

pub(super) const MESSAGES: Table = table! {
    "text" "文本消息" "Text message";
    "image" "图片消息" "Image message";
    "voice" "语音消息" "Voice message";
    "video" "视频消息" "Video message";
    "shortvideo" "小视频消息" "Short video message";
    "location" "地理位置消息" "Location message";
    "link" "链接消息" "Link message";
    "event" "事件" "Event";
};

pub(super) const EVENTS: Table = table! {
    "subscribe" "关注" "Follow";
    "unsubscribe" "取消关注" "Unfollow";
    "SCAN" "扫描带参数二维码" "Scan of a parametric QR code";
    "LOCATION" "上报地理位置" "Location report";
    "CLICK" "菜单：点击推事件" "Menu: click";
    "VIEW" "菜单：跳转链接" "Menu: open a page";
    "scancode_push" "菜单：扫码推事件" "Menu: scan a code";
    "scancode_waitmsg" "菜单：扫码带提示" "Menu: scan a code and wait";
    "pic_sysphoto" "菜单：系统拍照发图" "Menu: take a photo";
    "pic_photo_or_album" "菜单：拍照或者相册发图" "Menu: take or choose a photo";
    "pic_weixin" "菜单：微信相册发图" "Menu: choose photos";
    "location_select" "菜单：发送位置" "Menu: send a location";
    "view_miniprogram" "菜单：打开小程序" "Menu: open a mini program";
    "TEMPLATESENDJOBFINISH" "模板消息发送结果" "Result of a template message";
    "MASSSENDJOBFINISH" "群发结果" "Result of a broadcast";
    "subscribe_msg_popup_event" "用户操作订阅通知弹窗" "Answer to a subscription popup";
    "subscribe_msg_change_event" "用户管理订阅通知" "Change of subscriptions";
    "subscribe_msg_sent_event" "订阅通知发送结果" "Result of a subscription notification";
    "qualification_verify_success" "资质认证成功" "Qualification verified";
    "qualification_verify_fail" "资质认证失败" "Qualification not verified";
    "naming_verify_success" "名称认证成功" "Name verified";
    "naming_verify_fail" "名称认证失败" "Name not verified";
    "annual_renew" "年审通知" "Annual review due";
    "verify_expired" "认证过期失效" "Verification expired";
    "user_enter_tempsession" "进入客服会话" "Customer-service chat opened";
    "weapp_audit_success" "小程序代码审核通过" "Mini program code approved";
    "weapp_audit_fail" "小程序代码审核不通过" "Mini program code rejected";
    "weapp_audit_delay" "小程序代码审核延后" "Mini program code review delayed";
    "wxa_nickname_audit" "小程序名称审核结果" "Result of a mini program's name review";
    "debug_demo" "消息推送调试" "Message push debugging";
};

pub(super) const INFO_TYPES: Table = table! {
    "component_verify_ticket" "验证票据" "Verify ticket";
    "authorized" "授权成功" "Authorized";
    "updateauthorized" "授权更新" "Authorization updated";
    "unauthorized" "取消授权" "Authorization cancelled";
    "notify_third_fasteregister" "快速注册小程序结果" "Result of a quick registration";
    "notify_third_fastregisterbetaapp" "创建试用小程序结果" "Result of creating a trial mini program";
    "notify_third_fastverifybetaapp" "试用小程序快速认证结果" "Result of verifying a trial mini program";
    "notify_3rd_wxa_auth" "小程序认证任务" "Mini program verification task";
    "notify_3rd_wxa_wxverify" "小程序认证年审和过期提醒" "Mini program verification due";
    "notify_icpfiling_verify_result" "小程序备案人脸核身结果" "Result of an ICP filing face check";
    "notify_apply_icpfiling_result" "小程序备案状态" "State of an ICP filing";
    "order_path_apply_result_notify" "批量申请订单页路径结果" "Result of applying for order page paths";
    "order_path_audit_result_notify" "订单页路径审核结果" "Result of an order page path review";
};

const FIELDS: Table = table! {
    "AppId" "第三方平台 appid" "Platform's appid";
    "ToUserName" "接收方账号" "Recipient account";
    "FromUserName" "发送方 openid" "Sender's openid";
    "CreateTime" "创建时间" "Time";
    "MsgType" "消息类型" "Message type";
    "MsgId" "消息 id" "Message id";
    "MsgDataId" "图文消息的数据 id" "Data id of the article";
    "Idx" "第几篇图文" "Place of the article";
    "Content" "文本内容" "Text";
    "bizmsgmenuid" "菜单消息选项 id" "Choice of a menu message";
    "PicUrl" "图片链接" "Picture";
    "MediaId" "媒体 id" "Media id";
    "Format" "语音格式" "Voice format";
    "Recognition" "语音识别结果" "Recognized speech";
    "MediaId16K" "16K 采样率语音的媒体 id" "Media id of the 16 kHz voice";
    "ThumbMediaId" "缩略图的媒体 id" "Media id of the thumbnail";
    "Location_X" "纬度" "Latitude";
    "Location_Y" "经度" "Longitude";
    "Scale" "地图缩放大小" "Zoom of the map";
    "Label" "位置信息" "Address";
    "Title" "标题" "Title";
    "Description" "描述" "Description";
    "Url" "链接" "Link";
    "Event" "事件类型" "Event";
    "EventKey" "事件 KEY 值" "Event key";
    "Ticket" "二维码的 ticket" "QR code's ticket";
    "Latitude" "纬度" "Latitude";
    "Longitude" "经度" "Longitude";
    "Precision" "地理位置精度" "Precision";
    "MenuId" "个性化菜单 id" "Conditional menu";
    "ScanCodeInfo" "扫描信息" "Scan";
    "ScanType" "扫描类型" "Kind of code";
    "ScanResult" "扫描结果" "What the code says";
    "SendPicsInfo" "发送的图片信息" "Pictures";
    "Count" "数量" "Count";
    "PicList" "图片列表" "List of pictures";
    "PicMd5Sum" "图片的 MD5 值" "MD5 of the picture";
    "SendLocationInfo" "发送的位置信息" "Place";
    "Poiname" "POI 的名字" "Name of the place";
    "MsgID" "所发消息的 id" "Id of the message that was sent";
    "Status" "发送状态" "Status";
    "TotalCount" "目标粉丝数" "Followers it was for";
    "FilterCount" "过滤后的粉丝数" "Followers after filtering";
    "SentCount" "发送成功的粉丝数" "Followers reached";
    "ErrorCount" "发送失败的粉丝数" "Followers not reached";
    "CopyrightCheckResult" "原创校验结果" "Copyright check";
    "SubscribeMsgPopupEvent" "订阅通知弹窗" "Subscription popup";
    "SubscribeMsgChangeEvent" "订阅通知管理" "Change of subscriptions";
    "SubscribeMsgSentEvent" "订阅通知发送" "Subscription notification";
    "List" "列表" "List";
    "TemplateId" "模板 id" "Template";
    "ExpiredTime" "有效期截止时间" "Valid until";
    "FailTime" "失败时间" "Time of the failure";
    "FailReason" "失败原因" "Reason of the failure";
    "SessionFrom" "会话来源" "Origin of the chat";
    "SuccTime" "审核通过时间" "Time of the approval";
    "DelayTime" "审核延后时间" "Time of the delay";
    "Reason" "原因" "Reason";
    "ScreenShot" "截图的媒体 id" "Media ids of screenshots";
    "ret" "审核结果" "Result of the review";
    "nickname" "名称" "Name";
    "reason" "原因" "Reason";
    "debug_str" "调试内容" "Debugging text";
    "Image" "图片" "Picture";
    "Voice" "语音" "Voice";
    "Video" "视频" "Video";
    "Music" "音乐" "Music";
    "MusicUrl" "音乐链接" "Music";
    "HQMusicUrl" "高质量音乐链接" "Music for Wi-Fi";
    "ArticleCount" "图文数" "Number of articles";
    "Articles" "图文列表" "Articles";
    "item" "列表项" "Item";
    "TransInfo" "转接信息" "Transfer";
    "KfAccount" "客服账号" "Customer-service agent";
    "InfoType" "通知类型" "Kind of notification";
    "ComponentVerifyTicket" "验证票据" "Verify ticket";
    "AuthorizerAppid" "授权方 appid" "Account's appid";
    "AuthorizationCode" "授权码" "Authorization code";
    "AuthorizationCodeExpiredTime" "授权码过期时间" "Authorization code valid until";
    "PreAuthCode" "预授权码" "Pre-authorization code";
    "appid" "小程序 appid" "Mini program's appid";
    "status" "状态" "Status";
    "auth_code" "授权码" "Authorization code";
    "msg" "结果说明" "What WeChat says";
    "info" "注册信息" "What was applied for";
    "name" "名称" "Name";
    "code" "企业代码" "Company code";
    "code_type" "企业代码类型" "Kind of company code";
    "legal_persona_wechat" "法人微信号" "Legal person's WeChat id";
    "legal_persona_name" "法人姓名" "Legal person's name";
    "component_phone" "第三方联系电话" "Platform's telephone number";
    "wxuser" "个人微信号" "Person's WeChat id";
    "idname" "个人姓名" "Person's name";
    "unique_id" "唯一标识" "Unique id";
    "taskid" "任务 id" "Task";
    "task_status" "任务状态" "State of the task";
    "apply_status" "审核单状态" "State of the application";
    "message" "说明" "What WeChat says";
    "dispatch_info" "派单信息" "Assignment";
    "provider" "审核机构" "Reviewing agency";
    "contact" "审核机构联系方式" "Agency's contact";
    "dispatch_time" "派单时间" "Time of the assignment";
    "expired" "过期时间" "Expires";
    "task_id" "任务 id" "Task";
    "verify_appid" "小程序 appid" "Mini program's appid";
    "result" "核身结果" "Result of the check";
    "authorizer_appid" "授权方 appid" "Account's appid";
    "beian_status" "备案状态" "State of the filing";
    "list" "列表" "List";
    "ret_code" "结果码" "Result";
    "audit_id" "审核单 id" "Review";
    "apply_time" "申请时间" "Time of the application";
    "audit_time" "审核时间" "Time of the review";
};

fn find(table: Table, name: &str) -> Option<Label> {
    table.iter().find(|(known, _)| *known == name).map(|(_, label)| *label)
}

/// What a kind of push is called. `event` is the `Event` of an event, or with an empty `msg_type` the `InfoType` of a
/// platform's notification. Names are compared as WeChat writes them, capitals and all.
#[must_use]
pub fn kind_label(msg_type: &str, event: Option<&str>) -> Option<Label> {
    match (msg_type, event) {
        ("", Some(info_type)) => find(INFO_TYPES, info_type),
        ("event", Some(event)) => find(EVENTS, event),
        (msg_type, _) => find(MESSAGES, msg_type),
    }
}

/// What a field of a push or of a passive reply is called.
#[must_use]
pub fn field_label(name: &str) -> Option<Label> {
    find(FIELDS, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_have_both_words() {
        for (table, rows) in [(MESSAGES, 8), (EVENTS, 30), (INFO_TYPES, 13), (FIELDS, 113)] {
            assert_eq!(table.len(), rows);
            for (at, (name, label)) in table.iter().enumerate() {
                assert!(table[..at].iter().all(|(other, _)| other != name), "{name} is there twice");
                assert!(label.zh.chars().any(|c| c > '\u{4e00}'), "{name}");
                assert!(label.en.is_ascii() && !label.en.is_empty(), "{name}");
            }
        }
    }

    #[test]
    fn kinds_by_message_event_and_notification() {
        let zh = |msg_type, event| kind_label(msg_type, event).map(|label| label.zh);
        assert_eq!(zh("text", None), Some("文本消息"));
        assert_eq!(zh("event", Some("subscribe")), Some("关注"));
        assert_eq!(zh("event", Some("LOCATION")), Some("上报地理位置"));
        assert_eq!(zh("", Some("authorized")), Some("授权成功"));
        assert_eq!(zh("event", None), Some("事件"));
        // Case counts, and an event is no notification.
        for (msg_type, event) in [
            ("event", Some("location")),
            ("event", Some("authorized")),
            ("", Some("subscribe")),
            ("", None),
            ("hologram", None),
        ] {
            assert_eq!(kind_label(msg_type, event), None, "{msg_type} {event:?}");
        }
        assert_eq!(field_label("Location_X").unwrap().en, "Latitude");
        assert_eq!(field_label("location_x"), None);
    }
}
