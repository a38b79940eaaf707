/** Which reason an error gives, and which action a reason offers. */
import { expect, test } from "vitest";
import {
  CreatingStoppedError,
  EventsUnreachableError,
  FilesUnavailableError,
  NoRecipeError,
  ProviderBusyError,
  ProviderRefusedError,
  ProviderUnreachableError,
  SandboxGoneError,
  UnknownProjectError,
} from "@/lib/errors";
import { reasonCopy, reasonOfError, reasonSchema } from "@/lib/preview/reasons";

test.each([
  new UnknownProjectError("p"),
  new FilesUnavailableError("p"),
  new NoRecipeError("no scripts"),
  new SandboxGoneError("iabcd"),
  new ProviderUnreachableError("create"),
  new ProviderRefusedError("create", 401),
  new CreatingStoppedError(),
  new EventsUnreachableError("preview/requested"),
])("an error that has a reason's own name gives that reason: $code", (error) => {
  expect(reasonOfError(error)).toBe(error.code);
});

test("a provider that is busy is told as one that did not answer: a person can do the same about both", () => {
  expect(reasonOfError(new ProviderBusyError("create"))).toBe("provider-unreachable");
});

test("every reason offers one of the three actions", () => {
  for (const reason of reasonSchema.options) {
    expect(["none", "open", "try-again"]).toContain(reasonCopy[reason].action);
  }
});

test("what failed is tried again, what rests is opened, and what is under way needs nothing", () => {
  const offered = (action: string) =>
    reasonSchema.options.filter((reason) => reasonCopy[reason].action === action);

  expect(offered("none")).toEqual([
    "requested",
    "returned",
    "renewal",
    "renewed",
    "renewed-restarted",
    "interrupted",
    "no-place",
    "suspended",
    "last-save",
  ]);
  expect(offered("try-again")).toEqual([
    "unknown-project",
    "files-unavailable",
    "no-recipe",
    "install-failed",
    "install-timed-out",
    "server-exited",
    "port-never-opened",
    "provider-unreachable",
    "provider-refused",
    "events-unreachable",
    "run-failed",
    "project-broken",
  ]);
});
