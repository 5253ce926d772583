import { expect, it } from "vitest";
import { describeKills, FaultScript, KILLS } from "../../../../scripts/bench/fault-script.ts";
import type { HostEvent } from "../../../../simulator/common/contract/events.ts";

const SECOND_US = 1_000_000;

/** A run of 100 messages, of which as many are in Kafka as seconds have gone by. */
function startScript() {
  const killed: number[] = [];
  const script = new FaultScript(100, (pid) => killed.push(pid));
  const take = (event: object) => script.take(event as HostEvent);
  KILLS.forEach(({ target }, i) => {
    take({ type: "resource", name: target, pid: i + 1 });
  });
  const progress = (seconds: number, processed: number) =>
    take({ type: "progress", atUs: seconds * SECOND_US, produced: seconds, processed });
  const recover = (target: string, recoveredAfterMs: number | null, planned = false) =>
    take({ type: "fault", fault: { target, planned, recoveredAfterMs } });
  return { script, killed, progress, recover, take };
}

it("kills each when its share is in Kafka and the fault before it is over (K1, K2)", () => {
  const { script, killed, progress, recover, take } = startScript();
  progress(9, 9);
  expect(killed).toEqual([]);
  progress(10, 8);
  recover("taskmanager-01", null);
  progress(40, 9);
  expect(killed).toEqual([1]);
  // One of another resource, and one that somebody asked for, are not this one's end.
  recover("jobmanager", 3_000);
  recover("taskmanager-01", 3_000, true);
  progress(41, 12);
  expect(killed).toEqual([1]);
  recover("taskmanager-01", 25_000);
  take({ type: "resource", name: "jobmanager", pid: null });
  progress(42, 42);
  expect(killed).toEqual([1]);
  take({ type: "resource", name: "jobmanager", pid: 9 });
  progress(43, 42);
  progress(44, 43);
  recover("jobmanager", 9_000);
  expect(killed).toEqual([1, 9]);
  expect(script.missed).toEqual(["redis", "kafka"]);
  progress(60, 60);
  recover("redis", 200);
  progress(80, 61);
  progress(81, 80);
  progress(82, 81);
  expect(killed).toEqual([1, 9, 3, 4]);
  expect(script.missed).toEqual([]);
  expect(describeKills(script.killed)).toEqual({
    taskmanagerRecoveredMs: 25_000,
    taskmanagerAppliedMs: 31_000,
    jobmanagerRecoveredMs: 9_000,
    jobmanagerAppliedMs: 17_000,
    redisRecoveredMs: 200,
    redisAppliedMs: 20_000,
    kafkaRecoveredMs: null,
    kafkaAppliedMs: 2_000,
  });
});
