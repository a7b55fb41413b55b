//! Where calls leave from: a test that shows the address that WeChat sees.

use std::sync::Arc;

use wechat::api::diagnostics;
use wechat::error::CallError;
use wechat::secret::SecretString;
use wechat::transport::Transport;

use crate::call_log;
use crate::core::Core;
use crate::dto::{Bilingual, CallReason, EgressRoute, EgressTest, Endpoints, LastError};
use crate::engine::{last_error, usable};
use crate::error::AppError;
use crate::store::tables::credential::CredentialRow;
use crate::store::tables::platform::PlatformRow;

/// An interface path that does not exist: asking for its quota is refused with 76021 and a rid, changes nothing and
/// costs nothing (protocol C.9).
const NO_SUCH_PATH: &str = "/wxdesk/egress";

fn both(zh: impl Into<String>, en: impl Into<String>) -> Bilingual {
    Bilingual { zh: zh.into(), en: en.into() }
}

impl Core {
    /// Asks WeChat which address a platform's calls come from. `endpoints` and `outbound_proxy` as in the form; `None`
    /// takes what is stored, an empty proxy means none. Nothing is saved.
    ///
    /// # Errors
    /// `NotFound` for the platform, `InvalidInput` for a proxy that cannot be used. A call that fails is an answer.
    pub async fn test_egress(
        &self,
        component_appid: &str,
        endpoints: Option<Endpoints>,
        outbound_proxy: Option<String>,
    ) -> Result<EgressTest, AppError> {
        let row = self.platform_row(component_appid)?;
        let stored = endpoints.is_none() && outbound_proxy.is_none();
        let endpoints = endpoints.unwrap_or_else(|| row.endpoints.clone());
        self.stay_in_the_sandbox(&endpoints)?;
        let proxy = match outbound_proxy {
            None => row.outbound_proxy.clone(),
            Some(none) if none.is_empty() => None,
            Some(url) => Some(SecretString::from(url)),
        };
        let transport = self.logged(self.transports().make(&endpoints, proxy.as_ref())?, component_appid);
        let route = match (&proxy, endpoints.api == Endpoints::default().api) {
            (Some(_), _) => EgressRoute::Proxy,
            (None, true) => EgressRoute::Direct,
            (None, false) => EgressRoute::Forward,
        };
        let mut test = EgressTest {
            at: self.clock().now(),
            route,
            ip: None,
            listed: None,
            took_ms: None,
            text: Bilingual::default(),
            fix: Bilingual::default(),
            error: None,
        };
        let now = self.clock().now();
        let mut component = self.asking_credential(&row);
        if stored && (row.ticket.is_some() || row.own.is_some()) && !component.as_ref().is_some_and(|c| usable(c, now))
        {
            // The refusal of this very call tells the address; its success gives the token that the test needs.
            let _ = match row.own {
                Some(_) => self.refresh_account(component_appid, component_appid).await.map(drop),
                None => self.refresh_component(component_appid).await.map(drop),
            };
            component = self.asking_credential(&row);
        }
        match component.filter(|c| usable(c, now)).and_then(|c| c.token.clone()) {
            Some(token) => {
                call_log::because(CallReason::Diagnostics, None, self.ask_by_rid(&mut test, &transport, &token)).await;
            }
            None => {
                let refused = self.asking_credential(&row).and_then(|c| c.failure.clone());
                match refused.filter(|e| e.ip.is_some() && stored) {
                    Some(error) => say_refused(&mut test, error),
                    None => self.ask_without_token(&mut test, &transport).await,
                }
            }
        }
        Ok(test)
    }

    /// Whose token such a question is asked with: the platform's, or an own account's.
    fn asking_credential(&self, row: &PlatformRow) -> Option<Arc<CredentialRow>> {
        let mirror = self.store().mirror();
        match row.own {
            Some(_) => mirror.account_credential(mirror.account_by_appid(row.id, &row.component_appid)?.id),
            None => mirror.component_credential(row.id),
        }
    }

