/**
 * Owns one look at one preview whose state is in doubt: record, wish and the provider's own answer are compared, and
 * made to agree. It must never act on a guess. Fails open: what a look could not settle is due again.
 */
import { previewCheckDue } from "@/inngest/events";
import { parseScope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import { lookAtPreview, reconciledSchema, tellOfLook } from "./look-at-preview";
import { stepsOf } from "./step-outcome";

export const reconcilePreviewId = "reconcile-preview";

export const reconcilePreview = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    { id: reconcilePreviewId, triggers: [previewCheckDue], retries: runtime.flow.retries },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const scope = parseScope(event.data.projectId, event.data.userId);
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      const reconciled = await act("reconcile", reconciledSchema, () => lookAtPreview(runtime, scope, runId));
      return tellOfLook(step, scope, reconciled);
    },
  );
