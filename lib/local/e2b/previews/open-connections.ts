/**
 * Owns which connections are open to which sandbox, so that a pause, a kill or a snapshot can cut them: a socket to
 * processes that stand still would hang for ever. It must never keep one that is closed. Cannot fail.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

type Connection = ServerResponse | Socket;

export class OpenConnections {
  private readonly bySandbox = new Map<string, Set<Connection>>();

  /** Until it closes. */
  keep(sandboxId: string, connection: Connection): void {
    const connections = this.bySandbox.get(sandboxId) ?? new Set();
    this.bySandbox.set(sandboxId, connections.add(connection));
    connection.once("close", () => {
      connections.delete(connection);
      if (connections.size === 0 && this.bySandbox.get(sandboxId) === connections) {
        this.bySandbox.delete(sandboxId);
      }
    });
  }

  cut(sandboxId: string): void {
    for (const connection of [...(this.bySandbox.get(sandboxId) ?? [])]) connection.destroy();
  }
}
