//! A follower: what came from him, what may be sent to him.

use crate::core::Core;
use crate::dto::{AccountKind, Conversation, CustomMessage, InboxQuery, PushClass, SentMessage};
use crate::error::AppError;
use crate::followers;
use crate::inbox::search::Limits;
use crate::inbox::view;
use crate::store::tables::custom_message;
use crate::store::tables::inbox::PushRow;

/// His pushes, and messages to him, that are shown.
const SHOWN: usize = 50;
/// Messages to him that are counted: WeChat allows five for each of his own.
const COUNTED: u32 = 500;
/// Pushes that are looked at for his, and the time for it, ms.
const LOOKED_AT: i64 = 500_000;
const PATIENCE: i64 = 1_000;
/// No window is longer, ms.
const LONGEST_WINDOW: i64 = 48 * 3_600_000;

impl Core {
    /// A follower of an account, as far as the inbox knows him.
    ///
    /// # Errors
    /// `InvalidInput` naming `openid`; `NotFound` for an unknown platform; the store's.
    pub async fn get_conversation(
        &self,
        component_appid: &str,
        appid: &str,
        openid: &str,
    ) -> Result<Conversation, AppError> {
        followers::checked_openid(openid)?;
        let platform = self.platform_row(component_appid)?;
        let account = self.store().mirror().account_by_appid(platform.id, appid);
        let query = InboxQuery {
            component_appid: Some(component_appid.to_owned()),
            appid: Some(appid.to_owned()),
            sender: Some(openid.to_owned()),
            class: Some(PushClass::Message),
            ..InboxQuery::default()
        };
        let limits = Limits { found: SHOWN, looked_at: LOOKED_AT, ms: PATIENCE };
        let found = self.search(self.wanted(query), limits).await?;
        let (of, to) = (appid.to_owned(), openid.to_owned());
        let sent = self.store().read(move |c| custom_message::list(c, platform.id, &of, &to, COUNTED)).await?;
        let now = self.clock().now();
        let mini = account.as_ref().is_some_and(|row| row.kind == Some(AccountKind::MiniProgram));
        let pushes = found.rows.iter().map(|(push, answer)| view::item(self, push, answer.as_ref())).collect();
        let rows: Vec<PushRow> = found.rows.into_iter().map(|(push, _)| push).collect();
        // What is older opens no window any more, and there is more of him than is shown only when that many were found.
        let short = found.searched_to.is_some_and(|at| rows.len() < SHOWN || at > now - LONGEST_WINDOW);
        Ok(Conversation {
            component_appid: component_appid.to_owned(),
            appid: appid.to_owned(),
            account_name: account.as_ref().map(|row| row.nick_name.clone()).filter(|name| !name.is_empty()),
            openid: openid.to_owned(),
            windows: followers::windows(&rows, &sent, mini, now),
            partial: short,
            pushes,
            sent: sent.iter().take(SHOWN).map(|row| followers::sent_view(row, now)).collect(),
            barred: followers::barred(account.as_deref()),
        })
    }

    /// Sends a customer-service message. A refusal of WeChat's, or an answer that never came, is an answer here.
    ///
    /// # Errors
    /// `InvalidInput` naming the field, or `appid` with the rule `barred`; `NotFound`; the store's. Nothing was sent then.
    pub async fn send_custom_message(
        &self,
        component_appid: &str,
        appid: &str,
        openid: &str,
        message: CustomMessage,
    ) -> Result<SentMessage, AppError> {
        followers::send(self, component_appid, appid, openid, &message).await
    }
}
