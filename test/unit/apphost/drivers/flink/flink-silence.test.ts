/** A Flink of others that falls silent: what is told of it, and when it is given up. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FlinkSilence, SILENT_MS_MAX } from "../../../../../apphost/drivers/flink/flink-silence.ts";

const { signal } = new AbortController();
const REFUSED = new Error("connect ECONNREFUSED");

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

function listen() {
  const told: string[] = [];
  const silence = new FlinkSilence("http://flink:8081", {
    warn: (text) => told.push(`warn ${text}`),
    inform: (text) => told.push(`info ${text}`),
    giveUp: ({ code, category, message }) => told.push(`${code} ${category} ${message}`),
  });
  const answer = () => silence.heed(Promise.resolve("answer"), signal);
  const miss = () => expect(silence.heed(Promise.reject(REFUSED), signal)).rejects.toBe(REFUSED);
  return { told, silence, answer, miss };
}

it("is told at the first miss, and when it answers again with how long it was silent (S1)", async () => {
  const { told, answer, miss } = listen();
  expect(await answer()).toBe("answer");
  vi.advanceTimersByTime(500);
  await miss();
  await miss();
  expect(told).toEqual([
    "warn Flink at http://flink:8081 gives no answer (connect ECONNREFUSED): it is asked on for 60,000 ms, and then the run ends",
  ]);
  vi.advanceTimersByTime(11_500);
  await answer();
  await answer();
  expect(told.slice(1)).toEqual(["info Flink at http://flink:8081 answers again, after 12,000 ms"]);
});

it("is given up once, a minute after its last answer, and not before (S2)", async () => {
  const { told, answer, miss } = listen();
  await answer();
  vi.advanceTimersByTime(SILENT_MS_MAX - 1);
  await miss();
  await miss();
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(1);
  await miss();
  await miss();
  await answer();
  expect(told.slice(1)).toEqual([
    `FLINK_SILENT infrastructure Flink at http://flink:8081 gave no answer for 60000 ms (last: connect ECONNREFUSED): see that it runs and can be reached from here, and begin another run`,
  ]);
});

it("tells nothing of a question that the asker gave up", async () => {
  const { told, silence } = listen();
  const closing = AbortSignal.abort();
  await expect(silence.heed(Promise.reject(REFUSED), closing)).rejects.toBe(REFUSED);
  expect(told).toEqual([]);
});
