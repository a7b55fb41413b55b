//! Owns: which paths exist, who may call them, and who answers.
//! Must not: check or answer a call.
//! Invariant: every path of the protocol occurs once.

use serde_json::Value;
use wechat::Method;

use super::{
    Call, Refusal, component, custom, diagnostics, grant, media, menu, option, own, qrcode, sns, template, user,
};
use crate::call::Content;
use crate::platform::Platform;

/// Who may call a path.
pub(super) enum Gate {
    /// Secret instead of token, a component API: IP refusals are 61004.
    ComponentSecret,
    /// Secret instead of token, the account's own: IP refusals are 40164.
    OwnSecret,
    /// Component token and `component_appid` in the body.
    Component,
    /// Component token in the query, nothing in a body (sns).
    ComponentQuery,
    /// Component or authorizer token, whichever the form of the call wants.
    ComponentOrAccount,
    /// Token of an account that granted one of the sets (none listed: any) and is able to.
    Account { sets: &'static [u32], needs: Ability },
    /// Any token.
    Any,
    /// No token of the API; what is sent belongs to a person, or to nobody.
    Open,
}

type JsonAnswer = fn(&mut Platform, &Call<'_>) -> Result<Value, Refusal>;

/// How a path answers, and what it reads.
pub(super) enum Answering {
    /// JSON to JSON (or to a query).
    Json(JsonAnswer),
    /// JSON to a `multipart/form-data` body.
    Upload(JsonAnswer),
    /// Anything: JSON or bytes.
    Whole(fn(&mut Platform, &Call<'_>) -> Result<Content, Refusal>),
}

/// What the account itself must be, whatever it granted (48001, C.10).
#[derive(Clone, Copy)]
pub(super) enum Ability {
    /// Anything.
    Any,
    /// A verified official account.
    Menus,
    /// A verified service account.
    Service,
    /// An official account.
    Official,
}

pub(super) struct Route {
    pub(super) method: Method,
    pub(super) gate: Gate,
    pub(super) answer: Answering,
}

const MENU_SETS: &[u32] = &[15];

pub(super) fn route(path: &str) -> Option<Route> {
    use Method::{Get, Post};
    let messages = Gate::Account { sets: &[1, 19], needs: Ability::Any };
    let templates = Gate::Account { sets: &[7], needs: Ability::Service };
    let material = Gate::Account { sets: &[11], needs: Ability::Official };
    let users = Gate::Account { sets: &[2], needs: Ability::Menus };
    let menu = Gate::Account { sets: MENU_SETS, needs: Ability::Menus };
    let (method, gate, answer): (Method, Gate, JsonAnswer) = match path {
        "/cgi-bin/component/api_start_push_ticket" => (Post, Gate::ComponentSecret, component::start_push_ticket),
        "/cgi-bin/component/api_component_token" => (Post, Gate::ComponentSecret, component::token),
        "/cgi-bin/component/api_create_preauthcode" => (Post, Gate::Component, component::pre_auth_code),
        "/cgi-bin/component/api_query_auth" => (Post, Gate::Component, grant::query_auth),
        "/cgi-bin/component/api_authorizer_token" => (Post, Gate::Component, grant::refresh),
        "/cgi-bin/component/api_get_authorizer_info" => (Post, Gate::Component, grant::info),
        "/cgi-bin/component/api_get_authorizer_list" => (Post, Gate::Component, grant::list),
        "/cgi-bin/component/api_get_authorizer_option" => (Post, Gate::Component, option::get),
        "/cgi-bin/component/api_set_authorizer_option" => (Post, Gate::Component, option::set),
        "/cgi-bin/component/get_authorizer_option" => (Post, Gate::ComponentOrAccount, option::get),
        "/cgi-bin/component/set_authorizer_option" => (Post, Gate::ComponentOrAccount, option::set),
        "/cgi-bin/component/clear_quota/v2" => (Post, Gate::ComponentSecret, diagnostics::component_clear_v2),
        "/cgi-bin/clear_quota" => (Post, Gate::Any, diagnostics::clear),
        "/cgi-bin/clear_quota/v2" => (Post, Gate::OwnSecret, diagnostics::clear_v2),
        "/cgi-bin/openapi/quota/get" => (Post, Gate::Any, diagnostics::quota_get),
        "/cgi-bin/openapi/quota/clear" => (Post, Gate::Any, diagnostics::quota_clear),
        "/cgi-bin/openapi/rid/get" => (Post, Gate::Any, diagnostics::rid_get),
        "/cgi-bin/get_api_domain_ip" => (Get, Gate::Any, diagnostics::api_domain_ip),
        "/cgi-bin/getcallbackip" => (Get, Gate::Any, diagnostics::callback_ip),
        "/cgi-bin/callback/check" => (Post, Gate::Any, diagnostics::callback_check),
        "/cgi-bin/menu/create" => (Post, menu, menu::create),
        "/cgi-bin/menu/get" => (Get, menu, menu::get),
        "/cgi-bin/menu/delete" => (Get, menu, menu::delete),
        "/cgi-bin/menu/addconditional" => (Post, menu, menu::add_conditional),
        "/cgi-bin/menu/delconditional" => (Post, menu, menu::delete_conditional),
        "/cgi-bin/menu/trymatch" => (Post, menu, menu::try_match),
        "/cgi-bin/get_current_selfmenu_info" => {
            (Get, Gate::Account { sets: &[1, 3, 15], needs: Ability::Any }, menu::current_self_menu)
        }
        "/cgi-bin/message/custom/send" => (Post, messages, custom::send),
        "/cgi-bin/message/custom/typing" => (Post, messages, custom::typing),
        "/cgi-bin/message/template/send" => (Post, templates, template::send),
        "/cgi-bin/template/get_all_private_template" => (Get, templates, template::list),
        "/cgi-bin/template/api_add_template" => (Post, templates, template::add),
        "/cgi-bin/template/del_private_template" => (Post, templates, template::delete),
        "/cgi-bin/template/get_industry" => (Get, templates, template::get_industry),
        "/cgi-bin/template/api_set_industry" => (Post, templates, template::set_industry),
        "/cgi-bin/qrcode/create" => (Post, Gate::Account { sets: &[3], needs: Ability::Service }, qrcode::create),
        "/cgi-bin/material/get_materialcount" => (Get, material, media::count),
        "/cgi-bin/material/batchget_material" => (Post, material, media::list),
        "/cgi-bin/material/del_material" => (Post, material, media::delete),
        "/cgi-bin/user/info" => (Get, users, user::info),
        "/cgi-bin/user/get" => (Get, users, user::list),
        "/cgi-bin/ticket/getticket" => (Get, Gate::Account { sets: &[4], needs: Ability::Any }, own::ticket),
        "/cgi-bin/token" => (Get, Gate::OwnSecret, own::token),
        "/cgi-bin/stable_token" => (Post, Gate::OwnSecret, own::stable_token),
        "/sns/oauth2/component/access_token" => (Get, Gate::ComponentQuery, sns::component_token),
        "/sns/oauth2/access_token" => (Get, Gate::OwnSecret, sns::own_token),
        "/sns/oauth2/component/refresh_token" => (Get, Gate::ComponentQuery, sns::component_refresh),
        "/sns/oauth2/refresh_token" => (Get, Gate::Open, sns::own_refresh),
        "/sns/auth" => (Get, Gate::Open, sns::auth),
        "/sns/userinfo" => (Get, Gate::Open, sns::userinfo),
        "/sns/jscode2session" => (Get, Gate::OwnSecret, sns::own_session),
        "/sns/component/jscode2session" => (Get, Gate::ComponentQuery, sns::component_session),
        _ => return other(path),
    };
    Some(Route { method, gate, answer: Answering::Json(answer) })
}

/// Paths that take an upload or may answer bytes.
fn other(path: &str) -> Option<Route> {
    use Method::{Get, Post};
    // Mini programs upload the pictures of their customer-service messages.
    let temporary = Gate::Account { sets: &[11, 19], needs: Ability::Any };
    let material = Gate::Account { sets: &[11], needs: Ability::Official };
    let (method, gate, answer) = match path {
        "/cgi-bin/media/upload" => (Post, temporary, Answering::Upload(media::upload)),
        "/cgi-bin/media/get" => (Get, temporary, Answering::Whole(media::get)),
        "/cgi-bin/media/uploadimg" => (Post, material, Answering::Upload(media::upload_image)),
        "/cgi-bin/material/add_material" => (Post, material, Answering::Upload(media::add)),
        "/cgi-bin/material/get_material" => (Post, material, Answering::Whole(media::get_material)),
        "/cgi-bin/showqrcode" => (Get, Gate::Open, Answering::Whole(qrcode::show)),
        _ => return None,
    };
    Some(Route { method, gate, answer })
}

/// Whether the simulated platform answers `path`.
pub(crate) fn is_known(path: &str) -> bool {
    route(path).is_some()
}
