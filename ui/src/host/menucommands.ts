/** Commands of menus: drafts, what is live, versions, takeover, templates. Argument names and results as the engine has them. */
import type {
  BulkJob,
  LiveMenu,
  MenuChange,
  MenuCheck,
  MenuDraft,
  MenuMatch,
  MenuOriginal,
  MenuSet,
  MenuSource,
  MenuState,
  MenuTemplate,
  MenuVersion,
  MenuVersionPage,
  SourcedMenu,
  TakeoverPreview,
  TakeoverRules,
  TemplateDryRun,
  TemplateRequest,
} from "./types";

/** Which account. */
type Whose = { component_appid: string; appid: string };

export interface MenuCommands {
  /** Asks WeChat nothing. */
  menu_state: { args: Whose; result: MenuState };
  /** Pure rules and what the account can do; asked while one types. */
  check_menu: { args: Whose & { set: MenuSet }; result: MenuCheck };
  /** `conflict` when the revision moved meanwhile. */
  save_menu_draft: { args: Whose & { set: MenuSet; base_revision: number }; result: MenuDraft };
  /** Asks WeChat, and keeps the reading. */
  read_live_menu: { args: Whose; result: LiveMenu };
  menu_source: { args: Whose & { source: MenuSource }; result: SourcedMenu };
  diff_menus: { args: { left: MenuSet; right: MenuSet }; result: MenuChange[] };
  /** `conflict` when the draft's revision moved; `invalid_input` with every error. */
  publish_menu: { args: Whose & { revision: number }; result: MenuVersion };
  /** It becomes the draft and is published. */
  republish_menu: { args: Whose & { source: MenuSource }; result: MenuVersion };
  /** Reads what is live, does what is missing. */
  resume_menu_publish: { args: Whose & { version_id: number }; result: MenuVersion };
  /** The default menu and ALL conditional menus. */
  delete_menu: { args: Whose; result: MenuVersion };
  /** Newest first, without sets and steps. */
  menu_versions: { args: Whose & { before?: number | null; limit?: number | null }; result: MenuVersionPage };
  menu_version: { args: Whose & { id: number }; result: MenuVersion };
  /** An openid or a WeChat id. */
  try_menu_match: { args: Whose & { user_id: string }; result: MenuMatch };
  /** Newest first. */
  menu_originals: { args: Whose; result: MenuOriginal[] };
  /** By hand, when none was read or reading failed. */
  read_menu_original: { args: Whose; result: MenuOriginal };
  takeover_rules: { args: { component_appid: string }; result: TakeoverRules };
  save_takeover_rules: { args: { component_appid: string; rules: TakeoverRules }; result: TakeoverRules };
  /** Of the newest original; `rules` are unsaved ones. */
  preview_takeover: { args: Whose & { rules?: TakeoverRules | null }; result: TakeoverPreview };
  list_menu_templates: { args: Record<string, never>; result: MenuTemplate[] };
  save_menu_template: { args: { template: MenuTemplate }; result: MenuTemplate };
  remove_menu_template: { args: { id: string }; result: null };
  dry_run_menu_template: { args: { request: TemplateRequest }; result: TemplateDryRun };
  start_menu_template: { args: { request: TemplateRequest }; result: BulkJob };
  /** A new job with the accounts that failed or were cancelled. */
  retry_bulk: { args: { id: string }; result: BulkJob };
}
