/**
 * `report.json`, schema 1. Every number was recorded in the run it describes; null means not known, never zero.
 */
import { unreachable } from "../../foundation/assert.ts";
import { formatAmount, formatCount } from "../../foundation/figures.ts";
import type { Fields } from "../../foundation/json-fields.ts";
import type { ApplyCounts } from "../metrics.ts";
import type { CheckDefinition } from "./check-catalogue.ts";

/** unknown: nothing is known to be wrong, but a fact could not be had that must be there to say so. */
export type VerdictWord = "passed" | "failed" | "unknown" | "interrupted";

export interface RoundFacts {
  readonly round: number;
  readonly firstId: number;
  readonly messages: number;
  /** Messages per second that were offered; 0 = as fast as possible. Absent: as the parameters say. */
  readonly rate?: number;
}

/** Made-up messages that went through Kafka before the clock of the first round. They are in no other figure. */
export interface WarmUpFacts {
  /** As it was asked for: `5s`, or a number of messages. */
  readonly asked: string;
  readonly outcome: WarmUpOutcome;
  /** Acknowledged by Kafka. */
  readonly sent: number;
  readonly read: number;
  /** From the moment at which producer and reader were ready. */
  readonly durationMs: number;
}

export type WarmUpOutcome =
  | { readonly kind: "finished" }
  /** The run went on without it. */
  | { readonly kind: "failed"; readonly reason: string }
  /** The run ended in the middle of it. */
  | { readonly kind: "interrupted" };

export interface ProcessUse {
  readonly name: string;
  readonly cpuMs: number;
  /** Of it, while messages were under way: from a round's first send to its last applied effect. */
  readonly loadCpuMs?: number;
  readonly rssBytesMax: number;
}

export interface Report {
  readonly schema: 1;
  readonly verdict: VerdictWord;
  readonly exitCode: number;
  /** Why it did not pass, most important first; empty when it passed. */
  readonly reasons: readonly string[];
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly infra: { readonly kafka: Infrastructure; readonly redis: Infrastructure };
  readonly machine: {
    readonly cores: number;
    readonly memoryBytes: number;
    readonly cpuModel: string;
    readonly node: string;
  };
  readonly parameters: Readonly<Record<string, string | number | boolean | null>>;
  /** In order; a further one may have another rate than the parameters say. Absent in reports of older versions. */
  readonly rounds?: readonly RoundFacts[];
  /** Null without one; absent in reports of older versions. */
  readonly warmUp?: WarmUpFacts | null;
  readonly job: {
    readonly id: string;
    readonly name: string;
    readonly topic: string;
    readonly stateKey: string;
    readonly group: string;
  };
  readonly messages: {
    readonly requested: number;
    readonly acknowledged: number;
  } & TopicMessages;
  /**
   * The messages that were not acknowledged: went out without an answer that says whether the topic has them, refused each
   * time, and never sent. Null where no ledger could be read.
   */
  readonly unacknowledged: { readonly unknown: number; readonly refused: number; readonly unsent: number } | null;
  readonly throughput: { readonly producePerSecond: number | null; readonly endToEndPerSecond: number | null };
  readonly latencyMs: {
    readonly p50: number | null;
    readonly p90: number | null;
    readonly p99: number | null;
    readonly p999: number | null;
    readonly max: number | null;
    readonly recorded: number;
    /** Records whose latency died with a TaskManager, by lost incarnation. */
    readonly missing: number | null;
  };
  readonly durationMs: {
    readonly startup: number | null;
    readonly produce: number | null;
    /** First send to last applied effect, summed over rounds. */
    readonly endToEnd: number | null;
    readonly validation: number | null;
    readonly total: number;
  };
  /**
   * Run time in µs of what intervals are measured between; null where it is not known or did not happen. No record is
   * fetched before `firstAssignment`; `lastEffect` is the largest time in the applied log.
   */
  readonly timesUs: {
    readonly hostStart: number;
    readonly firstAssignment: number | null;
    readonly firstSend: number | null;
    readonly lastAcknowledgement: number | null;
    readonly lastEffect: number | null;
  };
  readonly taskManagers: readonly {
    readonly id: string;
    readonly pid: number | null;
    readonly partitions: readonly number[];
    /** Null on Apache Flink, which does not tell it. */
    readonly processed: number | null;
    /** Of what it processed; absent in reports of earlier versions. */
    readonly latencyMs?: { readonly p50: number | null; readonly p99: number | null };
    readonly cpuMs: number;
    readonly rssBytesMax: number;
    readonly restarts: number;
  }[];
  readonly partitions: readonly PartitionReport[];
  readonly applies: ApplyCounts;
  readonly checkpoints: { readonly completed: number; readonly failed: number; readonly lastId: number };
  readonly resources: {
    readonly cpuPercentPeak: number | null;
    readonly memoryPercentAvg: number | null;
    readonly byProcess: readonly ProcessUse[];
    /** What observing cost, of the CPU time of all processes of the run under load; null without a load. */
    readonly observer: ObserverCost | null;
  };
  readonly checks: readonly Check[];
  readonly scenarios: readonly Scenario[];
  readonly samples: { readonly first: readonly SampleMessage[]; readonly last: readonly SampleMessage[] };
  readonly faults: readonly Fault[];
  /** Faults before these, of which there were too many to list. */
  readonly faultsDropped: number;
}

