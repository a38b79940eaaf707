/** Owns the list of all durable functions, made for one runtime. A function that is not here is not registered. */
import type { Runtime } from "@/lib/runtime";
import { applySandboxEvent } from "./apply-sandbox-event";
import { auditSandboxes } from "./audit-sandboxes";
import { extendOnActivity } from "./extend-on-activity";
import { openPreview } from "./open-preview";
import { pauseOnLeave } from "./pause-on-leave";
import { pauseWhenIdle } from "./pause-when-idle";
import { reconcilePreview } from "./reconcile-preview";
import { recoverPreview } from "./recover-preview";
import { renewRun } from "./renew-run";
import { restOnRequest } from "./rest-on-request";
import { serveLine } from "./serve-line";
import { sweepPreviews } from "./sweep-previews";
import { syncPreview } from "./sync-preview";

export const createFunctions = (runtime: Runtime) => [
  openPreview(runtime),
  extendOnActivity(runtime),
  pauseWhenIdle(runtime),
  pauseOnLeave(runtime),
  renewRun(runtime),
  syncPreview(runtime),
  serveLine(runtime),
  restOnRequest(runtime),
  sweepPreviews(runtime),
  auditSandboxes(runtime),
  reconcilePreview(runtime),
  applySandboxEvent(runtime),
  recoverPreview(runtime),
];
