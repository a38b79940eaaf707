/** What a stay does and when, under a clock that the tests move. */
import { describe, expect, test } from "vitest";
import type { Answer } from "@/lib/react/preview-api";
import { stageOf } from "./session-stage";
import { answerOf, restingView, viewOf, warningOf } from "./views";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe("opening", () => {
  test("a page that is seen looks first, then opens once by itself", async () => {
    const stage = stageOf();
    stage.shows(restingView());
    await stage.clock.advance(MINUTE);
    expect(stage.calls.slice(0, 2)).toEqual(["status", "open viewer1"]);
    expect(stage.count("open")).toBe(1);
  });

  test("a tab in the background calls nothing, however long it is there", async () => {
    const stage = stageOf({ isVisible: false });
    stage.shows(viewOf());
    await stage.clock.advance(60 * MINUTE);
    expect(stage.calls).toEqual([]);
  });

  test("a tab that was in the background opens when it is first seen", async () => {
    const stage = stageOf({ isVisible: false });
    stage.shows(restingView());
    await stage.clock.advance(MINUTE);
    stage.setVisible(true);
    await stage.clock.advance(SECOND);
    expect(stage.calls.slice(0, 2)).toEqual(["status", "open viewer1"]);
  });

  test("a failed start is not begun again without a click", async () => {
    const stage = stageOf();
    stage.shows(restingView({ state: "failed", action: "try-again" }));
    await stage.clock.advance(5 * MINUTE);
    expect(stage.count("open")).toBe(0);
    stage.session.open();
    expect(stage.count("open")).toBe(1);
  });

  test("a preview that went to rest is not woken by coming back to the tab", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    await stage.clock.advance(SECOND);
    stage.setVisible(false);
    stage.shows(restingView());
    await stage.clock.advance(30 * MINUTE);
    stage.setVisible(true);
    await stage.clock.advance(MINUTE);
    expect(stage.state().view?.state).toBe("paused");
    expect(stage.count("open")).toBe(1);
  });

  test("a second click while one is under way opens nothing twice", async () => {
    const stage = stageOf();
    stage.shows(restingView({ state: "failed", action: "try-again" }));
    await stage.clock.advance(SECOND);
    stage.answers((call) =>
      call === "open" ? new Promise<Answer>(() => undefined) : answerOf(restingView()),
    );
    stage.session.open();
    stage.session.open();
    expect(stage.count("open")).toBe(1);
    expect(stage.state().isOpening).toBe(true);
  });
});

describe("beats", () => {
  test("a running preview that is seen and used gets one beat per interval", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    for (let used = 0; used < 10 * MINUTE; used += 10 * SECOND) {
      stage.page.input();
      await stage.clock.advance(10 * SECOND);
    }
    // The one at once, then twenty intervals.
    expect(stage.count("beat")).toBe(21);
  });

  test("a preview that was still running gets its first beat at once, so that a lost sandbox is found", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    await stage.clock.advance(SECOND);
    expect(stage.count("beat")).toBe(1);
  });

  test("a page that is only seen beats no more, and any input beats at once", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    await stage.clock.advance(10 * MINUTE);
    expect(stage.state().attention).toBe("quiet");
    const before = stage.count("beat");
    expect(before).toBeLessThanOrEqual(1);
    stage.page.input();
    await stage.clock.advance(0);
    expect(stage.count("beat")).toBe(before + 1);
  });

  test("the focus in the frame counts as use", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    stage.setFrameFocused(true);
    await stage.clock.advance(10 * MINUTE);
    expect(stage.count("beat")).toBe(21);
    stage.setFrameFocused(false);
    await stage.clock.advance(10 * MINUTE);
    expect(stage.count("beat")).toBe(21);
  });

  test("no beat goes out while the page is hidden, and one at once when it is seen again", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    await stage.clock.advance(SECOND);
    stage.setVisible(false);
    const before = stage.count("beat");
    await stage.clock.advance(5 * MINUTE);
    expect(stage.count("beat")).toBe(before);
    stage.setVisible(true);
    await stage.clock.advance(0);
    expect(stage.count("beat")).toBe(before + 1);
  });

  test("after thirty minutes in the frame the person is asked, and beats stop until they answer", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    stage.setFrameFocused(true);
    await stage.clock.advance(30 * MINUTE + SECOND);
    const before = stage.count("beat");
    expect(stage.state().attention).toBe("unsure");
    await stage.clock.advance(9 * MINUTE);
    expect(stage.count("beat")).toBe(before);
    stage.session.stay();
    await stage.clock.advance(0);
    expect(stage.state().attention).toBe("present");
    expect(stage.count("beat")).toBe(before + 1);
  });

  test("input moves the question thirty minutes on", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    stage.setFrameFocused(true);
    await stage.clock.advance(20 * MINUTE);
    stage.page.input();
    await stage.clock.advance(20 * MINUTE);
    expect(stage.state().attention).toBe("present");
    await stage.clock.advance(11 * MINUTE);
    expect(stage.state().attention).toBe("unsure");
  });

  test("a preview at rest gets none", async () => {
    const stage = stageOf();
    stage.shows(restingView());
    await stage.clock.advance(10 * MINUTE);
    expect(stage.count("beat")).toBe(0);
  });
});

