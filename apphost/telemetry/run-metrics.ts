/** The figures of a run as metrics: those of its newest events, at each export. */
import type { Attributes, Histogram, Meter, ObservableResult } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { HostEvent, ProgressEvent, UsageEvent } from "../../simulator/common/contract/events.ts";
import type { ApplyCounts } from "../../simulator/common/contract/metrics.ts";
import type { TelemetryTask } from "./messages.ts";

/** The SDK wants an export to be given up before the next is due. */
const EXPORT_MS_MAX = 10_000;

type Observe = (result: ObservableResult) => void;

export class RunMetrics {
  readonly #provider: MeterProvider;
  readonly #meter: Meter;
  readonly #checkpointDuration: Histogram;
  readonly #checkpoints = { completed: 0, failed: 0 };
  #progress: ProgressEvent | null = null;
  #usage: UsageEvent | null = null;

  constructor(options: {
    readonly task: TelemetryTask;
    readonly exporter: PushMetricExporter;
    readonly resource: Resource;
    /** Log lines that could not be exported, so far. */
    readonly droppedLogLines: () => number;
  }) {
    const { task, exporter, resource, droppedLogLines } = options;
    const { metricIntervalMs } = task.settings;
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: metricIntervalMs,
      exportTimeoutMillis: Math.min(metricIntervalMs, EXPORT_MS_MAX),
    });
    this.#provider = new MeterProvider({ resource, readers: [reader] });
    this.#meter = this.#provider.getMeter("flink-apphost", task.version);
    this.#checkpointDuration = this.#meter.createHistogram("flink_apphost.checkpoint.duration", {
      unit: "ms",
      description: "From its trigger until it is durable, of each completed checkpoint.",
    });
    this.#createProgressMetrics();
    this.#createUsageMetrics();
    this.#counter("flink_apphost.checkpoints", "{checkpoint}", "Checkpoints by their status.", (result) => {
      for (const [status, count] of Object.entries(this.#checkpoints)) result.observe(count, { status });
    });
    this.#counter("flink_apphost.telemetry.dropped_log_lines", "{line}", "Lines of logs not exported.", (result) =>
      result.observe(droppedLogLines()),
    );
  }

  take(event: HostEvent): void {
    if (event.type === "progress") this.#progress = event;
    else if (event.type === "usage") this.#usage = event;
    else if (event.type === "checkpoint") {
      this.#checkpoints[event.status] += 1;
      if (event.status === "completed") this.#checkpointDuration.record(event.durationMs);
    }
  }

  /** Exports the newest figures once more. */
  close(): Promise<void> {
    return this.#provider.shutdown();
  }

  #createProgressMetrics(): void {
    const counts = ["requested", "sent", "acknowledged", "produced", "processed", "rejected"] as const;
    for (const name of counts) {
      this.#progressCounter(
        `flink_apphost.messages.${name}`,
        "{message}",
        `Messages ${name}, of all rounds.`,
        (progress) => [[progress[name], {}]],
      );
    }
    this.#progressCounter(
      "flink_apphost.applies",
      "{apply}",
      "Atomic writes to Redis by their outcome.",
      ({ applies }) =>
        (Object.keys(applies) as (keyof ApplyCounts)[]).map((outcome) => [applies[outcome], { outcome }]),
    );
    this.#progressCounter(
      "flink_apphost.taskmanager.processed",
      "{message}",
      "Messages processed by all incarnations of a TaskManager.",
      ({ taskManagers }) => taskManagers.map(({ name, processed }) => [processed, { taskmanager: name }]),
    );
    this.#progressGauge(
      "flink_apphost.messages.rate",
      "{message}/s",
      "Over the last interval, by stage.",
      (progress) => [
        [progress.acknowledgedPerSecond, { stage: "acknowledged" }],
        [progress.producedPerSecond, { stage: "produced" }],
        [progress.processedPerSecond, { stage: "processed" }],
      ],
    );
    this.#progressGauge("flink_apphost.lag", "{message}", "Produced and not processed.", ({ lag }) => [[lag, {}]]);
    this.#progressGauge(
      "flink_apphost.partition.lag",
      "{record}",
      "Records of a partition that are not applied, where its end is known.",
      ({ partitions }) => partitions.map(({ p, owner, lag }) => [lag, { partition: p, taskmanager: owner ?? "" }]),
    );
    this.#progressGauge("flink_apphost.latency", "ms", "From sending to effect, of the whole run.", ({ latencyMs }) => [
      [latencyMs.p50, { quantile: 0.5 }],
      [latencyMs.p99, { quantile: 0.99 }],
    ]);
  }

  #createUsageMetrics(): void {
    const gauge = (name: string, unit: string, description: string, figures: (usage: UsageEvent) => Figures) =>
      this.#gauge(name, unit, description, (result) => observeAll(result, this.#usage, figures));
    gauge("flink_apphost.process.cpu.utilization", "1", "Of one core, by resource.", ({ processes }) =>
      processes.map(({ name, cpuPercent }) => [cpuPercent / 100, { resource: name }]),
    );
    gauge("flink_apphost.process.memory.usage", "By", "Resident, by resource.", ({ processes }) =>
      processes.map(({ name, rssBytes }) => [rssBytes, { resource: name }]),
    );
    gauge("flink_apphost.machine.cpu.utilization", "1", "Of all cores.", ({ machine }) => [
      [machine.cpuPercent / 100, {}],
    ]);
    gauge("flink_apphost.machine.memory.utilization", "1", "Of all memory.", ({ machine }) => [
      [machine.memoryPercent / 100, {}],
    ]);
  }

  #progressCounter(
    name: string,
    unit: string,
    description: string,
    figures: (progress: ProgressEvent) => Figures,
  ): void {
    this.#counter(name, unit, description, (result) => observeAll(result, this.#progress, figures));
  }

  #progressGauge(name: string, unit: string, description: string, figures: (progress: ProgressEvent) => Figures): void {
    this.#gauge(name, unit, description, (result) => observeAll(result, this.#progress, figures));
  }

  #counter(name: string, unit: string, description: string, observe: Observe): void {
    this.#meter.createObservableCounter(name, { unit, description }).addCallback(observe);
  }

  #gauge(name: string, unit: string, description: string, observe: Observe): void {
    this.#meter.createObservableGauge(name, { unit, description }).addCallback(observe);
  }
}

/** Null: not known. */
type Figures = readonly (readonly [value: number | null, attributes: Attributes])[];

function observeAll<T>(result: ObservableResult, event: T | null, figures: (event: T) => Figures): void {
  if (event === null) return;
  for (const [value, attributes] of figures(event)) if (value !== null) result.observe(value, attributes);
}
