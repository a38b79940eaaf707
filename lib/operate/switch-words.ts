/**
 * Owns what each of the operators' switches does, in words for whoever sees that it is on: the command line and the pages
 * for operators say the same. Data; the compiler refuses a switch without words.
 */
import type { SwitchName } from "@/lib/store/fleet";

export const switchWords: Readonly<Record<SwitchName, string>> = {
  "stop-creating": "no new sandbox is made; what runs or rests goes on",
  "hold-everything":
    "nothing is brought to rest, killed, evicted or swept; runs are still renewed before the plan ends them",
};
