/**
 * Owns the words and tables in which answers are shown to people. Pure; cannot fail. Times are spans, by Redis's clock
 * and not this machine's. What comes from outside (a dev server's log, a sandbox's labels, what somebody typed) loses its
 * control characters first, since a terminal would obey them.
 */
import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";
import { agoText, spanText } from "@/lib/duration-words";
import type { Listing, PreviewSummary, Shown } from "@/lib/operate/operator";
import { switchWords } from "@/lib/operate/switch-words";
import type { ToldEntry } from "@/lib/preview/entry-words";
import type { PreviewView } from "@/lib/preview/view";
import type { FleetState, Switched, SwitchName } from "@/lib/store/fleet";
import { nameOf } from "./answer";
import type { Terminal } from "./terminal";

type Colors = Terminal["colors"];

/** Without escape sequences and other control characters, but for line ends. */
export const plain = (text: string): string => stripVTControlCharacters(text).replace(/[^\P{Cc}\n]/gu, "");

/** Stands above every answer while a switch is on. */
export function bannerText(switches: readonly Switched[], now: number, colors: Colors): string {
  return switches
    .map(({ name, by, since, why }) => {
      const title = colors.bold(colors.yellow(`${name.toUpperCase()} IS ON`));
      const who = `turned on by ${plain(by)} ${agoText(now - since)} ago: ${plain(why)}`;
      return `${title} (${switchWords[name]}), ${who}\n`;
    })
    .join("");
}

export function switchesText(switches: readonly Switched[], names: readonly SwitchName[]): string {
  const isOn = (name: SwitchName) => switches.some((each) => each.name === name);
  return names.map((name) => `${name} is ${isOn(name) ? "on" : "off"}\n`).join("");
}

export function listingText({ previews, next, fleet }: Listing, colors: Colors): string {
  const rows = previews.map((each) => rowOf(each, fleet.now));
  const head = ["state", "project", "user", "last active", "viewers", "holds", "position", "sandbox"];
  const more = next === undefined ? "" : `More: --from ${next}, or --all\n`;
  return `${fleetText(fleet)}\n${rows.length === 0 ? "No previews here.\n" : tableText(head, rows, colors)}${more}`;
}

export function fleetText({ taken, limit, foreign, waiting, due, previews }: FleetState): string {
  const others = foreign === 0 ? "" : `, ${foreign} more by sandboxes that are not ours`;
  return `${taken} of ${limit} places taken${others} · ${waiting} waiting · ${due} due · ${counted(previews, "preview")}`;
}

const rowOf = (preview: PreviewSummary, now: number): string[] => [
  preview.state,
  preview.projectId,
  preview.userId,
  preview.lastActiveAt === undefined ? "" : `${agoText(now - preview.lastActiveAt)} ago`,
  some(preview.viewers),
  some(preview.holds),
  some(preview.position ?? 0),
  preview.sandboxId ?? "",
];

/** Nothing at all is easier to look over than a column of zeros. */
const some = (count: number): string => (count === 0 ? "" : String(count));

export function tableText(head: readonly string[], rows: readonly string[][], colors: Colors): string {
  // The table's own colours are on by default, also where the output is a file.
  const style = colors.isColorSupported ? { head: ["bold"] } : { head: [], border: [] };
  const table = new Table({ head: [...head], style });
  table.push(...rows.map((row) => row.map(plain)));
  return `${table.toString()}\n`;
}

export function shownText({ view, usage, suspension }: Shown, colors: Colors): string {
  const { serverNow: now } = view;
  const when = (at: number | undefined, rest = "") =>
    at && `${at > now ? `in ${spanText(at - now)}` : `${spanText(now - at)} ago`}${rest}`;
  const rows: (readonly [string, string | 0 | undefined])[] = [
    ["address", view.url],
    ["sandbox", view.sandboxId],
    ["there", `${counted(view.viewers, "viewer")}, ${counted(view.holds, "agent")} at work`],
    ["step", view.step && `${view.step.title}, for ${spanText(now - view.step.startedAt)}`],
    ["came back", view.cameBack && `${view.cameBack.title}, in ${spanText(view.cameBack.tookMs)}`],
    ["rests", when(view.restsAt, ", if nobody does anything")],
    ["its end", when(view.providerEndsAt, ", as the provider has confirmed")],
    ["paused", when(view.pausedAt)],
    [
      "suspended",
      suspension && `by ${suspension.by}, ${agoText(now - suspension.since)} ago: ${suspension.why}`,
    ],
    ["files", view.files && filesText(view.files, now)],
    ["today", usageText(usage.dayMs, usage.dayLimitMs)],
    ["this month", usageText(usage.monthMs, usage.monthLimitMs)],
  ];
  const lines = rows.flatMap(([name, text]) => (text ? [`  ${name.padEnd(11)}${plain(text)}\n`] : []));
  return `${titleText(view, colors)}${lines.join("")}${logText(view)}`;
}

export const titleText = (view: PreviewView, colors: Colors): string =>
  `${colors.bold(nameOf(view))} is ${view.state}: ${view.reason.title}. ${colors.dim(view.reason.message)}\n`;

const logText = ({ logTail }: PreviewView): string => (logTail ? `\n${plain(logTail).trimEnd()}\n` : "");

function filesText({ revision, savedAt, unsaved }: NonNullable<PreviewView["files"]>, now: number): string {
  const saved = savedAt === undefined ? "" : `, in the product's hands ${agoText(now - savedAt)} ago`;
  return `revision ${revision.slice(0, 12)}${saved}${unsaved ? `, ${unsaved} could not be given back` : ""}`;
}

const usageText = (ms: number, limitMs: number): string | undefined =>
  limitMs === 0 ? undefined : `${spanText(ms)} of ${spanText(limitMs)} of the user's sandboxes`;

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

export function explainedText({ view, explanation }: Shown, colors: Colors): string {
  const why = explanation.why.map((sentence) => `${plain(sentence)}\n`).join("");
  return `${titleText(view, colors)}${why}${historyText(explanation.entries, view.serverNow, colors)}`;
}

function historyText(entries: readonly ToldEntry[], now: number, colors: Colors): string {
  if (entries.length === 0) return "";
  const rows = entries.map(({ at, title, detail }) => [`${agoText(now - at)} ago`, title, detail]);
  return tableText(["when", "what", "how"], rows, colors);
}
