import { describe, expect, it } from "vitest";
import { sleep, waitUntil, withDeadline } from "../../../simulator/common/foundation/deadline.ts";
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

describe("a look that has no answer", () => {
  const never = () => new Promise<true>(() => undefined);

  it("does not keep the deadline from passing", async () => {
    await expect(waitUntil(never, { what: "the answer", deadlineMs: 30 })).rejects.toThrow(
      "the answer took longer than 30 ms (last: no answer by then)",
    );
  });

  it("does not keep the signal from ending the wait", async () => {
    const stopping = new AbortController();
    const waited = waitUntil(never, { what: "the answer", deadlineMs: 60_000, signal: stopping.signal });
    setImmediate(() => stopping.abort(reason));
    await expect(waited).rejects.toBe(reason);
  });
});

describe("work with a deadline", () => {
  it("gives its own outcome", async () => {
    const limit = { what: "the work", deadlineMs: 60_000, signal: new AbortController().signal };
    await expect(withDeadline(Promise.resolve(7), limit)).resolves.toBe(7);
    await expect(withDeadline(Promise.reject(reason), limit)).rejects.toBe(reason);
  });

  it("ends by the deadline, or by the signal's reason, also one that came before", async () => {
    const never = new Promise<never>(() => undefined);
    const limit = { what: "the work", deadlineMs: 20 };
    await expect(withDeadline(never, limit)).rejects.toThrow("the work took longer than 20 ms");
    const signal = AbortSignal.abort(reason);
    await expect(withDeadline(never, { ...limit, deadlineMs: Number.POSITIVE_INFINITY, signal })).rejects.toBe(reason);
  });

  it("leaves a failure that comes too late to nobody", async () => {
    const late = sleep(20).then(() => Promise.reject(new Error("too late")));
    await expect(withDeadline(late, { what: "the work", deadlineMs: 1 })).rejects.toThrow(/longer than 1 ms/);
    await sleep(40);
  });
});
