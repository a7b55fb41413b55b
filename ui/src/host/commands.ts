/** Commands of the call log, quotas, options, tokens and bulk work: argument names and results as the engine has them. */
import type {
  AccountOption,
  AccountOptions,
  ApiCallPage,
  ApiCallQuery,
  ApiCallSettings,
  BulkJob,
  BulkRequest,
  ClearAllowance,
  ClearMethod,
  ErrcodeWords,
  ExportedText,
  ExportFormat,
  KnownApi,
  OptionName,
  QuotaItem,
  QuotaReport,
  RidLookup,
  TokenTest,
  TokenTimeline,
} from "./types";

/** Whose: an account, or with null the platform itself. */
type Whose = { component_appid: string; appid: string | null };

export interface CallCommands {
  /** A data URL; null when there is none. */
  get_account_qr: { args: { component_appid: string; appid: string }; result: string | null };
  get_account_options: { args: { component_appid: string; appid: string }; result: AccountOptions };
  /** Answers what WeChat has afterwards. */
  set_account_option: { args: { component_appid: string; appid: string; name: OptionName; value: string }; result: AccountOption };
  known_apis: { args: Record<string, never>; result: KnownApi[] };
  /** Null: those whose limits matter. */
  get_quota: { args: Whose & { cgi_paths: string[] | null }; result: QuotaReport };
  clear_quota: { args: Whose & { method: ClearMethod }; result: ClearAllowance };
  clear_api_quota: { args: Whose & { cgi_path: string }; result: QuotaItem };
  /** Null: whoever our own log says, else every platform. */
  lookup_rid: { args: { rid: string; component_appid: string | null; appid: string | null }; result: RidLookup };
  list_api_calls: { args: { query: ApiCallQuery }; result: ApiCallPage };
  export_api_calls: { args: { query: ApiCallQuery; format: ExportFormat }; result: ExportedText };
  get_api_call_settings: { args: Record<string, never>; result: ApiCallSettings };
  set_api_call_retention: { args: { days: number }; result: ApiCallSettings };
  explain_errcode: { args: { code: number }; result: ErrcodeWords | null };
  test_token: { args: Whose; result: TokenTest };
  token_timeline: { args: Whose; result: TokenTimeline };
  start_bulk: { args: { request: BulkRequest }; result: BulkJob };
  /** Newest first, without lines. */
  list_bulk_jobs: { args: Record<string, never>; result: BulkJob[] };
  /** Lines after this one, at most 1000. */
  bulk_job: { args: { id: string; after: number | null }; result: BulkJob };
  cancel_bulk: { args: { id: string }; result: BulkJob };
  export_bulk_report: { args: { id: string; format: ExportFormat }; result: ExportedText };
}
