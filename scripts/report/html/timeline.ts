/**
 * What a run's `events.ndjson` and `metrics.ndjson` tell of it over time, kept small enough to be drawn. Pure: lines go in.
 *
 * L1 A line may be anything: what it lacks is left out, what is no JSON object is counted, and types that are not known
 *    here are passed over.
 * L2 However long the run was, each series, and each list, has a bound.
 */
import type { HostEvent, ProgressEvent, UsageEvent } from "../../../simulator/common/contract/events.ts";
import type { TaskManagerMetrics } from "../../../simulator/common/contract/metrics.ts";
import { Series } from "./series.ts";

/** A name of which there are more than that is none of a run that this program can make. */
const NAMES_MAX = 1_000;
const MARKS_MAX = 500;
const PROGRESS_SECONDS = 1;

export interface Mark {
  readonly seconds: number;
  readonly kind: "phase" | "restart" | "checkpointFailed";
  /** The phase, or the resource. */
  readonly name: string;
  readonly detail: string;
}

export interface ProcessSeries {
  /** Of one core. */
  readonly cpuPercent: Series;
  readonly rssBytes: Series;
}

type Line = Readonly<Record<string, unknown>>;

export class Timeline {
  readonly produced = new Series();
  readonly processed = new Series();
  readonly lag = new Series();
  /** Of what was processed in each interval; and of all until then, which is all that older runs have. */
  readonly intervalLatency = { p50: new Series(), p99: new Series() };
  readonly latency = { p50: new Series(), p99: new Series() };
  readonly checkpointMs = new Series();
  /** Processed per second. */
  readonly taskManagers = new Map<string, Series>();
  /** From the lines of usage; and of TaskManagers alone, from what they say of themselves. */
  readonly processes = new Map<string, ProcessSeries>();
  readonly ownUse = new Map<string, ProcessSeries>();
  readonly machine: { readonly cpuPercent: Series; readonly memoryPercent: Series } = {
    cpuPercent: new Series(),
    memoryPercent: new Series(),
  };
  readonly marks: Mark[] = [];
  marksDropped = 0;
  /** Lines that are no JSON object. */
  unreadable = 0;
  endSeconds = 0;
  /** As `up`, where the run says it. */
  command: string | null = null;

  readonly #startUs: number;
  readonly #restarts = new Map<string, number>();
  readonly #newest = new Map<string, TaskManagerMetrics>();

  constructor(startUs: number) {
    this.#startUs = startUs;
  }

  /** A line of either file. */
  add(text: string): void {
    const line = parseLine(text);
    if (line === undefined) this.unreadable += 1;
    if (line === undefined || !isNumber(line["atUs"])) return;
    const seconds = (line["atUs"] - this.#startUs) / 1e6;
    if (seconds < 0) return;
    this.endSeconds = Math.max(this.endSeconds, seconds);
    if (typeof line["type"] === "string") this.#addEvent(line as unknown as HostEvent, seconds);
    else if (typeof line["tm"] === "string") this.#addMetrics(line as unknown as TaskManagerMetrics, seconds);
  }

  #addEvent(event: HostEvent, seconds: number): void {
    switch (event.type) {
      case "run":
        if (typeof event.command === "string") this.command = event.command;
        break;
      case "phase":
        this.#mark({ seconds, kind: "phase", name: String(event.phase), detail: String(event.detail ?? "") });
        break;
      case "resource":
        this.#addRestarts(event.name, event.restarts, seconds);
        break;
      case "progress":
        this.#addProgress(event, seconds);
        break;
      case "usage":
        this.#addUsage(event, seconds);
        break;
      case "checkpoint":
        if (event.status === "completed") addNumber(this.checkpointMs, seconds, event.durationMs);
        else
          this.#mark({ seconds, kind: "checkpointFailed", name: String(event.id), detail: String(event.reason ?? "") });
        break;
      default:
        // Nothing that is drawn; faults and the verdict are in the report.
        break;
    }
  }

