//! Codes of custom menus.
//! Owns: rows only. Must not: hold logic. Invariant: see the parent module.

super::table! {
    40015 ClientBug
        "菜单类型不合法" "invalid menu type"
        "检查每个按钮的 type；有子菜单的按钮不能有 type" "check every button's type; a button with sub-buttons has none";
    40016 ClientBug
        "按钮个数不合法" "invalid number of buttons"
        "一级菜单须为 1–3 个" "use 1 to 3 top-level buttons";
    40017 ClientBug
        "按钮类型不合法" "invalid button type"
        "改用支持的按钮类型" "use a supported button type";
    40018 ClientBug
        "按钮名字长度不合法" "invalid button name length"
        "一级菜单名不能为空，且不超过 16 字节（约 4 个汉字可完整显示）" "top-level names must not be empty nor over 16 bytes (about 4 Chinese characters are shown)";
    40019 ClientBug
        "按钮 key 长度不合法" "invalid button key length"
        "key 不能为空，且不超过 128 字节" "keys must not be empty nor over 128 bytes";
    40020 ClientBug
        "按钮 url 长度不合法" "invalid button url length"
        "url 不能为空，且不超过 1024 字节" "urls must not be empty nor over 1024 bytes";
    40021 ClientBug
        "菜单版本号不合法" "invalid menu version"
        "重新读取菜单后再提交" "read the menu again and resubmit";
    40022 ClientBug
        "子菜单级数不合法" "invalid sub-menu level"
        "菜单最多两级" "menus have two levels at most";
    40023 ClientBug
        "子菜单按钮个数不合法" "invalid number of sub-buttons"
        "每个一级菜单的子菜单须为 1–5 个" "use 1 to 5 sub-buttons";
    40024 ClientBug
        "子菜单按钮类型不合法" "invalid sub-button type"
        "改用支持的按钮类型" "use a supported button type";
    40025 ClientBug
        "子菜单按钮名字长度不合法" "invalid sub-button name length"
        "子菜单名不能为空，且不超过 60 字节（约 8 个汉字可完整显示）" "sub-button names must not be empty nor over 60 bytes (about 8 Chinese characters are shown)";
    40026 ClientBug
        "子菜单按钮 key 长度不合法" "invalid sub-button key length"
        "key 不能为空，且不超过 128 字节" "keys must not be empty nor over 128 bytes";
    40027 ClientBug
        "子菜单按钮 url 长度不合法" "invalid sub-button url length"
        "url 不能为空，且不超过 1024 字节" "urls must not be empty nor over 1024 bytes";
    40028 ClientBug
        "自定义菜单使用用户不合法" "invalid menu user"
        "检查 openid 或微信号" "check the openid or WeChat id";
    40054 ClientBug
        "子菜单按钮 url 的域名不合法" "invalid domain in a sub-button url"
        "修正子菜单网址的域名" "fix the domain of the sub-button's url";
    40055 ClientBug
        "按钮 url 的域名不合法" "invalid domain in a button url"
        "修正按钮网址的域名" "fix the domain of the button's url";
    40119 ClientBug
        "按钮类型错误" "button type error"
        "检查 type 与其必填字段；有子菜单的按钮不能有 type" "check the type and its required fields; a button with sub-buttons has no type";
    40120 ClientBug
        "子菜单按钮类型错误" "sub-button type error"
        "检查子菜单的 type 与其必填字段" "check the sub-button's type and its required fields";
    41007 ClientBug
        "缺少子菜单数据" "sub-menu data missing"
        "为该按钮补上子菜单，或设置动作" "give the button sub-buttons or an action";
    45010 Quota
        "创建菜单次数达到上限" "menu creation limit reached"
        "等到明天再发布" "publish again tomorrow";
    45048 ClientBug
        "菜单使用了不可用的类型" "the menu uses an invalid type"
        "更换错误信息所指按钮的类型" "change the type of the button in question";
    45064 Operator
        "菜单含有未关联的小程序" "the menu contains a mini program that is not linked"
        "在公众平台「小程序管理」关联该小程序" "link the mini program at mp.weixin.qq.com";
    46002 Other
        "菜单版本不存在" "the menu version does not exist"
        "重新发布菜单" "publish the menu again";
    46003 Other
        "尚未创建菜单" "no menu was created"
        "先发布一个菜单；网站上手工编辑的菜单不在此列" "publish a menu first; menus made by hand on the website do not count here";
    65301 Other
        "没有此 menuid 对应的个性化菜单" "no conditional menu with this menuid"
        "重新读取菜单，取得当前的 menuid" "read the menus again for the current menuid";
    65302 Other
        "没有相应的用户" "no such user"
        "检查 openid 或微信号" "check the openid or WeChat id";
    65303 Other
        "没有默认菜单，不能创建个性化菜单" "no default menu, cannot create a conditional menu"
        "先发布默认菜单" "publish the default menu first";
    65304 ClientBug
        "matchrule 为空" "the match rule is empty"
        "至少填写一个匹配条件" "fill in at least one condition";
    65305 Other
        "个性化菜单数量达到上限" "too many conditional menus"
        "删除不用的个性化菜单" "delete conditional menus that are no longer used";
    65306 Operator
        "该账号不支持个性化菜单" "the account does not support conditional menus"
        "仅已认证的账号可用，请先认证" "only verified accounts have them; verify the account first";
    65307 ClientBug
        "个性化菜单信息为空" "the conditional menu's body is empty"
        "补上按钮与匹配条件" "add buttons and conditions";
    65308 ClientBug
        "有按钮没有设置响应动作" "a button has no action"
        "为每个没有子菜单的按钮设置类型与内容" "give every button without sub-buttons a type and its content";
    65309 Operator
        "个性化菜单开关处于关闭状态" "the conditional menu switch is off"
        "在公众平台打开个性化菜单" "turn conditional menus on at mp.weixin.qq.com";
    65310 ClientBug
        "填写了省份或城市时国家不能为空" "the country is required"
        "补上国家，或去掉地区条件" "add the country or drop the region";
    65311 ClientBug
        "填写了城市时省份不能为空" "the province is required"
        "补上省份，或去掉地区条件" "add the province or drop the region";
    65312 ClientBug
        "国家信息不合法" "invalid country"
        "修正国家，或去掉地区条件" "fix the country or drop the region";
    65313 ClientBug
        "省份信息不合法" "invalid province"
        "修正省份，或去掉地区条件" "fix the province or drop the region";
    65314 ClientBug
        "城市信息不合法" "invalid city"
        "修正城市，或去掉地区条件" "fix the city or drop the region";
    65315 Other
        "该用户不是关注者" "not a follower"
        "换一个已关注的用户" "use a user who follows the account";
    65316 ClientBug
        "个性化菜单跳转的域名超过 3 个" "more than 3 redirect domains"
        "所有个性化菜单合计最多跳转 3 个域名，请减少" "all conditional menus together may lead to 3 domains at most";
    65317 ClientBug
        "url 不合法" "invalid url"
        "修正按钮网址" "fix the button's url";
    65318 ClientBug
        "必须使用 UTF-8 编码" "must be UTF-8"
        "以 UTF-8 发送请求体" "send the body as UTF-8";
    65319 Operator
        "不允许创建菜单" "menu creation is not allowed"
        "登录 mp.weixin.qq.com 查看自定义菜单是否被关闭或封禁" "see at mp.weixin.qq.com whether custom menus are switched off or banned";
    65320 ClientBug
        "匹配条件使用了已下线的隐私字段" "the rule uses removed privacy fields"
        "去掉性别、地区与语言条件，改用标签" "drop sex, region and language; use tags";
}
