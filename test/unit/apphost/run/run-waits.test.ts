/** What the host waits for, in the events of a run: told while it is silent, and not beside other news. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createEventFeed, type EventFeed } from "../../../../apphost/run/event-feed.ts";
import { createRunWaits, type TellWait } from "../../../../apphost/run/run-waits.ts";
import type { HostEvent } from "../../../../simulator/common/contract/events.ts";

let feed: EventFeed;
let tellWait: TellWait;
let waits: string[];
beforeEach(() => {
  vi.useFakeTimers();
  feed = createEventFeed({ clock: { nowUs: () => 0 }, append: () => undefined, appendMetrics: () => undefined });
  waits = [];
  feed.subscribe((event: HostEvent) => {
    if (event.type === "waiting") waits.push(`${event.for} ${event.waitedMs} ${event.deadlineMs}`);
  });
  tellWait = createRunWaits(feed);
});
afterEach(() => {
  vi.useRealTimers();
});
const never = new Promise<never>(() => undefined);

it("are told every few seconds, each of them (W1)", async () => {
  void tellWait({ what: "kafka", deadlineMs: 120_000 }, never);
  void tellWait({ what: "redis", deadlineMs: null }, never);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(waits).toEqual(["kafka 2000 120000", "redis 2000 null", "kafka 6000 120000", "redis 6000 null"]);
});

it("are not told while something changes; completed checkpoints and usage are no change (W1)", async () => {
  void tellWait({ what: "the last acknowledgement", deadlineMs: 300_000 }, never);
  const progress = setInterval(() => feed.emit({ type: "phase", phase: "producing", detail: "" }), 1_000);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(waits).toEqual([]);
  clearInterval(progress);
  const status = "completed" as const;
  setInterval(() => feed.emit({ type: "checkpoint", id: 1, status, durationMs: 1, total: 0, reason: null }), 1_000);
  const machine = { cpuPercent: 1, memoryPercent: 1 };
  setInterval(() => feed.emit({ type: "usage", processes: [], machine }), 1_000);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(waits).toEqual(["the last acknowledgement 34000 300000"]);
});
