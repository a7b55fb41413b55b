//! Codes of the third-party platform interfaces.
//! Owns: rows only. Must not: hold logic. Invariant: see the parent module.

super::table! {
    40091 Operator
        "component_verify_ticket 不合法" "invalid component ticket"
        "使用最新的票据；若长时间没有推送，重新启动票据推送并检查授权事件接收 URL" "use the latest ticket; if none arrives, start the ticket push again and check the authorization-event URL";
    40094 RejectedToken
        "component 凭据不合法" "invalid component credential"
        "重新获取 component_access_token 后重试一次" "fetch a new component_access_token and retry once";
    41018 ClientBug
        "缺少 component_appid" "component_appid missing"
        "请求没有带上 component_appid，属于程序错误，请反馈" "the request carried no component_appid: a bug of the program, please report it";
    41021 ClientBug
        "缺少 component_access_token" "component_access_token missing"
        "请求没有带上 component_access_token，属于程序错误，请反馈" "the request carried no component_access_token: a bug of the program, please report it";
    42006 RejectedToken
        "component_access_token 已过期" "component_access_token expired"
        "刷新 component_access_token 后重试一次" "refresh the component_access_token and retry once";
    61000 Operator
        "第三方平台类型不正确" "wrong component type"
        "在开放平台检查该第三方平台的类型与配置" "check the platform's type and configuration on the Open Platform";
    61001 Operator
        "component_appid 不匹配" "component_appid mismatch"
        "检查填写的 component_appid 是否为此第三方平台的" "check that the component_appid entered is this platform's";
    61002 Operator
        "该账号没有客服功能" "the account has no customer service"
        "在公众平台开通客服功能" "open customer service at mp.weixin.qq.com";
    61003 NeedsAuthorization
        "该账号未授权此第三方平台（或已取消授权）" "the account has not authorized this component, or cancelled"
        "把授权链接发给账号管理员，请其授权" "send the authorize link to the account's administrator";
    61004 Operator
        "调用方 IP 不在第三方平台白名单中" "the caller's IP is not in the platform's white list"
        "在 open.weixin.qq.com 该平台的「白名单IP地址列表」添加错误中显示的 IP；期间推送仍会到达" "add the IP shown in the error to the platform's white list at open.weixin.qq.com; pushes still arrive meanwhile";
    61005 Operator
        "component_verify_ticket 已过期" "component ticket expired"
        "等待下一次推送（10 分钟一次）；若没有，检查授权事件接收 URL 是否可达，再重新启动票据推送" "wait for the next push (every 10 minutes); if none comes, check that the authorization-event URL is reachable and start the ticket push again";
    61006 Operator
        "component_verify_ticket 无效" "component ticket invalid"
        "使用最新的票据；若没有新票据，重新启动票据推送" "use the latest ticket; if there is no newer one, start the ticket push again";
    61007 Operator
        "该账号没有把此接口的权限集授权给第三方平台" "the API's permission set was not granted to the component"
        "请账号管理员重新授权，并勾选对应权限集" "have the account authorized again with that permission set";
    61008 ClientBug
        "请求参数重复" "duplicate request key"
        "请求中有重复的字段，属于程序错误，请反馈" "a field is there twice: a bug of the program, please report it";
    61009 Other
        "授权码无效" "authorization code invalid"
        "授权码多半已被使用；若账号未显示为已授权，请重新发起授权" "the code was probably redeemed already; if the account does not show as authorized, start the authorization again";
    61010 Other
        "授权码已过期" "authorization code expired"
        "授权码多半已被使用；若账号未显示为已授权，请重新发起授权" "the code was probably redeemed already; if the account does not show as authorized, start the authorization again";
    61011 Operator
        "第三方平台不合法" "invalid component"
        "检查 component_appid 是否正确，以及平台是否被停用" "check the component_appid and whether the platform is disabled";
    61012 ClientBug
        "选项名不合法" "option name invalid"
        "只能是 location_report、voice_recognize 或 customer_service" "use location_report, voice_recognize or customer_service";
    61013 ClientBug
        "选项值不合法" "option value invalid"
        "填写该选项允许的值（0、1，地理位置上报还可为 2）" "use a value that the option allows (0 or 1; for location_report also 2)";
    61014 ClientBug
        "需要使用 component_access_token" "needs a component token"
        "令牌种类不对，属于程序错误，请反馈" "the wrong kind of token was used: a bug of the program, please report it";
    61015 ClientBug
        "需要使用账号的 access_token" "needs an account token"
        "令牌种类不对，属于程序错误，请反馈" "the wrong kind of token was used: a bug of the program, please report it";
    61016 Operator
        "权限集须先确认" "the permission set must be confirmed"
        "由第三方平台确认该权限集" "confirm the set as the platform";
    61017 Operator
        "该功能的权限集未授权" "the function's permission set was not granted"
        "请账号管理员重新授权，并勾选对应权限集" "have the account authorized again with that permission set";
    61018 Other
        "权限集已确认过" "already confirmed"
        "无需处理" "nothing to do";
    61019 Other
        "权限集不需要确认" "no confirmation needed"
        "无需处理" "nothing to do";
    61020 ClientBug
        "确认参数错误" "bad confirmation parameter"
        "修正确认请求的参数" "fix the parameters of the confirmation";
    61021 Other
        "权限集不能确认" "cannot be confirmed"
        "无需处理，该权限集此时不能确认" "nothing to do; the set cannot be confirmed now";
    61022 Other
        "不能重复提交确认" "cannot be submitted again"
        "无需处理，等待上次提交的结果" "nothing to do; wait for the result of the earlier submission";
    61023 NeedsAuthorization
        "authorizer_refresh_token 无效" "refresh_token invalid"
        "先从授权账号列表取回最新的刷新令牌；仍无效则请账号管理员重新授权" "fetch the current refresh token from the list of authorizers; if that fails too, have the account authorized again";
    61024 ClientBug
        "第三方平台账号须使用 api_component_token" "a component account must use api_component_token"
        "用错了获取令牌的接口，属于程序错误，请反馈" "the wrong token interface was used: a bug of the program, please report it";
    61025 ClientBug
        "该选项只读" "the option is read-only"
        "此选项不能通过接口修改" "this option cannot be changed through the API";
    61028 Operator
        "第三方平台尚未发布" "the component is not published"
        "在开放平台完成全网发布" "publish the platform on the Open Platform";
    61029 Operator
        "须带上基础权限集重新发布" "must be published again with the base permission set"
        "在开放平台勾选基础权限集后重新全网发布" "publish the platform again with the base set";
    61030 Other
        "不允许取消该权限" "cancelling is not allowed"
        "无需处理，此权限不能取消" "nothing to do; this permission cannot be cancelled";
}
