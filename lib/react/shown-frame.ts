/**
 * Owns which document the frame shows. A document belongs to the processes behind it: it stays mounted while they run,
 * while they go to rest and while their run is renewed (its sockets connect again), is gone before anything else wakes
 * (a stale page of another process must not look alive), and is mounted anew for the next ones. Pure; cannot fail.
 */
import type { PaneView } from "./pane-view";

export interface ShownFrame {
  /** Another key is another document. */
  readonly key: string;
  readonly url: string;
}

export function nextFrame(view: PaneView, shown: ShownFrame | undefined): ShownFrame | undefined {
  if (view.state === "pausing" || view.renewal) return shown;
  if (view.state !== "running" || view.url === undefined) return undefined;
  const key = `${view.sandboxId ?? view.url}@${view.cameBack?.at ?? 0}`;
  return shown?.key === key && shown.url === view.url ? shown : { key, url: view.url };
}
