/**
 * Owns what every page for operators says while a switch is on: which, who turned it, since when and why. It must never be
 * the reason that a page cannot be shown: a store that does not answer is told of by the page itself.
 */
import { agoText } from "@/lib/duration-words";
import { switchWords } from "@/lib/operate/switch-words";
import type { FleetState } from "@/lib/store/fleet";

export function SwitchNotices({ fleet }: { readonly fleet: FleetState | undefined }) {
  return (
    <>
      {fleet?.switches.map(({ name, by, since, why }) => (
        <p key={name} className="page-notice" role="status">
          <strong>{name}</strong>: {switchWords[name]}. Turned on by {by}, {agoText(fleet.now - since)} ago:{" "}
          {why}
        </p>
      ))}
    </>
  );
}
