/**
 * The one typed face of the engine. Owns the list of commands and their argument names; must not know which host
 * answers. Invariant: argument names are those of the engine's commands (snake_case), results are the generated types.
 */
import type { CallCommands } from "./commands";
import type { MenuCommands } from "./menucommands";
import type { MessageCommands } from "./messagecommands";
import type { OwnCommands } from "./owncommands";
import type {
  Account,
  AccountDetail,
  AccountEvent,
  AccountPage,
  AccountQuery,
  AppInfo,
  Attempt,
  CallbackIps,
  CallbackUrls,
  Change,
  EgressTest,
  Endpoints,
  ErrorBody,
  FieldError,
  Link,
  LinkKind,
  LinkPage,
  LinkQuery,
  LinkRequest,
  Overview,
  PermissionSet,
  Platform,
  PlatformInput,
  ReconcileChoices,
  ReconcilePreview,
  ReconcileProgress,
  ReconcileReport,
  RevealedSecret,
  SecretField,
  TagCount,
  Tenant,
  Tunnel,
  TunnelClient,
  TunnelHealth,
  TunnelInput,
  TunnelLog,
  VerificationFile,
} from "./types";

/** Command name → its arguments and its result. */
export interface Commands extends CallCommands, MenuCommands, MessageCommands, OwnCommands {
  app_info: { args: Record<string, never>; result: AppInfo };
  overview: { args: Record<string, never>; result: Overview };
  check_door: { args: { public_base_url: string }; result: TunnelHealth };
  /** Without an address: at its own. */
  restart_listener: { args: { address?: string | null }; result: null };
  dismiss_notice: { args: { id: string }; result: null };
  list_platforms: { args: Record<string, never>; result: Platform[] };
  get_platform: { args: { component_appid: string }; result: Platform };
  validate_platform: { args: { input: PlatformInput }; result: FieldError[] };
  save_platform: { args: { input: PlatformInput }; result: Platform };
  remove_platform: { args: { component_appid: string }; result: null };
  reveal_platform_secret: { args: { component_appid: string; field: SecretField }; result: RevealedSecret };
  start_ticket_push: { args: { component_appid: string }; result: null };
  refresh_component: { args: { component_appid: string }; result: Platform };
  preview_callback_urls: { args: { component_appid: string; public_base_url: string }; result: CallbackUrls };
  generate_verify_token: { args: Record<string, never>; result: string };
  generate_encoding_aes_key: { args: Record<string, never>; result: string };
  list_accounts: { args: { query: AccountQuery }; result: AccountPage };
  get_account: { args: { component_appid: string; appid: string }; result: AccountDetail };
  refresh_account: { args: { component_appid: string; appid: string }; result: Account };
  refresh_details: { args: { component_appid: string; appid: string }; result: AccountDetail };
  reveal_token: { args: { component_appid: string; appid: string }; result: RevealedSecret };
  get_avatar: { args: { component_appid: string; appid: string }; result: string | null };
  permission_sets: { args: Record<string, never>; result: PermissionSet[] };
  create_link: { args: { request: LinkRequest }; result: Link };
  get_link: { args: { link_id: string }; result: Link };
  list_links: { args: { query: LinkQuery }; result: LinkPage };
  clone_link: { args: { link_id: string; kind?: LinkKind | null }; result: Link };
  link_poster_svg: { args: { link_id: string; lang: "zh" | "en"; tz_offset_minutes?: number }; result: string };
  link_qr_png: { args: { link_id: string }; result: string };
  /** Nobody can use it any more, whether it was opened or not. */
  end_link: { args: { link_id: string }; result: Link };
  /** It is no longer on screen. */
  close_link: { args: { link_id: string }; result: null };
  list_tenants: { args: { component_appid: string | null }; result: Tenant[] };
  create_tenant: { args: { name: string }; result: Tenant };
  rename_tenant: { args: { name: string; new_name: string }; result: Tenant };
  archive_tenant: { args: { name: string }; result: Tenant };
  unarchive_tenant: { args: { name: string }; result: Tenant };
  /** How many accounts changed. An unknown tenant is made. */
  set_account_tenant: { args: { component_appid: string; appids: string[]; tenant: string | null }; result: number };
  set_account_note: { args: { component_appid: string; appid: string; note: string }; result: Account };
  set_account_tags: { args: { component_appid: string; appid: string; tags: string[] }; result: Account };
  change_account_tags: { args: { component_appid: string; appids: string[]; add: string[]; remove: string[] }; result: number };
  list_tags: { args: { component_appid: string | null }; result: TagCount[] };
  remove_account: { args: { component_appid: string; appid: string }; result: Account };
  restore_account: { args: { component_appid: string; appid: string }; result: Account };
  /** Newest first, 50 a call; `before` is the id of the last one shown. */
  list_account_history: { args: { component_appid: string; appid: string; before: number | null }; result: AccountEvent[] };
  reconcile_preview: { args: { component_appid: string }; result: ReconcilePreview };
  reconcile_apply: { args: { component_appid: string; preview_id: string; choices: ReconcileChoices }; result: ReconcileReport };
  reconcile_progress: { args: { component_appid: string }; result: ReconcileProgress };
  reconcile_cancel: { args: { component_appid: string }; result: null };
  list_attempts: { args: { component_appid: string; appid: string | null }; result: Attempt[] };
  list_tunnel_clients: { args: Record<string, never>; result: TunnelClient[] };
  list_tunnels: { args: Record<string, never>; result: Tunnel[] };
  save_tunnel: { args: { input: TunnelInput }; result: Tunnel };
  remove_tunnel: { args: { id: string }; result: null };
  start_tunnel: { args: { id: string }; result: Tunnel };
  stop_tunnel: { args: { id: string }; result: Tunnel };
  tunnel_log: { args: { id: string }; result: TunnelLog };
  confirm_tunnel_url: { args: { id: string }; result: Tunnel };
  list_verification_files: { args: Record<string, never>; result: VerificationFile[] };
  add_verification_file: { args: { name: string; content_base64: string }; result: VerificationFile };
  remove_verification_file: { args: { name: string }; result: null };
  /** Null: as stored. An empty proxy: none. */
  test_egress: { args: { component_appid: string; endpoints: Endpoints | null; outbound_proxy: string | null }; result: EgressTest };
  callback_ips: { args: Record<string, never>; result: CallbackIps };
  refresh_callback_ips: { args: Record<string, never>; result: CallbackIps };
  set_callback_allow_only: { args: { on: boolean }; result: CallbackIps };
  enter_sandbox: { args: Record<string, never>; result: AppInfo };
  leave_sandbox: { args: Record<string, never>; result: AppInfo };
}

