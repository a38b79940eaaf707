/** Who asks, as long as everybody is the one person at this machine. */
import { expect, test } from "vitest";
import { authorize } from "@/app/authorize";

const asked = (host: string) => authorize(new Request("http://any/", { headers: { host } }), "counter");

test.each(["localhost:3000", "LOCALHOST", "127.0.0.1:3000", "[::1]:3000"])(
  "%s is this machine",
  async (host) => {
    expect(await asked(host)).toBe("local");
  },
);

test.each([
  "rebound.example:3000",
  "localhost.example",
  "3000-abc.e2b.localhost:4567",
  "127.0.0.1.nip.io",
  "192.168.1.5:3000",
])("a request to %s is nobody's", async (host) => {
  expect(await asked(host)).toBeUndefined();
});
