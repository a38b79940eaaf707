/**
 * Owns which services are local and which are real, from the environment alone: real keys switch a service to the real
 * one. Pure. Fails closed: a mix that cannot work is refused with the reason, all faults at once.
 */
import { ConfigurationError } from "@/lib/errors";

export interface ServiceChoice {
  readonly kind: "local" | "real";
  /** Why, in words for the table. */
  readonly why: string;
}

export interface LaunchPlan {
  readonly e2b: ServiceChoice;
  readonly upstash: ServiceChoice;
  readonly inngest: ServiceChoice;
  /** Given, or undefined when a random one of this machine is to be used. */
  readonly environment?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws ConfigurationError for mixes that cannot work. */
export function planLaunch(variables: Variables): LaunchPlan {
  const faults: string[] = [];
  const e2b = choose("E2B_API_KEY", [variables.E2B_API_KEY]);
  const upstash = choose("UPSTASH_REDIS_REST_URL and _TOKEN", [
    variables.UPSTASH_REDIS_REST_URL,
    variables.UPSTASH_REDIS_REST_TOKEN,
  ]);
  if (Boolean(variables.UPSTASH_REDIS_REST_URL) !== Boolean(variables.UPSTASH_REDIS_REST_TOKEN)) {
    faults.push(
      "only one of UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN is set; set both or neither",
    );
  }
  if (variables.INNGEST_SIGNING_KEY || variables.INNGEST_EVENT_KEY) {
    faults.push(
      "INNGEST_SIGNING_KEY or INNGEST_EVENT_KEY is set, but Inngest Cloud cannot call a laptop; leave them to the deployment",
    );
  }
  const isSomethingReal = e2b.kind === "real" || upstash.kind === "real";
  if (isSomethingReal && !variables.REKINDLE_ENV) {
    faults.push(
      "REKINDLE_ENV is missing, and with real keys it keeps this machine's previews apart from everybody else's; choose a name of your own",
    );
  }
  if (faults.length > 0) throw new ConfigurationError(faults);
  return {
    e2b,
    upstash,
    inngest: { kind: "local", why: "embedded engine; forgets everything when it stops" },
    ...(variables.REKINDLE_ENV ? { environment: variables.REKINDLE_ENV } : {}),
  };
}

function choose(names: string, values: readonly (string | undefined)[]): ServiceChoice {
  return values.every(Boolean)
    ? { kind: "real", why: `${names} found` }
    : { kind: "local", why: `no ${names}` };
}
