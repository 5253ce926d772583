/**
 * A run that is open: its folder, its feed, its watchdog, and what all parts of the host record into it.
 *
 * X1 The watchdog lives before any child, and every child is told to it at once.
 * X2 `close` ends the watchdog last; after it nothing of the run exists but the folder with its evidence.
 */
import { randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import type { HostEventBody } from "../../simulator/common/contract/events.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import type { TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";
import { type RunClock, startRunClock } from "../../simulator/common/foundation/clock.ts";
import { type AppError, describeError } from "../../simulator/common/foundation/errors.ts";
import { controlSocketPath } from "../files/socket-files.ts";
import type { HostOptions, Verb } from "../options.ts";
import {
  createRunMark,
  dropEnded,
  type ProcessIdentity,
  type RunMark,
  readProcessView,
  readStartTime,
} from "../processes/process-identity.ts";
import { type PulseWatch, startPulseWatch } from "../processes/pulse.ts";
import type { ResourceLog } from "../processes/resource-log.ts";
import type { SupervisorHost } from "../processes/supervisor.ts";
import { removeRemains } from "../watchdog/sweep.ts";
import { startWatchdog, type Watchdog } from "../watchdog/watchdog.ts";
import { createEnding, type Ending } from "./ending.ts";
import { createEventFeed, type EventFeed } from "./event-feed.ts";
import { createEvidenceFiles, type EvidenceFiles } from "./evidence-files.ts";
import { FaultList } from "./fault-list.ts";
import { Observations } from "./observations.ts";
import {
  createRunFolder,
  createRunId,
  credentialsPath,
  type RunState,
  removeOldRuns,
  removeUnneededCredentials,
  writeState,
} from "./run-folder.ts";
import { createRunWaits, type TellWait } from "./run-waits.ts";
import { readUsage, Sampler } from "./sampler.ts";
import { readTelemetrySettings, type TelemetrySettings } from "./telemetry-settings.ts";

/** Bytes of the token that RPC, REST and control calls carry. */
const TOKEN_BYTES = 24;

export interface RunContext {
  readonly verb: Verb;
  readonly options: HostOptions;
  readonly runId: string;
  readonly runDir: string;
  /** What every process of the run carries. */
  readonly mark: RunMark;
  readonly clock: RunClock;
  readonly startedAtUs: number;
  readonly token: string;
  /** Null: nobody asked for telemetry. */
  readonly telemetry: TelemetrySettings | null;
  readonly feed: EventFeed;
  /** Every wait of the host that may be long goes through it. */
  readonly tellWait: TellWait;
  readonly ending: Ending;
  readonly seen: Observations;
  readonly sampler: Sampler;
  readonly faults: FaultList;
  readonly supervisorHost: SupervisorHost;
  readonly state: RunState;
  updateState(change: Partial<RunState>): void;
  recordChild(name: string, identity: ProcessIdentity): void;
  /** The container engine in which the run makes something; null once nothing of it is left there. */
  recordEngine(address: string | null): void;
  /** The Flink of others that is given the run's job; null once the job is over there. */
  recordFlink(restUrl: string | null): void;
  logOf(resource: string): ResourceLog;
  writeMetrics(metrics: TaskManagerMetrics): void;
  notice(level: "info" | "warn" | "error", resource: string, text: string): void;
  close(): Promise<void>;
  /** For a host that exits the next moment. */
  leave(): void;
}

/** `startedAtMs`: when a user began to wait for it, by `performance.now()`. */
export function openRun(verb: Verb, options: HostOptions, startedAtMs: number): RunContext {
  const clock = startRunClock();
  const startedAtUs = clock.nowUs() - Math.round((performance.now() - startedAtMs) * 1_000);
  const { runId, folder } = createRunId(new Date());
  const runDir = createRunFolder(options.runDir, folder);
  const ending = createEnding();
  const files = createEvidenceFiles(runDir, (error) => {
    if (ending.endWithError(error)) notice("error", "host", describeError(error));
  });
  const appendMetrics = files.openLines(runFolder.metrics(runDir));
  const feed = createEventFeed({ clock, append: files.openLines(runFolder.events(runDir)), appendMetrics });
  const emit = (body: HostEventBody) => feed.emit(body);
  const notice: RunContext["notice"] = (level, resource, text) => emit({ type: "notice", level, resource, text });
  const pulses = startPulseWatch({
    hungAfterMs: options.testHungAfterMs ?? undefined,
    readCpuMs: (pid) => readUsage(pid, false)?.cpuMs,
  });
  const initial = initialState({ verb, runId, runDir });
  const mark = createRunMark(runDir, initial);
  const watchdog = startWatchdog({
    mark,
    pulses,
    onRestart(how) {
      recordWatchdog();
      notice("warn", "watchdog", `${how}, and was started again`);
    },
  });
  const sampler = new Sampler(emit);
  sampler.watch("host", process.pid);
  const state = createStateFile(runDir, initial, files);
  // Whoever sweeps behind a host that was killed must find a watchdog that hangs, too.
  const recordWatchdog = () => {
    const startTime = watchdog.pid === null ? undefined : readStartTime(watchdog.pid);
    if (startTime !== undefined) recordInState("watchdog", { pid: watchdog.pid as number, startTime });
  };
  const recordInState = (name: string, identity: ProcessIdentity) =>
    state.update({ children: dropEnded([...state.current.children, { name, ...identity }], (child) => child) });
  recordWatchdog();
  const faults = new FaultList();
  emit({ type: "run", runId, runDir, command: verb });
  for (const problem of removeOldRuns(options.runDir, runDir)) notice("warn", "host", problem);
  return {
    verb,
    options,
    runId,
    runDir,
    mark,
    clock,
    startedAtUs,
    token: state.current.token,
    telemetry: readTelemetrySettings(process.env, (bytes) => randomBytes(bytes).toString("hex")),
    feed,
    tellWait: createRunWaits(feed),
    ending,
    seen: new Observations(),
    sampler,
    faults,
    supervisorHost: createSupervisorHost({ emit, ending, faults, notice, pulses }),
    get state() {
      return state.current;
    },
    updateState: state.update,
    recordChild(name, identity) {
      watchdog.recordChild(identity);
      sampler.watch(name, identity.pid);
      recordInState(name, identity);
    },
    ...createPlaceRecord(state, watchdog),
    logOf: files.logOf,
    writeMetrics: (metrics) => appendMetrics(`${JSON.stringify(metrics)}\n`),
    notice,
    close: () => closeRun({ mark, state, files, sampler, watchdog, pulses, notice }),
    leave: () => watchdog.leave(),
  };
}

function initialState(run: { verb: Verb; runId: string; runDir: string }): RunState {
  return {
    schema: 1,
    runId: run.runId,
    hostPid: process.pid,
    hostStartTime: readStartTime(process.pid) ?? "",
    hostView: readProcessView(),
    runDir: realpathSync(run.runDir),
    command: run.verb,
    startedAt: new Date().toISOString(),
    socket: controlSocketPath(run.runId),
    token: randomBytes(TOKEN_BYTES).toString("hex"),
    children: [],
    engine: null,
    flink: null,
    evidence: null,
    ended: false,
  };
}

/** Where something of the run may be that no process of ours holds: told once, to the watchdog first. */
const createPlaceRecord = (state: StateFile, watchdog: Watchdog): Pick<RunContext, "recordEngine" | "recordFlink"> => ({
  recordEngine(address) {
    if (state.current.engine === address) return;
    watchdog.recordEngine(address);
    state.update({ engine: address });
  },
  recordFlink(restUrl) {
    if (state.current.flink === restUrl) return;
    watchdog.recordFlink(restUrl);
    state.update({ flink: restUrl });
  },
});

interface StateFile {
  readonly current: RunState;
  update(change: Partial<RunState>): void;
}

function createStateFile(runDir: string, initial: RunState, files: EvidenceFiles): StateFile {
  let current = initial;
  const write = () => files.attempt(runFolder.state(runDir), () => writeState(runDir, current));
  write();
  return {
    get current() {
      return current;
    },
    update(change) {
      current = { ...current, ...change };
      write();
    },
  };
}

function createSupervisorHost(run: {
  emit: (body: HostEventBody) => void;
  ending: Ending;
  faults: FaultList;
  notice: RunContext["notice"];
  pulses: PulseWatch;
}): SupervisorHost {
  return {
    pulses: run.pulses,
    emitResource: (snapshot) => run.emit({ type: "resource", ...snapshot }),
    emitExit: (exit) => run.emit({ type: "exit", ...exit }),
    recordFault(fault) {
      run.emit({ type: "fault", fault });
      const record = run.faults.add(fault);
      return {
        recoveredAfterMs(ms) {
          record.recoveredAfterMs(ms);
          run.emit({ type: "fault", fault: { ...fault, recoveredAfterMs: ms } });
        },
      };
    },
    fail(error: AppError) {
      if (run.ending.endWithError(error)) run.notice("error", "host", error.message);
    },
  };
}

async function closeRun(run: {
  mark: RunMark;
  state: StateFile;
  files: EvidenceFiles;
  sampler: Sampler;
  watchdog: Watchdog;
  pulses: PulseWatch;
  notice: RunContext["notice"];
}): Promise<void> {
  run.sampler.stop();
  run.pulses.stop();
  run.files.closeLogs();
  for (const problem of await removeRemains(run.mark)) run.notice("error", "host", problem);
  run.state.update({ ended: true, children: [] });
  const { runDir } = run.mark;
  run.files.attempt(credentialsPath(runDir), () => removeUnneededCredentials(runDir, run.state.current));
  await run.watchdog.close();
}