    /// A refused call has a rid, and WeChat tells of a rid which address asked.
    async fn ask_by_rid(&self, test: &mut EgressTest, transport: &Arc<dyn Transport>, token: &SecretString) {
        let started = self.clock().monotonic();
        let answer = diagnostics::quota_get(transport.as_ref(), token, NO_SUCH_PATH).await;
        test.took_ms = Some(self.clock().monotonic() - started);
        let rid = match &answer {
            Ok(_) => None,
            Err(e) => match e.api() {
                Some(api) if matches!(api.code, 61004 | 40164) => {
                    return say_refused(test, last_error(e, self.clock().now()));
                }
                Some(api) => api.rid.clone(),
                None => return self.say_unreached(test, e),
            },
        };
        test.listed = Some(true);
        if let Some(rid) = rid
            && let Ok(info) = diagnostics::rid_get(transport.as_ref(), token, &rid).await
            && !info.client_ip.is_empty()
        {
            let ip = info.client_ip;
            test.text =
                both(format!("微信看到的出口 IP 是 {ip}，已被接受"), format!("WeChat sees {ip} and accepts it"));
            test.ip = Some(ip);
            return;
        }
        test.text = both("微信接受了调用，但没有告知出口 IP", "WeChat accepted the call but did not tell the address");
    }

    /// Without a token WeChat refuses and tells no address, but that it answers is worth knowing.
    async fn ask_without_token(&self, test: &mut EgressTest, transport: &Arc<dyn Transport>) {
        let started = self.clock().monotonic();
        let answer = diagnostics::get_callback_ip(transport.as_ref(), &SecretString::from("none")).await;
        test.took_ms = Some(self.clock().monotonic() - started);
        match answer {
            Err(e) if e.api().is_none() => self.say_unreached(test, &e),
            Err(e) if e.api().is_some_and(|a| a.ip.is_some()) => say_refused(test, last_error(&e, self.clock().now())),
            _ => {
                test.text = both(
                    "可以连到微信；拿到平台令牌后才能查询出口 IP",
                    "WeChat can be reached; it tells the address once there is a component token",
                );
                test.fix = both(
                    "先让微信推送 component_verify_ticket，然后再测试。",
                    "Let WeChat push a component_verify_ticket first, then test again.",
                );
            }
        }
    }

    fn say_unreached(&self, test: &mut EgressTest, error: &CallError) {
        test.took_ms = None;
        let error = last_error(error, self.clock().now());
        (test.text, test.fix) = match test.route {
            EgressRoute::Proxy => (
                both("经代理连不到微信", "WeChat cannot be reached through the proxy"),
                both("检查代理地址、端口、用户名和密码。", "Check the proxy's address, port, user and password."),
            ),
            EgressRoute::Forward => (
                both("连不到转发服务器", "the forward server cannot be reached"),
                both("检查接口地址与转发服务器。", "Check the endpoints and the forward server."),
            ),
            EgressRoute::Direct => (
                both("连不到微信", "WeChat cannot be reached"),
                both("检查本机网络。", "Check this machine's network."),
            ),
        };
        test.error = Some(error);
    }
}

fn say_refused(test: &mut EgressTest, error: LastError) {
    let ip = error.ip.clone();
    let shown = ip.clone().unwrap_or_else(|| "?".to_owned());
    test.text = both(
        format!("微信看到的出口 IP 是 {shown}，不在白名单中"),
        format!("WeChat sees {shown}, which is not on its list"),
    );
    test.fix = if error.code == 40164 {
        both(
            "在 mp.weixin.qq.com 的「设置与开发 → 基本配置 → IP 白名单」中加入此 IP。",
            "Add it at mp.weixin.qq.com under 设置与开发 → 基本配置 → IP白名单.",
        )
    } else {
        both(
            "在 open.weixin.qq.com 的「管理中心 → 第三方平台 → 详情 → 开发资料 → 白名单 IP 地址列表」中加入此 IP。",
            "Add it at open.weixin.qq.com under 管理中心 → 第三方平台 → 详情 → 开发资料 → 白名单IP地址列表.",
        )
    };
    test.ip = ip;
    test.listed = Some(false);
    test.error = Some(error);
}
