/**
 * The children of a bench: run to their end, or stopped by their own pid when the bench ends. Each leads its own process
 * group, so that Ctrl+C reaches only the bench, which then ends them in order.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { guardChild } from "./guard.ts";

const OUTPUT_CHARS_MAX = 200_000;
const STOP_MS_MAX = 60_000;

export interface CommandSpec {
  /** For errors: what it is. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Standard output is thrown away: a consumer's payloads. */
  readonly discardsOutput?: boolean;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly wallMs: number;
}

export interface RunOptions {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly onStart?: (pid: number) => void;
}

export function startCommand(spec: CommandSpec): ChildProcess {
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: spec.env,
    detached: true,
    stdio: ["ignore", spec.discardsOutput === true ? "ignore" : "pipe", "pipe"],
  });
  guardChild(child);
  return child;
}

/** Runs it to its end. Throws CHILD_EXITED with its last lines unless it ends with 0 in time. */
export async function runCommand(spec: CommandSpec, options: RunOptions): Promise<CommandResult> {
  options.signal.throwIfAborted();
  const startedMs = performance.now();
  const child = startCommand(spec);
  const output = collectOutput(child);
  const ended = describeEnd(child);
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const abort = () => void child.kill("SIGTERM");
  options.signal.addEventListener("abort", abort, { once: true });
  try {
    const how = await withDeadline(ended, { what: `the end of ${spec.name}`, deadlineMs: options.deadlineMs });
    const wallMs = performance.now() - startedMs;
    options.signal.throwIfAborted();
    if (how === "exit code 0") return { ...output, wallMs };
    throw createError("CHILD_EXITED", { resource: spec.name, how, lastLines: lastLines(output) });
  } finally {
    options.signal.removeEventListener("abort", abort);
    await stopChild(child, spec.name);
  }
}

/** SIGTERM, and SIGKILL when that takes too long. Nothing happens to one that has ended. */
export async function stopChild(child: ChildProcess, name: string): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  try {
    await withDeadline(exited, { what: `the end of ${name}`, deadlineMs: STOP_MS_MAX });
  } catch {
    // It had its time; SIGKILL cannot be refused.
    child.kill("SIGKILL");
    await exited;
  }
}

/** How a child ended, as text; it never rejects. `close` comes after `exit`, when the output is complete. */
export function describeEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`before it began: ${error.message}`));
    child.once("close", (code, signal) => resolve(code === null ? `by ${signal}` : `exit code ${code}`));
  });
}

export function collectOutput(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output.stdout = (output.stdout + text).slice(-OUTPUT_CHARS_MAX);
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output.stderr = (output.stderr + text).slice(-OUTPUT_CHARS_MAX);
  });
  return output;
}

export function lastLines({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string {
  return `${stdout}\n${stderr}`.trim().split("\n").slice(-10).join("\n");
}

/** Nothing that the shell happens to hold may steer a run: only the bench's own options count. */
export function cleanEnvironment(added: Readonly<Record<string, string>> = {}): Record<string, string> {
  const steering = /^(FLINK_APPHOST_|SIMULATOR_|REDIS_|KAFKA_(?!HOME$)|MAX_ALLOWED_TIME_MS$|NODE_OPTIONS$)/;
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !steering.test(name));
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...added };
}
