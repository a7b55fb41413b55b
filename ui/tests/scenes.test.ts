/** Parametric QR codes: WeChat's rules, what is left of a code, and the names of saved pictures. */
import { describe, expect, it } from "vitest";
import { createMockHost } from "../src/host/mock";
import { isEnded, sceneFile, sceneLeft, sceneRule } from "../src/pages/scenes/scenes";

describe("a scene", () => {
  it("is 1–64 characters, or a number that fits the code's life", () => {
    expect(sceneRule("text", " ", false)).toBe("required");
    expect(sceneRule("text", "门".repeat(64), false)).toBeNull();
    expect(sceneRule("text", "x".repeat(65), true)).toBe("text");
    expect(sceneRule("number", "4294967295", false)).toBeNull();
    expect(sceneRule("number", "4294967296", false)).toBe("number");
    expect(sceneRule("number", "0", false)).toBe("number");
    expect(sceneRule("number", "1e3", false)).toBe("number");
    expect(sceneRule("number", "100000", true)).toBeNull();
    expect(sceneRule("number", "100001", true)).toBe("number_permanent");
  });
});

it("what is left is a share of the whole life, and a permanent code has no end", () => {
  expect(sceneLeft({ created_at: 0, expires_at: 100 }, 25)).toBe(0.75);
  expect(sceneLeft({ created_at: 0, expires_at: 100 }, 200)).toBe(0);
  expect(sceneLeft({ created_at: 0, expires_at: null }, 200)).toBeNull();
  expect(isEnded({ expires_at: null }, 9e15)).toBe(false);
  expect(isEnded({ expires_at: 100 }, 100)).toBe(true);
});

it("a saved picture has a name that any system takes", () => {
  expect(sceneFile({ name: "南山/门店: 收银台?", scene: "1", appid: "wx1" }, "png")).toBe("wxdesk-南山-门店-收银台.png");
  expect(sceneFile({ name: "", scene: "…/", appid: "wx1" }, "svg")).toBe("wxdesk-….svg");
});

it("the list tells live from ended, and forgets", async () => {
  const host = createMockHost("rich");
  const ended = await host.call("list_scene_codes", { query: { ended: true } });
  const live = await host.call("list_scene_codes", { query: { ended: false } });
  expect(ended.total).toBeGreaterThan(0);
  expect(ended.items.every((x) => isEnded(x, Date.now()))).toBe(true);
  expect(live.items.some((x) => isEnded(x, Date.now()))).toBe(false);
  await host.call("forget_scene_code", { id: live.items[0].id });
  expect((await host.call("list_scene_codes", { query: { ended: false } })).total).toBe(live.total - 1);
});
