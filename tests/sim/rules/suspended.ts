/**
 * Owns that only who is suspended is brought to rest for it: once a suspension is lifted its word, however late it arrives,
 * takes nothing from anybody. Where acknowledged writes were lost nothing is said: the suspension may be among them.
 */
import { keysOf } from "@/lib/store/keys";
import { environment, type World } from "../world/world";
import { nameOf, type Rule, type Seen, type Watch } from "./watch";

/** Its place among the keys of every script. */
const USER = 12;

export function onlyTheSuspendedRest(world: World, watch: Watch): Rule {
  const decided: Seen[] = [];
  return {
    name: "suspended",
    seen(seen) {
      const { before, after } = seen;
      const isDecision = before.state === "running" && after.state === "pausing";
      if (isDecision && after.reason === "suspended" && world.losses.count === 0) decided.push(seen);
    },
    async moment() {
      for (const { scope } of decided.splice(0)) {
        const key = keysOf(environment, scope).all[USER];
        if ((await world.redis.command("HEXISTS", String(key), "suspended")) === 0)
          watch.report("suspended", `${nameOf(scope)} goes to rest for a suspension that was lifted`);
      }
    },
  };
}
