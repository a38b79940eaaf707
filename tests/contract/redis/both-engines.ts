/**
 * Owns giving the same commands to the in-process engine and to a real Redis, over REST in batches, and collecting what each
 * answers. Both are started and stopped here.
 */
import { startDatabase, type TestDatabase } from "./engines";

export type CommandLine = [string, ...string[]];

export interface Answers {
  readonly inProcess: readonly unknown[];
  readonly real: readonly unknown[];
}

export async function answersOfBoth(commands: readonly CommandLine[]): Promise<Answers> {
  const [memory, server] = await Promise.all([startDatabase("memory"), startDatabase("redis-server")]);
  try {
    const [inProcess, real] = await Promise.all([sendAll(memory, commands), sendAll(server, commands)]);
    return { inProcess, real };
  } finally {
    await Promise.all([memory.stop(), server.stop()]);
  }
}

const batch = 100;

async function sendAll(database: TestDatabase, commands: readonly CommandLine[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let start = 0; start < commands.length; start += batch) {
    answers.push(...(await sendPipeline(database, commands.slice(start, start + batch))));
  }
  return answers;
}

async function sendPipeline({ upstash }: TestDatabase, commands: CommandLine[]): Promise<unknown[]> {
  const response = await fetch(`${upstash.url}/pipeline`, {
    method: "POST",
    headers: { authorization: `Bearer ${upstash.token}`, "content-type": "application/json" },
    body: JSON.stringify(commands),
  });
  const answers: unknown = await response.json();
  if (!Array.isArray(answers)) throw new Error("a pipeline answers a list");
  return answers;
}
