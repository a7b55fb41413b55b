//! Codes that WeChat's OAuth page shows to a user instead of answering a call.
//! Owns: rows only. Must not: hold logic. Invariant: see the parent module.

super::table! {
    10003 Operator
        "网页授权：redirect_uri 域名与后台配置不一致" "OAuth page: redirect_uri's domain differs from the configured one"
        "在微信后台把网页授权域名改为回调地址的域名，或修正回调地址" "make the web authorization domain in WeChat's console equal to the callback's, or fix the callback";
    10004 Operator
        "网页授权：公众号被封禁" "OAuth page: the account is banned"
        "登录 mp.weixin.qq.com 查看站内通知" "see the notices at mp.weixin.qq.com";
    10005 Operator
        "网页授权：公众号没有此 scope 的权限" "OAuth page: the account lacks this scope"
        "仅已认证的服务号具备网页授权；请认证账号或改用 snsapi_base" "only verified service accounts have web authorization; verify the account or use snsapi_base";
    10006 Other
        "网页授权：须先关注测试号" "OAuth page: the test account must be followed first"
        "请用户先关注此测试号" "the user must follow the test account first";
    10009 RateLimited
        "网页授权：操作太频繁" "OAuth page: too frequent"
        "请稍后再试" "try again later";
    10010 ClientBug
        "网页授权：scope 不能为空" "OAuth page: scope empty"
        "在链接中补上 scope" "add scope to the link";
    10011 ClientBug
        "网页授权：redirect_uri 不能为空" "OAuth page: redirect_uri empty"
        "在链接中补上 redirect_uri" "add redirect_uri to the link";
    10012 ClientBug
        "网页授权：appid 不能为空" "OAuth page: appid empty"
        "在链接中补上 appid" "add appid to the link";
    10013 ClientBug
        "网页授权：state 不能为空" "OAuth page: state empty"
        "在链接中补上 state" "add state to the link";
    10015 NeedsAuthorization
        "网页授权：公众号未授权第三方平台" "OAuth page: the account has not authorized the third-party platform"
        "请账号管理员先完成授权" "have the account's administrator authorize the platform first";
    10016 Operator
        "网页授权：不支持微信开放平台的 appid" "OAuth page: an Open Platform appid was used"
        "改用公众号的 appid" "use an official account's appid";
}
