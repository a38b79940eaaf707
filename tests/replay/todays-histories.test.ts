/**
 * The steps that runs of today remember are those that were committed. With REPLAY=record (`npm run replay:record`) they
 * are written down instead.
 */
import { afterAll, expect, test } from "vitest";
import { type RecordedHistory, readHistories, recordedAnew, writeHistories } from "./history-files";
import { composed, lives } from "./lives/all";
import { recordedLife } from "./recorded-life";
import { stepChanges } from "./step-changes";

const isRecording = process.env.REPLAY === "record";
const recorded = new Map<string, RecordedHistory[]>();
let lived = 0;

test.each(lives)("$name goes through its steps by the ids that runs in flight remember", async (life) => {
  for (const { functionId, histories } of await recordedLife(life)) {
    recorded.set(functionId, [...(recorded.get(functionId) ?? []), ...histories]);
    if (isRecording) continue;
    const committed = readHistories(functionId).histories.filter((history) => history.life === life.name);
    expect(stepChanges(functionId, committed, histories)).toEqual([]);
  }
  lived += 1;
});

afterAll(() => {
  if (!isRecording) return;
  // What a life of today did not show would be taken for gone.
  if (lived < lives.length)
    throw new Error(`only ${lived} of ${lives.length} lives went well: nothing is recorded`);
  for (const { functionId, history } of composed)
    recorded.set(functionId, [...(recorded.get(functionId) ?? []), history]);
  const today = new Date().toISOString().slice(0, 10);
  for (const [functionId, histories] of recorded)
    writeHistories(functionId, recordedAnew(readHistories(functionId), histories, today));
});
