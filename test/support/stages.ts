/** The stages of a run, as its events name them, and a host that is killed when one of them begins. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { runFolder } from "../../simulator/common/contract/run-folder.ts";
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
  const cwd = mkdtempSync(join(tmpdir(), "flink-apphost-stage-"));
  const host = spawn(process.execPath, [distPath("apphost/main"), ...args, "--ui", "json"], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const stages: string[] = [];
  const lines = createInterface({ input: host.stdout });
  lines.on("line", (line) => {
    const stage = stageOf(JSON.parse(line) as HostEvent);
    if (stage === null || stages.includes(stage)) return;
    stages.push(stage);
    onStage(stage, host);
  });
  return {
    cwd,
    process: host,
    ended: once(host, "close").then(() => stages),
    dispose: () => rmSync(cwd, { recursive: true, force: true, maxRetries: 5 }),
  };
}

interface Left {
  readonly socket: string;
  readonly paths: readonly string[];
}

/** Throws, naming them, if a process, the watchdog, the socket or a data folder of the run is there after the deadline. */
export async function expectNothingLeft(cwd: string, deadlineMs = LEFTOVER_MS_MAX): Promise<void> {
  const runDir = findRunDir(cwd);
  // It was killed before it had a folder, and so before anything else.
  if (runDir === undefined || !existsSync(runFolder.state(runDir))) return;
  const runId = runDir.replace(/^.*-/, "");
  const { socket, paths } = JSON.parse(readFileSync(runFolder.state(runDir), "utf8")) as Left;
  const endsAtMs = performance.now() + deadlineMs;
  await expectNoRunProcesses(runId, deadlineMs);
  await waitUntil(
    () => {
      const left = [...listWatchdogs(runId).map(String), ...[socket, ...paths].filter((path) => existsSync(path))];
      if (left.length > 0) throw new Error(left.join(", "));
      return true;
    },
    { what: `the removal of what run ${runId} had`, deadlineMs: Math.max(0, endsAtMs - performance.now()) },
  );
}
