/**
 * Owns this app's one Rekindle: built from the environment at the first use on the server, never at import, because
 * `next build` has no secrets. The holder below is the only state, one per server process; Next may evaluate this file
 * once per bundle, and then a process has a few equal ones, which does no harm because a Rekindle holds no state of its
 * own (so no `globalThis`, which would also keep old code alive across hot reloads). Must never reach the browser.
 * Fails closed: in production mode it throws `AccessControlMissingError`, else `ConfigurationError` naming every fault.
 */
import { serve } from "inngest/next";
import { previewCheckDue } from "@/inngest/events";
import type { Rekindle, Whose } from "@/lib";
import { type Environment, readEnvironment } from "@/lib/env";
import { AccessControlMissingError } from "@/lib/errors";
import { jsonLog } from "@/lib/log";
import { type LocalTools, localTools } from "./local-tools";
import { rekindleFromEnvironment } from "./rekindle-from-environment";

export interface App {
  readonly rekindle: Rekindle;
  /** What Inngest calls: the durable functions as route handlers. */
  readonly inngest: ReturnType<typeof serve>;
  readonly projectsFolder: string;
  /** Only where the environment names an address at which sandboxes can be made to fail. */
  readonly localTools?: LocalTools;
}

const holder: { app?: App } = {};

/** @throws AccessControlMissingError, ConfigurationError */
export function theApp(): App {
  holder.app ??= buildApp(process.env);
  return holder.app;
}

export function buildApp(source: Readonly<Record<string, string | undefined>>): App {
  if (source.NODE_ENV === "production") throw new AccessControlMissingError();
  const environment = readEnvironment(source);
  const { rekindle, client } = rekindleFromEnvironment(environment, jsonLog);
  return {
    rekindle,
    inngest: serve({ client, functions: rekindle.functions }),
    projectsFolder: environment.PROJECTS_FOLDER,
    ...localToolsOf(environment, rekindle),
  };
}

function localToolsOf(environment: Environment, rekindle: Rekindle): Pick<App, "localTools"> {
  const { LOCAL_CLOUD_CONTROL_URL: controlUrl, E2B_API_KEY: apiKey } = environment;
  if (!controlUrl) return {};
  const { inngest, log, random } = rekindle.runtime;
  const lookAgain = (whose: Whose) => inngest.send(previewCheckDue.create({ ...whose }));
  return { localTools: localTools({ controlUrl, apiKey, rekindle, lookAgain, log, random }) };
}
