/** The browser's host: its key, its errors, its stream. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { HostError, isWebUrl } from "../src/host/host";
import { createHttpHost, sseData, takeKeyFromHash } from "../src/host/http";

const at = (search: string, hash = ""): Location => ({ search, hash, origin: "http://127.0.0.1:8091", pathname: "/" }) as Location;
afterEach(() => {
  sessionStorage.clear();
  vi.unstubAllGlobals();
});

describe("key", () => {
  it("is taken from the hash in any of its shapes", () => {
    expect(takeKeyFromHash("#key=wk_abc-1_2")).toBe("wk_abc-1_2");
    expect(takeKeyFromHash("#/overview?key=wk_z")).toBe("wk_z");
    expect(takeKeyFromHash("#/overview")).toBeNull();
  });

  it("goes only to the base that it was given for", async () => {
    const asked: [string, string][] = [];
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      asked.push([url, (init.headers as Record<string, string>).Authorization]);
      return new Response("null");
    });
    await createHttpHost(at("", "#key=wk_secret")).call("restart_listener", {});
    await createHttpHost(at("?api=https://evil.example")).call("restart_listener", {});
    await createHttpHost(at("")).call("restart_listener", {});
    expect(asked).toEqual([
      ["http://127.0.0.1:8091/v1/ui/restart_listener", "Bearer wk_secret"],
      ["https://evil.example/v1/ui/restart_listener", "Bearer "],
      ["http://127.0.0.1:8091/v1/ui/restart_listener", "Bearer wk_secret"],
    ]);
  });
});

describe("errors", () => {
  const failing = async (status: number, body: string): Promise<HostError> => {
    vi.stubGlobal("fetch", async () => new Response(body, { status }));
    return createHttpHost(at(""))
      .call("app_info", {})
      .then(() => Promise.reject(new Error("no error")))
      .catch((thrown: HostError) => thrown);
  };
  it("carry the engine's code", async () => expect((await failing(422, '{"code":"invalid_input","message":"x"}')).body.code).toBe("invalid_input"));
  it("say unauthenticated for a bare 401", async () => expect((await failing(401, "nope")).body.code).toBe("unauthenticated"));
  it("say unavailable when nothing answers", async () => {
    vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("failed")));
    await expect(createHttpHost(at("")).call("app_info", {})).rejects.toMatchObject({ body: { code: "unavailable" } });
  });
});

describe("stream", () => {
  it("reads the data of an event and skips comments", () => {
    expect(sseData('event: change\ndata: {"tags":["door"]}')).toBe('{"tags":["door"]}');
    expect(sseData(": keep-alive")).toBeNull();
  });
});

describe("addresses", () => {
  it("leave the app only when they are of the web", () => {
    expect(isWebUrl("https://open.weixin.qq.com/")).toBe(true);
    expect(isWebUrl("javascript:alert(1)")).toBe(false);
    expect(isWebUrl("file:///etc/passwd")).toBe(false);
  });
});
