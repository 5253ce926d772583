/** Runs cells of the walk: a host whose process is stopped (SIGSTOP) when the cell's phase begins, to its end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HostEvent } from "../../../simulator/common/contract/events.ts";
import { withDeadline } from "../../../simulator/common/foundation/deadline.ts";
import { sendSignal } from "../faults.ts";
import { listWatchdogs } from "../run-processes.ts";
import { expectNothingLeft, startWatchedHost } from "../stages.ts";
import { type Cell, expectExit, type Infra, type Interrupts, isBegin, isReplaced, nameCell } from "./cells.ts";

type Verdict = Extract<HostEvent, { type: "verdict" }>;

export interface CellOptions {
  /** Of `up`, without its servers and how it ends. */
  readonly args: readonly string[];
  readonly infra: Infra;
  readonly interrupts: Interrupts;
  readonly deadlineMs: number;
}

export interface CellEnd {
  readonly cell: Cell;
  readonly infra: Infra;
  readonly interrupts: Interrupts;
  readonly exitCode: number | null;
  readonly verdict: Verdict | null;
  /** The host had its verdict before it heard of the first Ctrl+C, which then comes too late to change it. */
  readonly isTooLate: boolean;
  /** What the host said of the process: its fault; null when it was only killed at its stop. */
  readonly fault: string | null;
  /** From the stop of the process to the end of the host. */
  readonly tookMs: number;
}

/** Loaded into each process of the run, of which one stops itself. */
const STOP_AT_MESSAGE = fileURLToPath(new URL("../preload/stop-at-message.mjs", import.meta.url));
/**
 * What is over sooner than a signal from here arrives stops itself: the producer when it has said its last word, and the
 * validator, which reads a small topic in no time, when it is ready.
 */
const STOPS_ITSELF: Readonly<Record<string, string>> = {
  "producer, draining": "produceFinished",
  "validator, validating": "ready",
};
const BETWEEN_INTERRUPTS_MS = 200;

/** Throws when the run does not end in time, never comes to the phase, or leaves something behind. */
export async function runCell(cell: Cell, options: CellOptions): Promise<CellEnd> {
  const { args, infra, interrupts, deadlineMs } = options;
  const { target, phase } = cell;
  const stopsItselfAt = STOPS_ITSELF[nameCell(cell)];
  const pids = new Map<string, number>();
  const faults: string[] = [];
  let runId = "";
  let stoppedAtMs: number | null = null;
  let verdict: Verdict | null = null;
  /** In the order in which the host told them. */
  let isSettled = false;
  let heardInterrupt: "beforeVerdict" | "afterVerdict" | null = null;
  const stop = () => {
    stoppedAtMs = performance.now();
    const pid = target === "watchdog" ? listWatchdogs(runId)[0] : pids.get(target);
    if (pid !== undefined && stopsItselfAt === undefined) sendSignal(pid, "SIGSTOP");
    for (let k = 0; k < interrupts; k += 1) setTimeout(() => host.process.kill("SIGINT"), k * BETWEEN_INTERRUPTS_MS);
  };
  const all = [...args, "--infra", infra, ...(phase === "idle" ? [] : ["--once"])];
  const env: Record<string, string> = { KAFKA_HOME: process.env["KAFKA_HOME"] ?? "" };
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-stop-walk-"));
  if (stopsItselfAt !== undefined) {
    env["NODE_OPTIONS"] = `--import ${STOP_AT_MESSAGE}`;
    env["TEST_STOP_RESOURCE"] = target;
    env["TEST_STOP_AT"] = stopsItselfAt;
    env["TEST_STOP_MARK"] = join(folder, "stopped");
  }
  const host = startWatchedHost(all, env, (event) => {
    if (event.type === "run") ({ runId } = event);
    if (event.type === "resource" && event.pid !== null) pids.set(event.name, event.pid);
    // Told once more when it is over.
    const isNew = event.type === "fault" && event.fault.recoveredAfterMs === null;
    if (isNew && event.fault.target === target) faults.push(event.fault.detail);
    if (event.type === "notice" && event.resource === "watchdog") faults.push(event.text);
    if (event.type === "verdict") verdict = event;
    isSettled ||= isBegin({ target: "report", phase: "starting" }, event);
    if (event.type === "stopRequested") heardInterrupt ??= isSettled ? "afterVerdict" : "beforeVerdict";
    if (stoppedAtMs === null && isBegin(cell, event)) stop();
    if (stoppedAtMs !== null && phase === "idle" && isReplaced(cell, event)) host.process.kill("SIGTERM");
  });
  try {
    await withDeadline(host.ended, { what: `the end of "${nameCell(cell)}"`, deadlineMs });
  } catch (error) {
    host.process.kill("SIGKILL");
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (stoppedAtMs === null) throw new Error("the run did not come to that phase");
  const tookMs = performance.now() - stoppedAtMs;
  await expectNothingLeft(host.cwd);
  host.dispose();
  const isTooLate = heardInterrupt === "afterVerdict";
  return {
    cell,
    infra,
    interrupts,
    exitCode: host.process.exitCode,
    verdict,
    isTooLate,
    fault: faults[0] ?? null,
    tookMs,
  };
}

/** What is wrong with an end; null when it is the right one. */
export function findProblem(end: CellEnd, messages: number): string | null {
  const { cell, infra, interrupts, exitCode, verdict, isTooLate, fault } = end;
  const shown = `exit ${exitCode}, ${verdict?.verdict ?? "no verdict"}: ${verdict?.reasons.join("; ") ?? ""}`;
  // What was told from here about a phase that was over by then.
  const expected = expectExit(cell, interrupts === 1 && isTooLate ? 0 : interrupts, infra);
  if (exitCode !== expected) return `expected exit ${expected}, got ${shown}`;
  // Everything was killed at once, whatever the verdict was or would have been.
  if (interrupts === 2) return null;
  if (cell.phase !== "idle" && verdict?.exitCode !== exitCode) return `the verdict says ${verdict?.exitCode}: ${shown}`;
  if (exitCode === 0) {
    const isExact = verdict?.processed === messages && verdict.lost === 0 && verdict.duplicated === 0;
    return isExact ? null : `processed ${verdict?.processed}, lost ${verdict?.lost}, duplicated ${verdict?.duplicated}`;
  }
  if (exitCode === 130)
    return verdict?.verdict === "interrupted" && !verdict.lost && !verdict.duplicated ? null : shown;
  // The true reason, and not what followed from it.
  const isTrue = (reason: string) =>
    infra === "native" ? reason.includes("did not answer") : fault !== null && reason.includes("hung");
  return verdict?.reasons.some(isTrue) === true ? null : shown;
}

export function formatTable(ends: readonly CellEnd[]): string {
  const rows = ends.map((end) => [
    end.infra === "native" ? `${end.cell.target} (native)` : end.cell.target,
    end.cell.phase,
    ["", "Ctrl+C", "Ctrl+C twice"][end.interrupts] ?? "",
    `exit ${end.exitCode}, ${end.verdict?.verdict ?? "no verdict"}`,
    describeFate(end),
    `${(end.tookMs / 1_000).toFixed(1)} s`,
  ]);
  const head = ["process", "stopped while", "then", "end", "what became of it", "time from there to the end"];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return `${[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}

function describeFate({ fault, exitCode }: CellEnd): string {
  if (fault !== null) return fault.replace(/^.*hung: /, "hung: ");
  return exitCode === 3 ? "given up by those who needed it, then killed" : "killed when it was asked to end";
}
