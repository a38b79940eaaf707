/** Owns the classes of characters in Lua 5.1's patterns, `%a` and the others, by ASCII. Pure. */
const ranges: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  a: [
    [65, 90],
    [97, 122],
  ],
  c: [
    [0, 31],
    [127, 127],
  ],
  d: [[48, 57]],
  l: [[97, 122]],
  p: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  s: [
    [9, 13],
    [32, 32],
  ],
  u: [[65, 90]],
  w: [
    [48, 57],
    [65, 90],
    [97, 122],
  ],
  x: [
    [48, 57],
    [65, 70],
    [97, 102],
  ],
  z: [[0, 0]],
};

/** By the code of the small letter: which of the 256 bytes belong. */
const members = new Map<number, readonly boolean[]>(
  Object.entries(ranges).map(([letter, spans]) => [
    letter.charCodeAt(0),
    Array.from({ length: 256 }, (_, byte) => spans.some(([from, to]) => from <= byte && byte <= to)),
  ]),
);

/** `letter` follows a `%`: a capital is the opposite of its small letter, and what is no class stands for itself. */
export function matchesClass(character: number, letter: number): boolean {
  const belongs = members.get(letter | 32);
  const isLetter = (letter >= 65 && letter <= 90) || (letter >= 97 && letter <= 122);
  if (belongs === undefined || !isLetter) return letter === character;
  return belongs[character] === ((letter & 32) !== 0);
}
