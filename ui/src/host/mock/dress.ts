/** What the made-up engine would send to a business server, as the real one dresses it. Development and tests only. */
import type { TargetFormat } from "../types";
import { hex } from "./data";

export interface Outgoing {
  id: number;
  component: string;
  appid: string;
  msg_type: string;
  event: string | null;
  sender: string;
  received_at: number;
  /** WeChat's document, and its fields. */
  xml: string;
  fields: Record<string, unknown>;
  test: boolean;
}

/** Without the signature, which nobody is shown. */
export function dressed(format: TargetFormat, one: Outgoing, attempt: number): { headers: [string, string][]; body: string } {
  const id: [string, string] = ["X-Wxdesk-Id", String(one.id)];
  const test: [string, string][] = one.test ? [["X-Wxdesk-Test", "1"]] : [];
  if (format === "sealed") {
    return { headers: [["Content-Type", "text/xml"], id, ...test], body: `<xml><ToUserName><![CDATA[${String(one.fields.ToUserName ?? "")}]]></ToUserName><Encrypt><![CDATA[${hex(one.id + 6, 88)}==]]></Encrypt></xml>` };
  }
  const body = format === "xml" ? one.xml : JSON.stringify({ id: one.id, component_appid: one.component, appid: one.appid, received_at: one.received_at, msg_type: one.msg_type, sender: one.sender, test: one.test, ...(one.event !== null && { event: one.event }), message: one.fields });
  return {
    headers: [["Content-Type", `${format === "xml" ? "text/xml" : "application/json"}; charset=utf-8`], id, ["X-Wxdesk-Appid", one.appid], ["X-Wxdesk-Component", one.component], ["X-Wxdesk-Timestamp", String(Math.floor(Date.now() / 1000))], ["X-Wxdesk-Attempt", String(attempt)], ...test],
    body,
  };
}
