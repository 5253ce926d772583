/** The stages of a run, as its events name them, and a host that is killed when one of them begins. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { RUN_DATA_FOLDER, runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { distPath } from "./dist.ts";
import { findRunDir } from "./run-cli.ts";
import { expectNoRunProcesses, listWatchdogs } from "./run-processes.ts";

export const LEFTOVER_MS_MAX = 10_000;

/** `phase idle`, `taskmanager running`: TaskManagers are one kind. Null: the event begins no stage. */
export function stageOf(event: HostEvent): string | null {
  if (event.type === "phase") return `phase ${event.phase}`;
  return event.type === "resource" ? `${event.kind} ${event.state}` : null;
}

export interface StagedHost {
  readonly cwd: string;
  readonly process: ChildProcess;
  /** Settles when it has ended, with each stage once, in order. */
  readonly ended: Promise<readonly string[]>;
  dispose(): void;
}

/** Calls `onStage` for each stage when it is first seen, within the moment in which the host prints it. */
export function startStagedHost(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onStage: (stage: string, host: ChildProcess) => void,
): StagedHost {
  const stages: string[] = [];
  const host = startWatchedHost(args, env, (event, process) => {
    const stage = stageOf(event);
    if (stage === null || stages.includes(stage)) return;
    stages.push(stage);
    onStage(stage, process);
  });
  return { ...host, ended: host.ended.then(() => stages) };
}

/** Calls `onEvent` within the moment in which the host prints it. */
export function startWatchedHost(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onEvent: (event: HostEvent, host: ChildProcess) => void,
): Omit<StagedHost, "ended"> & { readonly ended: Promise<unknown> } {
  const cwd = mkdtempSync(join(tmpdir(), "flink-apphost-stage-"));
  const host = spawn(process.execPath, [distPath("apphost/main"), ...args, "--ui", "json"], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: host.stdout });
  lines.on("line", (line) => onEvent(JSON.parse(line) as HostEvent, host));
  return {
    cwd,
    process: host,
    ended: once(host, "close"),
    dispose: () => rmSync(cwd, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Throws, naming them, if a process, the watchdog, the socket or a data folder of the run is there after the deadline. */
export async function expectNothingLeft(cwd: string, deadlineMs = LEFTOVER_MS_MAX): Promise<void> {
  const runDir = findRunDir(cwd);
  // It was killed before it had a folder, and so before anything else.
  if (runDir === undefined || !existsSync(runFolder.state(runDir))) return;
  const runId = runDir.replace(/^.*-/, "");
  const { socket } = JSON.parse(readFileSync(runFolder.state(runDir), "utf8")) as { readonly socket: string };
  const paths = [socket, socket.replace(/\.sock$/, ".run"), join(runDir, RUN_DATA_FOLDER)];
  const endsAtMs = performance.now() + deadlineMs;
  await expectNoRunProcesses(runId, deadlineMs);
  await waitUntil(
    () => {
      const left = [...listWatchdogs(runId).map(String), ...paths.filter((path) => existsSync(path))];
      if (left.length > 0) throw new Error(left.join(", "));
      return true;
    },
    { what: `the removal of what run ${runId} had`, deadlineMs: Math.max(0, endsAtMs - performance.now()) },
  );
}

/** Runs to the end, and returns its stages and how long it took. */
export async function walkOnce(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly stages: readonly string[]; readonly tookMs: number }> {
  const startedMs = performance.now();
  const host = startStagedHost(args, env, () => undefined);
  const stages = await host.ended;
  if (host.process.exitCode !== 0)
    throw new Error(`the run ended with ${host.process.exitCode} after ${stages.at(-1)}`);
  await expectNothingLeft(host.cwd);
  host.dispose();
  return { stages, tookMs: performance.now() - startedMs };
}

/** Kills the host with SIGKILL when the stage begins, and checks that nothing is left. */
export async function killAtStage(
  stage: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const host = startStagedHost(args, env, (seen, { pid }) => {
    if (seen === stage) process.kill(pid as number, "SIGKILL");
  });
  const seen = await host.ended;
  if (!seen.includes(stage)) throw new Error(`the run did not come to that stage, but to ${seen.at(-1)}`);
  await expectNothingLeft(host.cwd);
  host.dispose();
}

/** Works on so many at a time; returns what went wrong, with the item before it. */
export async function inTurns<T>(
  items: readonly T[],
  abreast: number,
  work: (item: T) => Promise<void>,
): Promise<string[]> {
  const problems: string[] = [];
  const waiting = [...items];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item).catch((error: Error) => problems.push(`${String(item)}: ${error.message}`));
    }
  };
  await Promise.all(Array.from({ length: abreast }, lane));
  return problems;
}
