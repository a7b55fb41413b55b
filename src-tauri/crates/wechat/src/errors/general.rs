//! Codes of tokens, requests, quotas, media, QR codes and messages.
//! Owns: rows only. Must not: hold logic. Invariant: see the parent module.

super::table! {
    -1 Transient
        "系统繁忙" "system busy"
        "稍后自动重试（间隔数秒并逐步加长），无需处理" "retried with growing pauses of seconds; nothing to do";
    0 Other
        "请求成功" "ok"
        "无需处理" "nothing to do";
    40001 RejectedToken
        "AppSecret 错误，或 access_token 无效、不是最新" "AppSecret wrong, or access_token invalid or not the latest"
        "刷新令牌后重试一次；检查是否有其他程序也在刷新，以及令牌是否属于该账号" "refresh the token and retry once; check that nobody else refreshes it and that it belongs to this account";
    40002 ClientBug
        "grant_type 不合法" "bad grant_type"
        "修正请求中的 grant_type" "fix grant_type in the request";
    40003 Other
        "openid 不合法（不属于该账号，或不是关注者）" "invalid openid (not this account's, or not a follower)"
        "检查 appid 与 openid 是否配对" "check that appid and openid belong together";
    40004 ClientBug
        "媒体文件类型不合法" "bad media type"
        "改用接口支持的媒体类型后重新上传" "upload again with a supported media type";
    40005 ClientBug
        "文件类型不合法" "bad file type"
        "改用接口支持的文件格式后重新上传" "upload again in a supported file format";
    40006 ClientBug
        "文件大小不合法" "bad file size"
        "压缩文件到接口限制以内后重新上传" "shrink the file below the limit and upload again";
    40007 ClientBug
        "media_id 不合法" "bad media_id"
        "检查 media_id；临时素材 3 天后失效，需重新上传，菜单须使用永久素材" "check the media_id; temporary media expire after 3 days, and menus need permanent material";
    40008 ClientBug
        "消息类型不合法" "bad message type"
        "修正请求中的消息类型" "fix the message type in the request";
    40013 Operator
        "appid 不合法" "invalid appid"
        "核对 appid 的复制与大小写，并确认此处需要的是平台还是公众号的 appid" "check copy, paste and case of the appid, and which appid (component or account) is wanted here";
    40014 RejectedToken
        "access_token 不合法" "invalid access_token"
        "刷新令牌后重试一次" "refresh the token and retry once";
    40029 Other
        "OAuth code 不合法" "invalid OAuth code"
        "让用户重新发起网页授权" "let the user start web authorization again";
    40030 Other
        "网页授权 refresh_token 不合法" "invalid web OAuth refresh_token"
        "让用户重新发起网页授权" "let the user start web authorization again";
    40033 ClientBug
        "请求体含有 \\uXXXX 转义字符" "the body contains \\uXXXX escapes"
        "以原始 UTF-8 发送请求体" "send the body as raw UTF-8";
    40035 ClientBug
        "参数不合法" "invalid parameter"
        "对照接口文档修正请求参数" "fix the parameters against the interface's documentation";
    40037 ClientBug
        "template_id 不合法" "invalid template_id"
        "选择该账号自己的模板" "pick a template of this account";
    40052 ClientBug
        "二维码 action_name 不合法" "bad action_name of a QR code"
        "action_name 只能是 QR_SCENE、QR_STR_SCENE、QR_LIMIT_SCENE 或 QR_LIMIT_STR_SCENE" "use QR_SCENE, QR_STR_SCENE, QR_LIMIT_SCENE or QR_LIMIT_STR_SCENE";
    40053 ClientBug
        "二维码 action_info（场景值）不合法" "bad action_info (scene) of a QR code"
        "场景值：临时为非零的 32 位整数，永久为 1–100000；字符串为 1–64 个字符" "use a scene number (not 0 and 32 bits if temporary, 1 to 100000 if permanent) or a text of 1 to 64 characters";
    40066 ClientBug
        "url 不合法" "invalid url"
        "修正请求中的网址" "fix the url in the request";
    40118 ClientBug
        "media_id 大小不合法" "bad size of the media_id"
        "检查 media_id 是否完整复制" "check that the media_id was copied completely";
    40125 Operator
        "AppSecret 错误" "invalid AppSecret"
        "AppSecret 可能已被重置（旧的立即失效），请填入新的 AppSecret" "the secret was probably reset, which ends the old one at once: enter the new one";
    40163 Other
        "OAuth code 已被使用" "OAuth code already used"
        "让用户重新授权，并避免重复提交同一个 code" "restart OAuth and stop submitting a code twice";
    40164 Operator
        "调用方 IP 不在公众号白名单中" "the caller's IP is not in the account's white list"
        "在公众平台「设置与开发 > 基本配置 > IP白名单」添加错误中显示的 IP，并补全所有出口 IP" "add the IP shown in the error at mp.weixin.qq.com > Basic Configuration > IP white list, and all other exits of your network";
    40170 ClientBug
        "数量超过上限" "count over the limit"
        "调小 count（最多 500）" "lower count (at most 500)";
    40201 Operator
        "尚未配置回调 URL" "no callback URL configured"
        "先在微信后台填写并保存服务器 URL" "enter and save the server URL in WeChat's console first";
    40202 ClientBug
        "网络检测 action 不合法" "bad action of the network check"
        "action 只能是 dns、ping 或 all" "use dns, ping or all";
    40203 ClientBug
        "网络检测 check_operator 不合法" "bad operator of the network check"
        "check_operator 只能是 CHINANET、UNICOM、CAP 或 DEFAULT" "use CHINANET, UNICOM, CAP or DEFAULT";
    40226 Other
        "高风险用户，登录被拦截" "high-risk user, login blocked"
        "无需处理，微信已拦截该用户" "nothing to do; WeChat blocked this user";
    40243 Operator
        "AppSecret 已被冻结" "the AppSecret is frozen"
        "在微信后台解冻 AppSecret" "unfreeze the AppSecret in WeChat's console";
    41001 ClientBug
        "缺少 access_token" "access_token missing"
        "请求没有带上令牌，属于程序错误，请反馈" "the request carried no token: a bug of the program, please report it";
    41002 Operator
        "缺少 appid" "appid missing"
        "填写 appid" "fill in the appid";
    41003 NeedsAuthorization
        "缺少 refresh_token" "refresh_token missing"
        "本地没有刷新令牌：先从授权账号列表取回，仍没有则让管理员重新授权" "the stored refresh token is empty: fetch it from the list of authorizers, else have the account authorized again";
    41004 Operator
        "缺少 secret" "secret missing"
        "填写 AppSecret" "fill in the AppSecret";
    41008 ClientBug
        "缺少 code" "code missing"
        "请求没有带上 code，属于程序错误，请反馈" "the request carried no code: a bug of the program, please report it";
    41009 ClientBug
        "缺少 openid" "openid missing"
        "请求没有带上 openid，属于程序错误，请反馈" "the request carried no openid: a bug of the program, please report it";
    42001 RejectedToken
        "access_token 已过期" "access_token expired"
        "刷新令牌后重试一次" "refresh the token and retry once";
    42002 Other
        "网页授权 refresh_token 已过期（30 天）" "web OAuth refresh_token expired (30 days)"
        "让用户重新发起网页授权" "let the user start web authorization again";
    42003 Other
        "OAuth code 已过期" "OAuth code expired"
        "让用户重新发起网页授权" "let the user start web authorization again";
    42007 NeedsAuthorization
        "用户修改了微信密码，令牌已全部失效" "password changed, tokens revoked"
        "请账号管理员重新授权" "the account's administrator must authorize again";
    43001 ClientBug
        "需要 GET 请求" "needs GET"
        "改用 GET，属于程序错误，请反馈" "a bug of the program (needs GET), please report it";
    43002 ClientBug
        "需要 POST 请求" "needs POST"
        "改用 POST，属于程序错误，请反馈" "a bug of the program (needs POST), please report it";
    43003 ClientBug
        "需要 HTTPS" "needs HTTPS"
        "检查接口地址是否为 https" "check that the endpoint is https";
    43004 Other
        "需要接收者关注" "the receiver must follow the account"
        "请用户先关注公众号" "the user must subscribe first";
    43007 NeedsAuthorization
        "需要账号授权" "needs the account's authorization"
        "检查该账号的授权状态，必要时重新授权" "check whether the account is authorized, and authorize it again if not";
    43101 Other
        "用户拒绝接受订阅消息" "the user refused the subscription message"
        "无需处理，尊重用户选择" "nothing to do; the user chose so";
    44002 ClientBug
        "POST 数据为空" "empty POST body"
        "请求体为空，属于程序错误，请反馈" "the body is empty: a bug of the program, please report it";
    45002 ClientBug
        "内容超过长度限制" "content too long"
        "缩短内容" "shorten the content";
    45009 Quota
        "接口当日调用额度已用完" "daily quota used up"
        "查询该接口的额度；可清零（每月 10 次）或等到次日 0 点" "look at the interface's quota; clear it (10 a month) or wait for 0:00";
    45011 RateLimited
        "调用过于频繁（每分钟）" "called too fast (per minute)"
        "降低频率，下一分钟自动重试" "slow down; retried in the next minute";
    45015 Other
        "超过 48 小时回复窗口，或用户已取消关注" "outside the 48 h window, or unsubscribed"
        "等用户再次互动" "wait until the user interacts again";
    45029 Other
        "永久二维码数量达到上限（100000）" "too many permanent QR codes (100000)"
        "改用临时二维码；永久二维码不会过期" "use temporary codes; permanent ones never expire";
    45035 Operator
        "调用方 IP 不在 IP 白名单中" "the caller's IP is not in the IP white list"
        "在微信后台的 IP 白名单添加本机出口 IP，并补全所有出口" "add this machine's exit IP, and all other exits, to the IP white list in WeChat's console";
    45047 Other
        "客服消息下行条数达到上限" "custom-message count limit reached"
        "等用户再次发消息" "wait for a new action of the user";
    46004 Other
        "用户不存在" "the user does not exist"
        "检查 openid 是否属于该账号" "check that the openid belongs to this account";
    47001 ClientBug
        "解析 JSON/XML 出错" "JSON/XML parse error"
        "检查请求体的格式与编码（UTF-8）" "check the body's form and its encoding (UTF-8)";
    47003 ClientBug
        "模板参数不合法" "template parameter invalid"
        "修正错误信息中指出的模板关键词" "fix the keyword that the message names";
    48001 Operator
        "该账号没有此接口的权限" "the API is not available to this account"
        "账号类型或认证状态不具备此接口，与授权无关；请到公众平台查看接口权限" "the account's type or verification lacks this API, which is not a matter of authorization; see the API permissions at mp.weixin.qq.com";
    48002 Other
        "用户拒收消息" "the user blocks messages"
        "无需处理，尊重用户选择" "nothing to do; the user chose so";
    48004 Operator
        "接口被封禁" "the API is banned"
        "登录 mp.weixin.qq.com 查看站内通知" "see the notices at mp.weixin.qq.com";
    48006 Quota
        "清零次数已用完" "clear_quota used up"
        "等到下个月" "wait until next month";
    50001 Other
        "用户未授权该接口" "the API was not authorized by the user"
        "以正确的 scope 重新发起网页授权" "restart OAuth with the right scope";
    50002 Other
        "用户受限，可能被冻结或已注销" "the user is restricted, maybe frozen or deleted"
        "无需处理，该用户暂不可用" "nothing to do; this user is not available";
    50004 Operator
        "该账号被禁止使用 access_token" "the account may not use access_token"
        "登录 mp.weixin.qq.com 查看站内通知" "see the notices at mp.weixin.qq.com";
    50005 Other
        "用户未关注公众号" "the user does not follow the account"
        "请用户先关注公众号" "the user must subscribe first";
    50007 Operator
        "账号已被冻结" "the account is frozen"
        "登录 mp.weixin.qq.com 查看站内通知并申诉" "see the notices at mp.weixin.qq.com and appeal";
    76001 Other
        "rid 不存在" "rid not found"
        "检查 rid 是否完整；只能查询 7 天内的请求" "check that the rid is complete; only the last 7 days are kept";
    76002 ClientBug
        "rid 为空或格式不对" "rid empty or malformed"
        "填写错误信息末尾的完整 rid" "enter the complete rid from the end of the error message";
    76003 Other
        "rid 属于其他账号" "the rid belongs to another account"
        "用产生该请求的账号的令牌查询" "ask with the token of the account that made the request";
    76004 Other
        "rid 已过期" "rid expired"
        "只能查询 7 天内的请求，请用新的 rid" "only the last 7 days are kept; use a newer rid";
    76021 ClientBug
        "cgi_path 不合法" "bad cgi_path"
        "以 / 开头，不含域名与参数；/sns/ 接口不支持" "start with /, without host and query; /sns/ interfaces are not supported";
    76022 ClientBug
        "令牌与账号不匹配" "the token does not belong to the account"
        "改用该账号自己的令牌" "use the account's own token";
    89000 Operator
        "该账号已绑定其他开放平台账号" "already bound to an Open Platform account"
        "先在原开放平台账号解绑" "unbind it from the other Open Platform account first";
    89001 Operator
        "主体不一致" "different owning entity"
        "在微信后台确认两个账号属于同一主体" "check in WeChat's console that both accounts have the same owner";
    89002 Operator
        "该账号未绑定开放平台账号" "not bound to an Open Platform account"
        "在开放平台先完成绑定" "bind it on the Open Platform first";
    89003 Operator
        "该开放平台账号不是通过接口创建" "the Open Platform account was not created by the API"
        "请在开放平台网页上操作" "do it on the Open Platform's website";
    89004 Operator
        "绑定的账号数量已达上限（100）" "too many bound accounts (100)"
        "在开放平台解绑不再使用的账号" "unbind accounts that are no longer used";
    89249 Other
        "该主体已有任务在执行" "a task is already running for this entity"
        "24 小时后再试" "retry after 24 hours";
    89501 Operator
        "此 IP 正在等待管理员确认" "this IP waits for the administrator's confirmation"
        "请账号管理员在微信上确认此 IP" "ask the account's administrator to confirm this IP in WeChat";
    89502 Operator
        "此 IP 的调用需要管理员处理" "calls from this IP need the administrator"
        "请联系账号管理员确认此 IP，1 小时后再试" "ask the account's administrator about this IP and retry after 1 hour";
    89503 Operator
        "此次调用需要管理员确认" "this call needs the administrator's confirmation"
        "请账号管理员在微信上确认，请耐心等候" "ask the account's administrator to confirm it in WeChat, and wait";
    89504 Operator
        "此 IP 的调用未获管理员确认" "calls from this IP were not confirmed by the administrator"
        "请联系账号管理员确认此 IP，1 小时后再试" "ask the account's administrator about this IP and retry after 1 hour";
    89505 Operator
        "此 IP 的调用被管理员拒绝" "calls from this IP were refused by the administrator"
        "请联系账号管理员确认此 IP，24 小时后再试" "ask the account's administrator about this IP and retry after 24 hours";
    89506 Operator
        "24 小时内此 IP 被管理员拒绝两次" "the administrator refused this IP twice within 24 hours"
        "请联系账号管理员；24 小时内不能再用此 IP 调用" "ask the account's administrator; this IP cannot be used for 24 hours";
    89507 Operator
        "1 小时内此 IP 被管理员拒绝一次" "the administrator refused this IP within the last hour"
        "请联系账号管理员；1 小时内不能再用此 IP 调用" "ask the account's administrator; this IP cannot be used for 1 hour";
}
