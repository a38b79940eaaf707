/**
 * Owns the routes below `/local/`, by which the dev page and other processes make things go wrong. They are not E2B's, as
 * their path says: nothing of them is counted as a call, and no fault befalls them, or nobody could take one back. It
 * must never be reached without the key. Fails with `ApiError`s.
 */
import { z } from "zod";
import {
  type CallFault,
  callRuleShape,
  type DeliveryFault,
  deliveryRuleShape,
} from "@/lib/local/e2b/faults/fault-kinds";
import type { WorldFaults } from "@/lib/local/e2b/faults/world-faults";
import { ApiError, sandboxNotFound } from "@/lib/local/e2b/semantics/api-error";
import { readJson, sendJson, sendNothing } from "@/lib/local/e2b/wire/answers";
import type { Route, RoutedCall } from "@/lib/local/e2b/wire/routing";
import type { FaultPlan, FaultRule } from "@/lib/local/faults/fault-plan";
import type { JumpingClock } from "@/lib/local/jumping-clock";

export interface LocalContext {
  readonly faults: FaultPlan<CallFault>;
  readonly deliveryFaults: FaultPlan<DeliveryFault>;
  readonly world: WorldFaults;
  readonly clock: JumpingClock;
}

export const LOCAL_ROUTES: readonly Route<LocalContext>[] = [
  ...planRoutes("faults", ({ faults }) => faults, callRuleShape),
  ...planRoutes("delivery-faults", ({ deliveryFaults }) => deliveryFaults, deliveryRuleShape),
  worldRoute("kill", async (id, { world }) => {
    if (!(await world.killBehindTheBack(id))) throw sandboxNotFound(id);
  }),
  worldRoute("lose-memory", (id, { world }) => world.loseMemory(id)),
  worldRoute("lose-files", async (id, { world }, { request }) => {
    const { paths } = await readJson(request, z.strictObject({ paths: z.array(z.string().min(1)).min(1) }));
    await world.loseFiles(id, paths);
  }),
  worldRoute("another-id", (id, { world }) => world.answerNextConnectWithAnotherId(id)),
  worldRoute("age-run", async (id, { world }, { request }) => {
    const { ms } = await readJson(request, z.strictObject({ ms: z.number().min(0) }));
    world.ageRun(id, ms);
  }),
  { kind: "local", method: "POST", path: /^\/local\/clock\/jump$/, answer: jump },
];

/** A rule is POSTed; one is DELETEd by its id, all without one; GET says what they did. */
function planRoutes<Fault extends { readonly kind: string }>(
  name: string,
  planOf: (context: LocalContext) => FaultPlan<Fault>,
  shape: z.ZodType<FaultRule<Fault>>,
): Route<LocalContext>[] {
  const all = new RegExp(`^/local/${name}$`);
  const one = new RegExp(`^/local/${name}/([^/]+)$`);
  return [
    {
      kind: "local",
      method: "GET",
      path: all,
      answer: ({ response }, context) => {
        const plan = planOf(context);
        sendJson(response, 200, { rules: plan.rules(), injected: plan.injected() });
      },
    },
    {
      kind: "local",
      method: "POST",
      path: all,
      answer: async ({ request, response }, context) => {
        sendJson(response, 201, { id: planOf(context).add(await readJson(request, shape)) });
      },
    },
    {
      kind: "local",
      method: "DELETE",
      path: all,
      answer: ({ response }, context) => {
        planOf(context).clear();
        sendNothing(response);
      },
    },
    {
      kind: "local",
      method: "DELETE",
      path: one,
      answer: ({ response, id }, context) => {
        if (!planOf(context).remove(id)) throw new ApiError(404, `There is no rule "${id}"`);
        sendNothing(response);
      },
    },
  ];
}

function worldRoute(
  name: string,
  befall: (sandboxId: string, context: LocalContext, call: RoutedCall) => Promise<void> | void,
): Route<LocalContext> {
  return {
    kind: "local",
    method: "POST",
    path: new RegExp(`^/local/sandboxes/([^/]+)/${name}$`),
    answer: async (call, context) => {
      await befall(call.id, context, call);
      sendNothing(call.response);
    },
  };
}

async function jump({ request, response }: RoutedCall, { clock }: LocalContext): Promise<void> {
  const { durationMs } = await readJson(request, z.strictObject({ durationMs: z.number().min(0) }));
  await clock.jump(durationMs);
  sendJson(response, 200, { now: clock.now() });
}
