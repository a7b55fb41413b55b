/** Whoever takes a link from the onboard page takes the one that the form asks for, however soon after a change. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { setHost, type Host, type Link, type LinkRequest } from "../src/host";
import { platform, token } from "../src/host/mock/data";
import { queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import { SETTLE_MS } from "../src/pages/onboard/maker";
import OnboardPage from "../src/pages/onboard/OnboardPage.vue";

const COMPONENT = "wx134c8103faa5a59e";
const writeText = vi.fn(async () => undefined);
const openExternal = vi.fn(async () => undefined);
let made: LinkRequest[] = [];
let closed: string[] = [];
let page: VueWrapper;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  vi.clearAllMocks();
  queryClient.clear();
  Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
  [made, closed] = [[], []];
  const links = new Map<string, Link>();
  const answers: Record<string, (args: never) => unknown> = {
    app_info: () => ({ sandbox: false }),
    list_platforms: () => [platform(COMPONENT, "门店通", "https://wx.example.com", Date.now(), { component_token: token(Date.now(), "valid") })],
    list_tenants: () => [],
    permission_sets: () => [],
    get_link: ({ link_id }: { link_id: string }) => links.get(link_id),
    close_link: ({ link_id }: { link_id: string }) => void closed.push(link_id),
    create_link: ({ request }: { request: LinkRequest }) => {
      made.push(request);
      const id = `link${made.length}`;
      links.set(id, { ...request, link_id: id, launch_url: `https://wx.example.com/${id}`, qr_svg: "<svg/>", state: "waiting", created_at: Date.now(), expires_at: Date.now() + 600_000, account: null, error: null } as unknown as Link);
      return links.get(id);
    },
  };
  setHost({ kind: "mock", call: async (name: string, args: never) => answers[name]?.(args) ?? null, onChange: () => () => undefined, onConnection: () => () => undefined, openExternal, saveFile: async () => null } as unknown as Host);
  const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: { template: "<i />" } }] });
  page = mount(OnboardPage, { global: { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]], directives: { tip: {} }, stubs: { TSelect: true, TOption: true, KindPicker: true, OwnerSteps: true } } });
  await pass();
});
afterEach(() => {
  page.unmount();
  vi.useRealTimers();
});
/** Lets answers come and be drawn; the cache tells of them in a later turn. */
async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < 4; turn += 1) {
    await flushPromises();
    await vi.advanceTimersByTimeAsync(1);
  }
}
const press = async (testid: string): Promise<void> => {
  await page.get(`[data-testid="${testid}"]`).trigger("click");
  await pass();
};
const note = async (text: string): Promise<void> => {
  const field = page.get<HTMLInputElement>('[data-testid="onboard-note"]');
  await field.setValue(text);
  await field.trigger("change");
};
const behind = (): boolean => page.find('[data-testid="onboard-behind"]').exists();

it("copies the link of the form, not the one before it", async () => {
  expect(made).toHaveLength(1);
  await note("王经理");
  expect(behind(), "the code on screen is dimmed").toBe(true);
  await press("onboard-copy");
  expect(made[1]).toMatchObject({ note: "王经理" });
  expect(writeText.mock.calls).toEqual([["https://wx.example.com/link2"]]);
  expect(behind()).toBe(false);
  await pass(SETTLE_MS * 2);
  expect(made, "the timer makes no third one").toHaveLength(2);
  expect(closed, "the one before is closed, the one given away is not").toEqual(["link1"]);
});

it("opens the link of the form", async () => {
  await note("城西店");
  await press("onboard-open");
  expect(openExternal.mock.calls).toEqual([["https://wx.example.com/link2"]]);
});

it("gives nothing away while a field breaks a rule", async () => {
  await page.get('[data-testid="onboard-appid"]').setValue("wx12");
  expect(page.get('[data-testid="onboard-behind"]').text()).toContain(zh.onboard.held);
  expect(page.get('[data-testid="onboard-copy"]').attributes("disabled")).toBeDefined();
  await press("onboard-copy");
  await pass(SETTLE_MS * 2);
  expect(writeText).not.toHaveBeenCalled();
  expect(made).toHaveLength(1);
});

it("makes no link for a change that was taken back", async () => {
  await note("王经理");
  await note("");
  await pass(SETTLE_MS * 2);
  expect(made).toHaveLength(1);
  expect(behind()).toBe(false);
});

it("makes the link of the form by itself once typing has settled", async () => {
  await note("王经理");
  await pass(SETTLE_MS);
  expect(made).toHaveLength(2);
  expect(behind()).toBe(false);
});
