import { describe, expect, it } from "vitest";
import { readTelemetrySettings, traceVariables } from "../../../../apphost/run/telemetry-settings.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" };
const read = (env: Record<string, string>) => readTelemetrySettings(env, (bytes) => "1".repeat(2 * bytes));
const ALL = { traces: "http/protobuf", metrics: "http/protobuf", logs: "http/protobuf" };
const NONE = { traces: null, metrics: null, logs: null };

describe("the settings of telemetry", () => {
  it.each([
    ["nothing", {}],
    ["an empty endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: " " }],
    ["the SDK disabled", { ...ENDPOINT, OTEL_SDK_DISABLED: "TRUE" }],
    [
      "every signal switched off",
      { ...ENDPOINT, OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" },
    ],
  ])("with %s there are none", (_what, env: Record<string, string>) => {
    expect(read(env)).toBeNull();
  });

  it.each([
    ["an endpoint", ENDPOINT, ALL],
    ["the SDK not disabled", { ...ENDPOINT, OTEL_SDK_DISABLED: "false" }, ALL],
    ["one for logs alone", { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://c/l" }, { ...NONE, logs: "http/protobuf" }],
    ["a signal off", { ...ENDPOINT, OTEL_METRICS_EXPORTER: "none" }, { ...ALL, metrics: null }],
    [
      "a protocol for all and one for traces",
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf" },
      { traces: "http/protobuf", metrics: "http/json", logs: "http/json" },
    ],
  ])("with %s", (_what, env: Record<string, string>, protocols) => {
    expect(read(env)).toMatchObject({ protocols, problems: [] });
  });

  it("with a protocol that there is not, name it and leave its signal out", () => {
    const settings = read({ ...ENDPOINT, OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "grpc" });
    expect(settings?.protocols).toEqual({ ...ALL, logs: null });
    expect(settings?.problems).toEqual([
      'OTEL_EXPORTER_OTLP_LOGS_PROTOCOL is "grpc", so no logs are exported: expected http/protobuf or http/json',
    ]);
  });

  it.each([
    ["localhost:4318", "localhost:4318"],
    ["nonsense", "nonsense"],
    ["grpc://me:secret@c:4317", "grpc://me:***@c:4317"],
  ])("with %j as an endpoint, say that it is none, and send nothing to the SDK's default", (typed, shown) => {
    const settings = read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: typed });
    expect(settings?.protocols).toEqual(NONE);
    expect(settings?.problems).toEqual([
      `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is "${shown}", so no traces are exported: expected an address that begins with http:// or https://`,
    ]);
  });

  it.each([
    ["30000", 30_000],
    ["0", 5_000],
    ["soon", 5_000],
  ])("take an interval of %j as %i ms", (text, metricIntervalMs) => {
    expect(read({ ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: text })).toMatchObject({ metricIntervalMs });
  });

  it("go on with the trace of who started the host, and hand theirs to the user's programs", () => {
    const parent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const settings = read({ ...ENDPOINT, TRACEPARENT: parent });
    expect(settings).toMatchObject({ traceId: "a".repeat(32), parentSpanId: "b".repeat(16) });
    expect(traceVariables(settings, "api")).toEqual({
      OTEL_SERVICE_NAME: "api",
      TRACEPARENT: `00-${"a".repeat(32)}-${"1".repeat(16)}-01`,
    });
    const zeros = `00-${"0".repeat(32)}-${"0".repeat(16)}-01`;
    expect(read({ ...ENDPOINT, TRACEPARENT: zeros })).toMatchObject({ traceId: "1".repeat(32), parentSpanId: null });
    expect(read({ ...ENDPOINT, TRACEPARENT: "garbage" })).toMatchObject({
      traceId: "1".repeat(32),
      parentSpanId: null,
    });
  });

  it("hand on no trace where none is exported, and nothing at all where nothing is", () => {
    expect(traceVariables(read({ ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }), "api")).toEqual({
      OTEL_SERVICE_NAME: "api",
    });
    expect(traceVariables(null, "api")).toEqual({});
  });
});
