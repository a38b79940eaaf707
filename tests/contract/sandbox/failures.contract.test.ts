/** How the E2B adapter reads every failure of the provider, through the real SDK: by type, status and a follow-up read. */
import { inspect } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, onTestFinished, test } from "vitest";
import { RekindleError } from "@/lib/errors";
import { sandboxIdSchema } from "@/lib/ids";
import type { Sandboxes } from "@/lib/sandbox/port";
import {
  type Answer,
  against,
  type Call,
  drop,
  hang,
  known,
  listed,
  sandboxId as rawId,
  refusal,
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

const perform: Record<Call, (sandboxes: Sandboxes) => Promise<unknown>> = {
  create: (sandboxes) => sandboxes.create(labels, 60_000),
  connect: (sandboxes) => sandboxes.connect(sandboxId, 60_000),
  pause: (sandboxes) => sandboxes.pause(sandboxId),
  timeout: (sandboxes) => sandboxes.extend(sandboxId, 60_000),
  get: (sandboxes) => sandboxes.observe(sandboxId),
  list: (sandboxes) => sandboxes.find(labels),
  kill: (sandboxes) => sandboxes.kill(sandboxId),
};
const calls: Call[] = ["create", "connect", "pause", "timeout", "get", "list", "kill"];

const outcomeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => (error instanceof RekindleError ? error.code : error));

/** What stands for every call: nothing is known of the sandbox, so the caller may only try again or give up. */
const everywhere: [string, Answer, string][] = [
  ["503, a busy node", refusal(503), "provider-busy"],
  ["500", refusal(500), "provider-unreachable"],
  [
    "502 from a proxy, in HTML",
    { kind: "text", status: 502, text: "<html>CANARY</html>" },
    "provider-unreachable",
  ],
  ["504", refusal(504), "provider-unreachable"],
  ["408, a request that took the provider too long", refusal(408), "provider-unreachable"],
  ["no answer in time", hang, "provider-unreachable"],
  ["a dropped connection", drop, "provider-unreachable"],
  ["401, a wrong key", refusal(401), "provider-refused"],
  ["403", refusal(403), "provider-refused"],
];

describe.each(calls)("%s", (call) => {
  test.each(everywhere)("answered with %s is told as such", async (_case, answer, code) => {
    const { sandboxes } = await against({ [call]: answer });

    expect(await outcomeOf(perform[call](sandboxes))).toBe(code);
  });

  test("at a port where nobody listens is unreachable, and worth another try", async () => {
    const { sandboxes, close } = await against({});
    await close();

    await expect(perform[call](sandboxes)).rejects.toMatchObject({
      code: "provider-unreachable",
      retriable: true,
    });
  });

  test("refused for its rate is told so, with places left on the plan", async () => {
    if (call === "list") return;
    const { sandboxes } = await against({ [call]: refusal(429), list: listed(19) });

    await expect(perform[call](sandboxes)).rejects.toMatchObject({ code: "provider-rate", retriable: true });
  });
});

describe("a deadline", () => {
  // On Node 20 a request follows its signal only weakly: collected while it waits, the SDK's own deadline never comes.
  test.each(calls)("of %s holds although memory is collected while it waits", async (call) => {
    const { sandboxes } = await against({ [call]: hang });
    const collecting = setInterval(collectGarbage, 20);
    onTestFinished(() => clearInterval(collecting));

    expect(await outcomeOf(perform[call](sandboxes))).toBe("provider-unreachable");
  });
});

describe("a full plan", () => {
  test.each(["create", "connect"] as const)(
    "refuses %s, and the number of running sandboxes says so",
    async (call) => {
      const { sandboxes } = await against({ [call]: refusal(429), list: listed(20) });

      await expect(perform[call](sandboxes)).rejects.toMatchObject({
        code: "provider-capacity",
        retriable: false,
        safeDetails: { running: 20 },
      });
    },
  );

  test("is not claimed when the count cannot be had", async () => {
    const { sandboxes } = await against({ create: refusal(429), list: refusal(500) });

    expect(await outcomeOf(perform.create(sandboxes))).toBe("provider-rate");
  });
});

describe("a sandbox that is not there", () => {
  const gone = refusal(404);

  test("is gone for a look, an extension and a pause", async () => {
    const { sandboxes } = await against({ get: gone, timeout: gone, pause: gone });

    expect(await sandboxes.observe(sandboxId)).toEqual({ kind: "gone" });
    expect(await sandboxes.extend(sandboxId, 60_000)).toEqual({ kind: "gone" });
    expect(await sandboxes.pause(sandboxId)).toBe("gone");
  });

  test("is gone for a connect only when a fresh look says so too", async () => {
    const really = await against({ connect: gone, get: gone });
    const seemingly = await against({ connect: gone, get: known() });

    expect(await outcomeOf(perform.connect(really.sandboxes))).toBe("sandbox-gone");
    expect(await outcomeOf(perform.connect(seemingly.sandboxes))).toBe("provider-busy");
  });

  test("is never believed from a proxy's own 404", async () => {
    const { sandboxes } = await against({
      get: { kind: "text", status: 404, text: "<html>nginx</html>" },
      timeout: { kind: "text", status: 404, text: "<html>nginx</html>" },
      pause: { kind: "text", status: 404, text: "<html>nginx</html>" },
    });

    for (const call of ["get", "timeout", "pause"] as const) {
      await expect(perform[call](sandboxes)).rejects.toBeInstanceOf(RekindleError);
    }
  });

  test("was not killed", async () => {
    const { sandboxes } = await against({ kill: gone });

    expect(await sandboxes.kill(sandboxId)).toBe(false);
  });

  test("cannot be made from a template that does not exist: refused, not gone", async () => {
    const { sandboxes } = await against({ create: refusal(404) });

    await expect(perform.create(sandboxes)).rejects.toMatchObject({
      code: "provider-refused",
      retriable: false,
    });
  });
});

describe("secrecy", () => {
  const answers = [
    refusal(401),
    refusal(404),
    refusal(409),
    refusal(429),
    refusal(500),
    refusal(503),
    hang,
    drop,
  ];

  test.each(calls)(
    "no error of %s carries the key or a token, nor what the provider said in its own message",
    async (call) => {
      for (const answer of answers) {
        const { sandboxes } = await against({ [call]: answer, list: call === "list" ? answer : listed(0) });
        const error = await perform[call](sandboxes).catch((caught: unknown) => caught);
        if (!(error instanceof RekindleError)) continue;

        expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("CANARYkey");
        expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("CANARY-envd-token");
        expect(`${error.message} ${JSON.stringify(error.safeDetails)}`).not.toContain("CANARY");
      }
    },
  );
});

/** Node offers it only on a flag, which may be set while it runs. */
const collectGarbage: () => void = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
})();
