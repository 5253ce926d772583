/** What one metric is, before it is written as text. */

export type MetricLabels = Readonly<Record<string, string>>;

export interface MetricSample {
  readonly labels: MetricLabels;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  /** A counter never falls but to 0, when what counts begins again; its name ends with `_total`. */
  readonly type: "gauge" | "counter";
  readonly samples: readonly MetricSample[];
}

/** As Flink's PrometheusReporter writes a metric of this logical scope, the help included. */
export const toFlinkGauge = (scope: string, name: string, samples: readonly MetricSample[]): MetricFamily => ({
  name: `flink_${scope}_${name}`,
  help: `${name} (scope: ${scope})`,
  type: "gauge",
  samples,
});
