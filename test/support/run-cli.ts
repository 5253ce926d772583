/** Runs the built command line as a user would: in a folder of its own, with an environment that says nothing. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { distPath } from "./dist.ts";
import { expectNoRunProcesses } from "./run-processes.ts";

const OUTPUT_CHARS_MAX = 20_000_000;

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A folder to run in, for a second command beside the first; else a new temporary one. */
  readonly cwd?: string;
  /** As whom to run it; only root may choose. Its group has the same number. */
  readonly uid?: number;
  /** Default 90 s. */
  readonly deadlineMs?: number;
}

export interface CliResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Cli {
  readonly cwd: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** What it has printed so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** The run's folder, as soon as there is one. */
  runDir(): Promise<string>;
  runId(): Promise<string>;
  /** The events of the run so far, from its folder. */
  events(): Promise<readonly HostEvent[]>;
  waitForEvent<T extends HostEvent["type"]>(
    type: T,
    matches: (event: Extract<HostEvent, { type: T }>) => boolean,
    deadlineMs?: number,
  ): Promise<Extract<HostEvent, { type: T }>>;
  /** Waits for the end of the process. */
  end(): Promise<CliResult>;
  report(): Promise<Report>;
  /** Ends it if it still runs, checks that no process of its run is left, and removes the folder if it was its own. */
  dispose(): Promise<void>;
}

export function startCli(args: readonly string[], options: CliOptions = {}): Cli {
  const cwd = options.cwd ?? mkdtempSync(join(tmpdir(), "flink-apphost-cli-"));
  const deadlineMs = options.deadlineMs ?? 90_000;
  const child = spawn(process.execPath, [distPath("apphost/main"), ...args], {
    cwd,
    env: { ...cleanEnvironment(), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (text: Buffer) => {
    output.stdout = (output.stdout + text.toString()).slice(-OUTPUT_CHARS_MAX);
  });
  child.stderr.on("data", (text: Buffer) => {
    output.stderr = (output.stderr + text.toString()).slice(-OUTPUT_CHARS_MAX);
  });
  // `close` comes after `exit`, when the output is complete.
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal, ...output }));
  });
  const end = () =>
    withDeadline(ended, { what: `the end of "${args.join(" ")}"`, deadlineMs }).catch((error: Error) => {
      throw new Error(
        `${error.message}\nstdout: ${output.stdout.slice(-3_000)}\nstderr: ${output.stderr.slice(-3_000)}`,
      );
    });
  const runDir = () =>
    waitUntil(() => (child.exitCode === null ? findRunDir(cwd) : findEndedRunDir(cwd, output)), {
      what: `the run folder of "${args.join(" ")}"`,
      deadlineMs: 20_000,
    });
  const events = async () => readEvents(await runDir());
  return {
    cwd,
    pid: child.pid as number,
    process: child,
    output: () => ({ ...output }),
    runDir,
    runId: async () => runIdOf(await runDir()),
    events,
    async waitForEvent<T extends HostEvent["type"]>(
      type: T,
      matches: (event: Extract<HostEvent, { type: T }>) => boolean,
      waitMs = 60_000,
    ) {
      return waitUntil(
        async () => {
          const found = (await events()).find((event) => event.type === type && matches(event as never));
          if (found === undefined && child.exitCode !== null) throw new Error(`it ended before: ${output.stderr}`);
          return found as Extract<HostEvent, { type: T }> | undefined;
        },
        { what: `a ${type} event that ${matches.toString()}`, deadlineMs: waitMs },
      );
    },
    end,
    report: async () => JSON.parse(readFileSync(runFolder.report(await runDir()), "utf8")) as Report,
    async dispose() {
      const dir = findRunDir(cwd);
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await end();
      // In a borrowed folder the run belongs to another command, which may well go on.
      if (options.cwd !== undefined) return;
      if (dir !== undefined) await expectNoRunProcesses(runIdOf(dir));
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

/** Starts a command, and cleans up after the work with it. */
export async function withCli(args: readonly string[], work: (cli: Cli) => Promise<void>): Promise<void> {
  const cli = startCli(args);
  try {
    await work(cli);
  } finally {
    await cli.dispose();
  }
}

/** Runs a command to its end and cleans up after it. For questions that a report answers, pass `inspect`. */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
  inspect: (cli: Cli, result: CliResult) => Promise<void> | void = () => undefined,
): Promise<CliResult> {
  const cli = startCli(args, options);
  try {
    const result = await cli.end();
    await inspect(cli, result);
    return result;
  } finally {
    await cli.dispose();
  }
}

/** `…/runs/20261122T182424Z-0d437693` is the folder of run 0d437693. */
const runIdOf = (runDir: string): string => runDir.replace(/^.*-/, "");

/** The newest run below a folder; their names sort by time. */
/** Until a program that goes on has said what it waits for, or shows: before that it may not even have begun. */
export const waitForWords = (cli: Cli, stream: "stdout" | "stderr", words: RegExp): Promise<true> =>
  waitUntil(
    () => {
      const text = cli.output()[stream];
      if (!words.test(text)) throw new Error(text);
      return true;
    },
    { what: `words like ${words}`, deadlineMs: 60_000 },
  );

export function findRunDir(cwd: string): string | undefined {
  const runs = join(cwd, ".flink-apphost", "runs");
  if (!existsSync(runs)) return undefined;
  const newest = readdirSync(runs).sort().at(-1);
  return newest === undefined ? undefined : join(runs, newest);
}

function findEndedRunDir(cwd: string, output: { stdout: string; stderr: string }): string {
  const dir = findRunDir(cwd);
  if (dir === undefined) throw new Error(`it ended without a run folder: ${output.stdout}${output.stderr}`);
  return dir;
}

/** Whole lines only: the host may be writing the last one. */
export function readEvents(runDir: string): readonly HostEvent[] {
  const path = runFolder.events(runDir);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line) as HostEvent);
}

/** What the host reads must come from the test alone. */
function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined &&
      !/^(FLINK_APPHOST_|SIMULATOR_|KAFKA_|REDIS_|CI$|GITHUB_|MAX_ALLOWED|VITEST|NODE_ENV)/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}
