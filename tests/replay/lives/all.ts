/** Owns the list of all lives that are recorded. A life that is not here is not recorded. */
import type { RecordedHistory } from "../history-files";
import { healingLives } from "./healing";
import type { Life } from "./life";
import { openingLives } from "./opening";
import { restingLives } from "./resting";
import { servingLives } from "./serving";

export const lives: readonly Life[] = [...openingLives, ...restingLives, ...healingLives, ...servingLives];

const waiting = { kind: "going-on", admitted: [], toRest: [], waiting: 1 };

/**
 * Written down and not lived: sixty looks of one run cost seconds, since every call goes through all that is remembered.
 * Its replay shows that the function asks for just these steps, as for any other history.
 */
export const composed: readonly { readonly functionId: string; readonly history: RecordedHistory }[] = [
  {
    functionId: "serve-line",
    history: {
      life: "the line for so long that another run goes on with it",
      run: 1,
      event: { name: "preview/line.waiting", data: {} },
      steps: [
        ...Array.from({ length: 60 }, (_, round) => [
          { id: `look-${round}`, op: "run" as const, result: { kind: "ok", value: waiting } },
          { id: `until-${round + 1}`, op: "sleep" as const },
        ]).flat(),
        { id: "go-on", op: "send", result: { ids: ["<ulid 1>"] } },
      ],
      end: "completed",
    },
  },
];
