/** What a person types quickly is kept in full, however slow the engine answers. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { expect, it } from "vitest";
import TagInput from "../src/components/TagInput.vue";
import { setHost, type Account, type AccountDetail, type Host } from "../src/host";
import { queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import DrawerDetails from "../src/pages/accounts/tabs/DrawerDetails.vue";

const account = { appid: "wx1", component_appid: "wx0", kind: "official_account", nick_name: "花店", user_name: "", principal_name: "", state: "authorized", tenant: null, scopes: [], authorized_at: 1, has_avatar: false, note: "", tags: [], removed_at: null, unauthorized_at: null, token: {} } as unknown as Account;

const nothing = { zh: "", en: "" };
const detail = { account, alias: "", signature: "", service_type: 2, service_type_text: nothing, verify_type: 0, verify_type_text: nothing, account_status: 1, account_status_text: nothing, permissions: [], details_at: null, details_error: null, extra: {}, attempts: [] } as unknown as AccountDetail;

it("adds the second tag to the first while that is still being saved, and sends them in order", async () => {
  const sent: string[][] = [];
  const answers: (() => void)[] = [];
  const call = (name: string, args: { tags: string[] }): Promise<unknown> => {
    if (name !== "set_account_tags") return Promise.resolve([]);
    sent.push(args.tags);
    return new Promise((done) => answers.push(() => done({ ...account, tags: args.tags })));
  };
  setHost({ kind: "mock", call, onChange: () => () => undefined, onConnection: () => () => undefined } as unknown as Host);
  const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
  const wrapper = mount(DrawerDetails, {
    props: { detail, platform: "" },
    global: { plugins: [i18n, [VueQueryPlugin, { queryClient }]], directives: { tip: {}, label: {} }, stubs: { DetailExtras: true, TenantField: true, RouterLink: true } },
  });
  const input = wrapper.getComponent(TagInput);
  input.vm.$emit("update:modelValue", ["直营"]);
  await flushPromises();
  input.vm.$emit("update:modelValue", [...input.props("modelValue"), "重点"]);
  await flushPromises();
  expect(input.props("modelValue")).toEqual(["直营", "重点"]);
  expect(sent, "the second waits for the first").toEqual([["直营"]]);
  answers[0]();
  await flushPromises();
  expect(sent).toEqual([["直营"], ["直营", "重点"]]);
});
