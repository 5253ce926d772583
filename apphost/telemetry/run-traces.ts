/** The run as one trace: carries out what `span-plan.ts` plans. */
import { ROOT_CONTEXT, type Span, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { BatchSpanProcessor, RandomIdGenerator, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import type { TelemetryTask } from "./messages.ts";
import { beginSpans, endSpans, planSpans, RUN, type SpanPlan, type SpanStep } from "./span-plan.ts";

/** From the end of a span to its export, so that a run can be followed. */
const EXPORT_DELAY_MS = 1_000;

export class RunTraces {
  readonly #provider: TracerProvider;
  readonly #task: TelemetryTask;
  readonly #spans = new Map<string, Span>();
  #plan: SpanPlan;
  #atUs: number;

  constructor(task: TelemetryTask, exporter: SpanExporter, resource: Resource) {
    this.#task = task;
    this.#provider = new TracerProvider({
      resource,
      idGenerator: createIdGenerator(task.settings),
      spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: EXPORT_DELAY_MS })],
    });
    const { command, runId, startedAtUs } = task;
    this.#atUs = startedAtUs;
    const attributes = { "flink_apphost.run.id": runId };
    const { plan, steps } = beginSpans({ command, atUs: startedAtUs, attributes });
    this.#plan = plan;
    this.#carryOut(steps);
  }

  take(event: HostEvent): void {
    this.#atUs = Math.max(this.#atUs, event.atUs);
    const { plan, steps } = planSpans(this.#plan, event);
    this.#plan = plan;
    this.#carryOut(steps);
  }

  /** Ends what is open, and exports the rest. */
  async close(): Promise<void> {
    this.#carryOut(endSpans(this.#plan, this.#atUs).steps);
    await this.#provider.shutdown();
  }

  #carryOut(steps: readonly SpanStep[]): void {
    for (const step of steps) {
      if (step.kind === "open") this.#open(step);
      else if (step.kind === "close") this.#close(step);
      else if (step.kind === "mark")
        this.#spans.get(step.key)?.addEvent(step.name, step.attributes, toHrTime(step.atUs));
      else this.#spans.get(step.key)?.setAttributes(step.attributes);
    }
  }

  #open({ key, parent, name, atUs, attributes }: Extract<SpanStep, { kind: "open" }>): void {
    const above = parent === null ? this.#startedBy() : (this.#spans.get(parent) ?? null);
    const context = above === null ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, above);
    const tracer = this.#provider.getTracer("flink-apphost", this.#task.version);
    this.#spans.set(key, tracer.startSpan(name, { startTime: toHrTime(atUs), attributes }, context));
  }

  #close({ key, atUs, error }: Extract<SpanStep, { kind: "close" }>): void {
    const span = this.#spans.get(key);
    this.#spans.delete(key);
    if (error !== null) span?.setStatus({ code: SpanStatusCode.ERROR, message: error });
    else if (key === RUN) span?.setStatus({ code: SpanStatusCode.OK });
    span?.end(toHrTime(atUs));
  }

  /** Who started this host is part of the same trace. */
  #startedBy(): Span | null {
    const { traceId, parentSpanId } = this.#task.settings;
    if (parentSpanId === null) return null;
    return trace.wrapSpanContext({ traceId, spanId: parentSpanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
  }
}

/** The user's programs were told the ids of the run's span before there was one. */
function createIdGenerator({ traceId, spanId }: TelemetryTask["settings"]) {
  const random = new RandomIdGenerator();
  let isFirst = true;
  return {
    generateTraceId: () => traceId,
    generateSpanId() {
      const id = isFirst ? spanId : random.generateSpanId();
      isFirst = false;
      return id;
    },
  };
}

/** Seconds and nanoseconds. */
const toHrTime = (atUs: number): [number, number] => [Math.floor(atUs / 1_000_000), (atUs % 1_000_000) * 1_000];
