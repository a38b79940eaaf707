/** Pauses in the middle of what shells do all day: starting programs by vfork. */
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import { findIsolations } from "@/tests/support/backends";
import { processesIn, standIn, startInBackground } from "./stand-in";

test.each(await findIsolations())(
  "§2.3 a pause succeeds at any moment of a shell that starts one program after the other, by %s",
  async (isolation) => {
    const { sdk } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    for (const _ of [1, 2]) await startInBackground(sandbox, "exec sh -c 'while :; do /bin/true; done'");
    for (let round = 0; round < 30; round += 1) {
      await sandbox.pause();
      expect(processesIn(sandbox.sandboxId).filter(({ standsStill }) => !standsStill)).toEqual([]);
      await sandbox.connect();
    }
    await sandbox.kill();
    expect(processesIn(sandbox.sandboxId)).toEqual([]);
  },
);
