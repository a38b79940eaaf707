/**
 * Looking over many previews, on both engines: pages that neither repeat nor leave out, filters, a line of each, and
 * finding whose a name is, also after the sandbox is gone.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { InvalidRequestError } from "@/lib/errors";
import { parseScope, type Scope } from "@/lib/ids";
import { find } from "@/lib/operate/find";
import { list } from "@/lib/operate/list";
import { previewAddress } from "@/lib/preview-address";
import { upstashRedis } from "@/lib/redis";
import type { Directory } from "@/lib/store/directory";
import { fleetKeys } from "@/lib/store/keys";
import { redisDirectory } from "@/lib/store/redis-directory";
import { redisFleet } from "@/lib/store/redis-fleet";
import {
  availableEngines,
  environment,
  holdOf,
  leaseGranted,
  leaseOf,
  marking,
  policy,
  type StoreUnderTest,
  sandboxA,
  sandboxB,
  startStore,
  viewer,
} from "./stores";

const address = previewAddress("https://{port}-{sandboxId}.preview.test:8443");

describe.each(await availableEngines())("the directory on %s", (engine) => {
  let at: StoreUnderTest;
  let directory: Directory;
  let parts: Parameters<typeof list>[0] & Parameters<typeof find>[0];
  beforeAll(async () => {
    at = await startStore(engine);
    const redis = upstashRedis({ url: at.upstash.url, token: at.upstash.token, deadlineMs: 10_000 });
    directory = redisDirectory(redis, environment, policy);
    parts = { directory, fleet: redisFleet(redis, environment, policy), previewAddress: address };
  });
  beforeEach(() => at.upstash.loseEverything());
  afterAll(() => at.stop());

  const names = (scopes: readonly { projectId: string; userId: string }[]) =>
    scopes.map(({ projectId, userId }) => `${projectId}/${userId}`);

  /** As if they had been opened and had last changed at these times. */
  async function known(changedAt: Readonly<Record<string, number>>): Promise<void> {
    for (const member of Object.keys(changedAt)) {
      const [projectId, userId] = member.split("/");
      await at.open("first", {}, parseScope(projectId, userId));
    }
    for (const [member, score] of Object.entries(changedAt)) {
      await at.sdk.zadd(fleetKeys(environment).previews, { score, member });
    }
  }

  async function allPages(query: Omit<Parameters<Directory["page"]>[0], "from">): Promise<Scope[][]> {
    const pages: Scope[][] = [];
    let from: string | undefined;
    do {
      const page = await directory.page({ ...query, ...(from === undefined ? {} : { from }) });
      pages.push([...page.scopes]);
      from = page.next;
    } while (from !== undefined);
    return pages;
  }

  test("pages have the last changed first and each preview once, also of those that changed in one millisecond", async () => {
    await known({ "a/u1": 5, "b/u1": 7, "b/u2": 7, "c/u1": 7, "d/u1": 7, "e/u1": 9 });

    const pages = await allPages({ most: 2 });

    expect(pages.map(names)).toEqual([["e/u1", "d/u1"], ["c/u1", "b/u2"], ["b/u1", "a/u1"], []]);
  });

  test("a preview that changes between two pages neither repeats nor hides another", async () => {
    await known({ "a/u1": 5, "b/u1": 7, "c/u1": 7, "d/u1": 7 });
    const first = await directory.page({ most: 2 });
    expect(names(first.scopes)).toEqual(["d/u1", "c/u1"]);

    await known({ "c/u1": 20, "d/u1": 21 });
    const second = await directory.page({ most: 2, from: first.next ?? "" });

    expect(names(second.scopes)).toEqual(["b/u1", "a/u1"]);
  });

  test("a filter by user or by project has the same order and pages, and both together name one", async () => {
    await known({ "a/u1": 5, "a/u2": 8, "b/u1": 7, "c/u1": 7, "d/u3": 9 });
    const { projectId, userId } = parseScope("a", "u1");

    expect((await allPages({ most: 2, userId })).map(names)).toEqual([["c/u1", "b/u1"], ["a/u1"]]);
    expect((await allPages({ most: 5, projectId })).map(names)).toEqual([["a/u2", "a/u1"]]);
    expect((await allPages({ most: 5, projectId, userId })).map(names)).toEqual([["a/u1"]]);
    expect(await directory.page({ most: 5, projectId, userId: parseScope("a", "u3").userId })).toEqual({
      scopes: [],
    });
  });

  test.each(["", "7", "x:a/u1", "7:a", "7:a/u1/b"])(
    "a page that begins with %j, which no page named, is refused",
    async (from) => {
      await expect(directory.page({ most: 5, from })).rejects.toThrow(InvalidRequestError);
    },
  );

  test("a listing shows each preview as it stands, with who is there and agents at work", async () => {
    const [running, starting] = [parseScope("running", "u1"), parseScope("starting", "u1")];
    await at.running(running);
    await at.store.touch(running, { kind: "beat", viewerId: viewer("v1") });
    await at.store.hold(running, holdOf("task"), 60_000);
    await at.open("slow", { viewerId: viewer("v2") }, starting);

    const { previews, fleet } = await list(parts, {});

    expect(previews).toHaveLength(2);
    expect(previews).toContainEqual({
      projectId: "running",
      userId: "u1",
      state: "running",
      reason: "requested",
      changedAt: expect.any(Number),
      lastActiveAt: expect.any(Number),
      sandboxId: sandboxA,
      viewers: 1,
      holds: 1,
    });
    expect(previews).toContainEqual(
      expect.objectContaining({ projectId: "starting", state: "starting", viewers: 1, holds: 0 }),
    );
    expect(fleet).toMatchObject({ previews: 2, taken: 2, waiting: 0, limit: policy.planConcurrency });
    expect(names((await list(parts, { state: "starting" })).previews)).toEqual(["starting/u1"]);
  });

  test("a listing says that a run is over when its end has passed, as its page does", async () => {
    const scope = parseScope("over", "u1");
    await at.running(scope);
    await at.overwrite({ endsAt: "1000000000000" }, scope);

    const { previews } = await list(parts, {});

    expect(previews).toMatchObject([{ state: "paused", reason: "provider-paused" }]);
  });

  test.each([0, 101, 2.5])("a page of %d previews is refused", async (most) => {
    await expect(list(parts, { most })).rejects.toThrow(InvalidRequestError);
  });

  test("a preview is found by project, by user, by both, by its sandbox and by its address", async () => {
    await at.running(parseScope("shop", "ada"));
    await at.open("b", {}, parseScope("shop", "bob"));
    await at.open("c", {}, parseScope("blog", "ada"));
    const found = async (term: string) => names(await find(parts, term));

    expect(await found("shop")).toEqual(["shop/ada", "shop/bob"]);
    expect(await found(" ada ")).toEqual(["blog/ada", "shop/ada"]);
    expect(await found("blog/ada")).toEqual(["blog/ada"]);
    expect(await found(sandboxA)).toEqual(["shop/ada"]);
    expect(await found(`https://3000-${sandboxA}.preview.test:8443/page?x=1`)).toEqual(["shop/ada"]);
    expect(await found(`http://5173-${sandboxA}.preview.test:8443`)).toEqual(["shop/ada"]);
  });

  test("a preview is found by the sandbox that it had, after that is gone and another has taken its place", async () => {
    const scope = parseScope("shop", "ada");
    await at.running(scope);
    const settle = await at.store.claim(scope, { kind: "settle", leaseId: leaseOf("settle") });
    await at.store.commit(leaseGranted(settle), {
      operation: "gone",
      claim: "release",
      become: "expired",
      reason: "sandbox-gone",
      condemn: sandboxA,
      remove: ["sandboxId", "runStartedAt", "endsAt", "port"],
      check: "never",
    });
    expect(names(await find(parts, sandboxA))).toEqual(["shop/ada"]);

    await at.running(scope, sandboxB);

    expect(names(await find(parts, sandboxA))).toEqual(["shop/ada"]);
    expect(names(await find(parts, `https://3000-${sandboxA}.preview.test:8443/`))).toEqual(["shop/ada"]);
    expect(names(await find(parts, sandboxB))).toEqual(["shop/ada"]);
  });

  // A commit that names no sandbox wrote whose it was under the name that stands for none.
  test("a commit that names no sandbox is remembered for none", async () => {
    const scope = parseScope("shop", "ada");
    const lease = await at.running(scope);
    const claimed = leaseGranted(
      await at.store.claim(scope, { kind: "sync", leaseId: leaseOf("sync"), ifEpoch: lease.epoch }),
    );

    await at.store.commit(claimed, marking("synced", { claim: "release" }));

    expect(await find(parts, "none")).toEqual([]);
    expect(names(await find(parts, sandboxA))).toEqual(["shop/ada"]);
  });

  test("a project and a user of one name are both found, and the preview of both once", async () => {
    await known({ "same/same": 1, "same/other": 2, "other/same": 3 });

    expect(names(await find(parts, "same"))).toEqual(["other/same", "same/other", "same/same"]);
  });

  test.each([
    "sho",
    "shop/nobody",
    "shop/ada/x",
    "",
    "https://example.com/shop",
    `https://3000-${sandboxB}.preview.test:8443/`,
    `https://3000-${sandboxA}.preview.test:9999/`,
    "*",
  ])("%j finds nothing", async (term) => {
    await at.running(parseScope("shop", "ada"));

    expect(await find(parts, term)).toEqual([]);
  });
});
