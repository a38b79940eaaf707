/**
 * Owns the engine that is a real Redis, whoever runs it: two connections, one for what clients ask and one for what only
 * the front does. Its time is the machine's, which cannot be injected. Fails closed: without a connection a command
 * rejects, and what `refuseEmptying` speaks against is not emptied.
 */
import type { Redis as RedisClient } from "ioredis";
import type { Command, RedisEngine } from "../engine";
import { errorReply, nil, type Reply } from "../reply";
import { send, sendAtomically } from "./connection";
import { ServerScripts } from "./server-scripts";
import { markWholeState } from "./whole-state";

export interface RealEngineOptions {
  readonly front: RedisClient;
  readonly keeper: RedisClient;
  /** True when the front's user may run the allowed commands and no other, inside scripts too. */
  readonly doesServerKnowList: boolean;
  /** Why the database must not be emptied now; undefined when it may be. */
  refuseEmptying(): Promise<string | undefined>;
  stop(): Promise<void>;
}

export async function createRealEngine(options: RealEngineOptions): Promise<RedisEngine> {
  const { front, keeper, refuseEmptying, stop } = options;
  const scripts = new ServerScripts(options.doesServerKnowList);
  const version = /redis_version:(\S+)/.exec(await keeper.info("server"))?.[1];

  const refuse = async (commands: readonly Command[]): Promise<Reply | undefined> => {
    if (commands.every(([name]) => name !== "FLUSHDB")) return undefined;
    const refusal = await refuseEmptying();
    return refusal === undefined ? undefined : errorReply(`ERR ${refusal}`);
  };

  return {
    kind: "redis-server",
    ...(version === undefined ? {} : { version }),

    async execute(command) {
      const refusal = await refuse([command]);
      if (refusal !== undefined) return refusal;
      const translated = scripts.translate(command);
      if (translated.kind === "answer") return translated.reply;
      return translated.answerOf(await send(front, translated.command));
    },

    async executeAtomically(commands) {
      const refusal = await refuse(commands);
      if (refusal !== undefined) return commands.map(() => refusal);
      const translated = commands.map((command) => scripts.translate(command));
      const sent = translated.flatMap((each) => (each.kind === "send" ? [each.command] : []));
      const replies = [...(await sendAtomically(front, sent))];
      return translated.map((each) =>
        each.kind === "answer" ? each.reply : each.answerOf(replies.shift() ?? nil),
      );
    },

    mark: () => markWholeState(keeper, refuseEmptying),

    async loseEverything() {
      const refusal = await refuseEmptying();
      if (refusal !== undefined) throw new Error(refusal);
      await keeper.flushdb();
      scripts.forgetAll();
    },

    stop,
  };
}
