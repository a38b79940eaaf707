/** The real server's REST paths (inngest.md §3.7, §8), as a script asks for them. */
import { cron } from "inngest";
import { describe, expect, it } from "vitest";
import { hostEngine } from "./hosted-engine";

const json = { "content-type": "application/json" };

const hostNap = () =>
  hostEngine((client) => [
    client.createFunction({ id: "nap", triggers: [{ event: "go" }] }, async ({ step, event }) => {
      await step.sleep("nap", "1h");
      return event.data.n;
    }),
    client.createFunction({ id: "tick", triggers: [cron("0 * * * *")] }, async () => null),
  ]);

describe("reading", () => {
  it("§3.7 an event is found by its own id and the engine's, with what it started", async () => {
    const { engine, getJson } = await hostNap();
    engine.sendEvent({ name: "go", id: "mine", data: { n: 1 } });
    const [event] = engine.history().events;

    const expected = {
      data: {
        id: "mine",
        internal_id: event?.internalId,
        name: "go",
        data: { n: 1 },
        received_at: "2026-01-01T10:00:00.000Z",
        consequences: [{ kind: "started", functionId: "app-nap" }],
      },
    };
    expect(await getJson("/v1/events/mine")).toMatchObject(expected);
    expect(await getJson(`/v1/events/${event?.internalId}`)).toMatchObject(expected);
  });

  it("§3.7 events are listed newest first, by name, and up to a limit", async () => {
    const { engine, getJson } = await hostNap();
    for (const name of ["a", "b", "a"]) engine.sendEvent({ name });
    const names = async (query: string) => await getJson(`/v1/events${query}`);

    expect(await names("")).toMatchObject({ data: [{ name: "a" }, { name: "b" }, { name: "a" }] });
    expect(await names("?name=b")).toMatchObject({ data: [{ name: "b" }] });
    expect(await names("?limit=1")).toMatchObject({ data: [{ name: "a" }] });
  });

  it("§3.7 a run goes from Running to Completed under its event, with the real server's field names", async () => {
    const { engine, clock, getJson } = await hostNap();
    engine.sendEvent({ name: "go", id: "mine", data: { n: 7 } });
    await clock.advance(60_000);

    const base = { function_id: "app-nap", event_id: "mine", run_started_at: "2026-01-01T10:00:00.000Z" };
    expect(await getJson("/v1/events/mine/runs")).toMatchObject({
      data: [{ ...base, status: "Running", ended_at: null, output: null }],
    });
    const { id } = engine.history().runs[0] ?? { id: "none" };
    expect(await getJson(`/v1/runs/${id}/jobs`)).toMatchObject({
      data: [{ name: "nap", op: "Sleep", status: "Waiting" }],
    });
    await clock.advance(60 * 60_000);
    const ended = {
      ...base,
      run_id: id,
      status: "Completed",
      ended_at: "2026-01-01T11:00:00.000Z",
      output: 7,
    };
    expect(await getJson(`/v1/runs/${id}`)).toMatchObject({ data: { ...ended, steps: [{ name: "nap" }] } });
  });

  it.each(["/v1/events/none", "/v1/runs/none", "/v1/runs/none/jobs"])("§3.7 %s is 404", async (path) => {
    expect((await (await hostNap()).get(path)).status).toBe(404);
  });

  it.each([
    ["/v1/events?received_after=2026-01-01", 501],
    ["/v1/runs?cursor=x", 501],
    ["/v1/events?limit=0", 400],
    ["/v1/events?limit=many", 400],
    ["/v1/apps", 501],
    ["/api/v2/runs/x/trace", 501],
  ])("never passes over what it does not know: %s is %i", async (path, status) => {
    expect((await (await hostNap()).get(path)).status).toBe(status);
  });
});

describe("changing", () => {
  it.each([
    ["§3.7 DELETE /v1/runs/{id}", (id: string) => ({ method: "DELETE", path: `/v1/runs/${id}` })],
    [
      "§3.7 POST /api/v2/runs/{id}/cancel",
      (id: string) => ({ path: `/api/v2/runs/${id}/cancel`, headers: json, body: "{}" }),
    ],
  ])(
    "%s cancels once, refuses an ended run with 409 and an unknown one with 404",
    async (_path, requestOf) => {
      const { engine, clock, ask } = await hostNap();
      engine.sendEvent({ name: "go" });
      await clock.advance(0);
      const id = engine.history().runs[0]?.id ?? "none";

      expect((await ask(requestOf(id))).status).toBe(200);
      expect(engine.history().runs[0]?.status).toBe("Cancelled");
      expect((await ask(requestOf(id))).status).toBe(409);
      expect((await ask(requestOf("01GONE"))).status).toBe(404);
    },
  );

  it("§8 POST /api/v2/runs/{id}/rerun starts a new run of the same event, and names it", async () => {
    const { engine, clock, ask } = await hostNap();
    engine.sendEvent({ name: "go", data: { n: 3 } });
    await clock.advance(2 * 60 * 60_000);
    const [first] = engine.history().runs.filter(({ functionId }) => functionId === "app-nap");
    const { status, body } = await ask({
      path: `/api/v2/runs/${first?.id}/rerun`,
      headers: json,
      body: "{}",
    });
    await clock.advance(2 * 60 * 60_000);

    expect(status).toBe(200);
    const { runId } = JSON.parse(body).data;
    expect(runId).not.toBe(first?.id);
    const rerun = engine.history().runs.find(({ id }) => id === runId);
    expect(rerun).toMatchObject({ eventId: first?.eventId, status: "Completed", output: 3 });
  });

  it("§8 a cron's run cannot be run again, an unknown one is not found, and a rerun from a step says that it is not built", async () => {
    const { engine, clock, ask } = await hostNap();
    await clock.advance(60 * 60_000);
    const tick = engine.history().runs[0]?.id ?? "none";
    const rerun = (id: string, body: string) =>
      ask({ path: `/api/v2/runs/${id}/rerun`, headers: json, body });

    expect(await rerun(tick, "{}")).toMatchObject({ status: 422, body: expect.stringContaining("cron") });
    expect((await rerun("01GONE", "")).status).toBe(404);
    expect((await rerun(tick, '{"fromStep":{"stepId":"x"}}')).status).toBe(501);
    expect(engine.history().runs).toHaveLength(1);
  });

  it.each([
    ["/v1/runs/RUN", "DELETE"],
    ["/api/v2/runs/RUN/rerun", "POST"],
    ["/api/v2/runs/RUN/cancel", "POST"],
  ])("refuses %s from a page of another origin, and does nothing", async (path, method) => {
    const { engine, clock, ask } = await hostNap();
    engine.sendEvent({ name: "go" });
    await clock.advance(0);
    const id = engine.history().runs[0]?.id ?? "none";
    const headers = { ...json, origin: "http://evil.example" };

    expect((await ask({ method, path: path.replace("RUN", id), headers, body: "{}" })).status).toBe(403);
    expect(engine.history().runs.map(({ status }) => status)).toEqual(["Running"]);
  });
});
