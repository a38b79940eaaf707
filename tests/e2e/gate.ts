/**
 * Owns a way to cut one service off and bring it back without touching the service: a TCP gate before its port. Shut, it
 * drops what is connected and whatever connects, as a network that is gone does. It must never change a byte. Cannot
 * fail by itself; an address that nothing listens at is dropped like a shut gate.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Gate {
  /** Stands for the service's own address. */
  readonly url: string;
  shut(): void;
  open(): void;
  stop(): Promise<void>;
}

export async function startGate(serviceUrl: string): Promise<Gate> {
  const service = new URL(serviceUrl);
  const sockets = new Set<Socket>();
  let isShut = false;

  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // A cut is what this gate is for; the other side's end is closed by "close" below.
    socket.on("error", () => socket.destroy());
    return socket;
  };
  const server = createServer((caller) => {
    keep(caller);
    if (isShut) {
      caller.destroy();
      return;
    }
    const callee = keep(connect(Number(service.port), service.hostname));
    caller.pipe(callee).pipe(caller);
    caller.on("close", () => callee.destroy());
    callee.on("close", () => caller.destroy());
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the gate has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    shut() {
      isShut = true;
      cut();
    },
    open() {
      isShut = false;
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      cut();
      await closed;
    },
  };
}
