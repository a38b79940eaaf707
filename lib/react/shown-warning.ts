/**
 * Owns which warning is shown. Who uses the page moves an idle end by beats and is told nothing; but a warning that stands
 * already goes only when the server knows of the use, so that its button does not vanish under the pointer on its way.
 * Pure; cannot fail.
 */
import type { Attention } from "./attention";
import type { PaneView, PaneWarning } from "./pane-view";

export function nextWarning(
  view: PaneView | undefined,
  attention: Attention,
  shown: PaneWarning | undefined,
): PaneWarning | undefined {
  const warning = view?.warning;
  if (!warning) return undefined;
  const isMovedSilently = warning.canExtend && attention === "present" && shown?.kind !== warning.kind;
  return isMovedSilently ? undefined : warning;
}
