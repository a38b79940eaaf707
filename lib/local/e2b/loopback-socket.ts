/**
 * Owns opening one connection to a port of this machine. It must never go beyond loopback.
 */
import { createConnection, type Socket } from "node:net";

/** Connected, with no listeners; undefined when nothing listens there. Rejects for anything else that goes wrong. */
export function openLoopbackSocket(port: number): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    const fail = (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") resolve(undefined);
      else reject(error);
    };
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.removeListener("error", fail);
      resolve(socket);
    });
  });
}
