/**
 * Owns what nobody asked for: outages, a Redis that forgets its last writes, deploys in mid-run, records of another
 * version, and a provider that acts on its own. It must never do what the fault model does not have.
 */
import type { Scope } from "@/lib/ids";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import type { SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";
import { keysOf } from "@/lib/store/keys";
import type { Service } from "../kernel/calls";
import { environment, type World } from "../world/world";
import { nowAndThen } from "./now-and-then";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export function disturbNowAndThen(
  world: World,
  scopes: readonly Scope[],
  everyMs: number,
  until: number,
): Promise<void> {
  const { dice } = world;
  return nowAndThen(world, [0.2 * everyMs, 1.8 * everyMs], until, () =>
    dice.pick(disturbances)(world, dice.pick(scopes)),
  );
}

type Disturbance = (world: World, scope: Scope) => Promise<void>;

const noted = (world: World, fault: string, about: string) => {
  world.trace.note(`! ${fault} ${about}`);
  world.calls.count("world", fault);
};

/** F10: mostly a burst, sometimes half an hour. */
const outage: Disturbance = async (world) => {
  const { clock, dice, calls } = world;
  const service = dice.pick<Service>(["redis", "sandboxes", "files", "events"]);
  const ms = dice.happens(0.05) ? 30 * MINUTE : dice.mostlyShort(4 * MINUTE);
  noted(world, "outage", `${service} for ${Math.round(ms / 1000)} s`);
  calls.outages.set(service, clock.now() + ms);
};

/** F9. */
const forgetWrites: Disturbance = async (world) => {
  const writes = world.dice.happens(0.15) ? "all" : Math.ceil(world.dice.between(0, 20));
  if (await world.loseWrites(writes)) noted(world, "lost-writes", String(writes));
};

/** F13: every process ends where it stands. */
const deploy: Disturbance = async (world) => {
  noted(world, "deploy", "");
  world.restart();
};

/** F12 and F13: the new code has written a record that the old one does not read, until the deploy has settled. */
const otherVersion: Disturbance = async (world, scope) => {
  const { clock, dice, redis } = world;
  const [recordKey] = keysOf(environment, scope).all;
  if ((await redis.command("HGET", recordKey, "v")) !== "1") return;
  noted(world, "other-version", `${scope.projectId}/${scope.userId}`);
  world.restart();
  await redis.command("HSET", recordKey, "v", "0");
  world.wrote("other-version");
  clock.after(dice.mostlyShort(2 * MINUTE), () => {
    void settleVersion(world, scope);
    // What happened until then happened beside a record that could not be read.
    world.calls.count("world", "other-version-over");
  });
};

/** The code that reads it is everywhere by now; also after that was written and lost again. */
export async function settleVersion({ redis, wrote }: World, scope: Scope): Promise<void> {
  const [recordKey] = keysOf(environment, scope).all;
  if ((await redis.command("HGET", recordKey, "v")) !== "0") return;
  await redis.command("HSET", recordKey, "v", "1");
  wrote("other-version");
}

/** F11: a paused sandbox comes back with other files than it was sealed with (E2B's bugs around a second resume). */
const damage: Disturbance = async (world, scope) => {
  const { redis, cloud, work } = world;
  const [recordKey] = keysOf(environment, scope).all;
  const [state, sandboxId, sealHash] = await Promise.all(
    ["state", "sandboxId", "sealHash"].map((field) => redis.command("HGET", recordKey, field)),
  );
  const isSealed = state === "paused" && typeof sandboxId === "string" && sealHash !== null;
  if (!isSealed || !cloud.views().some((view) => view.sandboxId === sandboxId && view.state === "paused"))
    return;
  noted(world, "provider-damage", sandboxId);
  await work.damage(sandboxId);
};

/** In worlds whose provider has these bugs they come again and again. */
export function damageNowAndThen(world: World, scopes: readonly Scope[], until: number): Promise<void> {
  return nowAndThen(world, [0.1 * MINUTE, MINUTE], until, () => damage(world, world.dice.pick(scopes)));
}

/** F11: somebody else with the same key, to a sandbox of any preview. */
type ToSandbox = (world: World, sandboxId: string) => Promise<void> | void;

/** What E2B refuses then (it is being changed just now) did not happen. */
const ifPossible = async (act: Promise<unknown>): Promise<void> => {
  await act.catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
  });
};

const toRunning: Readonly<Record<string, ToSandbox>> = {
  pause: ({ cloud }, sandboxId) => ifPossible(cloud.pause(sandboxId)),
  shorten: ({ cloud, dice }, sandboxId) => cloud.setTimeout(sandboxId, Math.floor(dice.between(1, 120))),
  "lose-memory": ({ cloud }, sandboxId) => cloud.loseMemory(sandboxId),
  "lose-server": ({ machines }, sandboxId) => machines.loseServer(sandboxId),
};

const toAny: Readonly<Record<string, ToSandbox>> = {
  async kill({ cloud, work }, sandboxId) {
    work.losing(sandboxId);
    await cloud.killBehindTheBack(sandboxId);
  },
  wake: ({ cloud }, sandboxId) => ifPossible(cloud.connect(sandboxId, 300)),
};

const provider =
  (what: string, act: ToSandbox, isFor: (world: World, view: SandboxView) => boolean): Disturbance =>
  async (world) => {
    const views = world.cloud.views().filter((view) => isFor(world, view));
    if (views.length === 0) return;
    const { sandboxId } = world.dice.pick(views);
    noted(world, `provider-${what}`, sandboxId);
    await act(world, sandboxId);
  };

const ofProvider: readonly Disturbance[] = [
  ...Object.entries(toRunning).map(([what, act]) =>
    provider(
      what,
      act,
      ({ cloud }, { sandboxId, state }) => state === "running" && cloud.isRunning(sandboxId),
    ),
  ),
  ...Object.entries(toAny).map(([what, act]) => provider(what, act, () => true)),
];

/** What an answer that nobody heard leaves behind: labels of ours and no record that names it; and a stranger's. */
const stray: Disturbance = async (world, scope) => {
  const { cloud, dice } = world;
  noted(world, "stray", `${scope.projectId}/${scope.userId}`);
  const metadata = { app: "other", env: "elsewhere" };
  await cloud
    .create({
      templateId: "base",
      timeoutSeconds: Math.floor(dice.between(20, 200)),
      metadata,
      onTimeout: "kill",
    })
    .catch(() => undefined);
};

/** What happens often stands here more than once. */
const disturbances: readonly Disturbance[] = [
  outage,
  outage,
  forgetWrites,
  forgetWrites,
  deploy,
  otherVersion,
  stray,
  ...ofProvider,
];
