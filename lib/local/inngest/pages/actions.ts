/**
 * Owns what the buttons of the engine's pages do: send an event, run a run again, cancel one. It must never act without
 * the pages' own key: the guard has let the request in, but a form can be posted by any page. What cannot be done is
 * answered with the reason, and with what was typed. Fails closed.
 */
import { z } from "zod";
import type { Engine } from "@/lib/local/inngest/engine";
import { EventRefusedError } from "@/lib/local/inngest/events";
import type { ApiRequest, ApiResponse } from "@/lib/local/inngest/http-message";
import { type Html, html } from "./html";
import { pageResponse, seeOther } from "./layout";
import type { PageKey } from "./page-key";
import { sendForm } from "./send-form";

export const ACTIONS: ReadonlySet<string> = new Set(["send", "rerun", "cancel"]);

export function act(engine: Engine, action: string, { body }: ApiRequest, key: PageKey): ApiResponse | null {
  const form = new URLSearchParams(body);
  if (!key.isIn(form))
    return problem(
      engine,
      403,
      html`This button belongs to an engine that has ended. Open the <a href="/">page</a> again.`,
    );
  const runId = form.get("run") ?? "";
  switch (action) {
    case "send":
      return send(engine, form, key);
    case "rerun": {
      const outcome = engine.rerun(runId);
      return outcome.kind === "started"
        ? seeOther(`/runs/${encodeURIComponent(outcome.runId)}`)
        : problem(engine, 409, html`It cannot be run again: ${outcome.reason}.`);
    }
    case "cancel": {
      const outcome = engine.cancelRun(runId);
      return outcome.kind === "done"
        ? seeOther(`/runs/${encodeURIComponent(runId)}`)
        : problem(engine, 409, html`It cannot be cancelled: ${outcome.reason}.`);
    }
    default:
      return null;
  }
}

const dataSchema = z.record(z.string(), z.unknown());

function send(engine: Engine, form: URLSearchParams, key: PageKey): ApiResponse {
  const draft = { name: (form.get("name") ?? "").trim(), data: form.get("data") ?? "" };
  const refused = (why: string) =>
    problem(engine, 400, html`The event was not sent: ${why}.`, sendForm(key, draft, "Send event"));
  try {
    const data = dataSchema.safeParse(JSON.parse(draft.data));
    if (!data.success) return refused("its data is not a JSON object");
    const id = engine.sendEvent({ name: draft.name, data: data.data });
    return seeOther(`/events/${encodeURIComponent(id)}`);
  } catch (error) {
    if (error instanceof SyntaxError) return refused("its data is not JSON");
    if (error instanceof EventRefusedError) return refused(error.message);
    throw error;
  }
}

function problem(engine: Engine, status: number, sentence: Html, below: Html | null = null): ApiResponse {
  const body = html`<h1>Not done</h1><p class="problem">${sentence}</p>${below}<p><a href="/">All runs and events</a></p>`;
  return pageResponse(status, { title: "Not done", body, refreshSeconds: null }, engine.history());
}
