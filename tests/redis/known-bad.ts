/**
 * Owns known-bad variants of the shipping scripts, which the contenders have to notice before what ships is believed. It
 * must never match nothing: a line that is not in the script any more throws.
 */
import type { Script } from "@/lib/redis";

export interface KnownBad {
  readonly name: string;
  readonly script: string;
  readonly line: string;
  readonly instead: string;
}

export const nobodyIsInTheWay: KnownBad = {
  name: "a claim that does not see another's",
  script: "claim",
  line: "local isOthers = isClaimed() and not isOwn",
  instead: "local isOthers = false",
};

export const noFence: KnownBad = {
  name: "a commit that does not compare the claim",
  script: "commit",
  line: "if get('leaseId') ~= leaseId or get('epoch') ~= epoch then return reply('lost') end",
  instead: "",
};

export const epochStands: KnownBad = {
  name: "a claim whose epoch does not rise",
  script: "claim",
  line: "tonumber(epochFloor) or 0) + 1",
  instead: "tonumber(epochFloor) or 0, 1)",
};

export const placesWithoutEnd: KnownBad = {
  name: "places that are not counted",
  script: "claim",
  line: "return planConcurrency - fleetNumber('foreign') - placesTaken()",
  instead: "return 1",
};

export const madeBad =
  ({ name, script: of, line, instead }: KnownBad) =>
  (script: Script): Script => {
    if (script.name !== of) return script;
    if (!script.lua.includes(line)) throw new Error(`"${name}": ${of} has no such line any more`);
    return { ...script, lua: script.lua.replace(line, instead) };
  };
