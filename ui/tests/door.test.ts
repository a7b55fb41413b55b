import { describe, expect, it } from "vitest";
import { doorFault, listenFault, splitDetail, type DoorFault, type ListenFault } from "../src/lib/door";

describe("a failed self-check", () => {
  const cases: [string | null, DoorFault][] = [
    ["error sending request: client error (Connect): dns error: failed to lookup address information: Name or service not known", "dns"],
    ["error sending request: tcp connect error: Connection refused (os error 111)", "refused"],
    ["error sending request: operation timed out", "timeout"],
    ["tcp connect error: Connection timed out (os error 110)", "timeout"],
    ["error sending request: client error (Connect): invalid peer certificate: UnknownIssuer", "tls"],
    ["error sending request: received fatal alert: HandshakeFailure (TLS)", "tls"],
    ["HTTP status 502", "status"],
    ["502 Bad Gateway", "status"],
    ["something else answers there: the answer did not hold our nonce", "stranger"],
    ["error sending request", "other"],
    ["", "other"],
    [null, "other"],
  ];
  it.each(cases)("%s is %s", (error, kind) => expect(doorFault(error).kind).toBe(kind));
  it("keeps the status", () => expect(doorFault("HTTP status 404").status).toBe("404"));
});

describe("a listener that is down", () => {
  const cases: [string, ListenFault][] = [
    ["127.0.0.1:8090: another program listens there", "in_use"],
    ["Address already in use (os error 98)", "in_use"],
    ["Permission denied (os error 13)", "denied"],
    ["Cannot assign requested address (os error 99)", "address"],
    ["?", "other"],
  ];
  it.each(cases)("%s is %s", (error, kind) => expect(listenFault(error)).toBe(kind));
});

describe("a need's detail", () => {
  it("parts the address from the reason", () => {
    expect(splitDetail("https://abc.natapp.cc: HTTP status 502")).toEqual({ url: "https://abc.natapp.cc", why: "HTTP status 502" });
    expect(splitDetail("http://127.0.0.1:8090: error sending request: refused")).toEqual({ url: "http://127.0.0.1:8090", why: "error sending request: refused" });
    expect(splitDetail("whatever")).toEqual({ url: "", why: "whatever" });
  });
});