describe("a warning", () => {
  test("is shown to who only looks, and one click on its button beats at once and ends it", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    await stage.clock.advance(8 * MINUTE);
    stage.shows(viewOf({ warning: warningOf() }));
    await stage.clock.advance(5 * SECOND);
    expect(stage.state()).toMatchObject({ attention: "quiet", warning: { kind: "idle" } });
    const before = stage.count("beat");

    stage.answers((call) =>
      answerOf(viewOf(call === "beat" ? {} : { warning: warningOf() }), stage.clock.now(), stage.clock.now()),
    );
    stage.session.stay();
    await stage.clock.advance(0);

    expect(stage.count("beat")).toBe(before + 1);
    expect(stage.state().warning).toBeUndefined();
  });

  test("that use moves is never shown to who uses the preview: the next beat moves it", async () => {
    const stage = stageOf();
    stage.shows(viewOf({ warning: warningOf() }));
    for (let used = 0; used < 2 * MINUTE; used += 10 * SECOND) {
      stage.page.input();
      await stage.clock.advance(10 * SECOND);
      expect(stage.state().warning).toBeUndefined();
    }
    expect(stage.count("beat")).toBeGreaterThan(3);
  });

  test("appears as soon as who used the preview only looks on", async () => {
    const stage = stageOf();
    stage.shows(viewOf({ warning: warningOf() }));
    await stage.clock.advance(SECOND);
    expect(stage.state().warning).toBeUndefined();
    await stage.clock.advance(MINUTE);
    expect(stage.state().warning?.kind).toBe("idle");
  });

  test("of an end that nothing moves is shown to who uses the preview, too", async () => {
    const stage = stageOf();
    stage.shows(viewOf({ warning: warningOf({ kind: "run-end", canExtend: false }) }));
    await stage.clock.advance(SECOND);
    expect(stage.state()).toMatchObject({ attention: "present", warning: { kind: "run-end" } });
  });
});

describe("leaving", () => {
  test("a page that goes away takes its viewer with it", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    await stage.clock.advance(SECOND);
    stage.page.leaving();
    expect(stage.calls.at(-1)).toBe("leave viewer1");
    await stage.clock.advance(10 * MINUTE);
    expect(stage.calls.at(-1)).toBe("leave viewer1");
  });

  test("a page that comes back from the cache is another viewer, so a late parting message cannot end its presence", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    await stage.clock.advance(SECOND);
    stage.page.leaving();
    await stage.clock.advance(MINUTE);
    stage.page.restored();
    await stage.clock.advance(0);
    expect(stage.calls.at(-1)).toBe("beat viewer2");
  });

  test("stopping leaves, and nothing is called afterwards", async () => {
    const stage = stageOf();
    stage.shows(viewOf());
    await stage.clock.advance(SECOND);
    stage.session.stop();
    const made = stage.calls.length;
    await stage.clock.advance(10 * MINUTE);
    expect(stage.calls.slice(made - 1)).toEqual(["leave viewer1"]);
  });

  test("a stay that never began says nothing at its end", async () => {
    const stage = stageOf();
    stage.session.stop();
    await stage.clock.advance(MINUTE);
    expect(stage.calls).toEqual([]);
  });
});

