/**
 * Owns the directory over Redis: turns each question into one script call and each reply into types. It must never
 * decide anything. Fails closed: a reply that it does not know is an error, and so is a place in the pages that none of
 * them named.
 */
import { z } from "zod";
import { InvalidRequestError } from "@/lib/errors";
import { projectIdSchema, type Scope, sandboxIdSchema, userIdSchema } from "@/lib/ids";
import type { Policy } from "@/lib/preview/policy";
import { reasonSchema } from "@/lib/preview/reasons";
import { stateSchema } from "@/lib/preview/transitions";
import type { Redis } from "@/lib/redis";
import type { Directory, PageQuery, PreviewLine } from "./directory";
import { fleetKeys, keysOf, projectPreviewsKey, sandboxKey, userPreviewsKey } from "./keys";
import { parseMember } from "./member";
import {
  hasPreviewScript,
  linesScript,
  namedScript,
  ofSandboxScript,
  pageOfAllScript,
  pageOfSetScript,
} from "./scripts/directory";

/** An empty text is "none". */
const maybe = <S extends z.ZodType>(schema: S) => z.union([z.literal("").transform(() => undefined), schema]);
const whole = z.string().regex(/^\d+$/).transform(Number);

const lineSchema = z.tuple([
  maybe(stateSchema),
  maybe(reasonSchema),
  maybe(whole),
  maybe(whole),
  maybe(sandboxIdSchema),
  maybe(whole),
  whole,
  whole,
  maybe(whole),
]);
const linesSchema = z.tuple([whole, z.array(lineSchema)]);
const members = z.array(z.string());

export function redisDirectory(redis: Redis, environment: string, policy: Policy): Directory {
  const fleet = fleetKeys(environment);

  const has = async (scope: Scope): Promise<boolean> =>
    (await redis.runScript(hasPreviewScript, [fleet.previews], [memberOf(scope)])) === 1;

  async function readPage({ userId, projectId, from, most }: PageQuery): Promise<readonly string[]> {
    const place = parsePlace(from);
    const args = [String(most), ...place];
    if (userId === undefined && projectId === undefined) {
      return members.parse(await redis.runScript(pageOfAllScript, [fleet.previews], args));
    }
    const [setKey, name, kind] =
      userId === undefined
        ? [projectPreviewsKey(environment, projectId ?? ""), projectId ?? "", "project"]
        : [userPreviewsKey(environment, userId), userId, "user"];
    return members.parse(
      await redis.runScript(pageOfSetScript, [fleet.previews, setKey], [...args, name, kind]),
    );
  }

  return {
    has,

    async page(query) {
      const { userId, projectId, from, most } = query;
      if (userId !== undefined && projectId !== undefined) {
        const scope = { projectId, userId };
        return { scopes: from === undefined && (await has(scope)) ? [scope] : [] };
      }
      const read = await readPage(query);
      const scopes = read.flatMap((text, index) => (index % 2 === 0 ? parseMember(text) : []));
      const [member, score] = read.slice(-2);
      const isFull = read.length === most * 2;
      return { scopes, ...(isFull && member && score ? { next: `${score}:${member}` } : {}) };
    },

    async lines(scopes) {
      if (scopes.length === 0) return [];
      const keys = scopes.flatMap((scope) => {
        const [record, viewers, , , , , holds] = keysOf(environment, scope).all;
        return [record, viewers, holds];
      });
      const args = [String(policy.viewerGoneAfterMs), ...scopes.map(memberOf)];
      const raw = await redis.runScript(linesScript, [fleet.line, ...keys], args);
      const [now, lines] = linesSchema.parse(raw);
      return scopes.flatMap((scope, index) => lineOf(scope, now, lines[index]));
    },

    async ofSandbox(sandboxId) {
      const member = await redis.runScript(ofSandboxScript, [sandboxKey(environment, sandboxId)], []);
      return parseMember(z.string().parse(member))[0];
    },

    async named({ projectId, userId }) {
      const keys = [userPreviewsKey(environment, userId), projectPreviewsKey(environment, projectId)];
      const [projects, users] = z
        .tuple([z.array(projectIdSchema), z.array(userIdSchema)])
        .parse(await redis.runScript(namedScript, keys, []));
      const scopes = [
        ...projects.map((project) => ({ projectId: project, userId })),
        ...users.map((user) => ({ projectId, userId: user })),
      ];
      // One of the project and the user of the same name is found by both.
      const byMember = new Map(scopes.map((scope) => [memberOf(scope), scope]));
      return [...byMember.keys()].sort().flatMap((member) => byMember.get(member) ?? []);
    },
  };
}

const memberOf = ({ projectId, userId }: Scope): string => `${projectId}/${userId}`;

/** Score and member of the last one seen; empty texts on the first page. */
function parsePlace(from: string | undefined): readonly [score: string, member: string] {
  if (from === undefined) return ["", ""];
  const [, score, member] = /^(\d{1,16}):([\w-]{1,64}\/[\w-]{1,64})$/.exec(from) ?? [];
  if (score === undefined || member === undefined) {
    throw new InvalidRequestError("what the next page begins with is not what a page named.");
  }
  return [score, member];
}

function lineOf(scope: Scope, now: number, line: z.output<typeof lineSchema> | undefined): PreviewLine[] {
  const [state, reason, changedAt, lastActiveAt, sandboxId, endsAt, viewers = 0, holds = 0, position] =
    line ?? [];
  // Forgotten between the page and this.
  if (state === undefined || reason === undefined || changedAt === undefined) return [];
  return [
    {
      ...{ scope, now, state, reason, changedAt, viewers, holds },
      ...(lastActiveAt === undefined ? {} : { lastActiveAt }),
      ...(sandboxId === undefined ? {} : { sandboxId }),
      ...(endsAt === undefined ? {} : { endsAt }),
      ...(position === undefined ? {} : { position }),
    },
  ];
}
