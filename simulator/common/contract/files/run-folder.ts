/**
 * What lies where in a run's folder, and who writes it. Each file has one writer.
 *
 *   host         state.json logs/ events.ndjson metrics.ndjson host-facts.json kafka-security.json
 *   producer     producer.json ledger-<round>.json positions-<round>.bin
 *   TaskManager  applied/<tm>-<incarnation>.log rejected/<tm>-<incarnation>.ndjson
 *   JobManager   checkpoints/ savepoints/
 *   validator    checks.json
 *   report       report.json report.txt metrics-digest.json
 *   whoever asks for it (`report --open`)  report.html
 */
import { join } from "node:path";

/** Data of servers that we started: the one thing of a run that is removed at its end. */
export const RUN_DATA_FOLDER = "data";

export const runFolder = {
  state: (run: string) => join(run, "state.json"),
  logs: (run: string) => join(run, "logs"),
  log: (run: string, resource: string) => join(run, "logs", `${resource}.log`),
  events: (run: string) => join(run, "events.ndjson"),
  metrics: (run: string) => join(run, "metrics.ndjson"),
  /** What the reports before have read of the metrics; of no use to anybody else. */
  metricsDigest: (run: string) => join(run, "metrics-digest.json"),
  hostFacts: (run: string) => join(run, "host-facts.json"),
  /** How one gets into a secured Kafka: with secrets, for this user alone. */
  kafkaSecurity: (run: string) => join(run, "kafka-security.json"),
  producer: (run: string) => join(run, "producer.json"),
  ledger: (run: string, round: number) => join(run, `ledger-${round}.json`),
  positions: (run: string, round: number) => join(run, `positions-${round}.bin`),
  appliedFolder: (run: string) => join(run, "applied"),
  applied: (run: string, tm: string, incarnation: string) => join(run, "applied", `${tm}-${incarnation}.log`),
  rejectedFolder: (run: string) => join(run, "rejected"),
  rejected: (run: string, tm: string, incarnation: string) => join(run, "rejected", `${tm}-${incarnation}.ndjson`),
  checkpoints: (run: string) => join(run, "checkpoints"),
  recoveries: (run: string) => join(run, "checkpoints", "recoveries.json"),
  /** Of those that were asked for without a place of their own. */
  savepoints: (run: string) => join(run, "savepoints"),
  checks: (run: string) => join(run, "checks.json"),
  report: (run: string) => join(run, "report.json"),
  reportPage: (run: string) => join(run, "report.html"),
  comparisonPage: (run: string) => join(run, "comparison.html"),
  reportText: (run: string) => join(run, "report.txt"),
  data: (run: string, resource: string) => join(run, RUN_DATA_FOLDER, resource),
} as const;
