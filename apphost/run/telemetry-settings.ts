/**
 * Whether and how a run is told to a collector of OpenTelemetry, from the variables of its specification. Pure.
 *
 * Which endpoint, which headers, how long to try and with which certificates the exporters read by themselves.
 */
import { maskTyped } from "../../simulator/common/foundation/mask.ts";
import type { Variables } from "../options.ts";

export const SIGNALS = ["traces", "metrics", "logs"] as const;
export type Signal = (typeof SIGNALS)[number];

export type Protocol = "http/protobuf" | "http/json";
const PROTOCOLS: readonly string[] = ["http/protobuf", "http/json"] satisfies Protocol[];

export interface TelemetrySettings {
  /** Null: this signal has no endpoint, or is switched off. */
  readonly protocols: Readonly<Record<Signal, Protocol | null>>;
  readonly metricIntervalMs: number;
  /** Of the run's own span: what is handed to the user's programs. */
  readonly traceId: string;
  readonly spanId: string;
  /** The span that started this host, if whoever did it said so in TRACEPARENT. */
  readonly parentSpanId: string | null;
  /** In words, what was asked for and cannot be had. */
  readonly problems: readonly string[];
}

/** Ids of zeros alone are none. */
const TRACE_PARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/;

/** A run of seconds is to be seen while it runs; the SDK's own default is a minute. */
const METRIC_INTERVAL_MS = 5_000;

/** Null: nobody asked for it. `randomHex` gives so many random bytes as hex digits. */
export function readTelemetrySettings(env: Variables, randomHex: (bytes: number) => string): TelemetrySettings | null {
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return null;
  const wanted = SIGNALS.filter((signal) => hasEndpoint(env, signal) && !isSwitchedOff(env, signal));
  if (wanted.length === 0) return null;
  const problems: string[] = [];
  const refuse = (signal: Signal, { name, value }: Variable, expected: string): null => {
    problems.push(`${name} is "${maskTyped(value)}", so no ${signal} are exported: expected ${expected}`);
    return null;
  };
  const choose = (signal: Signal): Protocol | null => {
    if (!wanted.includes(signal)) return null;
    const endpoint = readForSignal(env, signal, "ENDPOINT");
    // The SDK would send to its default, another collector than the user's.
    if (!isHttpAddress(endpoint.value))
      return refuse(signal, endpoint, "an address that begins with http:// or https://");
    const protocol = readForSignal(env, signal, "PROTOCOL");
    if (protocol.value === "") return "http/protobuf";
    if (PROTOCOLS.includes(protocol.value)) return protocol.value as Protocol;
    return refuse(signal, protocol, PROTOCOLS.join(" or "));
  };
  const parent = TRACE_PARENT.exec(env["TRACEPARENT"] ?? "");
  return {
    protocols: { traces: choose("traces"), metrics: choose("metrics"), logs: choose("logs") },
    metricIntervalMs: readIntervalMs(env),
    traceId: parent?.[1] ?? randomHex(16),
    spanId: randomHex(8),
    parentSpanId: parent?.[2] ?? null,
    problems,
  };
}

/** For programs of the user's, which so become part of the run's trace and have a name of their own in it. */
export function traceVariables(settings: TelemetrySettings | null, resource: string): Record<string, string> {
  if (settings === null) return {};
  const { protocols, traceId, spanId } = settings;
  return {
    OTEL_SERVICE_NAME: resource,
    ...(protocols.traces === null ? {} : { TRACEPARENT: `00-${traceId}-${spanId}-01` }),
  };
}

/** Where a signal goes, without a path that the exporter adds; empty where nowhere. */
export const endpointOf = (env: Variables, signal: Signal): string => readForSignal(env, signal, "ENDPOINT").value;

const hasEndpoint = (env: Variables, signal: Signal): boolean => endpointOf(env, signal) !== "";

const isSwitchedOff = (env: Variables, signal: Signal): boolean =>
  env[`OTEL_${signal.toUpperCase()}_EXPORTER`]?.trim() === "none";

interface Variable {
  readonly name: string;
  readonly value: string;
}

const isHttpAddress = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? "");

/** The variable of one signal counts before the one of all. */
export function readForSignal(env: Variables, signal: Signal, name: string): Variable {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`;
  const ownValue = env[own]?.trim() ?? "";
  if (ownValue !== "") return { name: own, value: ownValue };
  const common = `OTEL_EXPORTER_OTLP_${name}`;
  return { name: common, value: env[common]?.trim() ?? "" };
}

function readIntervalMs(env: Variables): number {
  const text = env["OTEL_METRIC_EXPORT_INTERVAL"]?.trim() ?? "";
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : METRIC_INTERVAL_MS;
}
