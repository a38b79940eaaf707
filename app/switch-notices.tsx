/**
 * Owns what every page for operators says while a switch is on: which, who turned it, since when and why. It must never be
 * the reason that a page cannot be shown: a store that does not answer is told of by the page itself.
 */
import { agoText } from "@/lib/duration-words";
import type { FleetState } from "@/lib/store/fleet";

const words = {
  "stop-creating": "No new sandboxes are made; what runs or rests goes on.",
  "hold-everything":
    "Nothing is brought to rest, killed, evicted or swept; runs are still renewed before the plan ends them.",
} as const;

export function SwitchNotices({ fleet }: { readonly fleet: FleetState | undefined }) {
  return (
    <>
      {fleet?.switches.map(({ name, by, since, why }) => (
        <p key={name} className="page-notice" role="status">
          <strong>{name}</strong>: {words[name]} Turned on by {by}, {agoText(fleet.now - since)} ago: {why}
        </p>
      ))}
    </>
  );
}
