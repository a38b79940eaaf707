/**
 * Owns the stand-in's end of a sandbox's relay (`relay.cjs`): asks it for connections to the sandbox's ports, and
 * joins what leaves the sandbox to the outlet. It must never choose an address itself. A relay that ends answers
 * whatever waits for it with nothing.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Outlet } from "@/lib/local/e2b/containers/outlet";

const RELAY_FILE = fileURLToPath(new URL("./relay.cjs", import.meta.url));

const messageShape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("connected"), id: z.int() }),
  z.object({ kind: z.literal("closed"), id: z.int() }),
  z.object({ kind: z.literal("resolve"), id: z.int(), name: z.string() }),
  z.object({ kind: z.literal("leaving"), name: z.string(), port: z.int() }),
]);

export class Relay {
  private readonly waiting = new Map<number, (socket: Socket | undefined) => void>();
  private readonly outgoing = new Set<Socket>();
  /** By name, as it was looked up: a later answer of the name's owner cannot lead elsewhere. */
  private readonly addresses = new Map<string, string>();
  private lastId = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly outlet: Outlet,
  ) {}

  /** `entering` is what starts a program in the sandbox's network; resolves when the relay listens there. */
  static async start(
    entering: readonly string[],
    environment: Record<string, string>,
    outlet: Outlet,
  ): Promise<Relay> {
    const [program = "", ...args] = [...entering, process.execPath, RELAY_FILE];
    const child = spawn(program, args, {
      env: Object.assign(Object.create(null), environment),
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const relay = new Relay(child, outlet);
    await relay.whenReady();
    return relay;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Undefined when nothing listens there, or the relay has ended. */
  connect(port: number): Promise<Socket | undefined> {
    // After its end nobody would answer: `exit` has told only those who waited then.
    if (!this.child.connected) return Promise.resolve(undefined);
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.tell({ kind: "connect", id, port });
    });
  }

  /** Cuts what leads out of the sandbox. */
  disconnect(): void {
    for (const socket of this.outgoing) socket.destroy();
  }

  stop(): void {
    this.disconnect();
    this.child.kill("SIGKILL");
  }

  private whenReady(): Promise<void> {
    let complaint = "";
    this.child.stderr?.on("data", (bytes: Buffer) => {
      complaint = `${complaint}${bytes}`.slice(-2_000);
    });
    return new Promise((resolve, reject) => {
      // Also what is told to one that ends this moment; `exit` answers for it.
      this.child.on("error", reject);
      this.child.once("exit", (code) => {
        reject(new Error(`The relay of a sandbox ended with ${code}: ${complaint.trim()}`));
        for (const answer of this.waiting.values()) answer(undefined);
        this.waiting.clear();
      });
      this.child.on("message", (message, handle) => this.hear(message, handle, resolve));
    });
  }

  private hear(message: unknown, handle: unknown, ready: () => void): void {
    const heard = messageShape.parse(message);
    const socket = handle instanceof Socket ? handle : undefined;
    switch (heard.kind) {
      case "ready":
        ready();
        return;
      case "connected":
      case "closed":
        this.waiting.get(heard.id)?.(socket);
        this.waiting.delete(heard.id);
        return;
      case "resolve":
        void this.resolveName(heard.id, heard.name);
        return;
      case "leaving":
        // The handle is missing when the program has closed it again meanwhile.
        if (socket) this.join(socket, heard.name, heard.port);
    }
  }

  private async resolveName(id: number, name: string): Promise<void> {
    const address = await this.outlet.lookup(name);
    if (address !== undefined) this.addresses.set(name, address);
    this.tell({ kind: "resolved", id, isFound: address !== undefined });
  }

  private join(inside: Socket, name: string, port: number): void {
    const address = this.addresses.get(name);
    if (address === undefined) {
      inside.destroy();
      return;
    }
    const outside = this.outlet.connect(address, port);
    this.outgoing.add(inside);
    const end = () => {
      this.outgoing.delete(inside);
      inside.destroy();
      outside.destroy();
    };
    for (const socket of [inside, outside]) socket.once("error", end).once("close", end);
    inside.pipe(outside).pipe(inside);
  }

  /** One that has ended hears nothing more, and `exit` has answered for it. */
  private tell(message: object): void {
    if (this.child.connected) this.child.send(message);
  }
}
