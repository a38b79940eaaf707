/** Owns how a script is put together: its name for logs and errors, and its text behind the common beginning. Pure. */
import type { Script } from "@/lib/redis";
import { prelude } from "./prelude";

/** A script with the prelude's functions and keys in reach. */
export const script = (name: string, body: string): Script => ({ name, lua: prelude + body });
