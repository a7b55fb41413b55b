//! The interfaces that a console calls or shows, by path, with their names in Chinese and English.
//!
//! Owns: the table. Must not: be taken for a list of what may be called; an unknown path is only nameless.
//! Invariant: a path appears once, starts with `/` and has no query.

use crate::account::Label;

/// Whose token an interface takes and whose quota it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The platform's.
    Component,
    /// The account's.
    Account,
    /// Either's.
    Both,
}

/// An interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Api {
    /// Path without query.
    pub path: &'static str,
    /// Its name.
    pub name: Label,
    /// Whose quota it costs.
    pub subject: Subject,
    /// `openapi/quota/get` knows it and operators run into its limit: worth asking for unasked.
    pub shown: bool,
}

/// Rows of `path subject shown "zh" "en";`.
macro_rules! table {
    ($($path:literal $subject:ident $shown:literal $zh:literal $en:literal;)*) => {
        &[$(Api { path: $path, name: Label { zh: $zh, en: $en }, subject: Subject::$subject, shown: $shown }),*]
    };
}

/// Names as WeChat's documentation has them; which limits matter is from protocol section E.3.
const TABLE: &[Api] = table! {
    "/cgi-bin/component/api_start_push_ticket" Component false "启动票据推送服务" "Start ticket push";
    "/cgi-bin/component/api_component_token" Component true "获取第三方平台令牌" "Get the component token";
    "/cgi-bin/component/api_create_preauthcode" Component true "获取预授权码" "Create a pre-authorization code";
    "/cgi-bin/component/api_query_auth" Component true "使用授权码获取授权信息" "Redeem an authorization code";
    "/cgi-bin/component/api_authorizer_token" Component true "获取或刷新接口调用令牌" "Refresh an authorizer token";
    "/cgi-bin/component/api_get_authorizer_info" Component true "获取授权账号详情" "Get an authorizer's details";
    "/cgi-bin/component/api_get_authorizer_list" Component true "拉取已授权的账号信息" "List authorizers";
    "/cgi-bin/component/api_get_authorizer_option" Component false "获取授权方选项信息（旧）" "Get an authorizer option (old form)";
    "/cgi-bin/component/api_set_authorizer_option" Component false "设置授权方选项信息（旧）" "Set an authorizer option (old form)";
    "/cgi-bin/component/get_authorizer_option" Account false "获取授权方选项信息" "Get an authorizer option";
    "/cgi-bin/component/set_authorizer_option" Account false "设置授权方选项信息" "Set an authorizer option";
    "/cgi-bin/component/clear_quota/v2" Component false "使用AppSecret重置第三方平台API调用次数" "Clear quotas with the platform's AppSecret";
    "/cgi-bin/clear_quota" Both false "重置API调用次数" "Clear quotas";
    "/cgi-bin/clear_quota/v2" Account false "使用AppSecret重置API调用次数" "Clear quotas with the account's AppSecret";
    "/cgi-bin/openapi/quota/get" Both false "查询API调用额度" "Query an API's quota";
    "/cgi-bin/openapi/quota/clear" Both false "重置指定API调用次数" "Clear one API's quota";
    "/cgi-bin/openapi/rid/get" Both false "查询rid信息" "Look up a request id";
    "/cgi-bin/get_api_domain_ip" Both false "获取微信API服务器IP" "Get the addresses of WeChat's API";
    "/cgi-bin/getcallbackip" Both false "获取微信推送服务器IP" "Get the addresses that WeChat pushes from";
    "/cgi-bin/callback/check" Both false "网络通信检测" "Network check";
    "/cgi-bin/token" Account false "获取接口调用凭据" "Get an access token";
    "/cgi-bin/stable_token" Account false "获取稳定版接口调用凭据" "Get a stable access token";
    "/cgi-bin/menu/create" Account true "创建自定义菜单" "Create the menu";
    "/cgi-bin/menu/get" Account true "获取自定义菜单配置" "Get the menu";
    "/cgi-bin/menu/delete" Account true "删除自定义菜单" "Delete the menu";
    "/cgi-bin/menu/addconditional" Account false "创建个性化菜单" "Add a conditional menu";
    "/cgi-bin/menu/delconditional" Account false "删除个性化菜单" "Delete a conditional menu";
    "/cgi-bin/menu/trymatch" Account false "测试个性化菜单匹配结果" "Try which menu a user sees";
    "/cgi-bin/get_current_selfmenu_info" Account false "查询自定义菜单信息" "Get the live menu";
    "/cgi-bin/message/custom/send" Account true "发送客服消息" "Send a customer-service message";
    "/cgi-bin/message/template/send" Account true "发送模板消息" "Send a template message";
    "/cgi-bin/ticket/getticket" Account true "获取JS-SDK票据" "Get a JS-SDK ticket";
    "/cgi-bin/qrcode/create" Account true "生成带参数二维码" "Create a parametric QR code";
    "/cgi-bin/user/info" Account true "获取用户基本信息" "Get a user's information";
    "/cgi-bin/user/get" Account true "获取关注用户列表" "List followers";
    "/cgi-bin/media/upload" Account true "上传临时素材" "Upload temporary media";
    "/cgi-bin/media/get" Account true "获取临时素材" "Get temporary media";
    "/cgi-bin/media/uploadimg" Account false "上传图文消息内的图片" "Upload a picture for an article";
    "/cgi-bin/material/add_material" Account false "新增永久素材" "Add permanent material";
    "/cgi-bin/material/get_material" Account false "获取永久素材" "Get permanent material";
    "/cgi-bin/material/del_material" Account false "删除永久素材" "Delete permanent material";
    "/cgi-bin/material/get_materialcount" Account false "获取素材总数" "Count permanent material";
    "/cgi-bin/material/batchget_material" Account false "获取素材列表" "List permanent material";
    "/cgi-bin/message/custom/typing" Account false "客服输入状态" "Show that an answer is being written";
    "/cgi-bin/template/get_all_private_template" Account false "获取模板列表" "List templates";
    "/cgi-bin/template/api_add_template" Account false "添加模板" "Add a template";
    "/cgi-bin/template/del_private_template" Account false "删除模板" "Delete a template";
    "/cgi-bin/template/get_industry" Account false "获取行业信息" "Get the industries";
    "/cgi-bin/template/api_set_industry" Account false "设置所属行业" "Set the industries";
    "/sns/oauth2/access_token" Account false "通过code换取网页授权access_token" "Exchange a web OAuth code";
    "/sns/oauth2/refresh_token" Account false "刷新网页授权access_token" "Renew a user's web OAuth token";
    "/sns/oauth2/component/access_token" Component false "代公众号网页授权" "Web OAuth on behalf of an account";
    "/sns/oauth2/component/refresh_token" Component false "代公众号刷新网页授权" "Renew a user's token on behalf of an account";
    "/sns/auth" Account false "检验网页授权凭证是否有效" "Check a user's web OAuth token";
    "/sns/userinfo" Account false "获取网页授权用户信息" "Get a web OAuth user's profile";
    "/sns/jscode2session" Account false "小程序登录" "Log in to a mini program";
    "/sns/component/jscode2session" Component false "代小程序登录" "Log in to a mini program on its behalf";
};

/// Every known interface, in the order in which a console shows them.
#[must_use]
pub fn all() -> &'static [Api] {
    TABLE
}

/// What is known about `path`.
#[must_use]
pub fn find(path: &str) -> Option<&'static Api> {
    TABLE.iter().find(|api| api.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_plain_and_unique_and_names_are_filled() {
        for (at, api) in all().iter().enumerate() {
            assert!(api.path.starts_with('/') && !api.path.contains('?'), "{}", api.path);
            assert!(!api.name.zh.is_empty() && api.name.en.is_ascii() && !api.name.en.is_empty(), "{}", api.path);
            assert!(all()[..at].iter().all(|other| other.path != api.path), "{} is there twice", api.path);
            // `/sns/` paths are refused by quota/get (protocol C.9).
            assert!(!(api.shown && api.path.starts_with("/sns/")), "{}", api.path);
        }
        assert_eq!(find("/cgi-bin/menu/create").unwrap().name.zh, "创建自定义菜单");
        assert_eq!(find("/cgi-bin/nothing"), None);
    }
}
