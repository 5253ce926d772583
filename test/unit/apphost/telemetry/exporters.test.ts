import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createTraceExporter, isLoopback } from "../../../../apphost/telemetry/exporters.ts";
import { startOtlpReceiver } from "../../../support/otlp-receiver.ts";

afterEach(() => vi.unstubAllEnvs());

/** One span, with these variables for the exporter, which reads them itself. */
async function exportSpan(env: Readonly<Record<string, string>>): Promise<string[]> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const told: string[] = [];
  const exporter = await createTraceExporter("http/protobuf", process.env, (signal, reason) =>
    told.push(`${signal}: ${reason}`),
  );
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  provider.getTracer("test").startSpan("one").end();
  await provider.shutdown();
  return told;
}

describe("an exporter", () => {
  it("asks a collector elsewhere through the user's proxy, where Node is told to use one", async () => {
    const proxy = await startOtlpReceiver();
    try {
      const told = await exportSpan({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.invalid:4318",
        NODE_USE_ENV_PROXY: "1",
        HTTP_PROXY: proxy.url,
        http_proxy: proxy.url,
        NO_PROXY: "",
        no_proxy: "",
      });
      expect(told).toEqual([]);
      expect(proxy.requests.map(({ path }) => path)).toEqual(["http://collector.invalid:4318/v1/traces"]);
    } finally {
      proxy.close();
    }
  });

  it("tells a failure, and hands the SDK none to tell to the whole process", async () => {
    const told = await exportSpan({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      OTEL_EXPORTER_OTLP_TIMEOUT: "500",
    });
    expect(told).toEqual([expect.stringMatching(/^traces: .*ECONNREFUSED/)]);
  });

  it.each([
    ["http://127.0.0.1:4318", true],
    ["http://localhost:4318/v1", true],
    ["http://[::1]:4318", true],
    ["http://127.example.org", false],
    ["https://collector:4318", false],
    ["nonsense", false],
  ])("knows whether %s is this machine: %s", (endpoint, expected) => {
    expect(isLoopback(endpoint)).toBe(expected);
  });
});
