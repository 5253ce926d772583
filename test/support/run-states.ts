/** Records of runs, as a host writes them: of this process as the host, unless told otherwise. */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { readProcessView, readStartTime } from "../../apphost/processes/process-identity.ts";
import type { RunEvidence, RunState } from "../../apphost/run/run-state.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";

/** A host that lives: this process. Another `hostStartTime` makes it a dead one. */
export const stateOf = (runId: string, change: Partial<RunState> = {}): RunState => ({
  schema: 1,
  runId,
  hostPid: process.pid,
  hostStartTime: readStartTime(process.pid) ?? "",
  hostView: readProcessView(),
  runDir: null,
  command: "up",
  startedAt: "2030-01-01T00:00:00.000Z",
  socket: `/nowhere/flink-apphost-${runId}.sock`,
  token: "token",
  children: [],
  engine: null,
  flink: null,
  evidence: null,
  ended: false,
  ...change,
});

/** Of a run that left nothing on servers of others. */
export const EVIDENCE: RunEvidence = {
  topic: "t",
  ownTopic: true,
  warmUpTopic: null,
  countsTopic: null,
  group: "g",
  stateKey: "s",
  counterKey: "c",
  sequenceKey: "q",
  kafka: null,
  redis: null,
};

/** Makes the folder of a run as `name` says, with that record; null: without one. */
export function plantRun(base: string, name: string, change: Partial<RunState> | null = {}): string {
  const runDir = join(base, "runs", name);
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  const runId = basename(runDir).slice(-8);
  if (change !== null) writeFileSync(runFolder.state(runDir), JSON.stringify(stateOf(runId, change)), { mode: 0o600 });
  return runDir;
}