export type CommandName = keyof Commands;

/** An error of the engine, or of the way to it. `body.code` is what callers branch on. */
export class HostError extends Error {
  readonly body: ErrorBody;
  constructor(body: ErrorBody) {
    super(body.message);
    this.name = "HostError";
    this.body = body;
  }
}

/** What a host must offer; everything else is the same for all. */
export interface Host {
  readonly kind: "window" | "http" | "mock";
  /** Whether the data folder can be switched in place. */
  readonly canSwitchSandbox: boolean;
  call<K extends CommandName>(name: K, args: Commands[K]["args"]): Promise<Commands[K]["result"]>;
  /** Calls back with the tags of each change; `["*"]` after a gap in which changes may have been missed. */
  onChange(listener: (change: Change) => void): () => void;
  /** Calls back when the way to the engine breaks (false) or is back (true). */
  onConnection(listener: (up: boolean) => void): () => void;
  openExternal(url: string): Promise<void>;
  /** The system's clipboard, where the host has a better way to it than the page; it empties a secret by itself. */
  readonly clip?: {
    copySecret(text: string): Promise<boolean>;
    clearSecret(): Promise<"cleared" | "other" | "refused">;
  };
  /** Path or file name written, null when the person cancelled. */
  saveFile(name: string, dataUrl: string): Promise<string | null>;
}

/** Makes a HostError of whatever a transport threw. */
export function asHostError(thrown: unknown): HostError {
  if (thrown instanceof HostError) return thrown;
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) {
    return new HostError(thrown as ErrorBody);
  }
  return new HostError({ code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) });
}

/** Only web addresses leave the app; anything else (file:, javascript:) is refused. */
export function isWebUrl(url: string): boolean {
  try {
    const { protocol } = new URL(url);
    return protocol === "https:" || protocol === "http:";
  } catch {
    return false;
  }
}
