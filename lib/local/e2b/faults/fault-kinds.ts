/**
 * Owns what can go wrong with a call and with a webhook's delivery, as types and as the shapes in which they arrive
 * over HTTP. It must never do any of it. A rule of the wrong shape is zod's error.
 */
import { z } from "zod";
import type { FaultRule, When } from "@/lib/local/e2b/faults/fault-plan";

export interface Delay {
  readonly kind: "delay";
  readonly minMs: number;
  readonly maxMs: number;
}

export type FaultStatus = 429 | 500 | 502 | 503;

/** The effect happens and is not told of. */
export type AnswerFault =
  | { readonly kind: "error-after"; readonly status: FaultStatus }
  | { readonly kind: "drop-after" }
  /** Until the client gives up, or the stand-in stops. */
  | { readonly kind: "hang-after" }
  /** `cut`: half of what was to be sent, then the end of the connection. `not-json`: whole, and no JSON. */
  | { readonly kind: "malformed"; readonly body: "cut" | "not-json" };

export type CallFault =
  /** Before the effect; a client that leaves meanwhile has changed nothing. With `always` it is a latency. */
  | Delay
  | {
      readonly kind: "error-before";
      readonly status: FaultStatus;
      readonly retryAfterSeconds?: number | undefined;
    }
  | { readonly kind: "drop-before" }
  | { readonly kind: "hang-before" }
  | AnswerFault;

/** The site of a delivery is the event's type, such as `sandbox.lifecycle.paused`. */
export type DeliveryFault =
  | Delay
  | { readonly kind: "duplicate" }
  /** Never sent and never tried again. */
  | { readonly kind: "lose" };

export function delayMsOf({ minMs, maxMs }: Delay, fraction: number): number {
  return minMs + fraction * (maxMs - minMs);
}

const delayShape = z
  .strictObject({ kind: z.literal("delay"), minMs: z.number().min(0), maxMs: z.number().min(0) })
  .refine(({ minMs, maxMs }) => minMs <= maxMs, "minMs is above maxMs");

const statusShape = z.literal([429, 500, 502, 503]);

const callFaultShape: z.ZodType<CallFault> = z.discriminatedUnion("kind", [
  delayShape,
  z.strictObject({
    kind: z.literal("error-before"),
    status: statusShape,
    retryAfterSeconds: z.int().min(0).optional(),
  }),
  z.strictObject({ kind: z.literal("drop-before") }),
  z.strictObject({ kind: z.literal("hang-before") }),
  z.strictObject({ kind: z.literal("error-after"), status: statusShape }),
  z.strictObject({ kind: z.literal("drop-after") }),
  z.strictObject({ kind: z.literal("hang-after") }),
  z.strictObject({ kind: z.literal("malformed"), body: z.enum(["cut", "not-json"]) }),
]);

const deliveryFaultShape: z.ZodType<DeliveryFault> = z.discriminatedUnion("kind", [
  delayShape,
  z.strictObject({ kind: z.literal("duplicate") }),
  z.strictObject({ kind: z.literal("lose") }),
]);

const whenShape: z.ZodType<When> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("always") }),
  z.strictObject({ kind: z.literal("next"), count: z.int().min(1), skip: z.int().min(0).optional() }),
  z.strictObject({ kind: z.literal("every"), nth: z.int().min(1) }),
  z.strictObject({ kind: z.literal("probability"), probability: z.number().min(0).max(1) }),
]);

export const callRuleShape: z.ZodType<FaultRule<CallFault>> = ruleShape(callFaultShape);
export const deliveryRuleShape: z.ZodType<FaultRule<DeliveryFault>> = ruleShape(deliveryFaultShape);

function ruleShape<Fault>(fault: z.ZodType<Fault>) {
  return z.strictObject({
    site: z.string().min(1),
    sandboxId: z.string().optional(),
    when: whenShape,
    fault,
  });
}
