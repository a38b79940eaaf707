/** What the keys are called: a deploy that calls one otherwise loses what stands under it. */
import { expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { parseScope, previewIdOf, sandboxIdSchema } from "@/lib/ids";
import {
  auditSeenKey,
  fleetKeys,
  forgottenKey,
  keysOf,
  projectPreviewsKey,
  sandboxKey,
  ticketKey,
  userKey,
  userPreviewsKey,
} from "@/lib/store/keys";
import { parseMember } from "@/lib/store/member";
import { policyNumbers } from "@/lib/store/policy-numbers";

const scope = parseScope("p1", "u1");
const id = previewIdOf("test", scope);
const sandboxId = sandboxIdSchema.parse("iabcd");

test("the keys of a preview are these, in the order in which scripts read them", () => {
  expect(keysOf("test", scope, sandboxId)).toStrictEqual({
    previewId: id,
    all: [
      `rekindle:test:preview:${id}`,
      `rekindle:test:viewers:${id}`,
      "rekindle:test:due",
      `rekindle:test:condemned:${id}`,
      `rekindle:test:log:${id}`,
      `rekindle:test:requests:${id}`,
      `rekindle:test:holds:${id}`,
      `rekindle:test:history:${id}`,
      "rekindle:test:places",
      "rekindle:test:used",
      "rekindle:test:line",
      "rekindle:test:fleet",
      "rekindle:test:user:u1",
      "rekindle:test:breaker:p1",
      "rekindle:test:user-previews:u1",
      "rekindle:test:project-previews:p1",
      "rekindle:test:previews",
      "rekindle:test:named",
      "rekindle:test:sandbox:iabcd",
      `rekindle:test:forgotten:${id}`,
      `rekindle:test:sandboxes:${id}`,
    ],
  });
  expect(keysOf("test", scope).all[18]).toBe("rekindle:test:sandbox:none");
});

test("each key that stands alone is called as it is among a preview's, and the others by what they tell", () => {
  const { all } = keysOf("test", scope, sandboxId);
  const fleet = fleetKeys("test");

  expect([fleet.due, fleet.places, fleet.used, fleet.line, fleet.fleet, fleet.previews, fleet.named]).toEqual(
    [2, 8, 9, 10, 11, 16, 17].map((index) => all[index]),
  );
  expect([
    userKey("test", "u1"),
    userPreviewsKey("test", "u1"),
    projectPreviewsKey("test", "p1"),
    sandboxKey("test", "iabcd"),
    forgottenKey("test", id),
  ]).toEqual([12, 14, 15, 18, 19].map((index) => all[index]));
  expect(ticketKey("test", "t1")).toBe("rekindle:test:ticket:t1");
  expect(auditSeenKey("test", "pass-1")).toBe("rekindle:test:audit-seen:pass-1");
});

test("a member of a set names its scope, or nothing", () => {
  expect(parseMember("p1/u1")).toStrictEqual([{ projectId: "p1", userId: "u1" }]);
  for (const member of ["p1", "p1/", "/u1", "", "p 1/u1"]) expect(parseMember(member)).toEqual([]);
});

test("the policy's numbers are told in the order in which the prelude reads them", () => {
  const names = [
    "viewerGoneAfterMs",
    "idleAfterMs",
    "healAfterMs",
    "graceAfterLeftMs",
    "renewBeforeMs",
    "maxRunMs",
    "historyEntries",
    "leaseMs",
    "keepAliveMs",
    "planConcurrency",
    "evictAfterMs",
    "maxRunningPerUser",
    "maxRunMsPerUserDay",
    "maxRunMsPerUserMonth",
    "breakerFailures",
    "breakerWindowMs",
    "retentionMs",
  ] as const;
  const numbered = { ...policy, ...Object.fromEntries(names.map((name, index) => [name, index + 1])) };

  expect(policyNumbers(numbered)).toBe("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17");
});
