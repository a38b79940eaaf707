/**
 * Owns the way from a sandbox in namespaces to the world: names are looked up and connections made by this process. It
 * must never lead to this machine's own loopback: in E2B's cloud the developer's services are out of reach too. A name
 * that is not found, or leads there, is undefined.
 */
import { lookup } from "node:dns/promises";
import { BlockList, connect, isIPv6, type Socket } from "node:net";

export interface Outlet {
  /** An address, or undefined when a sandbox is to hear that there is no such name. */
  lookup(name: string): Promise<string | undefined>;
  /** To an address that `lookup` gave; not yet connected. */
  connect(address: string, port: number): Socket;
}

const ownLoopback = new BlockList();
ownLoopback.addSubnet("127.0.0.0", 8, "ipv4");
ownLoopback.addSubnet("0.0.0.0", 8, "ipv4");
ownLoopback.addAddress("::1", "ipv6");
ownLoopback.addAddress("::", "ipv6");

export const worldOutlet: Outlet = {
  async lookup(name) {
    const address = await lookup(name).then(
      (found) => found.address,
      // Whatever the reason, there is no way to it.
      () => undefined,
    );
    if (address === undefined) return undefined;
    return ownLoopback.check(address, isIPv6(address) ? "ipv6" : "ipv4") ? undefined : address;
  },
  connect: (host, port) => connect({ host, port }),
};
