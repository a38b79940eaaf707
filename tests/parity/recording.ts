/**
 * Owns the recording of a scenario where both targets look the same: at the app. It wraps the serve handler and writes
 * down each request and what was answered; how runs end it learns from `inngest/function.finished`, through a function
 * of its own beside the scenario's, whose calls it leaves out. It must never change a request or an answer.
 */
import type { Inngest, InngestFunction } from "inngest";
import { z } from "zod";
import type { ServeHandler } from "@/lib/local/inngest/transport";
import type { Scenario, Trace } from "./scenario";

export interface Recording {
  readonly handler: (serve: ServeHandler) => ServeHandler;
  /** To be served beside the scenario's functions. */
  readonly observer: (client: Inngest) => InngestFunction.Any;
  trace(order: Scenario["order"]): Trace;
}

interface Line {
  readonly lane: string;
  readonly request: string;
  answer: string;
}

const observerId = "observer";

const callSchema = z.object({
  event: z.unknown(),
  ctx: z.object({ attempt: z.number() }),
});

export function createRecording(appId: string): Recording {
  const lines: Line[] = [];
  const outcomes: string[] = [];
  const stepNames = new Map<string, string>();
  const unprefixed = (id: string) => id.replace(`${appId}-`, "");

  const note = async (request: Request): Promise<Line | null> => {
    const url = new URL(request.url);
    const functionId = unprefixed(url.searchParams.get("fnId") ?? "");
    if (request.method !== "POST" || functionId === observerId) return null;
    const { event, ctx } = callSchema.parse(await request.clone().json());
    const stepId = url.searchParams.get("stepId") ?? "step";
    const what = stepId === "step" ? "next" : `run ${stepNames.get(stepId) ?? stepId}`;
    const line = {
      lane: `${functionId}(${tagOf(event)})`,
      request: `${what} #${ctx.attempt}`,
      answer: "(none)",
    };
    lines.push(line);
    return line;
  };

  return {
    handler: (serve) => async (request) => {
      const line = await note(request);
      const response = await serve(request);
      if (line) line.answer = await answerOf(response.clone(), stepNames);
      return response;
    },
    observer: (client) =>
      client.createFunction(
        {
          id: observerId,
          triggers: [
            { event: "inngest/function.finished", if: `event.data.function_id != '${appId}-${observerId}'` },
          ],
          retries: 0,
        },
        async ({ event }) => {
          outcomes.push(outcomeOf(event.data, unprefixed));
        },
      ),
    trace: (order) => ({ calls: callLines(lines, order), outcomes: outcomes.toSorted() }),
  };
}

const operationSchema = z.looseObject({
  op: z.string(),
  id: z.string(),
  name: z.string().optional(),
  displayName: z.string().optional(),
});

async function answerOf(response: Response, stepNames: Map<string, string>): Promise<string> {
  switch (response.status) {
    case 200:
      return "returned";
    case 206: {
      const operations = z.array(operationSchema).parse(await response.json());
      for (const { id, name, displayName } of operations) stepNames.set(id, displayName ?? name ?? id);
      const shown = operations.map(({ op, id }) =>
        op === "RunComplete" ? "returned" : `${op} ${stepNames.get(id)}`,
      );
      return shown.join(" + ");
    }
    default:
      return response.headers.get("x-inngest-no-retry") === "true" ? "threw, final" : "threw";
  }
}

const finishedSchema = z.looseObject({
  function_id: z.string(),
  event: z.unknown(),
  result: z.unknown().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
  _inngest: z.looseObject({ status: z.string() }),
});

function outcomeOf(data: unknown, unprefixed: (id: string) => string): string {
  const finished = finishedSchema.parse(data);
  const lane = `${unprefixed(finished.function_id)}(${tagOf(finished.event)})`;
  const status = finished._inngest.status;
  if (status === "Completed") return `${lane} ${status} ${JSON.stringify(finished.result ?? null)}`;
  return status === "Failed" ? `${lane} ${status}: ${finished.error?.message ?? ""}` : `${lane} ${status}`;
}

const eventSchema = z.looseObject({
  name: z.string().optional(),
  data: z.looseObject({ tag: z.string().optional(), event: z.unknown().optional() }),
});

/** The tag of the event, or of the event that a system event is about. */
function tagOf(event: unknown): string {
  const parsed = eventSchema.safeParse(event);
  if (!parsed.success) return "?";
  const { name, data } = parsed.data;
  if (name === "inngest/scheduled.timer") return "cron";
  return data.tag ?? tagOf(data.event);
}

function callLines(lines: readonly Line[], order: Scenario["order"]): string[] {
  const lanes = [...new Set(lines.map(({ lane }) => lane))].toSorted();
  const ordered =
    order === "across runs" ? lines : lanes.flatMap((lane) => lines.filter((line) => line.lane === lane));
  return sortParallel(ordered).map(({ lane, request, answer }) => `${lane} ${request} → ${answer}`);
}

/** Requests for single steps that follow each other in one run were made at once. */
function sortParallel(lines: readonly Line[]): Line[] {
  const sorted: Line[] = [];
  for (const line of lines) {
    let place = sorted.length;
    for (; place > 0; place -= 1) {
      const before = sorted[place - 1];
      if (!before || !isStep(line) || !isStep(before) || before.lane !== line.lane) break;
      if (before.request <= line.request) break;
    }
    sorted.splice(place, 0, line);
  }
  return sorted;
}

const isStep = ({ request }: Line): boolean => request.startsWith("run ");
