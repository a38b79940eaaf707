/**
 * Owns the last acknowledged writes of a database, each as a mark of how everything was before it, so that they can be
 * lost again as a failover loses them. A write is a call that changed a key; what a client was told of is
 * acknowledged. Calls that may write go one at a time while writes are kept, so that a mark is before one call alone.
 * It must never say that writes are gone that are not: what is not kept is refused with a sentence.
 */
import type { RedisEngine, StateMark } from "./engine";
import type { Reply } from "./reply";

export class WriteJournal {
  #lastTurn: Promise<unknown> = Promise.resolve();
  #acknowledged: StateMark[] = [];

  /** `keptWrites`: how many can be rolled back; with 0 nothing is kept and nothing waits. */
  constructor(
    private readonly engine: RedisEngine,
    private readonly keptWrites: number,
  ) {}

  async record(isAcknowledged: boolean, work: () => Promise<readonly Reply[]>): Promise<readonly Reply[]> {
    if (this.keptWrites === 0) return work();
    return this.#inTurn(async () => {
      const mark = await this.engine.mark();
      let isKept = false;
      try {
        const replies = await work();
        isKept = isAcknowledged && (await mark.hasChanged());
        return replies;
      } finally {
        if (isKept) this.#keep(mark);
        else mark.release();
      }
    });
  }

  /**
   * How many acknowledged writes were undone: `count`, or all there ever were when those are fewer. Everything that came
   * after the first of them is undone with it, told of or not. @throws RangeError when so many are not kept.
   */
  async rollBack(count: number): Promise<number> {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new RangeError("Roll back a whole number of writes, from 1.");
    if (count > this.keptWrites) {
      throw new RangeError(
        `The local Upstash keeps the last ${this.keptWrites} acknowledged writes, so ${count} cannot be rolled back. Start it with keptWrites: ${count}.`,
      );
    }
    return this.#inTurn(async () => {
      const undone = this.#acknowledged.slice(-count);
      await undone[0]?.restore();
      this.#acknowledged.length -= undone.length;
      for (const mark of undone) mark.release();
      return undone.length;
    });
  }

  /** There is nothing to go back to afterwards. */
  async loseEverything(): Promise<void> {
    await this.#inTurn(async () => {
      await this.engine.loseEverything();
      this.#acknowledged = [];
    });
  }

  #keep(mark: StateMark): void {
    this.#acknowledged.push(mark);
    if (this.#acknowledged.length > this.keptWrites) this.#acknowledged.shift()?.release();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }
}