  #addProgress(event: ProgressEvent, seconds: number): void {
    const change = (series: Series, value: unknown) => {
      if (isNumber(value)) series.addChange(seconds, value, PROGRESS_SECONDS);
    };
    change(this.produced, event.producedPerSecond);
    change(this.processed, event.processedPerSecond);
    change(this.lag, event.lag);
    addNumber(this.latency.p50, seconds, event.latencyMs?.p50);
    addNumber(this.latency.p99, seconds, event.latencyMs?.p99);
    addNumber(this.intervalLatency.p50, seconds, event.intervalLatencyMs?.p50);
    addNumber(this.intervalLatency.p99, seconds, event.intervalLatencyMs?.p99);
    for (const { name, perSecond } of listOf(event.taskManagers)) {
      const series = find(this.taskManagers, name, () => new Series());
      if (series !== undefined) change(series, perSecond);
    }
  }

  #addUsage(event: UsageEvent, seconds: number): void {
    for (const { name, cpuPercent, rssBytes } of listOf(event.processes)) {
      const series = find(this.processes, name, createProcessSeries);
      if (series === undefined) continue;
      addNumber(series.cpuPercent, seconds, cpuPercent);
      addNumber(series.rssBytes, seconds, rssBytes);
    }
    addNumber(this.machine.cpuPercent, seconds, event.machine?.cpuPercent);
    addNumber(this.machine.memoryPercent, seconds, event.machine?.memoryPercent);
  }

  #addMetrics(metrics: TaskManagerMetrics, seconds: number): void {
    const series = find(this.ownUse, metrics.tm, createProcessSeries);
    if (series === undefined) return;
    addNumber(series.rssBytes, seconds, metrics.rssBytes);
    const before = this.#newest.get(metrics.tm);
    const isSame = before?.incarnation === metrics.incarnation;
    const passedMs = before === undefined ? 0 : (metrics.atUs - before.atUs) / 1_000;
    // It tells also at each checkpoint: over a few milliseconds, what its clock of CPU time says is not to be divided.
    if (isSame && passedMs < 500 * PROGRESS_SECONDS) return;
    if (isSame) addNumber(series.cpuPercent, seconds, (100 * (metrics.cpuMs - before.cpuMs)) / passedMs);
    this.#newest.set(metrics.tm, metrics);
  }

  #addRestarts(name: string, restarts: number, seconds: number): void {
    const before = this.#restarts.get(name) ?? 0;
    if (typeof name !== "string" || !isNumber(restarts)) return;
    if (this.#restarts.size < NAMES_MAX || this.#restarts.has(name)) this.#restarts.set(name, restarts);
    if (restarts > before) this.#mark({ seconds, kind: "restart", name, detail: `restart ${restarts}` });
  }

  #mark(mark: Mark): void {
    if (this.marks.length < MARKS_MAX) this.marks.push(mark);
    else this.marksDropped += 1;
  }
}

function parseLine(text: string): Line | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === "object" && line !== null && !Array.isArray(line) ? (line as Line) : undefined;
  } catch {
    // The caller counts it, and the page says so.
    return undefined;
  }
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

const listOf = <T>(list: readonly T[] | undefined): readonly T[] =>
  Array.isArray(list) ? list.filter((one) => typeof one === "object" && one !== null) : [];

function addNumber(series: Series, seconds: number, value: unknown): void {
  if (isNumber(value)) series.add(seconds, value);
}

const createProcessSeries = (): ProcessSeries => ({ cpuPercent: new Series(), rssBytes: new Series() });

/** Undefined for what is no name, and for one too many. */
function find<T>(map: Map<string, T>, name: unknown, create: () => T): T | undefined {
  if (typeof name !== "string") return undefined;
  const known = map.get(name);
  if (known !== undefined || map.size >= NAMES_MAX) return known;
  const created = create();
  map.set(name, created);
  return created;
}
