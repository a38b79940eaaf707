/**
 * Owns the way from a sandbox in namespaces to the world: names are looked up and connections made by this process. It
 * must never lead to this machine itself, nor to what answers on its link only, such as a cloud's metadata with its
 * credentials: in E2B's cloud the developer's services are out of reach too. A name that is not found, or leads there,
 * is undefined.
 */
import { lookup } from "node:dns/promises";
import { BlockList, connect, isIPv6, type Socket } from "node:net";
import { networkInterfaces } from "node:os";

export interface Outlet {
  /** An address, or undefined when a sandbox is to hear that there is no such name. */
  lookup(name: string): Promise<string | undefined>;
  /** To an address that `lookup` gave; not yet connected. */
  connect(address: string, port: number): Socket;
}

const neverOutside = new BlockList();
neverOutside.addSubnet("127.0.0.0", 8, "ipv4");
neverOutside.addSubnet("0.0.0.0", 8, "ipv4");
neverOutside.addAddress("::1", "ipv6");
neverOutside.addAddress("::", "ipv6");
// Link-local: EC2, Google and Azure keep a machine's metadata at 169.254.169.254.
neverOutside.addSubnet("169.254.0.0", 16, "ipv4");
neverOutside.addSubnet("fe80::", 10, "ipv6");
// EC2's metadata over IPv6, the one that is not link-local.
neverOutside.addAddress("fd00:ec2::254", "ipv6");

/** IPv4 written as IPv6 is seen through. `own`: this machine's addresses, which come and go with its networks. */
export function isOutside(address: string, own: readonly string[] = ownAddresses()): boolean {
  const blocked = (list: BlockList) => list.check(withoutZone(address), familyOf(address));
  const ownList = new BlockList();
  for (const each of own) ownList.addAddress(withoutZone(each), familyOf(each));
  return !blocked(neverOutside) && !blocked(ownList);
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found) => found?.map(({ address }) => address) ?? []);
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}

/** `fe80::1%eth0` names its link behind the address. */
function withoutZone(address: string): string {
  return address.replace(/%.*$/, "");
}

export const worldOutlet: Outlet = {
  async lookup(name) {
    const address = await lookup(name).then(
      (found) => found.address,
      // Whatever the reason, there is no way to it.
      () => undefined,
    );
    return address !== undefined && isOutside(address) ? address : undefined;
  },
  connect: (host, port) => connect({ host, port }),
};
