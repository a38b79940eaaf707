/** No two previews, users or environments ever meet in one key, whatever they are called. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidRequestError } from "@/lib/errors";
import { parseScope, previewIdOf } from "@/lib/ids";
import { fleetKeys, keysOf } from "@/lib/store/keys";
import { parseMember } from "@/lib/store/member";
import { MANY } from "./snapshots";

const letters = [..."abyzABYZ0129_-"];
/** Short ones from few letters, so that joining two of them by accident comes up. */
const id = fc
  .oneof(
    fc.array(fc.constantFrom(..."ab-_"), { minLength: 1, maxLength: 3 }),
    fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 64 }),
  )
  .map((parts) => parts.join(""));
const scopes = fc.tuple(id, id).map(([projectId, userId]) => parseScope(projectId, userId));
const environments = fc.constantFrom("a", "a-b", "b", "production");

/** Shared with nobody. */
const own = [0, 1, 3, 4, 5, 6, 7, 19, 20] as const;
/** Shared by the previews of a user, of a project, of an environment; no sandbox is named here. */
const [ofUser, ofProject, ofAll] = [
  [12, 14],
  [13, 15],
  [2, 8, 9, 10, 11, 16, 17, 18],
] as const;

test("two scopes share what belongs to both and nothing else", () => {
  fc.assert(
    fc.property(environments, scopes, scopes, (environment, one, other) => {
      const [ones, others] = [keysOf(environment, one).all, keysOf(environment, other).all];
      const sameUser = one.userId === other.userId;
      const sameProject = one.projectId === other.projectId;

      const shared = [...ones.keys()].filter((index) => ones[index] === others[index]);
      const expected = [
        ...(sameUser && sameProject ? own : []),
        ...(sameUser ? ofUser : []),
        ...(sameProject ? ofProject : []),
        ...ofAll,
      ];
      expect(shared).toEqual(expected.toSorted((left, right) => left - right));
      // Nor does one's key of one kind stand where another's of another kind does.
      const all = new Set<string>([...ones, ...others]);
      expect(all.size).toBe(ones.length + others.length - shared.length);
    }),
    MANY,
  );
});

test("two environments share no key, and every key is of letters that Redis takes as they are", () => {
  fc.assert(
    fc.property(environments, environments, scopes, (one, other, scope) => {
      fc.pre(one !== other);
      const [here, there] = [keysOf(one, scope).all, keysOf(other, scope).all];

      expect(new Set<string>([...here, ...there]).size).toBe(here.length + there.length);
      const isPlain = (key: string) => /^rekindle:[a-z0-9-]+:[a-z-]+(:[A-Za-z0-9_-]+)?$/.test(key);
      expect(here.filter((key) => !isPlain(key))).toEqual([]);
      expect(new Set(Object.values(fleetKeys(one))).size).toBe(7);
    }),
    MANY,
  );
});

test("a preview's id is the same for the same three, and another for others", () => {
  fc.assert(
    fc.property(environments, scopes, environments, scopes, (here, one, there, other) => {
      const isSame = here === there && one.userId === other.userId && one.projectId === other.projectId;

      expect(previewIdOf(here, one) === previewIdOf(there, other)).toBe(isSame);
      expect(previewIdOf(here, one)).toMatch(/^[0-9a-f]{24}$/);
    }),
    MANY,
  );
});

test("a scope is read from a member of a set as it was written, and whatever else stands there is none", () => {
  fc.assert(
    fc.property(scopes, fc.string(), ({ projectId, userId }, text) => {
      expect(parseMember(`${projectId}/${userId}`)).toEqual([{ projectId, userId }]);
      expect(parseMember(`${projectId}.${text}/${userId}`)).toEqual([]);
      expect(parseMember(`${projectId}/ ${text}`)).toEqual([]);
      expect(parseMember(text.replaceAll("/", ""))).toEqual([]);
    }),
    MANY,
  );
});

test("an id with anything in it that could be more than a name is refused, and says which it was", () => {
  const bad = fc.tuple(id, fc.constantFrom(":", "/", " ", "\n", "é", "*", "{", "\0"), id);
  fc.assert(
    fc.property(bad, scopes, (parts, { projectId }) => {
      const text = parts.join("");

      expect(() => parseScope(text, "u")).toThrow(InvalidRequestError);
      expect(() => parseScope(projectId, text)).toThrow("userId must be 1 to 64 letters");
      expect(() => parseScope("x".repeat(65), "u")).toThrow("projectId must be 1 to 64 letters");
    }),
    MANY,
  );
});
