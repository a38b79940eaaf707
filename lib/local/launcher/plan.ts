/**
 * Owns which services are local and which are real, from the environment and the CLI that was found: real keys switch a
 * service to the real one, and Inngest's own CLI takes the embedded engine's place. Pure. Fails closed: a mix that cannot work is refused with the reason, all faults at once.
 */
import { ConfigurationError } from "@/lib/errors";
import type { InngestCli } from "./inngest-cli";

export interface ServiceChoice {
  readonly kind: "local" | "real";
  /** Why, in words for the table. */
  readonly why: string;
}

/** Both are local; the Dev Server is the one that Inngest ships. */
export type InngestChoice =
  | { readonly kind: "dev-server"; readonly executable: string; readonly why: string }
  | { readonly kind: "embedded"; readonly why: string };

/** What the table says of the embedded engine, whatever led to it. */
export const EMBEDDED = "embedded engine; forgets everything when it stops";

export interface LaunchPlan {
  readonly e2b: ServiceChoice;
  readonly upstash: ServiceChoice;
  readonly inngest: InngestChoice;
  /** Given, or undefined when a random one of this machine is to be used. */
  readonly environment?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws ConfigurationError for mixes that cannot work. */
export function planLaunch(variables: Variables, cli: InngestCli): LaunchPlan {
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
  if (cli.kind === "broken") {
    faults.push(
      `INNGEST_CLI names ${cli.named}, which is no program that can be run; leave it out, or set it to none`,
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
    inngest: chooseInngest(cli),
    ...(variables.REKINDLE_ENV ? { environment: variables.REKINDLE_ENV } : {}),
  };
}

function chooseInngest(cli: InngestCli): InngestChoice {
  switch (cli.kind) {
    case "found":
      return { kind: "dev-server", executable: cli.executable, why: `found by ${cli.by}: ${cli.executable}` };
    case "unwanted":
      return { kind: "embedded", why: `INNGEST_CLI=none; ${EMBEDDED}` };
    case "none":
    case "broken":
      return {
        kind: "embedded",
        why: `no inngest-cli or inngest on PATH; ${EMBEDDED}`,
      };
  }
}

function choose(names: string, values: readonly (string | undefined)[]): ServiceChoice {
  return values.every(Boolean)
    ? { kind: "real", why: `${names} found` }
    : { kind: "local", why: `no ${names}` };
}
