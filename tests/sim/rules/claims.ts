/**
 * Owns who may write what: a commit changes a record only under the claim that stands in it, and once; the epoch moves only
 * with a claim; and a claim that somebody holds on to is nobody else's before it lapses. What the record says of the claim
 * is not believed: when its holder last held on to it is known from the calls themselves. After acknowledged writes were
 * lost nothing is said, since the record is an older one then.
 */
import type { World } from "../world/world";
import { nameOf, type RawRecord, type Rule, type Seen, type Watch } from "./watch";

/** Its calls begin with the claim's lease id and epoch. A commit that keeps the claim makes it no longer. */
const ofHolder = ["redis.renew-lease", "redis.begin-create"];
/** What may begin an epoch. */
const beginning = ["redis.claim", "redis.forget-begin"];

export function claimsAreHeeded(world: World, watch: Watch): Rule {
  const made = new Set<string>();
  /** By lease id and epoch: until when its holder was told that it is held. */
  const heldUntil = new Map<string, number>();
  let about = "";
  world.onApplied((site, of, isLate) => {
    if (!site.startsWith("redis.")) return;
    about = of;
    const [leaseId = "", epoch = ""] = of.split(" ");
    const isHeld = [...watch.records.values()].some((record) => isHolder(record, leaseId, epoch));
    // Whoever does not wait for it does not hold on by it either.
    if (ofHolder.includes(site) && isHeld && !isLate)
      heldUntil.set(`${leaseId} ${epoch}`, world.clock.now() + world.policy.leaseMs);
  });

  function committed({ scope, before }: Seen): void {
    const [leaseId = "", epoch = "", operation = ""] = about.split(" ");
    const name = nameOf(scope);
    if (!isHolder(before, leaseId, epoch))
      watch.report(
        "claims",
        `${name}: ${leaseId} wrote under epoch ${epoch}; the claim was ${before.leaseId}'s`,
      );
    const key = `${name} ${leaseId} ${epoch} ${operation}`;
    if (made.has(key)) watch.report("claims", `${name}: ${leaseId} made ${operation} twice`);
    made.add(key);
  }

  function taken({ scope, before, after }: Seen): void {
    if (before.leaseId === undefined || before.leaseId === after.leaseId) return;
    const known = heldUntil.get(`${before.leaseId} ${before.epoch}`) ?? 0;
    const until = Math.max(known, Number(before.leaseUntil ?? 0));
    if (until > world.clock.now())
      watch.report(
        "claims",
        `${nameOf(scope)}: ${after.leaseId} took the claim that ${before.leaseId} held until ${until}`,
      );
  }

  return {
    name: "claims",
    seen(seen) {
      if (world.losses.count > 0 || seen.after.state === undefined) return;
      const { scope, before, after, site } = seen;
      if (site === "redis.commit") committed(seen);
      if (site === "redis.claim") taken(seen);
      if (before.epoch !== undefined && before.epoch !== after.epoch && !beginning.includes(site))
        watch.report("claims", `${nameOf(scope)}: ${site} moved the epoch to ${after.epoch}`);
    },
  };
}

const isHolder = (record: RawRecord, leaseId: string, epoch: string): boolean =>
  record.leaseId === leaseId && record.epoch === epoch;
