/** The figures of a run of the product. Every one comes from its report, from its events, or from /proc. */
import type { Report } from "../../simulator/common/contract/files/report.ts";
import type { Group } from "./process-sampler.ts";
import { cpuPerMessage, type ProductRun } from "./product-run.ts";
import { perSecond } from "./statistics.ts";
import type { CaseResult, Figures } from "./suite.ts";

/**
 * The measured interval, and so that of the CPU time, is first send → last applied effect; for a topic that was filled
 * before, first assignment of partitions → last applied effect. Start, validation and report lie outside.
 */
export function describeRun(run: ProductRun, more: Figures = {}): CaseResult {
  const { report, sampler } = run;
  const { firstSend, firstAssignment, lastEffect } = report.timesUs;
  const messages = report.messages.processed ?? 0;
  const fromUs = firstSend ?? firstAssignment;
  return {
    messages,
    messageSize: Number(report.parameters["messageSize"]),
    figures: {
      endToEndPerSecond: report.throughput.endToEndPerSecond,
      producePerSecond: report.throughput.producePerSecond,
      // A live run waits for its producer in between, so it has no such figure.
      drainPerSecond: firstSend === null ? perSecond(messages, firstAssignment, lastEffect) : null,
      intervalMs: fromUs === null || lastEffect === null ? null : (lastEffect - fromUs) / 1_000,
      startupMs: report.durationMs.startup,
      validationMs: report.durationMs.validation,
      p50Ms: report.latencyMs.p50,
      p99Ms: report.latencyMs.p99,
      ...more,
    },
    cpuUsPerMessage: cpuPerMessage(sampler, messages, fromUs, lastEffect),
    rssBytesMax: { ...sampler.rssBytesMax(), ...rssByGroup(report) },
    raw: {
      runId: report.runId,
      infra: report.infra,
      parameters: report.parameters,
      timesUs: report.timesUs,
      durationMs: report.durationMs,
      latencyMs: report.latencyMs,
      applies: report.applies,
      checkpoints: report.checkpoints,
      resources: report.resources,
    },
  };
}

/** The report knows the peak of each process that the run started; the largest of a group counts. */
function rssByGroup(report: Report): Partial<Record<Group, number>> {
  const largest: Partial<Record<Group, number>> = {};
  for (const { name, rssBytesMax } of report.resources.byProcess) {
    const group = groupOf(name);
    largest[group] = Math.max(largest[group] ?? 0, rssBytesMax);
  }
  return largest;
}

function groupOf(name: string): Group {
  if (name.startsWith("taskmanager-")) return "taskManagers";
  const groups: Readonly<Record<string, Group>> = {
    kafka: "broker",
    redis: "redis",
    jobmanager: "jobManager",
    producer: "producer",
    host: "host",
  };
  return groups[name] ?? "other";
}
