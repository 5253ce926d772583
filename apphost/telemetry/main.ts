/** The telemetry worker: makes traces, metrics and logs of a run's events and files, and exports them until it is closed. */
import { parentPort, workerData } from "node:worker_threads";
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import { present } from "../../simulator/common/foundation/assert.ts";
import { createLogExporter, createMetricExporter, createTraceExporter } from "./exporters.ts";
import type { FromWorker, TelemetryTask, ToWorker } from "./messages.ts";
import { ResourceLogs } from "./resource-logs.ts";
import { RunMetrics } from "./run-metrics.ts";
import { RunTraces } from "./run-traces.ts";

const port = present(parentPort, "the thread that started this one");
const task = workerData as TelemetryTask;
const say = (message: FromWorker) => port.postMessage(message);

await run();

async function run(): Promise<void> {
  const parts = await createParts();
  port.on("message", (message: ToWorker) => {
    switch (message.type) {
      case "event":
        parts.traces?.take(message.event);
        parts.metrics?.take(message.event);
        if (message.event.type === "notice") parts.logs?.takeNotice(message.event);
        say({ type: "taken", events: 1 });
        break;
      case "close":
        void close(parts);
        break;
    }
  });
}

interface Parts {
  readonly traces: RunTraces | null;
  readonly metrics: RunMetrics | null;
  readonly logs: ResourceLogs | null;
}

async function createParts(): Promise<Parts> {
  const { settings, runDir, version } = task;
  const { protocols } = settings;
  const tell: Parameters<typeof createTraceExporter>[2] = (signal, reason) =>
    say({ type: "exportFailed", signal, reason });
  const resource = describeHost();
  let logs: ResourceLogs | null = null;
  if (protocols.logs !== null) {
    const noteExported = (lines: number) => logs?.noteExported(lines);
    const exporter = await createLogExporter(protocols.logs, process.env, tell, noteExported);
    const resourceOf = (name: string) => describeResource(resource, name);
    logs = new ResourceLogs({ runDir, version, exporter, hostResource: resource, resourceOf });
  }
  let metrics: RunMetrics | null = null;
  if (protocols.metrics !== null) {
    const exporter = await createMetricExporter(protocols.metrics, process.env, tell);
    metrics = new RunMetrics({ task, exporter, resource, droppedLogLines: () => logs?.dropped ?? 0 });
  }
  let traces: RunTraces | null = null;
  if (protocols.traces !== null) {
    traces = new RunTraces(task, await createTraceExporter(protocols.traces, process.env, tell), resource);
  }
  return { traces, metrics, logs };
}

/** The last metrics tell how many lines were dropped, so all are read before. */
async function close({ traces, metrics, logs }: Parts): Promise<void> {
  await logs?.finishReading();
  await Promise.all([traces?.close(), metrics?.close(), logs?.close()]);
  say({ type: "closed", droppedLogLines: logs?.dropped ?? 0 });
}

/** What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say counts before what we say. */
function describeHost(): Resource {
  const { runId, version } = task;
  const own = resourceFromAttributes({
    "service.name": "flink-apphost",
    "service.version": version,
    "service.instance.id": runId,
    "flink_apphost.run.id": runId,
  });
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector];
  return defaultResource().merge(own).merge(detectResources({ detectors }));
}

/** Of the host's environment, but a service of its own. */
function describeResource(host: Resource, name: string): Resource {
  return host.merge(resourceFromAttributes({ "service.name": name, "service.instance.id": `${task.runId}/${name}` }));
}
