/**
 * Owns what goes wrong, and when: around every call of a port it can make the call fail before or after it took effect,
 * stall it, or let the whole worker die there (then nothing of that worker ever happens again, and whoever called it
 * sees a broken connection). It also counts the calls, and lets a test act between two of them. It must never change what
 * a call answers.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Clock, sleep } from "@/lib/clock";

export type Fault =
  /** Not applied, and reported so. */
  | { readonly kind: "error-before"; readonly error: Error }
  /** Applied, and the answer is lost. */
  | { readonly kind: "error-after"; readonly error: Error }
  | { readonly kind: "die-before" }
  | { readonly kind: "die-after" }
  /** Applied after this long; the caller waits. */
  | { readonly kind: "stall"; readonly ms: number };

interface Worker {
  readonly die: () => void;
}

/** One for all worlds: Node passes every storage ever used on to every promise, so one each would slow down all later ones. */
const workers = new AsyncLocalStorage<Worker>();

export class Faults {
  /** Calls by "port.method", those that failed included. */
  readonly calls = new Map<string, number>();
  private readonly planned: { readonly call: string; readonly fault: Fault; skip: number }[] = [];
  private readonly latencies = new Map<string, number>();
  private before: ((call: string) => Promise<void>) | undefined;

  constructor(private readonly clock: Clock) {}

  /** The next call of this name (after `skip` others) meets the fault, once. */
  plan(call: string, fault: Fault, skip = 0): void {
    this.planned.push({ call, fault, skip });
  }

  /** From now on, every call of this name takes so long. */
  slow(call: string, ms: number): void {
    this.latencies.set(call, ms);
  }

  /** From now on this is done before each call, which waits for it; undefined ends it. */
  interpose(before: ((call: string) => Promise<void>) | undefined): void {
    this.before = before;
  }

  /** Never settles: the worker that this is called in does nothing any more. */
  die(): Promise<never> {
    workers.getStore()?.die();
    return new Promise(() => undefined);
  }

  count(call: string): number {
    return this.calls.get(call) ?? 0;
  }

  /** Runs the work as one worker: when it dies, the answer is a broken connection. */
  asWorker<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const die = () => reject(new TypeError("the worker died"));
      workers.run({ die }, () => work().then(resolve, reject));
    });
  }

  /** The same port, with its faults; methods that answer no promise are left alone. */
  around<T extends object>(name: string, port: T, passBy: readonly string[] = []): T {
    return new Proxy(port, {
      get: (target, property) => {
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== "function" || passBy.includes(String(property))) return method;
        return (...args: unknown[]): Promise<unknown> =>
          this.call(`${name}.${String(property)}`, () =>
            Promise.resolve(Reflect.apply(method, target, args)),
          );
      },
    });
  }

  private async call(name: string, work: () => Promise<unknown>): Promise<unknown> {
    this.calls.set(name, this.count(name) + 1);
    if (this.before) await this.before(name);
    const fault = this.take(name);
    const latencyMs = this.latencies.get(name) ?? 0;
    if (latencyMs > 0) await sleep(this.clock, latencyMs);
    switch (fault?.kind) {
      case undefined:
        return work();
      case "error-before":
        throw fault.error;
      case "error-after":
        await work();
        throw fault.error;
      case "stall":
        await sleep(this.clock, fault.ms);
        return work();
      case "die-before":
        return this.die();
      case "die-after":
        await work();
        return this.die();
    }
  }

  private take(name: string): Fault | undefined {
    const index = this.planned.findIndex(({ call }) => call === name);
    const found = this.planned[index];
    if (!found) return undefined;
    if (found.skip > 0) {
      found.skip -= 1;
      return undefined;
    }
    this.planned.splice(index, 1);
    return found.fault;
  }
}
