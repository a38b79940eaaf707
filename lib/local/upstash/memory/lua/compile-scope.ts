/**
 * Owns which variable a name of a script means where, and what it is called in JavaScript: the name with a number behind,
 * so that it is no word of JavaScript, hides nothing, and two variables never share one. Also what has to be known of the
 * function that is being compiled. Fails closed: a name that is not made of ASCII letters, digits and "_" is refused, as are
 * more local variables or upvalues than Lua 5.1 takes.
 */
import type { FunctionDeclaration, Node } from "luaparse";

export class CompileError extends Error {
  constructor(line: number, problem: string) {
    super(`user_script:${line}: ${problem}`);
  }
}

export interface Variable {
  /** In JavaScript. */
  readonly code: string;
  readonly owner: FunctionScope;
}

/** Of all functions of one script. */
export interface Shared {
  lastNumber: number;
  /** The calls and the like that parentheses make one value of. */
  readonly grouped: ReadonlySet<Node>;
  /** A function's JavaScript; `parameters` stand before its own. Handed down, as functions hold statements and these hold functions. */
  functionCode(
    declaration: FunctionDeclaration,
    parent: FunctionScope,
    parameters: readonly string[],
  ): string;
}

const MOST_LOCALS = 200;
const MOST_UPVALUES = 60;

/** One function of the script; the script itself is one as well. */
export class FunctionScope {
  #blocks: Map<string, Variable>[] = [new Map()];
  readonly #upvalues = new Set<Variable>();
  #localCount = 0;
  #temporaries = 0;
  loopDepth = 0;
  /** Whether the statement stands on several lines, so that its parts have to say theirs. */
  isOnSeveralLines = false;

  constructor(
    readonly parent: FunctionScope | undefined,
    readonly takesMore: boolean,
    readonly line: number,
    readonly shared: Shared,
  ) {}

  declare(name: string, line: number): string {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new CompileError(line, "unexpected symbol");
    this.#localCount += 1;
    if (this.#localCount > MOST_LOCALS) {
      throw new CompileError(line, `too many local variables (limit is ${MOST_LOCALS})`);
    }
    const code = `${name}_${this.newNumber()}`;
    this.#block.set(name, { code, owner: this });
    return code;
  }

  /** undefined for a global. */
  find(name: string): Variable | undefined {
    for (let at = this.#blocks.length - 1; at >= 0; at -= 1) {
      const variable = this.#blocks[at]?.get(name);
      if (variable !== undefined) return variable;
    }
    const outer = this.parent?.find(name);
    if (outer !== undefined) this.#noteUpvalue(outer);
    return outer;
  }

  #noteUpvalue(variable: Variable): void {
    this.#upvalues.add(variable);
    if (this.#upvalues.size > MOST_UPVALUES) {
      throw new CompileError(
        this.line,
        `function at line ${this.line} has more than ${MOST_UPVALUES} upvalues`,
      );
    }
  }

  within(compile: () => string): string {
    const before = this.#localCount;
    this.#blocks.push(new Map());
    const code = compile();
    this.#blocks.pop();
    this.#localCount = before;
    return code;
  }

  /** For values of the compiler's own; no variable of a script begins with a "$". */
  newName(): string {
    return `$${this.newNumber()}`;
  }

  /** As `newName`, for what is assigned within an expression; the function declares it. */
  newTemporary(): string {
    this.#temporaries += 1;
    return `$t${this.#temporaries}`;
  }

  temporaries(): string {
    const names = Array.from({ length: this.#temporaries }, (_, at) => `, $t${at + 1}`);
    return `let $line = 0, $t${names.join("")};`;
  }

  newNumber(): number {
    this.shared.lastNumber += 1;
    return this.shared.lastNumber;
  }

  get #block(): Map<string, Variable> {
    const block = this.#blocks.at(-1);
    if (block === undefined) throw new Error("a function has a block");
    return block;
  }
}
