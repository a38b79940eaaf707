/**
 * Owns holding one Lua script to Lua 5.1 as Redis, Upstash and the in-process engine have it, by its syntax tree. What it
 * finds: syntax of other Luas, names that not all of them have, globals that a script makes, and texts and numbers that 5.1
 * takes for something else than was meant. It cannot follow a value through a variable: that the engines answer the same to
 * the scripts themselves is what the contract suites are for. Pure; never throws for what is wrong with a script.
 */
import { type Expression, type MemberExpression, type Node, parse } from "luaparse";
import { isLibrary, refuseName } from "./common-names";
import { refuseCall, refuseJoined, refuseNumeral, refuseString } from "./common-texts";

export interface Finding {
  /** From 1, in the script's text. */
  readonly line: number;
  readonly problem: string;
}

/** In the order of their lines. A script that Lua 5.1 cannot read has that one finding. */
export function lintScript(lua: string): readonly Finding[] {
  const script = read(lua);
  if (script.kind === "refused") return [script.finding];
  const findings = script.nodes.flatMap((node) => {
    const problem = refuse(node);
    return problem === undefined ? [] : [{ line: node.loc?.start.line ?? 0, problem }];
  });
  return findings.sort((a, b) => a.line - b.line);
}

type Read =
  | { readonly kind: "read"; readonly nodes: readonly Node[] }
  | { readonly kind: "refused"; readonly finding: Finding };

function read(lua: string): Read {
  const nodes: Node[] = [];
  try {
    // Bytes as characters: the parser wants to know what an escape in a string stands for.
    parse(Buffer.from(lua, "utf8").toString("latin1"), {
      luaVersion: "5.1",
      encodingMode: "pseudo-latin1",
      locations: true,
      comments: false,
      scope: true,
      onCreateNode: (node) => nodes.push(node),
    });
    return { kind: "read", nodes };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [, line, text] = /^\[(\d+):\d+\] ([\s\S]*)$/.exec(error.message) ?? [];
    const problem = `this is no Lua 5.1: ${text ?? error.message}`;
    return { kind: "refused", finding: { line: Number(line ?? 0), problem } };
  }
}

function refuse(node: Node): string | undefined {
  switch (node.type) {
    case "Identifier":
      return isGlobal(node) ? refuseName("", node.name) : undefined;
    case "MemberExpression":
      return refuseMember(node);
    case "IndexExpression":
      return isLibraryHere(node.base) ? "a library's name is not to be read here; write it out" : undefined;
    case "AssignmentStatement":
      return refuseGlobal(node.variables);
    case "FunctionDeclaration":
      return node.identifier === null ? undefined : refuseGlobal([node.identifier]);
    case "NumericLiteral":
      return refuseNumeral(node.raw);
    case "StringLiteral":
      return refuseString(node.raw);
    case "BinaryExpression":
      return node.operator === ".." ? (refuseJoined(node.left) ?? refuseJoined(node.right)) : undefined;
    case "CallExpression":
      return refuseCall(node);
    default:
      return undefined;
  }
}

function refuseMember({ base, indexer, identifier }: MemberExpression): string | undefined {
  // Nothing in a script has methods but strings.
  if (indexer === ":") return refuseName("string", identifier.name);
  return isLibraryHere(base) ? refuseName(base.name, identifier.name) : undefined;
}

const refuseGlobal = (assigned: readonly Expression[]): string | undefined =>
  assigned.some(isGlobal) ? "a global is made, which Redis refuses" : undefined;

/** The parser marks each variable as the script's own or not; names of fields carry no mark. Its types leave it out. */
const isGlobal = (node: Expression): boolean =>
  node.type === "Identifier" && "isLocal" in node && node.isLocal === false;

const isLibraryHere = (node: Expression): node is Extract<Expression, { type: "Identifier" }> =>
  node.type === "Identifier" && isGlobal(node) && isLibrary(node.name);
