/** What the E2B adapter makes of answers that are no failures, or only half: read back, asked again, passed on. */
import { describe, expect, test } from "vitest";
import { RekindleError } from "@/lib/errors";
import { sandboxIdSchema } from "@/lib/ids";
import {
  type Answer,
  against,
  created,
  done,
  drop,
  endsAt,
  hang,
  known,
  listed,
  sandboxId as rawId,
  refusal,
  startedAt,
} from "./misbehaving-provider";

const sandboxId = sandboxIdSchema.parse(rawId);
const labels = {
  app: "a",
  env: "e",
  previewId: "p",
  projectId: "p1",
  userId: "u1",
  epoch: "1",
  revision: "r",
  v: "1",
};

const outcomeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => (error instanceof RekindleError ? error.code : error));

describe("a pause", () => {
  test.each([
    ["paused already", known({ state: "paused" }), "paused"],
    ["gone meanwhile", refusal(404), "gone"],
    ["running, in a change of the provider's own", known(), "provider-busy"],
  ])("refused with 409 asks what it is: %s", async (_case, get, expected) => {
    const { sandboxes, seen } = await against({ pause: refusal(409), get });

    expect(await outcomeOf(sandboxes.pause(sandboxId))).toBe(expected);
    expect(seen.map(({ call }) => call)).toEqual(["pause", "get"]);
  });

  test("keeps the memory", async () => {
    const { sandboxes, seen } = await against({ pause: done });

    expect(await sandboxes.pause(sandboxId)).toBe("paused");
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({});
  });
});

describe("an extension", () => {
  test("answers the end that the provider really has, which it may have clamped in silence", async () => {
    const { sandboxes, seen } = await against({ timeout: done, get: known() });

    expect(await sandboxes.extend(sandboxId, 3_599_001)).toEqual({ kind: "extended", startedAt, endsAt });
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ timeout: 3_600 });
  });

  test("of a run that is past its plan's length says so", async () => {
    const { sandboxes } = await against({ timeout: refusal(400) });

    expect(await sandboxes.extend(sandboxId, 60_000)).toEqual({ kind: "past-cap" });
  });

  test("of a paused sandbox finds it paused, since when", async () => {
    const { sandboxes } = await against({ timeout: refusal(404), get: known({ state: "paused" }) });

    expect(await sandboxes.extend(sandboxId, 60_000)).toEqual({ kind: "paused", pausedAt: endsAt });
  });

  test("of a sandbox that is being paused is tried again", async () => {
    const { sandboxes } = await against({ timeout: refusal(409) });

    expect(await outcomeOf(sandboxes.extend(sandboxId, 60_000))).toBe("provider-busy");
  });
});

describe("a connect", () => {
  test("is followed by a look at the id that was asked for: SDK 2.51 drops the one that the provider answered", async () => {
    const { sandboxes, seen } = await against({ connect: created("iother000000000000000"), get: known() });

    expect(await sandboxes.connect(sandboxId, 60_000)).toEqual({ sandboxId, startedAt, endsAt });
    expect(seen.map(({ path }) => path)).toEqual([`/v2/sandboxes/${rawId}/connect`, `/sandboxes/${rawId}`]);
  });

  test("keeps to the deadline that its caller gives it", async () => {
    // Its own would come long after this test's.
    const { sandboxes } = await against({ connect: hang }, 20, 600_000);

    await expect(sandboxes.connect(sandboxId, 60_000, 20)).rejects.toMatchObject({
      code: "provider-unreachable",
    });
  });

  test("to a sandbox that is being killed is tried again, and so is one that was paused at once", async () => {
    const killed = await against({ connect: refusal(409) });
    const paused = await against({ connect: created(), get: known({ state: "paused" }) });

    expect(await outcomeOf(killed.sandboxes.connect(sandboxId, 60_000))).toBe("provider-busy");
    expect(await outcomeOf(paused.sandboxes.connect(sandboxId, 60_000))).toBe("provider-busy");
  });
});

describe("a reboot", () => {
  test("is a pause and a connect that drops the memory, also of a sandbox that rests", async () => {
    for (const pause of [done, refusal(409)]) {
      const paused = known({ state: "paused" });
      const get = pause === done ? known() : [paused, known()];
      const { sandboxes, seen } = await against({ pause, connect: created(), get });

      expect(await sandboxes.reboot(sandboxId, 60_000)).toEqual({ sandboxId, startedAt, endsAt });
      const connect = seen.find(({ call }) => call === "connect");
      expect(JSON.parse(connect?.body ?? "")).toEqual({ timeout: 60, memory: false });
      expect(seen[0]?.call).toBe("pause");
    }
  });

  test("of a sandbox that is gone connects to nothing", async () => {
    const { sandboxes, seen } = await against({ pause: refusal(404) });

    expect(await outcomeOf(sandboxes.reboot(sandboxId, 60_000))).toBe("sandbox-gone");
    expect(seen.map(({ call }) => call)).toEqual(["pause"]);
  });

  test("that meets a start with memory under way is tried again", async () => {
    const { sandboxes } = await against({ pause: done, connect: refusal(409) });

    expect(await outcomeOf(sandboxes.reboot(sandboxId, 60_000))).toBe("provider-busy");
  });
});

describe("a creation", () => {
  test("pauses on timeout, is woken by nobody else, and carries its labels", async () => {
    const { sandboxes, seen } = await against({ create: created(), get: known() });

    await sandboxes.create(labels, 959_001);

    expect(JSON.parse(seen[0]?.body ?? "")).toMatchObject({
      templateID: "base",
      timeout: 960,
      autoPause: true,
      metadata: labels,
    });
    expect(JSON.parse(seen[0]?.body ?? "").autoResume?.enabled ?? false).toBe(false);
  });

  test("is asked for once, whatever happens", async () => {
    for (const answer of [hang, drop, refusal(500), refusal(503), refusal(429)]) {
      const { sandboxes, seen } = await against({ create: answer, list: listed(0) });
      await sandboxes.create(labels, 60_000).catch(() => undefined);
      expect(seen.filter(({ call }) => call === "create")).toHaveLength(1);
    }
  });
});

describe("a search", () => {
  test("answers all pages, the highest epoch first, then the youngest", async () => {
    const item = (sandboxID: string, epoch: string, minute: number) => ({
      ...JSON.parse(JSON.stringify(bodyOf(known()))),
      sandboxID,
      metadata: { epoch },
      startedAt: new Date(startedAt + minute * 60_000).toISOString(),
    });
    const page = (items: unknown[], next?: string): Answer => ({
      kind: "answer",
      status: 200,
      body: items,
      headers: next ? { "x-next-token": next } : {},
    });
    const { sandboxes, seen } = await against({
      list: [page([item("ione", "1", 3), item("ithree", "3", 0)], "more"), page([item("itwo", "3", 1)])],
    });

    const found = await sandboxes.find(labels);

    expect(found.map((one) => one.sandboxId)).toEqual(["itwo", "ithree", "ione"]);
    expect(seen).toHaveLength(2);
  });
});

function bodyOf(answer: Answer): unknown {
  return answer.kind === "answer" ? answer.body : undefined;
}
