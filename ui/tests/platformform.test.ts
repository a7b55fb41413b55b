/** What the platform form hands to the engine: a secret that nobody touched is not in it. */
import { mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { beforeEach, expect, it } from "vitest";
import { defineComponent, h } from "vue";
import { setHost, type Host, type Platform } from "../src/host";
import zh from "../src/locales/zh-CN.json";
import { usePlatformForm, type PlatformForm } from "../src/pages/platforms/form";

const KEY = "a".repeat(43);
const stored = (has_previous_key: boolean): Platform =>
  ({ component_appid: "wx0123456789abcdef", name: "门店通", public_base_url: "https://wx.example.com", endpoints: { api: "https://api.weixin.qq.com", mp: "https://mp.weixin.qq.com", open: "https://open.weixin.qq.com" }, outbound_proxy: null, has_previous_key }) as Platform;

function open(platform: Platform | null): PlatformForm {
  let form: PlatformForm | undefined;
  const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
  mount(defineComponent({ setup: () => ((form = usePlatformForm(() => false)), () => h("i")) }), { global: { plugins: [i18n] } });
  form?.reset(platform);
  return form as PlatformForm;
}
beforeEach(() => setHost({ call: async () => [] } as unknown as Host));

it.each([false, true])("replacing the AES key leaves the one before to the engine (one stored: %s)", (has) => {
  const form = open(stored(has));
  form.values.encoding_aes_key = KEY;
  expect(form.input()).toMatchObject({ encoding_aes_key: KEY, previous_encoding_aes_key: null });
});

it("a new platform names no previous key", () => {
  const form = open(null);
  form.values.encoding_aes_key = KEY;
  expect(form.input().previous_encoding_aes_key).toBeNull();
});

it("an emptied previous key is removed, a typed one is stored, and a change of mind is no change", () => {
  const form = open(stored(true));
  form.values.previous_encoding_aes_key = "";
  expect(form.input().previous_encoding_aes_key).toBe("");
  form.values.previous_encoding_aes_key = KEY;
  expect(form.input().previous_encoding_aes_key).toBe(KEY);
  form.values.previous_encoding_aes_key = null;
  expect(form.input().previous_encoding_aes_key).toBeNull();

  const none = open(stored(false));
  none.values.previous_encoding_aes_key = KEY;
  none.values.previous_encoding_aes_key = "";
  expect(none.input().previous_encoding_aes_key).toBeNull();
});
