import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Attempt, retryAttempts } from "../../../../simulator/clients/kafka/retry.ts";
import { createError } from "../../../../simulator/common/foundation/errors.ts";

const lost = createError("KAFKA_CONNECTION_LOST", { endpoint: "h:1", reason: "it is gone" });
const missing = createError("KAFKA_TOPIC_MISSING", { topic: "t", waitedMs: 10_000 });
const leaderless = createError("KAFKA_BROKER_ERROR", { what: "w", name: "n", code: 5, detail: "" });

/** What the attempt gives at a time, from 0 on; `until` is exclusive. */
interface Stretch {
  readonly until: number;
  readonly give: () => Attempt<string>;
}

const fails = (until: number): Stretch => ({
  until,
  give: () => {
    throw lost;
  },
});
const isMissing = (until: number): Stretch => ({
  until,
  give: () => ({ kind: "again", error: missing, believedAfterMs: 10_000 }),
});
const hasNoLeader = (until: number): Stretch => ({ until, give: () => ({ kind: "again", error: leaderless }) });

let nowMs = 0;
vi.mock("node:timers/promises", () => ({
  setTimeout: async (ms: number) => {
    nowMs += ms;
  },
}));

async function run(...stretches: Stretch[]): Promise<{ outcome: string; atMs: number }> {
  const startedAtMs = nowMs;
  const attempt = async (): Promise<Attempt<string>> => {
    const atMs = nowMs - startedAtMs;
    // An attempt takes its time, too.
    nowMs += 5;
    return stretches.find(({ until }) => atMs < until)?.give() ?? { kind: "done", value: "done" };
  };
  const ended = retryAttempts(attempt, { endpoint: "h:1", deadlineMs: 60_000 });
  const outcome = await ended.catch((error: Error) => error.message);
  return { outcome, atMs: nowMs - startedAtMs };
}

describe("repeated attempts", () => {
  beforeEach(() => {
    vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("say at the end how long they waited, and what the answer was", async () => {
    const { outcome } = await run(hasNoLeader(120_000));
    expect(outcome).toMatch(/^waited 6\d{4} ms in vain: w: Kafka answered n \(5\)$/);
  });

  it("Y1: believe that the topic is missing 10 s after the first such answer, not after an outage that was long", async () => {
    expect(await run(fails(30_000), isMissing(38_000))).toMatchObject({ outcome: "done" });
    const { outcome, atMs } = await run(fails(30_000), isMissing(120_000));
    expect(outcome).toMatch(/topic t does not exist/);
    expect(atMs).toBeGreaterThanOrEqual(40_000);
    expect(atMs).toBeLessThan(43_000);
  });

  it("Y1: begin anew with it after another outage", async () => {
    expect(await run(isMissing(8_000), fails(12_000), isMissing(20_000))).toMatchObject({ outcome: "done" });
  });

  it("Y2: let an answer that may pass take its time, even at the end of the whole", async () => {
    expect(await run(fails(58_000), isMissing(64_000))).toMatchObject({ outcome: "done" });
    expect((await run(fails(58_000), isMissing(90_000))).atMs).toBeLessThan(72_000);
  });

  it("give everything else the whole time, and name how long the last reason lasted", async () => {
    const away = await run(fails(120_000));
    expect(away.outcome).toMatch(/Kafka at h:1 did not answer within 60\d\d\d ms/);
    const mixed = await run(hasNoLeader(40_000), fails(120_000));
    expect(mixed.outcome).toMatch(/did not answer within (19|2\d)\d\d\d ms/);
    expect(mixed.atMs).toBeLessThan(63_000);
    expect((await run(fails(30_000), hasNoLeader(120_000))).outcome).toMatch(/Kafka answered n \(5\)/);
  });
});
