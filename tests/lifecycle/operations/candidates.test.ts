/** In which order the sandboxes of a preview are considered that its record does not name. */
import { expect, test } from "vitest";
import { sandboxIdSchema } from "@/lib/ids";
import { runningFirst } from "@/lib/preview/operations/candidates";

const found = (name: string, state: "running" | "paused", epoch: number, startedAt = 0) => ({
  ...{ sandboxId: sandboxIdSchema.parse(name), state, epoch, startedAt, endsAt: 0 },
});

test("one that runs comes first, then the highest epoch, then the latest start", () => {
  const all = [
    found("restingold", "paused", 1),
    found("restingnew", "paused", 9),
    found("runningold", "running", 2, 5),
    found("runninglater", "running", 2, 6),
    found("runningnew", "running", 3),
  ];
  const inOrder = ["runningnew", "runninglater", "runningold", "restingnew", "restingold"];

  for (const given of [all, all.toReversed()])
    expect(runningFirst(given).map(({ sandboxId }) => String(sandboxId))).toEqual(inOrder);
  expect(all[0]).toMatchObject({ sandboxId: "restingold" });
});
