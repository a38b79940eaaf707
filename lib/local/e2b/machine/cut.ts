/** Owns the word for why a stream of a machine's ends early: commands and watches say it, the wire puts it into words. */

/**
 * Why a stream ends although nothing went wrong with what it tells of: the sandbox rests, the client's time is over,
 * or the sandbox is gone, which a client sees as a dropped connection (e2b.md §1.4).
 */
export type Cut = "unavailable" | "deadline_exceeded" | "dropped";