describe("answers", () => {
  test("a look that comes late does not turn back what the open has brought", async () => {
    const stage = stageOf();
    const startedAt = stage.clock.now();
    let answerLateLook: (answer: Answer) => void = () => undefined;
    stage.shows(restingView({ state: "failed", action: "try-again" }));
    await stage.clock.advance(SECOND);
    stage.answers((call) =>
      call === "open"
        ? answerOf(viewOf({ serverNow: startedAt + 20_000 }), stage.clock.now(), stage.clock.now())
        : new Promise<Answer>((resolve) => {
            answerLateLook = resolve;
          }),
    );
    await stage.clock.advance(15 * SECOND);
    stage.session.open();
    await stage.clock.advance(0);
    expect(stage.state().view?.state).toBe("running");
    answerLateLook(answerOf(restingView({ serverNow: startedAt + 19_000 }), startedAt, stage.clock.now()));
    await stage.clock.advance(0);
    expect(stage.state().view?.state).toBe("running");
  });

  test("a server without answers is asked more and more rarely, and shown as that", async () => {
    const stage = stageOf();
    await stage.clock.advance(10 * MINUTE);
    expect(stage.state().trouble?.title).toBe("The server does not answer");
    expect(stage.count("status")).toBeLessThan(30);
    expect(stage.count("status")).toBeGreaterThan(15);
  });

  test("a server that comes back ends the trouble, and the preview is opened then", async () => {
    const stage = stageOf();
    await stage.clock.advance(MINUTE);
    stage.shows(viewOf());
    await stage.clock.advance(MINUTE);
    expect(stage.state().trouble).toBeUndefined();
    expect(stage.count("open")).toBe(1);
  });

  test("a refusal that no retry can change ends the looks until a person asks", async () => {
    const stage = stageOf();
    stage.answers(() => ({
      kind: "refused",
      code: "not-found",
      message: "No such preview.",
      retriable: false,
    }));
    await stage.clock.advance(10 * MINUTE);
    expect(stage.count("status")).toBe(1);
    stage.session.look();
    await stage.clock.advance(0);
    expect(stage.count("status")).toBe(2);
  });

  test("why an open was refused stays to be read while nothing new is known", async () => {
    const stage = stageOf();
    const refused: Answer = {
      kind: "refused",
      code: "events-unreachable",
      message: "Inngest.",
      retriable: true,
    };
    stage.answers((call) => (call === "open" ? refused : answerOf(restingView(), stage.clock.now())));
    await stage.clock.advance(2 * MINUTE);
    expect(stage.state().trouble?.message).toBe("Inngest.");
  });

  test("the frame is kept through a renewal, which is watched every second", async () => {
    const stage = stageOf();
    const cameBack = { how: "resumed", title: "Resumed", at: 1, tookMs: 1 };
    stage.shows(viewOf({ cameBack }));
    await stage.clock.advance(SECOND);
    const first = stage.state().frame;
    const renewal = { estimateMs: 3_000, startedAt: stage.clock.now() };
    stage.shows(restingView({ state: "pausing", action: "none", renewal }));
    await stage.clock.advance(5 * SECOND);
    stage.shows(restingView({ state: "resuming", action: "none", renewal }));
    await stage.clock.advance(SECOND);
    expect(stage.state().view?.state).toBe("resuming");
    expect(stage.state().frame).toBe(first);
    stage.shows(viewOf({ cameBack: { ...cameBack, title: "Renewed", tookMs: 2_900 } }));
    await stage.clock.advance(SECOND);
    expect(stage.state().view?.cameBack?.title).toBe("Renewed");
    expect(stage.state().frame).toBe(first);
  });

  test("the frame is gone before a wake and another one comes with the next run", async () => {
    const stage = stageOf();
    stage.shows(viewOf({ cameBack: { how: "rebuilt-cold", title: "Built", at: 1, tookMs: 1 } }));
    await stage.clock.advance(SECOND);
    const first = stage.state().frame;
    stage.shows(restingView({ state: "resuming", action: "none" }));
    await stage.clock.advance(10 * SECOND);
    expect(stage.state().frame).toBeUndefined();
    stage.shows(viewOf({ cameBack: { how: "resumed", title: "Resumed", at: 2, tookMs: 1 } }));
    await stage.clock.advance(10 * SECOND);
    expect(stage.state().frame?.key).not.toBe(first?.key);
  });
});

describe("waiting for a place", () => {
  const waiting = restingView({ state: "absent", action: "none", line: { position: 3, since: 1_000 } });

  test("a tab goes on saying that somebody waits, also in the background, and opens nothing again", async () => {
    const stage = stageOf();
    stage.shows(waiting);
    await stage.clock.advance(SECOND);
    stage.setVisible(false);
    const before = stage.calls.length;
    await stage.clock.advance(5 * MINUTE);
    expect(new Set(stage.calls.slice(before))).toEqual(new Set(["beat viewer1"]));
    expect(stage.count("beat")).toBeGreaterThanOrEqual(9);
    expect(stage.count("open")).toBe(1);
  });

  test("closing the tab says so", async () => {
    const stage = stageOf();
    stage.shows(waiting);
    await stage.clock.advance(SECOND);
    stage.page.leaving();
    expect(stage.calls.at(-1)).toBe("leave viewer1");
  });
});
