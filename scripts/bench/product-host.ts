/**
 * The product's own command line as a child, heard through `--ui json`: the events on its standard output say when things
 * happened, and which process has which pid.
 */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { HostEvent, ResourceKind } from "../../simulator/common/contract/events.ts";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { cleanEnvironment, collectOutput, describeEnd, lastLines, startCommand, stopChild } from "./child-command.ts";
import { programPath } from "./parts.ts";
import type { Group, ProcessSampler } from "./process-sampler.ts";

export interface ProductSpec {
  readonly name: string;
  readonly args: readonly string[];
  /** Servers of others, with the password; never in the argument list. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly onEvent?: (event: HostEvent) => void;
}

export class ProductHost {
  readonly events: HostEvent[] = [];
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #output: { stdout: string; stderr: string };
  readonly #ended: Promise<string>;
  #how: string | null = null;
  /** A line on its standard output that is no event, which it promises never to write. */
  #strangeLine: string | null = null;

  constructor(spec: ProductSpec) {
    this.#name = spec.name;
    this.#child = startCommand({
      name: spec.name,
      command: process.execPath,
      args: [programPath("apphost/main"), ...spec.args, "--ui", "json"],
      cwd: spec.cwd,
      env: cleanEnvironment(spec.env),
    });
    this.#output = collectOutput(this.#child);
    this.#ended = describeEnd(this.#child).then((how) => {
      this.#how = how;
      return how;
    });
    const { stdout } = this.#child;
    if (stdout === null) return;
    createInterface({ input: stdout }).on("line", (line) => {
      const event = parseEvent(line);
      if (event === undefined) this.#strangeLine ??= line;
      else {
        this.events.push(event);
        spec.onEvent?.(event);
      }
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async waitForEvent(what: string, matches: (event: HostEvent) => boolean, deadlineMs: number, signal: AbortSignal) {
    await waitUntil(() => (this.#how !== null || this.events.some(matches) ? true : undefined), {
      what: `${what} of ${this.#name}`,
      deadlineMs,
      signal,
    });
    if (!this.events.some(matches)) throw this.#error(this.#how ?? "unexpectedly");
  }

  /** Waits for the end. Throws CHILD_EXITED unless it ends with 0. */
  async end(deadlineMs: number, signal: AbortSignal): Promise<void> {
    const abort = () => void this.#child.kill("SIGTERM");
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (signal.aborted) abort();
      const how = await withDeadline(this.#ended, { what: `the end of ${this.#name}`, deadlineMs });
      signal.throwIfAborted();
      if (how !== "exit code 0") throw this.#error(how);
      if (this.#strangeLine !== null) throw new Error(`${this.#name} wrote what is no event: ${this.#strangeLine}`);
    } finally {
      signal.removeEventListener("abort", abort);
      await this.stop();
    }
  }

  /** SIGTERM, upon which it takes down what it started. */
  stop(): Promise<void> {
    return stopChild(this.#child, this.#name);
  }

  #error(how: string): Error {
    const verdict = this.events.findLast((event) => event.type === "verdict");
    const reasons = verdict === undefined ? lastLines(this.#output) : verdict.reasons.join("; ");
    return createError("CHILD_EXITED", { resource: this.#name, how, lastLines: reasons });
  }
}

function parseEvent(line: string): HostEvent | undefined {
  try {
    return JSON.parse(line) as HostEvent;
  } catch {
    // Not JSON: the caller keeps the line, and the run fails with it.
    return undefined;
  }
}

const GROUP_OF: Readonly<Record<ResourceKind, Group>> = {
  kafka: "broker",
  redis: "redis",
  "kafka-ui": "other",
  jobmanager: "jobManager",
  taskmanager: "taskManagers",
  producer: "producer",
  "flink-job-simulator": "other",
  "sql-gateway": "other",
  mirror: "other",
  validator: "other",
  report: "other",
  "node-process": "other",
  watchdog: "other",
};

/** Watches each process of a run from the moment the host tells its pid. */
export function watchProcessOf(event: HostEvent, sampler: Pick<ProcessSampler, "watch">): void {
  if (event.type === "resource" && event.pid !== null) sampler.watch(GROUP_OF[event.kind], event.pid);
}
