/** How the fleet's store reads what its scripts answer, and what it asks them. */
import { expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { parseUserId } from "@/lib/ids";
import type { Redis, ScriptReply } from "@/lib/redis";
import { redisFleet } from "@/lib/store/redis-fleet";

const user = parseUserId("u1");

/** A fleet whose every script answers this, and what each was given. */
function answering(reply: ScriptReply) {
  const calls: string[][] = [];
  const redis: Redis = {
    runScript: async (_script, _keys, args) => {
      calls.push([...args]);
      return reply;
    },
  };
  return { fleet: redisFleet(redis, "test", policy), calls };
}

test("a suspension is told whole or not at all, and half of one is refused", async () => {
  const suspension = (...told: string[]) => answering(told).fleet.suspension(user);

  expect(await suspension("not paid", "ann", "5")).toStrictEqual({
    ...{ userId: user, why: "not paid", by: "ann", since: 5 },
  });
  expect(await suspension()).toBeUndefined();
  await expect(suspension("not paid")).rejects.toThrow();
  await expect(suspension("not paid", "ann")).rejects.toThrow();
  await expect(suspension("not paid", "ann", "soon")).rejects.toThrow();
});

test("a look that counted nothing tells the line no numbers, and one that did tells both", async () => {
  const { fleet, calls } = answering(["going-on", [], [], "0"]);
  await fleet.serveLine("server", "look", undefined);
  await fleet.serveLine("server", "look", { ours: 3, others: 4 });

  const [without = [], counted = []] = calls;
  expect(counted).toEqual([...without, "3", "4"]);
});
