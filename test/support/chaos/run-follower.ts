/** Follows a run by the events that it prints under --ui json, so that faults can begin at what happens in it. */
import { EventEmitter, once } from "node:events";
import type { HostEvent, ProgressEvent, RunPhase } from "../../../simulator/common/contract/events.ts";
import type { Cli } from "../run-cli.ts";

export class RunFollower {
  readonly #changes = new EventEmitter();
  readonly #pids = new Map<string, number | null>();
  readonly #phases = new Set<RunPhase>();
  #progress: ProgressEvent | null = null;
  #holds = false;
  #rest = "";

  constructor(cli: Cli) {
    // One listener for each fault that waits.
    this.#changes.setMaxListeners(50);
    cli.process.stdout?.on("data", (text: Buffer) => this.#read(text.toString()));
  }

  /** Null before the first progress event. */
  get progress(): ProgressEvent | null {
    return this.#progress;
  }

  /** Whether it waits before the validation, as --test-hold asks for. */
  get holds(): boolean {
    return this.#holds;
  }

  hasReached(phase: RunPhase): boolean {
    return this.#phases.has(phase);
  }

  pidOf(name: string): number | null {
    return this.#pids.get(name) ?? null;
  }

  /** False when the signal came first. */
  async until(condition: () => boolean, signal: AbortSignal): Promise<boolean> {
    try {
      while (!condition()) await once(this.#changes, "change", { signal });
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  #read(text: string): void {
    const lines = `${this.#rest}${text}`.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(JSON.parse(line) as HostEvent);
    this.#changes.emit("change");
  }

  #take(event: HostEvent): void {
    switch (event.type) {
      case "progress":
        this.#progress = event;
        return;
      case "phase":
        this.#phases.add(event.phase);
        return;
      case "resource":
        this.#pids.set(event.name, event.pid);
        return;
      case "waiting":
        this.#holds ||= event.for.includes("--test-hold");
        return;
      default:
        return;
    }
  }
}
