/**
 * The exporters of the three signals, for the protocols of the settings.
 *
 * X1 A failed export is told here, and is a success for whoever batches: the SDK would hand it to a handler of the whole
 *    process. What was in it is lost, as it would be with the SDK's own handling.
 * X2 A collector on this machine is never asked through a proxy; any other as Node's own calls are (NODE_USE_ENV_PROXY).
 */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { LogRecordExporter } from "@opentelemetry/sdk-logs";
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import type { Variables } from "../options.ts";
import { endpointOf, type Protocol, readForSignal, type Signal } from "../run/telemetry-settings.ts";

export type TellFailure = (signal: Signal, reason: string) => void;

type Result = Parameters<Parameters<SpanExporter["export"]>[1]>[0];
/** Of the SDK's ExportResultCode, which is not for runtime here. */
const SUCCESS = 0;

interface Exporter<T> {
  export(items: T, done: (result: Result) => void): void;
}

/** X1. Changes the exporter itself: what else it has is the SDK's business. `onDone` hears of each end of an export. */
function watchExporter<T, E extends Exporter<T>>(
  exporter: E,
  tell: (reason: string) => void,
  onDone: (items: T) => void = () => undefined,
): E {
  const send = exporter.export.bind(exporter);
  exporter.export = (items, done) =>
    send(items, (result) => {
      onDone(items);
      if (result.code !== SUCCESS) tell(result.error === undefined ? "the export failed" : describeError(result.error));
      done({ code: SUCCESS });
    });
  return exporter;
}

export async function createTraceExporter(
  protocol: Protocol,
  env: Variables,
  tell: TellFailure,
): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await (protocol === "http/json"
    ? import("@opentelemetry/exporter-trace-otlp-http")
    : import("@opentelemetry/exporter-trace-otlp-proto"));
  const exporter: SpanExporter = new OTLPTraceExporter(agentOptions(env, "traces"));
  return watchExporter(exporter, (reason) => tell("traces", reason));
}

export async function createMetricExporter(
  protocol: Protocol,
  env: Variables,
  tell: TellFailure,
): Promise<PushMetricExporter> {
  const { OTLPMetricExporter } = await (protocol === "http/json"
    ? import("@opentelemetry/exporter-metrics-otlp-http")
    : import("@opentelemetry/exporter-metrics-otlp-proto"));
  const exporter: PushMetricExporter = new OTLPMetricExporter(agentOptions(env, "metrics"));
  return watchExporter(exporter, (reason) => tell("metrics", reason));
}

export async function createLogExporter(
  protocol: Protocol,
  env: Variables,
  tell: TellFailure,
  onDone: (lines: number) => void,
): Promise<LogRecordExporter> {
  const { OTLPLogExporter } = await (protocol === "http/json"
    ? import("@opentelemetry/exporter-logs-otlp-http")
    : import("@opentelemetry/exporter-logs-otlp-proto"));
  const exporter: LogRecordExporter = new OTLPLogExporter(agentOptions(env, "logs"));
  return watchExporter<Parameters<LogRecordExporter["export"]>[0], LogRecordExporter>(
    exporter,
    (reason) => tell("logs", reason),
    (records) => onDone(records.length),
  );
}

/** X2. The exporter's own agent knows of no proxy. One that we give knows nothing of the user's certificates either. */
function agentOptions(env: Variables, signal: Signal): { httpAgentOptions?: object } {
  const usesProxy = env["NODE_USE_ENV_PROXY"] === "1" && !isLoopback(endpointOf(env, signal));
  if (!usesProxy) return {};
  const file = (name: string) => {
    const path = readForSignal(env, signal, name).value;
    return path === "" ? undefined : readFileSync(path);
  };
  return {
    httpAgentOptions: {
      keepAlive: true,
      proxyEnv: env,
      ca: file("CERTIFICATE"),
      cert: file("CLIENT_CERTIFICATE"),
      key: file("CLIENT_KEY"),
    },
  };
}

export function isLoopback(endpoint: string): boolean {
  const host = URL.parse(endpoint)?.hostname.replace(/^\[|\]$/g, "") ?? "";
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
