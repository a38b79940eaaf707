/** What is typed becomes the right call of the operator's interface, or a refusal that starts nothing. */
import { describe, expect, test } from "vitest";
import { call, fleet } from "./stage";

const whose = { projectId: "shop", userId: "ada" };
const listing = { previews: [], fleet };

describe("a command that is understood", () => {
  test.each([
    [
      "show shop",
      [
        ["find", "shop"],
        ["show", whose],
      ],
    ],
    [
      "explain shop/ada",
      [
        ["find", "shop/ada"],
        ["show", whose],
      ],
    ],
    [
      "open https://3000-isandbox.preview.test/x",
      [
        ["find", "https://3000-isandbox.preview.test/x"],
        ["open", whose],
      ],
    ],
    [
      "pause isandbox",
      [
        ["find", "isandbox"],
        ["pause", whose],
      ],
    ],
    [
      "extend ada",
      [
        ["find", "ada"],
        ["extend", whose],
      ],
    ],
    [
      "sync shop",
      [
        ["find", "shop"],
        ["sync", whose],
      ],
    ],
    [
      "kill shop --yes",
      [
        ["find", "shop"],
        ["kill", whose],
      ],
    ],
    [
      "adopt new/ada isandbox --port 3000",
      [["adopt", { projectId: "new", userId: "ada" }, { sandboxId: "isandbox", port: 3000 }]],
    ],
  ])("%s asks the operator for just that", async (line, expected) => {
    const { calls, exitCode } = await call(line);

    expect(calls.map(({ method, args }) => [method, ...args])).toEqual(expected);
    expect(exitCode).toBe(0);
  });

  test.each([
    ["list", {}],
    ["list --state paused --user ada --project shop", { state: "paused", userId: "ada", projectId: "shop" }],
    ["list --most 7 --from 1:shop/ada", { most: 7, from: "1:shop/ada" }],
  ])("%s asks for one page", async (line, query) => {
    const { calls } = await call(line, { operator: { list: async () => listing } });

    expect(calls).toEqual([{ method: "list", args: [query] }]);
  });

  test.each([
    [
      'switch stop-creating on --why "the bill"',
      ["stop-creating", { on: true, by: "root", why: "the bill" }],
    ],
    [
      "switch hold-everything on --why looking --by ada",
      ["hold-everything", { on: true, by: "ada", why: "looking" }],
    ],
    ["switch hold-everything off", ["hold-everything", { on: false }]],
  ])("%s turns it, in the name of whoever types unless another is named", async (line, args) => {
    const { calls } = await call(line, { operator: { turn: async () => [] } });

    expect(calls).toEqual([{ method: "turn", args }]);
  });

  test("suspend and unsuspend name a user and not a preview", async () => {
    const suspended = await call("suspend ada --why mining --json", {
      operator: { suspend: async () => ({ rested: 2 }) },
    });
    const lifted = await call("unsuspend ada --json", { operator: { unsuspend: async () => false } });

    expect(suspended.calls).toEqual([{ method: "suspend", args: ["ada", "root", "mining"] }]);
    expect(suspended.json()).toEqual({ switches: [], userId: "ada", rested: 2 });
    expect(lifted.json()).toEqual({ switches: [], userId: "ada", wasSuspended: false });
  });

  test.each([
    ["audit", false],
    ["audit --dry-run", true],
  ])("%s says whether it only looks: %s", async (line, isDryRun) => {
    const report = { isDryRun, sandboxes: 3, counts: {}, findings: [], isCutShort: false };
    const { calls, out } = await call(line, { operator: { audit: async () => report } });

    expect(calls).toEqual([{ method: "audit", args: [{ isDryRun }] }]);
    expect(out).toContain("3 sandboxes of ours at the provider: all is as it should be.");
    expect(out.includes("nothing was changed")).toBe(isDryRun);
  });

  test("list --all asks for page after page and answers them as one", async () => {
    const preview = {
      ...whose,
      state: "paused",
      reason: "idle",
      changedAt: 1,
      viewers: 0,
      holds: 0,
    } as const;
    const pages = [{ previews: [preview], next: "1:shop/ada" }, { previews: [preview] }];
    const list = async () => ({ ...(pages.shift() ?? { previews: [] }), fleet: fleet });
    const { calls, json } = await call("list --all --json", { operator: { list } });

    expect(calls.map(({ args }) => args)).toEqual([[{ most: 100 }], [{ most: 100, from: "1:shop/ada" }]]);
    expect(json()).toEqual({ switches: [], previews: [preview, preview], fleet: fleet });
  });
});

describe("a command that is not understood", () => {
  test.each([
    "",
    "lst",
    "show",
    "show one two",
    "list --state asleep",
    "list --most 0",
    "list --most 101",
    "list --most 5x",
    "list --all --from 1:shop/ada",
    "pause shop --force",
    "switch everything",
    "switch stop-creating",
    "switch stop-creating maybe",
    "switch stop-creating on",
    'switch stop-creating on --why " "',
    "suspend ada",
    "suspend --why mining",
    "adopt shop isandbox --port 3000",
    "adopt shop/ada isandbox",
    "adopt shop/ada isandbox --port 70000",
    "forget",
    "forget shop --user ada",
  ])("%j starts nothing, says why, and ends with 2", async (line) => {
    const forPeople = await call(line);
    const forPrograms = await call(`${line} --json`);

    expect(forPeople).toMatchObject({ exitCode: 2, calls: [], out: "" });
    expect(forPeople.err).not.toBe("");
    expect(forPrograms).toMatchObject({ exitCode: 2, calls: [], err: "" });
    expect(forPrograms.json()).toEqual({
      error: { code: "wrong-usage", message: expect.stringMatching(/\w/) },
    });
  });

  test("--help is an answer and no error, and starts nothing", async () => {
    const { exitCode, out, calls } = await call("kill --help");

    expect({ exitCode, calls }).toEqual({ exitCode: 0, calls: [] });
    expect(out).toContain("ends its sandbox for good");
  });
});
