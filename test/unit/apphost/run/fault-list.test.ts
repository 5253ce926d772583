/** The faults of a run of any length need the same room, and none gets lost without a word. */
import { expect, it } from "vitest";
import { FaultList } from "../../../../apphost/run/fault-list.ts";
import type { Fault } from "../../../../simulator/common/contract/files/report.ts";

const fault = (k: number): Fault => ({
  kind: "processExit",
  target: `taskmanager-${k}`,
  at: "2026-11-28T14:00:00.000Z",
  planned: false,
  detail: "signal SIGKILL",
  recoveredAfterMs: null,
});

it("keeps the newest, with their recoveries, and counts those before", () => {
  const faults = new FaultList();
  const recoveries = Array.from({ length: 1_003 }, (_, k) => faults.add(fault(k)));
  recoveries.forEach((recovery, k) => void recovery.recoveredAfterMs(k));
  expect(faults.dropped).toBe(3);
  expect(faults.newest).toHaveLength(1_000);
  expect(faults.newest[0]).toEqual({ ...fault(3), recoveredAfterMs: 3 });
  expect(faults.newest.at(-1)).toEqual({ ...fault(1_002), recoveredAfterMs: 1_002 });
});
