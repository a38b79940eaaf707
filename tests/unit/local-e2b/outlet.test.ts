/** Where a sandbox in namespaces cannot get to: this machine, and what answers on its links. */
import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { isOutside, worldOutlet } from "@/lib/local/e2b/containers/outlet";

const OWN = ["192.0.2.7", "2001:db8::7", "fe80::7%eth0"];

test.each([
  ["this machine's loopback", "127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"],
  ["link-local addresses", "169.254.1.1", "fe80::1", "febf::1", "fe80::1%eth0", "::ffff:169.254.1.1"],
  ["a cloud's metadata", "169.254.169.254", "fd00:ec2::254"],
  ["this machine's own addresses", "192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", "2001:db8:0::7"],
])("%s are not outside", (_what, ...addresses) => {
  expect(addresses.filter((address) => isOutside(address, OWN))).toEqual([]);
});

test.each(["192.0.2.8", "1.1.1.1", "169.253.1.1", "2001:db8::8", "2606:4700::1", "::ffff:1.1.1.1"])(
  "%s is outside",
  (address) => {
    expect(isOutside(address, OWN)).toBe(true);
  },
);

test("a lookup that leads to one of this machine's interfaces or to metadata finds nothing", async () => {
  const own = Object.values(networkInterfaces()).flatMap((found) => found?.map((each) => each.address) ?? []);
  expect(own.length).toBeGreaterThan(0);
  const found = await Promise.all([...own, "169.254.169.254"].map((name) => worldOutlet.lookup(name)));
  expect(found.filter((address) => address !== undefined)).toEqual([]);
});
