/** A clock that goes as another and can jump, over one that stands still unless told. */
import { expect, test } from "vitest";
import type { Clock } from "@/lib/clock";
import { JumpingClock } from "@/lib/local/jumping-clock";
import { VirtualClock } from "@/lib/local/virtual-clock";

function clocks() {
  const below = new VirtualClock();
  const clock = new JumpingClock(below);
  const startedAt = clock.now();
  /** Elapsed times at which what was asked for was called. */
  const called: number[] = [];
  const note = () => {
    called.push(clock.now() - startedAt);
  };
  return { below, clock, called, note, elapsed: () => clock.now() - startedAt };
}

test("a jump runs what falls due on the way, in order, each at its own moment", async () => {
  const { clock, called, note, elapsed } = clocks();
  for (const delayMs of [300, 100, 100, 501]) clock.after(delayMs, note);
  await clock.jump(500);
  expect(called).toEqual([100, 100, 300]);
  expect(elapsed()).toBe(500);
});

test("what falls due exactly at the end of a jump is run, a millisecond later not", async () => {
  const { clock, called, note } = clocks();
  clock.after(999, note);
  clock.after(1000, note);
  clock.after(1001, note);
  await clock.jump(1000);
  expect(called).toEqual([999, 1000]);
});

test("what is asked for on the way falls due in the same jump", async () => {
  const { clock, called, note } = clocks();
  const again = (clockThen: Clock) => {
    note();
    clockThen.after(10, () => again(clockThen));
  };
  clock.after(10, () => again(clock));
  await clock.jump(35);
  expect(called).toEqual([10, 20, 30]);
});

test("after a jump the rest of a wait is waited for, once", async () => {
  const { below, clock, called, note, elapsed } = clocks();
  clock.after(1000, note);
  await clock.jump(600);
  await below.advance(399);
  expect(called).toEqual([]);
  await below.advance(1);
  expect(called).toEqual([1000]);
  await below.advance(1000);
  await clock.jump(1000);
  expect([called.length, elapsed()]).toEqual([1, 3000]);
});

test("without a jump it goes as the clock below does", async () => {
  const { below, clock, called, note } = clocks();
  clock.after(50, note);
  await below.advance(49);
  expect(called).toEqual([]);
  await below.advance(1);
  expect(called).toEqual([50]);
  expect(below.pending).toBe(0);
});

test("what was cancelled is run by no jump, also when it is cancelled on the way", async () => {
  const { below, clock, called, note } = clocks();
  clock.after(20, note)();
  const cancelLater = clock.after(40, note);
  clock.after(30, () => cancelLater());
  await clock.jump(100);
  expect(called).toEqual([]);
  expect(below.pending).toBe(0);
});

test("jumps asked for at once follow each other", async () => {
  const { clock, called, note, elapsed } = clocks();
  clock.after(150, note);
  await Promise.all([clock.jump(100), clock.jump(100)]);
  expect([called, elapsed()]).toEqual([[150], 200]);
});

test("a callback that throws fails its jump, and the next jump goes on from there", async () => {
  const { clock, called, note, elapsed } = clocks();
  clock.after(10, () => {
    throw new Error("it broke");
  });
  clock.after(20, note);
  await expect(clock.jump(100)).rejects.toThrow("it broke");
  expect(elapsed()).toBe(10);
  await clock.jump(10);
  expect(called).toEqual([20]);
});

test("a negative jump moves nothing", async () => {
  const { clock, elapsed } = clocks();
  await clock.jump(-5);
  expect(elapsed()).toBe(0);
});
