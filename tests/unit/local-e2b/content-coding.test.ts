/** Which coding a client gets, by e2b-dev/infra's envd api/encoding.go. */
import { expect, test } from "vitest";
import { chooseCoding } from "@/lib/local/e2b/envd/content-coding";

test.each([
  [undefined, "identity"],
  ["", "identity"],
  ["gzip", "gzip"],
  ["GZIP, deflate", "gzip"],
  ["br, gzip;q=0.5", "gzip"],
  ["gzip;q=0.1, identity;q=0.9", "identity"],
  ["gzip;q=0", "identity"],
  ["br", "identity"],
  ["*", "identity"],
  ["*, identity;q=0", "gzip"],
])("§3.4 who accepts %j gets %s", (header, coding) => {
  expect(chooseCoding(header)).toBe(coding);
});

test.each(["br, identity;q=0", "*;q=0", "gzip;q=0, identity;q=0"])(
  "§3.4 who accepts %j can be given nothing",
  (header) => {
    expect(() => chooseCoding(header)).toThrow("no acceptable encoding");
  },
);
