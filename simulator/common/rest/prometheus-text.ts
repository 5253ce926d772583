/** Metrics in the text format of Prometheus. The package that writes it is loaded at the first scrape, not at the start. */
import type { MetricFamily } from "./metric-family.ts";

/** A family without samples is left out. */
export async function writeMetricFamilies(
  families: readonly MetricFamily[],
): Promise<{ readonly contentType: string; readonly text: string }> {
  const { Counter, Gauge, Registry } = await import("prom-client");
  const registry = new Registry();
  for (const { name, help, type, samples } of families) {
    const [first] = samples;
    if (first === undefined) continue;
    const configuration = { name, help, labelNames: Object.keys(first.labels), registers: [registry] };
    switch (type) {
      case "gauge": {
        const gauge = new Gauge(configuration);
        for (const { labels, value } of samples) gauge.set(labels, value);
        break;
      }
      case "counter": {
        const counter = new Counter(configuration);
        for (const { labels, value } of samples) counter.inc(labels, value);
        break;
      }
    }
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}
