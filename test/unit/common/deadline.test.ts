import { describe, expect, it } from "vitest";
import { sleep, waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { createError } from "../../../simulator/common/foundation/errors.ts";

const reason = createError("ASKED_TO_STOP", { signal: "SIGTERM" });

describe("a wait that a signal ends", () => {
  it("rejects with the signal's reason, not with an AbortError around it", async () => {
    const stopping = new AbortController();
    const slept = sleep(60_000, stopping.signal);
    const waited = waitUntil(() => undefined, {
      what: "never",
      deadlineMs: 60_000,
      intervalMs: 60_000,
      signal: stopping.signal,
    });
    const ended = Promise.allSettled([slept, waited]);
    setImmediate(() => stopping.abort(reason));
    expect(await ended).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
  });

  it("does so at once when the signal came before", async () => {
    await expect(sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
