/** What E2B tells, and whoever pretends to be E2B. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { whatItTells } from "@/lib/webhooks/echo";
import { changeTypeSchema, readEvent, type SandboxChange } from "@/lib/webhooks/sandbox-event";
import { signedByE2b } from "@/lib/webhooks/signature";
import { SANDBOX_ID } from "../support/records";
import { MANY, snapshots, time } from "./snapshots";

describe("a signature", () => {
  const secret = "a-secret-of-ours";
  const digest = (body: Uint8Array, of = secret) => createHash("sha256").update(of).update(body).digest();
  const asHeaders = (signature: string) =>
    new Headers({ "e2b-signature": signature, "e2b-signature-version": "v1" });
  const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
    bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

  test("holds for the body that was signed, and not with any one bit of it or of the signature changed", () => {
    const isFromE2b = signedByE2b(["another-secret", secret]);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), (body, pick) => {
        const right = digest(body);
        const changed = flip(right, pick % 256);

        expect(isFromE2b(asHeaders(right.toString("base64")), body)).toBe(true);
        expect(isFromE2b(asHeaders(right.toString("base64url")), body)).toBe(true);
        expect(isFromE2b(asHeaders(Buffer.from(changed).toString("base64")), body)).toBe(false);
        expect(isFromE2b(asHeaders(right.toString("base64")), flip(body, pick % (body.length * 8)))).toBe(
          false,
        );
        expect(isFromE2b(asHeaders(digest(body, `${secret}${pick}`).toString("base64")), body)).toBe(false);
        expect(signedByE2b([])(asHeaders(right.toString("base64")), body)).toBe(false);
      }),
      MANY,
    );
  });

  test("that is none is refused without a complaint, whatever stands in its place", () => {
    const isFromE2b = signedByE2b([secret]);
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), fc.uint8Array({ maxLength: 20 }), (text, body) => {
        const signature = text.replace(/[^\x21-\x7e]/g, "");

        expect(isFromE2b(asHeaders(signature), body)).toBe(false);
      }),
      MANY,
    );
  });
});

describe("an event", () => {
  const changes = fc.record({
    sandboxId: fc.constantFrom(SANDBOX_ID, SANDBOX_ID, "iother"),
    type: fc.constantFrom(...changeTypeSchema.options),
    at: time,
    endsAt: fc.option(time, { nil: undefined }),
  });
  const told = (change: SandboxChange, snapshot: Parameters<typeof whatItTells>[1]) =>
    whatItTells(change, snapshot, policy).kind;

  test("of a sandbox that the record does not name is never news, and the death of one that it names always is", () => {
    fc.assert(
      fc.property(changes, snapshots, (change, snapshot) => {
        const isNamed = "sandboxId" in snapshot.record && snapshot.record.sandboxId === change.sandboxId;

        if (!isNamed) expect(told(change, snapshot)).not.toBe("news");
        else expect(told(change, snapshot)).not.toBe("not-ours-to-judge");
        if (isNamed && change.type === "killed") expect(told(change, snapshot)).toBe("news");
      }),
      MANY,
    );
  });

  test("that comes again is told as before, and one that was known stays so when it is older", () => {
    fc.assert(
      fc.property(changes, snapshots, fc.nat(3_600_000), (change, snapshot, olderMs) => {
        const isStart = change.type === "created" || change.type === "resumed";
        fc.pre(isStart || change.type === "paused");
        const older = { ...change, at: change.at - olderMs };

        if (told(change, snapshot) === "echo") expect(told(older, snapshot)).toBe("echo");
      }),
      MANY,
    );
  });

  test("is read as it was sent, whatever stands beside it, and junk is never taken for one", () => {
    fc.assert(
      fc.property(changes, fc.jsonValue(), fc.constantFrom("v1", "v2"), (change, beside, version) => {
        const sent = {
          version,
          type: `sandbox.lifecycle.${change.type}`,
          id: "e-1",
          sandboxId: change.sandboxId,
          timestamp: new Date(change.at).toISOString(),
          eventData: {
            sandbox_metadata: { app: "rekindle", other: beside },
            ...(change.endsAt === undefined ? {} : { set_timeout: new Date(change.endsAt).toISOString() }),
          },
          beside,
        };
        const { endsAt, ...moment } = change;

        expect(readEvent(sent)).toEqual({
          kind: "event",
          event: {
            id: "e-1",
            labels: { app: "rekindle" },
            change: { ...moment, ...(endsAt === undefined ? {} : { endsAt }) },
          },
        });
        expect(readEvent({ ...sent, timestamp: beside }).kind).toBe("junk");
        expect(readEvent({ ...sent, version: `${version}x` }).kind).toBe("ignored");
        expect(readEvent(beside).kind).toBe("junk");
      }),
      MANY,
    );
  });
});
