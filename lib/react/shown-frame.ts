/**
 * Owns which document the frame shows. A frame belongs to one run of one sandbox: it stays mounted while that runs and
 * while it goes to rest, is gone before anything wakes (a stale page of another process must not look alive), and is
 * mounted anew for the next run. Pure; cannot fail.
 */
import type { PaneView } from "./pane-view";

export interface ShownFrame {
  /** Another key is another document. */
  readonly key: string;
  readonly url: string;
}

export function nextFrame(view: PaneView, shown: ShownFrame | undefined): ShownFrame | undefined {
  if (view.state === "pausing") return shown;
  if (view.state !== "running" || view.url === undefined) return undefined;
  const key = `${view.sandboxId ?? view.url}@${view.cameBack?.at ?? 0}`;
  return shown?.key === key && shown.url === view.url ? shown : { key, url: view.url };
}
