import { describe, expect, it } from "vitest";
import { isLoopback, listenFault, offeredAddress, splitDetail, type ListenFault } from "../src/lib/door";

describe("a listener that is down", () => {
  const cases: [string, ListenFault][] = [
    ["cannot listen on 127.0.0.1:8090: nginx (pid 812) listens there; 127.0.0.1:8092 is free", "in_use"],
    ["cannot listen on 127.0.0.1:80: no permission (ports below 1024 need it)", "denied"],
    ["cannot listen on 10.9.9.9:8090: this machine does not have that address", "address"],
    ["Address already in use (os error 98)", "in_use"],
    ["Permission denied (os error 13)", "denied"],
    ["Cannot assign requested address (os error 99)", "address"],
    ["?", "other"],
  ];
  it.each(cases)("%s is %s", (error, kind) => expect(listenFault(error)).toBe(kind));
});

describe("another address", () => {
  it("is taken from the engine's words", () => {
    expect(offeredAddress("cannot listen on 127.0.0.1:8090: nginx (pid 812) listens there; 127.0.0.1:8092 is free")).toBe("127.0.0.1:8092");
    expect(offeredAddress("cannot listen on [::1]:8090: another program listens there; [::1]:8092 is free")).toBe("[::1]:8092");
    expect([offeredAddress("no permission"), offeredAddress(null)]).toEqual([null, null]);
  });
  it("is told from one that others reach", () => {
    expect(["127.0.0.1:8090", "[::1]:8090", "0.0.0.0:8090", "192.168.1.4:8090", "[::]:8090"].map(isLoopback)).toEqual([true, true, false, false, false]);
  });
});

describe("a need's detail", () => {
  it("parts the address from the reason", () => {
    expect(splitDetail("https://abc.natapp.cc: HTTP status 502")).toEqual({ url: "https://abc.natapp.cc", why: "HTTP status 502" });
    expect(splitDetail("http://127.0.0.1:8090: error sending request: refused")).toEqual({ url: "http://127.0.0.1:8090", why: "error sending request: refused" });
    expect(splitDetail("whatever")).toEqual({ url: "", why: "whatever" });
  });
});
