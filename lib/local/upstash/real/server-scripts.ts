/**
 * Owns the difference between a script as the client knows it and as the real Redis gets it: one with flags is sent behind
 * a guard, and so has another SHA-1 there. The client sees its own alone. The cache is this front's: what was not loaded
 * through it since the last flush is NOSCRIPT, also where a server that is not ours still knows it.
 * It must never change a script that has no flags and needs no guard.
 */
import { createHash } from "node:crypto";
import type { Bytes } from "../bytes";
import type { Command } from "../engine";
import { array, bytesReply, errorReply, integer, ok, type Reply } from "../reply";
import { readScriptCacheCommand } from "../script-cache-commands";
import { readScript } from "../script-flags";
import { guardedScript } from "./guarded-script";

export type Translated =
  /** `answerOf` makes of the server's reply what the client is to get. */
  | { readonly kind: "send"; readonly command: Command; readonly answerOf: (reply: Reply) => Reply }
  | { readonly kind: "answer"; readonly reply: Reply };

export class ServerScripts {
  /** The server's SHA-1 by the client's. */
  readonly #serverShas = new Map<string, string>();

  constructor(private readonly doesServerKnowList: boolean) {}

  translate(command: Command): Translated {
    const [name, ...args] = command;
    const [first = "", ...rest] = args;
    switch (name) {
      case "EVAL":
        return this.#load(first, (lua) => ["EVAL", lua, ...rest]);
      case "EVALSHA":
        return this.#run(first.toLowerCase(), rest);
      case "SCRIPT":
        return this.#manage(args);
      default:
        return { kind: "send", command, answerOf: (reply) => reply };
    }
  }

  forgetAll(): void {
    this.#serverShas.clear();
  }

  #load(source: Bytes, commandOf: (lua: Bytes) => Command): Translated {
    const script = readScript(source);
    if (script.kind === "refused") return { kind: "answer", reply: errorReply(script.error) };
    const { flags } = script;
    const lua = guardedScript(script.lua, { flags, doesServerKnowList: this.doesServerKnowList });
    const [sha, serverSha] = [sha1(source), sha1(lua)];
    // Before the server has it: in a transaction a later command may name it.
    this.#serverShas.set(sha, serverSha);
    return {
      kind: "send",
      command: commandOf(lua),
      answerOf: (reply) => this.#afterLoad(sha, serverSha, reply),
    };
  }

  #afterLoad(sha: string, serverSha: string, reply: Reply): Reply {
    if (reply.kind === "error" && /^ERR Error compiling script/.test(reply.text))
      this.#serverShas.delete(sha);
    return withClientSha(reply, sha, serverSha);
  }

  #run(sha: string, rest: readonly Bytes[]): Translated {
    const serverSha = this.#serverShas.get(sha);
    if (serverSha === undefined) {
      return { kind: "answer", reply: errorReply("NOSCRIPT No matching script. Please use EVAL.") };
    }
    return {
      kind: "send",
      command: ["EVALSHA", serverSha, ...rest],
      answerOf: (reply) => withClientSha(reply, sha, serverSha),
    };
  }

  #manage(args: readonly Bytes[]): Translated {
    const command = readScriptCacheCommand(args);
    switch (command.kind) {
      case "load": {
        const loading = this.#load(command.source, (lua) => ["SCRIPT", "LOAD", lua]);
        if (loading.kind === "answer") return loading;
        const sha = sha1(command.source);
        const answerOf = (reply: Reply) => {
          const answer = loading.answerOf(reply);
          return answer.kind === "error" ? answer : bytesReply(sha);
        };
        return { ...loading, answerOf };
      }
      case "exists":
        return {
          kind: "answer",
          reply: array(command.shas.map((sha) => integer(this.#serverShas.has(sha) ? 1 : 0))),
        };
      case "flush":
        this.forgetAll();
        return { kind: "answer", reply: ok };
      case "refused":
        return { kind: "answer", reply: errorReply(command.error) };
    }
  }
}

const sha1 = (bytes: Bytes): string => createHash("sha1").update(bytes, "latin1").digest("hex");

/** Redis names the script in the text of an error. */
function withClientSha(reply: Reply, sha: string, serverSha: string): Reply {
  return reply.kind === "error" ? errorReply(reply.text.replace(serverSha, sha)) : reply;
}
