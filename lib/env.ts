/**
 * Owns the reading of the environment, for this repository's own app; a product passes options instead. Parsed when the
 * runtime is built and never at import, because `next build` has no secrets. Fails closed: everything that is missing
 * or contradicts is named at once in one `ConfigurationError`, without any value.
 */
import { z } from "zod";
import { ConfigurationError } from "./errors";
import { type PolicyOverrides, policyOverridesSchema } from "./preview/policy";

const url = z.url({ protocol: /^https?$/ });
const filled = z.string().min(1);

const addressOfThisMachine = z.url({
  protocol: /^https?$/,
  hostname: /^(127\.0\.0\.1|localhost|\[::1\])$/,
  error: "an address of this machine",
});

const policyJson = filled.transform((text, context): PolicyOverrides => {
  const numbers = policyOverridesSchema.safeParse(parseJson(text));
  if (numbers.success) return numbers.data;
  context.addIssue("a JSON object with numbers of the policy, by their names in inngest.config.ts");
  return z.NEVER;
});

const secrets = filled
  .transform((text) => text.split(",").map((secret) => secret.trim()))
  .pipe(z.array(z.string().min(16, "at least 16 characters each, separated by commas")));

const environmentSchema = z.object({
  /** Separates this deployment's previews from any other's, in Redis and at the provider. */
  REKINDLE_ENV: z.string().regex(/^[a-z0-9-]{1,40}$/, "1 to 40 lower-case letters, digits or hyphens"),
  UPSTASH_REDIS_REST_URL: url,
  UPSTASH_REDIS_REST_TOKEN: filled,
  E2B_API_KEY: filled,
  E2B_API_URL: url.optional(),
  E2B_SANDBOX_URL: url.optional(),
  E2B_DOMAIN: filled.optional(),
  /** A template with Node; E2B's own `base` when absent. */
  E2B_TEMPLATE: filled.optional(),
  /** The secret of the webhook that was registered with E2B; several, separated by commas, while one replaces another. */
  E2B_WEBHOOK_SECRET: secrets.optional(),
  /** `{port}` and `{sandboxId}` stand for theirs; E2B's own hosts when absent. */
  PREVIEW_URL_TEMPLATE: filled.optional(),
  /** "host:port" that readiness probes connect to, where the preview's name does not resolve. */
  PREVIEW_CONNECT_TO: filled.optional(),
  /**
   * Where a sandbox can be made to fail, for the buttons under a preview; they are there only when this is set. It is
   * called with E2B_API_KEY, so it can only be an address of this machine.
   */
  LOCAL_CLOUD_CONTROL_URL: addressOfThisMachine.optional(),
  /** The folder whose sub-folders are the projects. */
  PROJECTS_FOLDER: filled,
  /** Numbers of the policy that this deployment sets otherwise, as JSON: {"idleAfterMs": 60000}. */
  REKINDLE_POLICY: policyJson.optional(),
  INNGEST_DEV: filled.optional(),
  INNGEST_EVENT_KEY: filled.optional(),
  INNGEST_SIGNING_KEY: filled.optional(),
});

export type Environment = z.infer<typeof environmentSchema>;

/** @throws ConfigurationError naming every variable that is missing or does not fit. */
export function readEnvironment(source: Readonly<Record<string, string | undefined>>): Environment {
  const parsed = environmentSchema.safeParse(withoutEmpty(source));
  const faults = parsed.success ? [] : parsed.error.issues.map(describe);
  faults.push(...inngestFaults(source), ...controlFaults(source));
  if (!parsed.success || faults.length > 0) throw new ConfigurationError(faults);
  return parsed.data;
}

/** An empty variable is how shells and dashboards unset one. */
function withoutEmpty(source: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const filledIn: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) if (value) filledIn[name] = value;
  return filledIn;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Reported by the schema, which refuses undefined.
    return undefined;
  }
}

function describe(issue: z.core.$ZodIssue): string {
  const name = issue.path.join(".");
  const isMissing = issue.code === "invalid_type";
  return isMissing ? `${name} is missing` : `${name} does not fit (${issue.message})`;
}

function controlFaults(source: Readonly<Record<string, string | undefined>>): string[] {
  return source.LOCAL_CLOUD_CONTROL_URL && source.NODE_ENV === "production"
    ? ["LOCAL_CLOUD_CONTROL_URL is set in production, where anybody who may see a preview could kill it"]
    : [];
}

/** Inngest v4 is in cloud mode unless told otherwise, and then needs both keys; a dev route accepts unsigned calls. */
function inngestFaults(source: Readonly<Record<string, string | undefined>>): string[] {
  const { INNGEST_DEV, INNGEST_EVENT_KEY, INNGEST_SIGNING_KEY, NODE_ENV } = source;
  const isDev =
    INNGEST_DEV !== undefined && INNGEST_DEV !== "" && INNGEST_DEV !== "0" && INNGEST_DEV !== "false";
  if (isDev) {
    return NODE_ENV === "production"
      ? ["INNGEST_DEV is set in production, where it would accept unsigned calls from anybody"]
      : [];
  }
  const faults: string[] = [];
  if (!INNGEST_EVENT_KEY)
    faults.push("INNGEST_EVENT_KEY is missing (or set INNGEST_DEV to a dev server's address)");
  if (!INNGEST_SIGNING_KEY) faults.push("INNGEST_SIGNING_KEY is missing (or set INNGEST_DEV)");
  return faults;
}
