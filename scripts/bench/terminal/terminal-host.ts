/**
 * The product's command line in a terminal, with the dashboard or without: heard through the files of its run's folder,
 * which it writes in either case.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import type { HostEvent } from "../../../simulator/common/contract/events.ts";
import { runFolder } from "../../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { createError } from "../../../simulator/common/foundation/errors.ts";
import { programPath } from "../parts.ts";
import type { Group } from "../process-sampler.ts";
import type { WrittenSample } from "./frames.ts";
import { Terminal } from "./terminal.ts";

export const COLUMNS = 120;
export const ROWS = 40;
/** Short beside what lies between two frames. */
const LOOK_INTERVAL_MS = 25;
const STOP_MS_MAX = 60_000;
const READ_BYTES_MAX = 1_048_576;

export interface TerminalHostSpec {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly ui: "tui" | "quiet";
  readonly nowUs: () => number;
  readonly onEvent: (event: HostEvent) => void;
  /** With a dashboard the host is a process of its own. */
  readonly onProcess: (group: Extract<Group, "host" | "dashboard">, pid: number) => void;
}

export class TerminalHost {
  readonly events: HostEvent[] = [];
  readonly written: WrittenSample[] = [];
  readonly terminal: Terminal;
  readonly #spec: TerminalHostSpec;
  readonly #timer: NodeJS.Timeout;
  #runDir: string | null = null;
  #hostPid: number | null = null;
  #file: number | null = null;
  #openLine = "";

  private constructor(spec: TerminalHostSpec, terminal: Terminal) {
    this.#spec = spec;
    this.terminal = terminal;
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
  }

  static async start(spec: TerminalHostSpec): Promise<TerminalHost> {
    const { args, cwd, env, ui } = spec;
    const command = [process.execPath, programPath("apphost/main"), ...args, "--ui", ui];
    return new TerminalHost(spec, await Terminal.open({ columns: COLUMNS, rows: ROWS, command, cwd, env }));
  }

  get runDir(): string | null {
    return this.#runDir;
  }

  async waitForEvent(what: string, matches: (event: HostEvent) => boolean, deadlineMs: number, signal: AbortSignal) {
    const { name } = this.#spec;
    const look = () => (this.events.some(matches) || !this.#isAlive() ? true : undefined);
    await waitUntil(look, { what: `${what} of ${name}`, deadlineMs, signal });
    this.#look();
    if (!this.events.some(matches)) throw createError("CHILD_EXITED", { resource: name, how: "early", lastLines: "" });
  }

  /** Waits for the end. Throws CHILD_EXITED unless there is a verdict that passed. */
  async end(deadlineMs: number, signal: AbortSignal): Promise<void> {
    const { name } = this.#spec;
    try {
      const look = () => (this.#isAlive() ? undefined : true);
      await waitUntil(look, { what: `the end of ${name}`, deadlineMs, signal });
      this.#look();
      const verdict = this.events.findLast((event) => event.type === "verdict");
      if (verdict?.type === "verdict" && verdict.exitCode === 0) return;
      const lastLines = verdict?.type === "verdict" ? verdict.reasons.join("; ") : "";
      throw createError("CHILD_EXITED", { resource: name, how: "without a verdict that passed", lastLines });
    } finally {
      await this.stop();
    }
  }

  /** SIGTERM, upon which it takes down what it started, and then the terminal. */
  async stop(): Promise<void> {
    try {
      if (this.#isAlive()) process.kill(this.terminal.pid, "SIGTERM");
      const look = () => (this.#isAlive() || isAlive(this.#hostPid) ? undefined : true);
      await waitUntil(look, { what: `the end of ${this.#spec.name}`, deadlineMs: STOP_MS_MAX });
    } finally {
      clearInterval(this.#timer);
      await this.terminal.close();
      if (this.#file !== null) closeSync(this.#file);
      this.#file = null;
    }
  }

  #isAlive(): boolean {
    return isAlive(this.terminal.pid);
  }

  #look(): void {
    const bytes = this.terminal.writtenBytes;
    if (bytes !== (this.written.at(-1)?.bytes ?? 0)) this.written.push({ atUs: this.#spec.nowUs(), bytes });
    this.#runDir ??= findRunDir(this.#spec.cwd);
    if (this.#runDir === null) return;
    if (this.#hostPid === null) this.#meetHost(this.#runDir);
    this.#readEvents(this.#runDir);
  }

  #meetHost(runDir: string): void {
    if (!existsSync(runFolder.state(runDir))) return;
    const { hostPid } = JSON.parse(readFileSync(runFolder.state(runDir), "utf8")) as { hostPid: number };
    this.#hostPid = hostPid;
    this.#spec.onProcess("host", hostPid);
    if (hostPid !== this.terminal.pid) this.#spec.onProcess("dashboard", this.terminal.pid);
  }

  #readEvents(runDir: string): void {
    if (this.#file === null) {
      if (!existsSync(runFolder.events(runDir))) return;
      this.#file = openSync(runFolder.events(runDir), "r");
    }
    const block = Buffer.alloc(READ_BYTES_MAX);
    const text = block.toString("utf8", 0, readSync(this.#file, block, 0, READ_BYTES_MAX, null));
    const lines = (this.#openLine + text).split("\n");
    this.#openLine = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line) as HostEvent;
      this.events.push(event);
      this.#spec.onEvent(event);
    }
  }
}

function findRunDir(cwd: string): string | null {
  const runs = join(cwd, ".flink-apphost", "runs");
  const [name] = existsSync(runs) ? readdirSync(runs).filter((entry) => /^\d{8}T\d{6}Z-/.test(entry)) : [];
  return name === undefined ? null : join(runs, name);
}

function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
