/** The files of virtual machines over the life of a sandbox: what lifecycle tests take for a disk. */
import { expect, test } from "vitest";
import { checkIntegrity, seal } from "@/lib/workspace/integrity";
import { virtualSandbox } from "./workbench";

test("files survive pauses and reboots; a reboot drops the jobs", async () => {
  const { machines, sandboxes, sandboxId } = await virtualSandbox();
  machines.editFile(sandboxId, "app/a.txt", "a");
  machines.startJob(sandboxId, "start-1", "start.sh");
  await sandboxes.pause(sandboxId);
  await sandboxes.connect(sandboxId, 60_000);
  expect([machines.fileText(sandboxId, "app/a.txt"), machines.serverAnswers(sandboxId)]).toEqual(["a", true]);

  await sandboxes.reboot(sandboxId, 60_000);
  expect([machines.fileText(sandboxId, "app/a.txt"), machines.serverAnswers(sandboxId)]).toEqual([
    "a",
    false,
  ]);
});

test("a disk rolled back is that of the pause before the last one, and a check finds it", async () => {
  const { clock, machines, sandboxes, sandboxId } = await virtualSandbox();
  const generations = ["g1", "g2"];
  const seals = [];
  for (const generation of generations) {
    await clock.advance(60_000);
    machines.editFile(sandboxId, "app/a.txt", generation);
    seals.push(await seal({ sandboxes }, { sandboxId, generation, deadlineMs: 1_000 }));
    await sandboxes.pause(sandboxId);
    if (generation === "g1") await sandboxes.connect(sandboxId, 600_000);
  }
  machines.rollBackFiles(sandboxId);
  await sandboxes.connect(sandboxId, 600_000);

  expect(machines.fileText(sandboxId, "app/a.txt")).toBe("g1");
  const checks = seals.map((sealed) =>
    checkIntegrity({ sandboxes }, { sandboxId, expected: { kind: "sealed", ...sealed }, deadlineMs: 1_000 }),
  );
  expect((await Promise.all(checks)).map(({ kind }) => kind)).toEqual(["intact", "broken"]);
});

test("a sandbox that comes back under another id has its files, and a lost folder is lost with all in it", async () => {
  const { cloud, machines, sandboxes, sandboxId } = await virtualSandbox();
  machines.editFile(sandboxId, "app/src/a.txt", "a");
  machines.editFile(sandboxId, "app/b.txt", "b");
  await cloud.loseFiles(sandboxId, ["/home/user/app/src"]);
  await sandboxes.pause(sandboxId);
  cloud.answerNextConnectWithAnotherId(sandboxId);

  const moved = await sandboxes.connect(sandboxId, 60_000);
  expect(moved.sandboxId).not.toBe(sandboxId);
  expect(machines.filePaths(moved.sandboxId)).toEqual(["app/b.txt"]);
});

test("a script that nobody modelled is refused", async () => {
  const { sandboxes, sandboxId } = await virtualSandbox();
  const asked = sandboxes.run(sandboxId, "echo hello", { variables: {}, deadlineMs: 1_000 });
  await expect(asked).rejects.toThrow("without a virtual equivalent");
});
