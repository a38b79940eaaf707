/** Who is answered by Inngest's route while the SDK checks no signature. */
import { expect, test } from "vitest";
import { refusalInDev } from "@/app/dev-guard";

const call = (headers: Record<string, string>, method = "POST") =>
  new Request("http://localhost:3000/api/inngest", { method, headers });

const fromEngine = { host: "127.0.0.1:3000", "content-type": "application/json" };

test("the engine of this machine is answered", () => {
  expect(refusalInDev(call(fromEngine), "http://127.0.0.1:8288")).toBeUndefined();
});

test.each([
  ["a name that merely resolves here", { ...fromEngine, host: "rebound.example:3000" }],
  ["a page, whatever its origin", { ...fromEngine, origin: "http://evil.example" }],
  ["a form or a no-cors post", { host: "localhost:3000", "content-type": "text/plain" }],
])("%s is refused in dev mode", (_who, headers) => {
  expect(refusalInDev(call(headers), "1")).toEqual(expect.any(String));
});

test.each([undefined, "", "0", "false"])(
  "with INNGEST_DEV %j the signature decides, and nothing is refused here",
  (dev) => {
    expect(refusalInDev(call({ host: "app.example", origin: "https://app.example" }), dev)).toBeUndefined();
  },
);