/** What is relied on when a report is read back: that it is one, whose it is, and that its verdict and code agree. */
export function readReport(fields: Fields): Report {
  fields.whole("schema", 1, 1);
  const verdict = fields.text("verdict", /./);
  const exitCode = fields.whole("exitCode", 0, 255);
  if ((verdict === "passed") !== (exitCode === 0)) fields.refuse("exitCode", `the code of the verdict "${verdict}"`);
  fields.text("runId", /./);
  fields.lines("reasons");
  fields.list("checks", (check) => check.text("status"));
  const messages = fields.object("messages");
  for (const name of ["processed", "lost", "duplicated"]) messages.nullable(name, () => messages.whole(name));
  fields.object("throughput");
  return fields.as<Report>();
}

/**
 * Under load: the host with its view and samples, the JobManager with heartbeats and checkpoints, and the client as a
 * whole, and of the TaskManagers their metrics and checkpoints. Servers at a given address are not in the total: theirs
 * is not known.
 */
export interface ObserverCost {
  readonly cpuMs: number;
  readonly totalCpuMs: number;
  readonly percent: number;
}

export interface Infrastructure {
  readonly mode: "external" | "docker" | "native" | "embedded";
  readonly version: string;
  /** host:port, without secrets. */
  readonly endpoint: string;
  /** Redis only; null where the server did not say. */
  readonly aof?: string | null;
  readonly fsync?: string | null;
}

/** Null where the fact behind a number is missing: not known, never zero. */
export interface TopicMessages {
  /** Records that the re-read found; null when Kafka did not show all that must be there. */
  readonly inKafka: number | null;
  readonly processed: number | null;
  readonly rejected: number | null;
  /** Records that were re-read, above the applied offsets. */
  readonly unprocessed: number | null;
  /** Offsets of somebody else's topic above the end that was asked for, or in partitions that came later: not re-read. */
  readonly notCounted: number | null;
  /** Null as well when a part of the topic could not be re-read. */
  readonly lost: number | null;
  readonly duplicated: number | null;
  readonly outOfOrder: number | null;
}

export interface PartitionReport {
  readonly p: number;
  readonly start: number;
  /** Up to where it was re-read. */
  readonly end: number;
  readonly count: number;
  readonly rejected: number;
  readonly skipped: number;
  readonly idSum: number;
  readonly idMix: number;
}

/** unknown: what had to be compared could not be read, or two facts contradict each other and neither is proven. */
export type CheckStatus = "passed" | "failed" | "unknown" | "notApplicable";

/** A comparison. `examined` is how many items it looked at; a check that examined nothing fails. */
export interface Check extends CheckDefinition {
  readonly expected: string;
  readonly actual: string;
  readonly examined: number;
  readonly status: CheckStatus;
  /** What was compared, and why it failed, is not known or does not apply. */
  readonly reason: string;
}

export type CheckCounts = Readonly<Record<CheckStatus, number>>;

export function countChecks(checks: readonly Check[]): CheckCounts {
  const count = (status: CheckStatus) => checks.filter((check) => check.status === status).length;
  return {
    passed: count("passed"),
    failed: count("failed"),
    unknown: count("unknown"),
    notApplicable: count("notApplicable"),
  };
}

export interface Scenario {
  readonly name: string;
  readonly given: string;
  readonly when: string;
  readonly then: string;
  readonly passed: boolean;
  readonly checks: readonly string[];
}

/** A message as read back from Kafka, joined with the applied log. */
export interface SampleMessage {
  readonly redis_ordered_id: number;
  readonly timestamp: string;
  readonly job_id: string;
  readonly task_id: string;
  readonly kafka_partition: number;
  readonly kafka_offset: number;
  readonly processing_stage: "source->map->sink";
  readonly payload: string;
}

export interface Fault {
  readonly kind: "processExit" | "connectionLost" | "paused";
  readonly target: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Whether somebody asked for it. */
  readonly planned: boolean;
  /** How it ended, as far as known: `signal SIGKILL`, `exit code 1`. */
  readonly detail: string;
  /**
   * From the fault to the moment the resource was ready again; null if it did not come back. On Apache Flink, of what its
   * job runs on: to the moment that job was RUNNING with all subtasks again.
   */
  readonly recoveredAfterMs: number | null;
}

/** What somebody asked for is told as such, by events, charts and reports alike. */
export function nameFault({ kind, planned }: Pick<Fault, "kind" | "planned">): string {
  if (!planned) return `fault: ${kind}`;
  switch (kind) {
    case "processExit":
      return "killed as asked";
    case "paused":
      return "paused as asked";
    case "connectionLost":
      return "disconnected as asked";
    default:
      return unreachable(kind);
  }
}

/** `, compressed by lz4`, to follow how many messages were sent; empty where they were not. */
export const describeCompression = ({ compression = "none" }: Report["parameters"]): string =>
  compression === "none" ? "" : `, compressed by ${compression}`;

/** `5,000 messages sent and 5,000 read through a topic of its own in 812 ms (5000 asked for), none of them counted`. */
export function describeWarmUp({ asked, outcome, sent, read, durationMs }: WarmUpFacts): string {
  const done =
    `${formatAmount(sent, "message")} sent and ${formatCount(read)} read through a topic of its own ` +
    `in ${formatCount(durationMs)} ms (${asked} asked for), none of them counted`;
  switch (outcome.kind) {
    case "finished":
      return done;
    case "failed":
      return `failed, and the run went on without it: ${outcome.reason}; ${done}`;
    case "interrupted":
      return `cut short by the end of the run; ${done}`;
    default:
      return unreachable(outcome);
  }
}
