/**
 * Owns noticing that a client has left while its upgrade waits for an answer. Nobody reads its socket then, so its end
 * would stay unseen and the connection behind it open for ever. It must never take bytes away: what the client
 * sends early stays for whoever reads later.
 */
import type { Socket } from "node:net";

/** Destroys the socket when its client ends it. The returned function ends the watch; it has to, before anybody reads. */
export function watchForLeaving(socket: Socket): () => void {
  const look = () => {
    // Readable without anything to read is the end.
    if (socket.readableLength === 0) socket.destroy();
  };
  socket.on("readable", look);
  return () => {
    socket.removeListener("readable", look);
  };
}
