/** Rooms and their addresses. Each page is its own chunk. A room that does not work yet has no route. */
import { createRouter, createWebHashHistory, type Router, type RouteRecordRaw } from "vue-router";
import { useHost } from "@/host";
import { keys, queryClient } from "@/lib/queries";

declare module "vue-router" {
  interface RouteMeta {
    /** Key of the title. */
    title: string;
    /** Menu entry that is lit. */
    nav?: string;
    /** Breadcrumb parent. */
    parent?: { title: string; to: string };
    /** Without sidebar. */
    bare?: boolean;
  }
}

const channel = { title: "nav.channel", to: "/channel" };
const rules = { title: "nav.rules", to: "/rules" };
const targets = { title: "targets.tab", to: "/targets" };
const menus = { title: "nav.menus", to: "/menus" };
const templates = { title: "menus.templates.title", to: "/menus/templates" };
const messages = { title: "nav.messages", to: "/messages" };
const accounts = { title: "nav.accounts", to: "/accounts" };
const platforms = { title: "nav.platforms", to: "/platforms" };

export const routes: RouteRecordRaw[] = [
  { path: "/", redirect: "/overview" },
  { path: "/welcome", component: () => import("./pages/welcome/WelcomePage.vue"), meta: { title: "welcome.title", bare: true } },
  { path: "/overview", component: () => import("./pages/overview/OverviewPage.vue"), meta: { title: "nav.overview", nav: "overview" } },
  { path: "/onboard", component: () => import("./pages/onboard/OnboardPage.vue"), meta: { title: "nav.onboard", nav: "onboard" } },
  { path: "/accounts", component: () => import("./pages/accounts/AccountsPage.vue"), meta: { title: "nav.accounts", nav: "accounts" } },
  { path: "/accounts/reconcile/:platform?", component: () => import("./pages/reconcile/ReconcilePage.vue"), props: true, meta: { title: "reconcile.title", nav: "accounts", parent: accounts } },
  { path: "/links", component: () => import("./pages/links/LinksPage.vue"), meta: { title: "nav.links", nav: "links" } },
  { path: "/tenants", component: () => import("./pages/tenants/TenantsPage.vue"), meta: { title: "nav.tenants", nav: "tenants" } },
  { path: "/menus", component: () => import("./pages/menus/MenusPage.vue"), meta: { title: "nav.menus", nav: "menus" } },
  { path: "/menus/templates", component: () => import("./pages/menus/TemplatesPage.vue"), meta: { title: "menus.templates.title", nav: "menus", parent: menus } },
  { path: "/menus/templates/:id", component: () => import("./pages/menus/TemplatePage.vue"), props: true, meta: { title: "menus.templates.edit_title", nav: "menus", parent: templates } },
  { path: "/menus/apply/:template?", component: () => import("./pages/menus/ApplyPage.vue"), props: true, meta: { title: "menus.apply.title", nav: "menus", parent: templates } },
  { path: "/menus/rules/:platform?", component: () => import("./pages/menus/RulesPage.vue"), props: true, meta: { title: "menus.rules.title", nav: "menus", parent: menus } },
  { path: "/menus/:component/:appid", component: () => import("./pages/menus/MenuPage.vue"), props: true, meta: { title: "menus.page.title", nav: "menus", parent: menus } },
  { path: "/messages", component: () => import("./pages/inbox/InboxPage.vue"), meta: { title: "nav.messages", nav: "messages" } },
  { path: "/messages/rejected", component: () => import("./pages/inbox/RejectedPage.vue"), meta: { title: "rejections.title", nav: "messages", parent: messages } },
  { path: "/messages/chat/:component/:appid/:openid", component: () => import("./pages/inbox/ChatPage.vue"), props: true, meta: { title: "conversation.title", nav: "messages", parent: messages } },
  { path: "/rules", component: () => import("./pages/rules/RulesPage.vue"), meta: { title: "nav.rules", nav: "rules" } },
  { path: "/rules/new", component: () => import("./pages/rules/RulePage.vue"), meta: { title: "rules.new", nav: "rules", parent: rules } },
  { path: "/rules/:id", component: () => import("./pages/rules/RulePage.vue"), props: true, meta: { title: "rules.edit_title", nav: "rules", parent: rules } },
  { path: "/targets", component: () => import("./pages/targets/TargetsPage.vue"), meta: { title: "nav.rules", nav: "rules" } },
  { path: "/targets/new", component: () => import("./pages/targets/TargetFormPage.vue"), meta: { title: "targets.new", nav: "rules", parent: targets } },
  { path: "/targets/:id/edit", component: () => import("./pages/targets/TargetFormPage.vue"), props: true, meta: { title: "targets.edit_title", nav: "rules", parent: targets } },
  { path: "/targets/:id", component: () => import("./pages/targets/TargetPage.vue"), props: true, meta: { title: "targets.page_title", nav: "rules", parent: targets } },
  { path: "/jssdk", component: () => import("./pages/jssdk/JsSdkPage.vue"), meta: { title: "nav.jssdk", nav: "jssdk" } },
  { path: "/scenes", component: () => import("./pages/scenes/ScenesPage.vue"), meta: { title: "nav.scenes", nav: "scenes" } },
  { path: "/quota", component: () => import("./pages/quota/QuotaPage.vue"), meta: { title: "nav.quota", nav: "quota" } },
  { path: "/oauth", component: () => import("./pages/oauth/OauthPage.vue"), meta: { title: "nav.oauth", nav: "oauth" } },
  { path: "/console", component: () => import("./pages/console/ConsolePage.vue"), meta: { title: "nav.console", nav: "console" } },
  { path: "/calls", component: () => import("./pages/calls/CallsPage.vue"), meta: { title: "nav.calls", nav: "calls" } },
  { path: "/platforms", component: () => import("./pages/platforms/PlatformsPage.vue"), meta: { title: "nav.platforms", nav: "platforms" } },
  { path: "/platforms/new", component: () => import("./pages/platforms/PlatformFormPage.vue"), meta: { title: "platform.new_title", nav: "platforms", parent: platforms } },
  { path: "/platforms/:id/connect", component: () => import("./pages/platforms/ConnectPage.vue"), props: true, meta: { title: "connect.title", nav: "platforms", parent: platforms } },
  { path: "/platforms/:id", component: () => import("./pages/platforms/PlatformFormPage.vue"), props: true, meta: { title: "platform.edit_title", nav: "platforms", parent: platforms } },
  { path: "/own/new", component: () => import("./pages/own/OwnFormPage.vue"), meta: { title: "own.new_title", nav: "accounts", parent: accounts } },
  { path: "/own/:appid/connect", component: () => import("./pages/own/OwnConnectPage.vue"), props: true, meta: { title: "own.connect.title", nav: "accounts", parent: accounts } },
  { path: "/own/:appid", component: () => import("./pages/own/OwnFormPage.vue"), props: true, meta: { title: "own.edit_title", nav: "accounts", parent: accounts } },
  { path: "/channel", component: () => import("./pages/channel/ChannelPage.vue"), meta: { title: "nav.channel", nav: "channel" } },
  { path: "/channel/tunnels/new", component: () => import("./pages/channel/TunnelFormPage.vue"), meta: { title: "tunnel.add", nav: "channel", parent: channel } },
  { path: "/channel/tunnels/:id", component: () => import("./pages/channel/TunnelFormPage.vue"), props: true, meta: { title: "tunnel.edit_title", nav: "channel", parent: channel } },
  { path: "/selftest", component: () => import("./pages/selftest/SelfTestPage.vue"), meta: { title: "nav.selftest", nav: "selftest" } },
  { path: "/release", component: () => import("./pages/release/ReleasePage.vue"), meta: { title: "nav.release", nav: "release" } },
  { path: "/settings", component: () => import("./pages/settings/SettingsPage.vue"), meta: { title: "nav.settings", nav: "settings" } },
  { path: "/:rest(.*)*", redirect: "/overview" },
];

export function makeRouter(): Router {
  const router = createRouter({ history: createWebHashHistory(), routes });
  let first = true;
  router.beforeEach(async (to) => {
    if (!first || to.path === "/welcome") return true;
    first = false;
    // Without any platform the ways in come first; a failing engine is told by the shell, not here.
    try {
      const info = await queryClient.fetchQuery({ queryKey: keys.app, queryFn: () => useHost().call("app_info", {}) });
      if (!info.first_start || to.path !== "/overview") return true;
      // Accounts with a secret of their own need no platform: whoever has one has begun.
      const own = await queryClient.fetchQuery({ queryKey: keys.own, queryFn: () => useHost().call("list_own_accounts", {}) });
      return own.length > 0 ? true : "/welcome";
    } catch {
      return true;
    }
  });
  return router;
}
