/** Removing all that is kept of a preview or of a user, and what is left of it: nothing. */
import { expect, test } from "vitest";
import { parseScope } from "@/lib/ids";
import type { ProjectFiles } from "@/lib/workspace/files";
import { auditNow, stateOf, strayOf } from "@/tests/support/audits";
import { contents, forget, forgetAll, mine, other, user } from "@/tests/support/forgetting";
import { packageJson, product } from "@/tests/support/product";
import { createWorld, HOUR, MINUTE } from "@/tests/support/world";

test("a preview is gone with its sandbox, its snapshots, its history and every key, and the receipt says so", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready("v1", mine);
  await world.ready("v1", other);
  const { alias, templateId } = await world.cloud.createSnapshot(String(sandboxId));
  expect(alias).toBeUndefined();

  const receipt = await forget(world);

  expect(receipt).toMatchObject({
    previews: [
      {
        scope: mine,
        sandboxes: [sandboxId],
        snapshots: [`${templateId}:default`],
        hadRecord: true,
        productSaves: "not-supported",
      },
    ],
    isUserForgotten: false,
  });
  expect(receipt.previews[0]?.historyEntries).toBeGreaterThan(1);
  expect(stateOf(world, String(sandboxId))).toBe("gone");
  expect(world.cloud.listSnapshots().items).toEqual([]);
  const left = (await contents(world)).filter(
    (text) => text.includes("somebody") || text.includes(String(sandboxId)),
  );
  // What was used, for the limits of the user who is still there.
  expect(left.map((text) => text.split(" ")[0])).toEqual(["rekindle:test:user:somebody"]);
  expect((await world.record(other)).state).toBe("running");
  expect(await world.record(mine)).toMatchObject({ state: "absent" });
});

test("forgotten again it removes nothing more and says so", async () => {
  const world = await createWorld();
  await world.ready("v1", mine);
  await forget(world);

  const { previews } = await forget(world);

  expect(previews).toMatchObject([{ sandboxes: [], snapshots: [], hadRecord: false, historyEntries: 0 }]);
});

test("the product's own saves go with it, and its refusal is an error that leaves the record", async () => {
  const { port } = product({ "package.json": packageJson });
  const forgotten: string[] = [];
  let isAway = true;
  const files: ProjectFiles = {
    ...port,
    forget: async (projectId, userId) => {
      if (isAway) throw new Error("the product's database is away");
      forgotten.push(`${projectId}/${userId}`);
    },
  };
  const world = await createWorld({ files });
  await world.ready("v1", mine);

  await expect(forget(world)).rejects.toMatchObject({ code: "files-unavailable" });
  expect((await world.record(mine)).state).not.toBe("absent");
  isAway = false;
  const { previews } = await forget(world);

  expect(previews).toMatchObject([{ productSaves: "removed" }]);
  expect(forgotten).toEqual(["shop/somebody"]);
  expect((await world.record(mine)).state).toBe("absent");
});

test("it begins anew when somebody opens it afterwards, and does not take up what it was", async () => {
  const world = await createWorld();
  await world.ready("v1", mine);
  await forget(world);
  const late = await strayOf(world, { epoch: "2" }, mine);

  await world.ready("v1", mine);

  const { sandboxId } = await world.status(mine);
  expect(sandboxId).not.toBe(late);
  expect(await world.record(mine)).toMatchObject({ cameBack: "rebuilt-cold" });
  const report = await auditNow(world);
  expect(report.findings).toEqual([{ kind: "orphan-killed", sandboxId: late, scope: mine }]);
  expect(stateOf(world, String(sandboxId))).toBe("running");
});

test("a user is forgotten with all their previews, also those that only the provider knows", async () => {
  const world = await createWorld();
  await world.ready("v1", mine);
  await world.ready("v1", parseScope("blog", "somebody"));
  await world.ready("v1", other);
  const unknown = await strayOf(world, {}, parseScope("unknown", "somebody"));

  const receipt = await forgetAll(world);

  expect(receipt.isUserForgotten).toBe(true);
  expect(receipt.previews.map(({ scope: { projectId } }) => projectId).sort()).toEqual([
    "blog",
    "shop",
    "unknown",
  ]);
  expect(stateOf(world, unknown)).toBe("gone");
  expect((await contents(world)).filter((text) => text.includes("somebody"))).toEqual([]);
  expect(world.sandboxes().map(({ metadata }) => metadata.userId)).toEqual(["neighbour"]);
});

test("a suspended user is not free again by being forgotten, and nothing that was written about them stays", async () => {
  const world = await createWorld();
  await world.ready("v1", mine);
  await world.finish(() => world.runtime.fleet.suspend(user, "ops", "mined coins"));

  await forgetAll(world);
  await world.open("v1", mine);

  expect(world.running()).toEqual([]);
  expect((await contents(world)).join("\n")).not.toContain("mined coins");
  const suspension = await world.runtime.fleet.suspension(user);
  expect(suspension).toMatchObject({ by: "ops" });
});

test("one that was let go long ago is forgotten with the memory of its sandbox", async () => {
  const world = await createWorld({ policy: { retentionMs: 20 * MINUTE, retentionRetryMs: 10 * MINUTE } });
  const { sandboxId } = await world.ready("v1", mine);
  await world.leave("v1", mine);
  await world.advance(HOUR);
  expect((await world.record(mine)).state).toBe("expired");

  await forget(world);

  expect((await contents(world)).filter((text) => text.includes(String(sandboxId)))).toEqual([]);
});

test("nothing names the person afterwards, however long ago a sandbox of theirs was, and whoever waited in line", async () => {
  const world = await createWorld({ policy: { planConcurrency: 1, historyEntries: 3 }, maxConcurrent: 20 });
  await world.ready("v1", other);
  await world.open("v1", mine);
  await world.leave("v1", other);
  for (let round = 0; round < 12; round += 1) {
    await world.beat("v1", mine);
    await world.advance(MINUTE / 2);
  }
  const old = (await world.status(mine)).sandboxId;
  await world.finish(() => world.rekindle.operator.kill(mine));
  await world.ready("v1", mine);
  await world.leave("v1", mine);
  await world.advance(5 * MINUTE);
  const told = await world.store.history(mine, 10);
  expect(told.some((entry) => "sandboxId" in entry && entry.sandboxId === old)).toBe(false);

  await forgetAll(world);

  const left = (await contents(world)).filter((text) => text.includes("somebody"));
  // A day's word that the preview was forgotten holds a hash only.
  expect(left).toEqual([]);
});

// Found by the simulator (layer 1, seeds 12, 20 and 37): the record went on naming a sandbox that was marked, so every
// later commit was refused, and the preview was stuck in its start for ever.
