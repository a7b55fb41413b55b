/**
 * Commands of directly connected accounts, the JS-SDK, web OAuth, parametric QR codes and "Try the API". Argument names
 * and results as the engine has them. Change tags: `own:{appid}` (with `accounts`), `oauth`, `scene_codes`, `api_trials`,
 * `js_tickets:{appid}`.
 */
import type {
  ApiForm,
  ApiTrial,
  ApiTrialRequest,
  FieldError,
  JsTicket,
  JsTicketKind,
  MiniLogin,
  OauthLink,
  OauthLinkRequest,
  OauthPageError,
  OauthRoute,
  OauthRouteInput,
  OauthUser,
  OauthUserPage,
  OauthUserQuery,
  OwnAccount,
  OwnAccountInput,
  OwnSecretField,
  PageCheck,
  PageConfig,
  RevealedSecret,
  SceneCode,
  SceneCodeInput,
  SceneCodePage,
  SceneCodeQuery,
  SceneScan,
  SignedPage,
  UrlVerification,
} from "./types";

/** Which account; a directly connected one's component_appid is its own appid. */
type Whose = { component_appid: string; appid: string };
type Nothing = Record<string, never>;

export interface OwnCommands {
  list_own_accounts: { args: Nothing; result: OwnAccount[] };
  get_own_account: { args: { appid: string }; result: OwnAccount };
  validate_own_account: { args: { input: OwnAccountInput }; result: FieldError[] };
  save_own_account: { args: { input: OwnAccountInput }; result: OwnAccount };
  /** For good, with its token, menu drafts, users and codes. */
  remove_own_account: { args: { appid: string }; result: null };
  reveal_own_secret: { args: { appid: string; field: OwnSecretField }; result: RevealedSecret };
  /** A new stable token; the one before ends at once, everywhere. */
  force_own_token: { args: { appid: string }; result: OwnAccount };
  /** Since the start, newest first, at most 20. Tag `own:{appid}` tells of a new one. */
  list_url_verifications: { args: { appid: string }; result: UrlVerification[] };

  /** Both kinds, also those that are off. */
  list_js_tickets: { args: Whose; result: JsTicket[] };
  switch_js_ticket: { args: Whose & { kind: JsTicketKind; on: boolean }; result: JsTicket[] };
  refresh_js_ticket: { args: Whose & { kind: JsTicketKind }; result: JsTicket[] };
  /** Switches the jsapi ticket on when it is off. Without nonce and timestamp: random and now. */
  sign_page: { args: Whose & { url: string; nonce_str?: string | null; timestamp?: number | null }; result: SignedPage };
  check_page: { args: Whose & { config: PageConfig }; result: PageCheck };

  make_oauth_link: { args: { request: OauthLinkRequest }; result: OauthLink };
  /** Newest first, at most 200; null: of all accounts. */
  list_oauth_links: { args: { component_appid: string | null; appid: string | null }; result: OauthLink[] };
  get_oauth_link: { args: { state: string }; result: OauthLink };
  end_oauth_link: { args: { state: string }; result: OauthLink };
  list_oauth_users: { args: { query: OauthUserQuery }; result: OauthUserPage };
  /** `sns/auth`. */
  check_oauth_user: { args: { id: number }; result: OauthUser };
  refresh_oauth_user: { args: { id: number }; result: OauthUser };
  /** `sns/userinfo`. */
  read_oauth_profile: { args: { id: number }; result: OauthUser };
  forget_oauth_user: { args: { id: number }; result: null };
  reveal_oauth_token: { args: { id: number }; result: RevealedSecret };
  list_oauth_routes: { args: Nothing; result: OauthRoute[] };
  save_oauth_route: { args: { input: OauthRouteInput }; result: OauthRoute };
  remove_oauth_route: { args: { id: string }; result: null };
  oauth_page_errors: { args: Nothing; result: OauthPageError[] };
  /** `jscode2session`. */
  mini_login: { args: Whose & { js_code: string }; result: MiniLogin };
  /** For ten minutes after the login. */
  reveal_session_key: { args: { id: string }; result: RevealedSecret };

  create_scene_code: { args: { input: SceneCodeInput }; result: SceneCode };
  list_scene_codes: { args: { query: SceneCodeQuery }; result: SceneCodePage };
  rename_scene_code: { args: { id: number; name: string }; result: SceneCode };
  /** Here only: WeChat knows no way to end a code. */
  forget_scene_code: { args: { id: number }; result: null };
  scene_code_svg: { args: { id: number }; result: string };
  /** A data URL, 1024 px. */
  scene_code_png: { args: { id: number }; result: string };
  /** Newest first, at most 200. */
  list_scene_scans: { args: { id: number }; result: SceneScan[] };

  api_forms: { args: Nothing; result: ApiForm[] };
  run_api: { args: { request: ApiTrialRequest }; result: ApiTrial };
  /** Newest first, at most 100, without answers. */
  list_api_trials: { args: { component_appid: string | null; appid: string | null }; result: ApiTrial[] };
  get_api_trial: { args: { id: number }; result: ApiTrial };
  /** The whole answer with everything in it, for ten minutes after the call. */
  reveal_api_trial: { args: { id: number }; result: RevealedSecret };
  clear_api_trials: { args: Nothing; result: null };
}
