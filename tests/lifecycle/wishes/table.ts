/**
 * Owns what a person expects when a second thing happens while, or just after, a first one does: one row for each first
 * act in each state where it means something, one column for each second. Data only; drive.ts makes both happen at every
 * point where the first waits and looks at what became of it. Times are the shipped policy's.
 *
 * Left out as equal to another cell: states of transition are no starts (they are what the points of a row pass through);
 * a renewal is not due outside the end of a run, so its column stands only where a run nears its end.
 */

export type Act = "open" | "beat" | "left" | "idle" | "hold" | "renewal" | "kill" | "extension";

/** `near-end`: running, and its run ends within minutes. */
export type Start = "absent" | "running" | "near-end" | "paused" | "expired" | "failed";

export type Ending =
  /** It runs and answers, for whoever is there. */
  | "running"
  /** It runs for an idle time more, as after any sign of life, and then rests. */
  | "running-a-while"
  /** Nothing runs; the next click brings it back, from its memory unless its sandbox was taken away. */
  | "resting"
  /** Nothing runs, until a person asks again. */
  | "failed";

export interface Wish {
  readonly ends: Ending;
  /** When the first act had brought it to rest before the second came: a sign of life wakes nothing, only a click does. */
  readonly onceAtRest?: Ending;
  /** When a worker was held up between its last look and what it does, longer than any claim: it acts on what it saw. */
  readonly heldUp?: Ending;
  readonly because: string;
}

export interface Row {
  readonly first: Act;
  readonly in: Start;
  /** Drives only so many points and the moment afterwards: from there on the row goes the way of another one. */
  readonly mostPoints?: number;
  readonly wishes: Readonly<Partial<Record<Act, Wish>>>;
}

const running = (because: string): Wish => ({ ends: "running", because });
const resting = (because: string): Wish => ({ ends: "resting", because });
const aWhile = (because: string): Wish => ({ ends: "running-a-while", because });
const failed = (because: string): Wish => ({ ends: "failed", because });
const unlessAtRest = (wish: Wish): Wish => ({ ...wish, onceAtRest: "resting" });
/** What it brings back for who has gone meanwhile rests an idle time later. */
const heldUpToo = (wish: Wish): Wish => ({ ...wish, heldUp: "running-a-while" });

/** Whoever opens is there, so what comes second decides. */
const opened = {
  open: running("both tabs see the one preview"),
  beat: running("the person is there"),
  left: resting("nobody waits for it any more"),
  idle: resting("who gave no sign for so long is not there"),
  hold: running("an agent works in it beside the person"),
  kill: running("somebody waits for it, so what was taken away is built again"),
  extension: running("the person is there"),
};

/** Somebody is there and stays there. */
const inUse = { ...opened, left: resting("the only viewer has left") };

/** Only an agent is there. */
const heldAlone: Row["wishes"] = {
  open: running("a person joins the agent"),
  beat: running("the agent works"),
  left: running("the agent works, whoever leaves"),
  idle: running("a hold is use, though nobody gives a sign"),
  hold: running("the same hold, asked for again"),
  kill: running("an agent waits for it, so what was taken away is built again"),
  extension: running("the agent works"),
};

/** It is about to rest, and nobody is there. */
const emptied: Row["wishes"] = {
  open: running("the person came back"),
  beat: unlessAtRest(running("somebody is there after all")),
  left: resting("nobody is there"),
  idle: resting("nobody is there"),
  hold: running("an agent begins to work"),
  kill: resting("nobody is there to build it for"),
  extension: unlessAtRest(aWhile("the product knows of somebody, who gives no other sign")),
};

/** It rests, and what came first does not wake it. */
const atRest: Row["wishes"] = {
  open: running("a click brings it back"),
  beat: resting("a sign of life wakes nothing"),
  left: resting("it rests already"),
  idle: resting("it rests already"),
  hold: running("an agent begins to work"),
  kill: resting("nobody is there to build it for"),
  extension: resting("an event wakes nothing"),
};

export const opens: readonly Row[] = [
  { first: "open", in: "absent", wishes: opened },
  { first: "open", in: "running", wishes: opened },
  { first: "open", in: "paused", wishes: opened },
  // Once its claim is granted it goes the way of an absent one.
  { first: "open", in: "expired", mostPoints: 1, wishes: opened },
  // Once its sandbox runs again it goes the way of an absent one.
  { first: "open", in: "failed", mostPoints: 2, wishes: opened },
  { first: "open", in: "near-end", wishes: { renewal: running("the person is there") } },
];

export const uses: readonly Row[] = [
  { first: "beat", in: "running", wishes: inUse },
  { first: "beat", in: "paused", wishes: atRest },
  { first: "extension", in: "running", wishes: inUse },
  { first: "extension", in: "paused", wishes: atRest },
  { first: "beat", in: "near-end", wishes: { renewal: running("the person is there") } },
  { first: "extension", in: "near-end", wishes: { renewal: running("the person is there") } },
  {
    first: "renewal",
    in: "near-end",
    wishes: { ...inUse, idle: heldUpToo(inUse.idle), renewal: running("one renewal is enough") },
  },
];

export const partings: readonly Row[] = [
  { first: "left", in: "running", wishes: emptied },
  { first: "idle", in: "running", wishes: emptied },
  { first: "left", in: "near-end", wishes: { renewal: resting("nobody is there to renew it for") } },
];

export const losses: readonly Row[] = [
  // Once it is being built again it goes the way of an opening.
  {
    first: "kill",
    in: "running",
    mostPoints: 2,
    wishes: {
      ...inUse,
      idle: heldUpToo(inUse.idle),
      left: resting("the only viewer has left, and nobody is there to build it for"),
    },
  },
  { first: "kill", in: "paused", wishes: atRest },
  {
    first: "kill",
    in: "near-end",
    mostPoints: 4,
    wishes: { renewal: running("it is built again for who is there") },
  },
];

export const holds: readonly Row[] = [
  { first: "hold", in: "running", wishes: heldAlone },
  { first: "hold", in: "paused", wishes: heldAlone },
  // Its opening goes the way of a person's.
  { first: "hold", in: "absent", mostPoints: 1, wishes: heldAlone },
  {
    first: "hold",
    in: "failed",
    mostPoints: 1,
    wishes: {
      open: running("a person asks again, and it is mended by now"),
      beat: failed("only a click starts it again"),
      left: failed("only a click starts it again"),
      idle: failed("only a click starts it again"),
      hold: failed("an agent is told to leave it to a person"),
      kill: failed("only a click starts it again"),
      extension: failed("only a click starts it again"),
    },
  },
  { first: "hold", in: "near-end", wishes: { renewal: running("the agent goes on in the new run") } },
];
