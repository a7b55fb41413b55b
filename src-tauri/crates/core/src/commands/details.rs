//! What an account's page shows besides its row.

use wechat::account::{business_function, register_type};

use super::calls::both;
use crate::core::Core;
use crate::dto::{AccountBusiness, AccountCategory, AccountDomains, AccountExtra, Bilingual};
use crate::engine;
use crate::error::AppError;
use crate::store::tables::account::AccountRow;
use crate::store::tables::account_details;

/// Domain lists by WeChat's names, as mp.weixin.qq.com calls them. `New…` twins are lists under change.
const DOMAIN_LISTS: &[(&str, &str, &str)] = &[
    ("RequestDomain", "request 合法域名", "Request domains"),
    ("WsRequestDomain", "socket 合法域名", "WebSocket domains"),
    ("UploadDomain", "uploadFile 合法域名", "Upload domains"),
    ("DownloadDomain", "downloadFile 合法域名", "Download domains"),
    ("BizDomain", "业务域名", "Web-view domains"),
    ("UDPDomain", "udp 合法域名", "UDP domains"),
    ("TCPDomain", "tcp 合法域名", "TCP domains"),
    ("PrefetchDNSDomain", "预解析域名", "DNS prefetch domains"),
];

fn domain_label(name: &str) -> Bilingual {
    let (plain, new) = match name.strip_prefix("New") {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    match DOMAIN_LISTS.iter().find(|(known, ..)| *known == plain) {
        Some((_, zh, en)) if new => {
            Bilingual { zh: format!("{zh}（变更中）"), en: format!("{en} (under change)") }
        }
        Some((_, zh, en)) => Bilingual { zh: (*zh).to_owned(), en: (*en).to_owned() },
        None => Bilingual { zh: name.to_owned(), en: name.to_owned() },
    }
}

impl Core {
    pub(crate) async fn account_extra(&self, row: &AccountRow) -> Result<AccountExtra, AppError> {
        let id = row.id;
        let (known, qr) = self
            .store()
            .read(move |c| Ok((account_details::get(c, id)?, account_details::qr_url(c, id)?.is_some())))
            .await?;
        let named = |name: &str| Bilingual { zh: name.to_owned(), en: name.to_owned() };
        Ok(AccountExtra {
            qr: qr || known.qrcode_url.is_some(),
            register_type: known.register_type,
            register_type_text: match known.register_type {
                None => Bilingual::default(),
                Some(id) => match register_type(id) {
                    Some(label) => both(label),
                    None => Bilingual { zh: format!("未知 ({id})"), en: format!("Unknown ({id})") },
                },
            },
            business: known
                .business
                .into_iter()
                .map(|(name, open)| {
                    let label = business_function(&name).map_or_else(|| named(&name), both);
                    AccountBusiness { name, label, open }
                })
                .collect(),
            domains: known
                .domains
                .into_iter()
                .filter(|(_, domains)| !domains.is_empty())
                .map(|(name, domains)| AccountDomains { label: domain_label(&name), name, domains })
                .collect(),
            categories: known.categories.into_iter().map(|(first, second)| AccountCategory { first, second }).collect(),
            visit_status: known.visit_status,
            phone_configured: known.phone_configured,
            email_configured: known.email_configured,
            // Never asked for yet: with the engine's next look.
            next_details_at: engine::next_details_at(row).map(|at| if at == 0 { self.clock().now() } else { at }),
        })
    }

    /// The account's QR code as a `data:` URL. Fetched now when only its address is known.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn get_account_qr(&self, component_appid: &str, appid: &str) -> Result<Option<String>, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        let qr = engine::account_qr(self, &row).await?;
        Ok(qr.map(|(mime, bytes)| engine::data_url(&mime, &bytes)))
    }
}
