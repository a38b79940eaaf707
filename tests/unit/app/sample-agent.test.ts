/** The sample agent at work: on the sample's real page, over a desk that a test can clear. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { counterEdits, type Edit } from "@/app/sample-agent/counter-edits";
import { type Desk, sampleAgent } from "@/app/sample-agent/sample-agent";
import { VirtualClock } from "@/lib/local/virtual-clock";

const samplePage = () => readFile("lib/local/samples/projects/counter/public/index.html", "utf8");

describe("the edits of the counter's page", () => {
  test("each changes its text, and they leave another heading and another accent behind", async () => {
    const before = await samplePage();
    let text = before;
    for (const { path, change } of counterEdits) {
      expect(path).toBe("app/public/index.html");
      const changed = change(text);
      expect(changed).not.toBe(text);
      text = changed;
    }
    const shown = (page: string) => [/<h1>(.*)<\/h1>/.exec(page)?.[1], /--ember: (.*);/.exec(page)?.[1]];
    expect(shown(text)).toEqual([
      "Tenths of a second that this process has run, on a page that an agent has edited",
      "light-dark(#7a3aa8, #d3a4f5)",
    ]);
    const without = (page: string) => page.replace(/<h1>.*<\/h1>|--ember: .*;/g, "");
    expect(without(text)).toBe(without(before));
  });

  test("fit a page that an earlier agent has left", async () => {
    const edited = counterEdits.reduce((text, { change }) => change(text), await samplePage());
    expect(counterEdits.reduce((text, { change }) => change(text), edited)).toBe(edited);
  });

  test("refuse a page without their place", () => {
    for (const { change } of counterEdits) expect(() => change("<p>another page</p>")).toThrow("no place");
  });
});

describe("the agent", () => {
  const adding = (word: string): Edit => ({ path: "page", change: (text) => `${text} ${word}` });

  function atWork({ words = ["one", "two", "three"] } = {}) {
    const clock = new VirtualClock();
    const page = { text: "page:", failsNext: false };
    const files: Desk["sandbox"]["files"] = {
      read: async () => page.text,
      write: async (_path, text) => {
        if (page.failsNext) throw new Error("the disk is full");
        page.text = text;
      },
    };
    const agent = sampleAgent({ clock, edits: words.map(adding), editEveryMs: 5_000 });
    const call = () => {
      const ending = new AbortController();
      const settled = agent({ sandbox: { files }, signal: ending.signal }).then(
        () => "done",
        (error: unknown) => error,
      );
      return { ending, settled };
    };
    return { clock, page, call };
  }

  test("makes one edit at once and each other after its rest, and is done with the last", async () => {
    const { clock, page, call } = atWork();
    const { settled } = call();
    await clock.advance(0);
    expect(page.text).toBe("page: one");
    await clock.advance(4_999);
    expect(page.text).toBe("page: one");
    await clock.advance(1);
    expect(page.text).toBe("page: one two");
    await clock.advance(5_000);
    expect(page.text).toBe("page: one two three");
    expect(await settled).toBe("done");
  });

  test("stops in the middle of its rest, with the signal's reason, and goes on with the next edit", async () => {
    const { clock, page, call } = atWork();
    const first = call();
    await clock.advance(2_000);
    const reason = new Error("the run ends soon");
    first.ending.abort(reason);
    expect(await first.settled).toBe(reason);
    await clock.advance(60_000);
    expect(page.text).toBe("page: one");

    const second = call();
    await clock.advance(5_000);
    expect(page.text).toBe("page: one two three");
    expect(await second.settled).toBe("done");
  });

  test("touches nothing when it is called after the signal has fired", async () => {
    const { clock, page, call } = atWork();
    const { ending, settled } = call();
    ending.abort(new Error("before anything"));
    await clock.advance(0);
    const before = page.text;
    expect(await settled).toBeInstanceOf(Error);
    await clock.advance(60_000);
    expect(page.text).toBe(before);
  });

  test("is done when the signal fires after its last edit", async () => {
    const { clock, page, call } = atWork({ words: ["only"] });
    const { ending, settled } = call();
    await clock.advance(0);
    ending.abort(new Error("too late"));
    expect([await settled, page.text]).toEqual(["done", "page: only"]);
  });

  test("ends with an edit that failed, and would make it again", async () => {
    const { clock, page, call } = atWork();
    page.failsNext = true;
    expect(await call().settled).toMatchObject({ message: "the disk is full" });
    page.failsNext = false;
    void call();
    await clock.advance(0);
    expect(page.text).toBe("page: one");
  });
});
