/**
 * Owns the shape of a command of the in-process engine: it reads and writes the keyspace synchronously, so that a
 * script or transaction made of such commands is atomic by construction, and answers a reply or throws CommandError.
 */
import type { Reply } from "../../reply";
import type { Args } from "../arguments";
import type { Keyspace } from "../keyspace";

export type Handler = (keys: Keyspace, args: Args) => Reply;

export type Handlers = Readonly<Record<string, Handler>>;
