/** The first contact with a server of others: five attempts, further apart each time, and an end as soon as one is final. */
import { expect, it } from "vitest";
import { ATTEMPTS, attemptRepeatedly } from "../../../../apphost/resources/attempts.ts";
import { type Backoff, createBackoff } from "../../../../simulator/common/foundation/backoff.ts";
import { type AppError, createError } from "../../../../simulator/common/foundation/errors.ts";

const refused = () => createError("KAFKA_UNREACHABLE", { endpoint: "127.0.0.1:1", waitedMs: 1 }, new Error("refused"));
const conclude = (last: AppError) => createError("ASSERTION_FAILED", { what: "concluded" }, last);

/** Asks for the real waits and takes none of them. */
function recordWaits(): { readonly backoff: Backoff; readonly waitsMs: number[] } {
  const real = createBackoff({ initialMs: 500, capMs: 4_000 });
  const waitsMs: number[] = [];
  const nextMs = () => {
    waitsMs.push(real.nextMs());
    return 0;
  };
  return { backoff: { nextMs, reset: () => real.reset() }, waitsMs };
}

function fail(error: Error, signal = new AbortController().signal) {
  const { backoff, waitsMs } = recordWaits();
  let attempts = 0;
  const attempt = async () => {
    attempts += 1;
    throw error;
  };
  const ended = attemptRepeatedly({ attempt, isWorthRepeating: (e) => e.retryable, conclude, signal }, backoff);
  return { ended, waitsMs, attempts: () => attempts };
}

it("gives up after five attempts, 0.5, 1, 2 and 4 s apart, with the conclusion of all", async () => {
  const { ended, waitsMs, attempts } = fail(refused());
  await expect(ended).rejects.toMatchObject({ message: expect.stringContaining("concluded") });
  expect(attempts()).toBe(ATTEMPTS);
  expect(waitsMs).toEqual([500, 1_000, 2_000, 4_000]);
});

it("ends at once with what no repetition helps", async () => {
  const { ended, attempts } = fail(createError("REDIS_AUTHENTICATION_FAILED", { endpoint: "127.0.0.1:1" }));
  await expect(ended).rejects.toMatchObject({ code: "REDIS_AUTHENTICATION_FAILED" });
  expect(attempts()).toBe(1);
});

it("takes the first attempt that succeeds", async () => {
  const { backoff } = recordWaits();
  let attempts = 0;
  const attempt = async () => {
    attempts += 1;
    if (attempts < 3) throw refused();
    return attempts;
  };
  const { signal } = new AbortController();
  expect(await attemptRepeatedly({ attempt, isWorthRepeating: () => true, conclude, signal }, backoff)).toBe(3);
});

it("ends with the run", async () => {
  const controller = new AbortController();
  controller.abort(new Error("the run ends"));
  const { ended, attempts } = fail(refused(), controller.signal);
  await expect(ended).rejects.toThrow("the run ends");
  expect(attempts()).toBe(0);
});
