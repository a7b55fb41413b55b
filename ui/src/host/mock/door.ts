/** Made-up self-checks, one for each way they end. Development and tests only. */
import type { Bilingual, CheckCode, CheckOutcome, CheckStep, CheckStepName, TunnelHealth } from "../types";

const b = (zh: string, en: string): Bilingual => ({ zh, en });
const NONE = b("", "");
const DAY = 86_400_000;
export type Ending = "ok" | "nothing_behind" | "ends_soon" | "no_such_name" | "never";

const FIX: Partial<Record<CheckCode, Bilingual>> = {
  nothing_behind: b("隧道在线，但没有转到本机监听端口：检查隧道设置的本地地址与端口。", "The tunnel is online but does not lead to this listener: check the local address and port that it is set to."),
  certificate_ends_soon: b("在到期前更新证书，到期后微信将无法推送。", "Renew it before then; after that WeChat cannot push."),
  no_such_name: b("检查域名拼写；自有域名请添加解析记录，隧道的临时域名可能已经更换。", "Check the spelling. Add a DNS record for a domain of your own; a tunnel's temporary name may have changed."),
};
const ICP = b("登录授权的发起页、网页授权与 JS 接口安全域名须为已完成 ICP 备案的域名；被大量用户举报的域名会被微信拦截。", "WeChat wants ICP-filed domains for the authorization launch page, web OAuth and JS-SDK, and blocks domains that many users report.");
const NATAPP = b("natapp 免费域名会不定期更换，更换后需在微信开放平台重新填写。授权与网页授权请使用付费或自有域名。", "natapp's free names change from time to time and must then be entered at WeChat again. For authorizations and web OAuth use a paid name or your own.");

function step(name: CheckStepName, outcome: CheckOutcome, code: CheckCode, took: number | null, text: Bilingual): CheckStep {
  return { step: name, outcome, code, took_ms: took, text, fix: FIX[code] ?? NONE };
}

export function doorCheck(url: string, ending: Ending, at: number): TunnelHealth {
  if (ending === "never") return { public_base_url: url, checked_at: null, reachable: null, round_trip_ms: null, error: null, certificate_ends_at: null, steps: [], hints: [] };
  const host = new URL(url).hostname;
  const ip = "203.0.113.80";
  const good: CheckStep[] = [
    step("dns", "ok", "ok", 12, b(`${host} → ${ip}`, `${host} → ${ip}`)),
    step("tcp", "ok", "ok", 21, b(`已连接 ${ip}:443`, `connected to ${ip}:443`)),
    step("tls", "ok", "ok", 47, b("证书有效，还有 71 天到期", "the certificate is good for 71 more days")),
    step("path", "ok", "ok", 68, b("应答正确，68 毫秒", "the listener answered, 68 ms")),
    step("push", "ok", "ok", 83, b("测试推送已收到，83 毫秒", "the test push came in, 83 ms")),
  ];
  const skipped = (from: number): CheckStep[] => good.slice(from).map((x) => step(x.step, "skipped", "not_reached", null, b("前面的步骤未通过，未检查", "not tried: a step before it failed")));
  const steps: Record<Exclude<Ending, "never">, CheckStep[]> = {
    ok: good,
    nothing_behind: [...good.slice(0, 3), step("path", "failed", "nothing_behind", 104, b("隧道应答 502，但后面没有监听", "the tunnel answers 502: nothing behind it")), ...skipped(4)],
    ends_soon: [...good.slice(0, 2), step("tls", "warning", "certificate_ends_soon", 52, b("证书还有 6 天到期", "the certificate ends in 6 days")), ...good.slice(3)],
    no_such_name: [step("dns", "failed", "no_such_name", 31, b(`域名 ${host} 不存在`, `there is no name ${host}`)), ...skipped(1)],
  };
  const list = steps[ending];
  const failed = list.find((x) => x.outcome === "failed");
  return {
    public_base_url: url,
    checked_at: at,
    reachable: !failed,
    round_trip_ms: failed ? null : 83,
    error: failed?.text.en ?? null,
    certificate_ends_at: ending === "no_such_name" ? null : at + (ending === "ends_soon" ? 6 : 71) * DAY + 3_600_000,
    steps: list,
    hints: host.includes("natapp") ? [NATAPP, ICP] : [ICP],
  };
}
