/** Merges the facts of a run into its report. Pure: every number comes from a fact, and what is not known is null. */
import type { ChecksFile } from "../../simulator/common/contract/files/checks.ts";
import type { HostFacts } from "../../simulator/common/contract/files/host-facts.ts";
import type { Ledger } from "../../simulator/common/contract/files/ledger.ts";
import type { Check, ObserverCost, ProcessUse, Report } from "../../simulator/common/contract/files/report.ts";
import type { MetricsMerge } from "./metrics-merge.ts";
import { checkLoadBalance, checkMaxTime, endToEndMs, produceMs } from "./run-checks.ts";
import { buildScenarios } from "./scenarios.ts";
import { decideVerdict } from "./verdict.ts";

export interface ReportFacts {
  readonly host: HostFacts;
  /** Null when the validator did not run or could not finish. */
  readonly checks: ChecksFile | null;
  /** Those that could be read: what was acknowledged is worth telling even when nothing could be checked. */
  readonly ledgers: readonly Ledger[];
  readonly metrics: MetricsMerge;
  readonly machine: Report["machine"];
}

export function buildReport({ host, checks, ledgers, metrics, machine }: ReportFacts): Report {
  const all: Check[] = [...(checks?.checks ?? []), checkMaxTime(host, checks), checkLoadBalance(host, checks)];
  const { config } = host;
  const messages = countMessages(host, checks, ledgers);
  const verdict = decideVerdict(host.ending, all, {
    mode: checks?.mode ?? null,
    roundsProduced: host.rounds.length,
    roundsChecked: checks?.rounds.length ?? 0,
    ownTopic: config.ownTopic,
    processed: messages.processed,
    requested: messages.requested,
  });
  return {
    schema: 1,
    ...verdict,
    runId: host.runId,
    startedAt: toIso(host.startedAtUs),
    finishedAt: toIso(host.finishedAtUs),
    infra: host.infra,
    machine,
    parameters: host.parameters,
    rounds: host.rounds,
    warmUp: host.warmUp ?? null,
    job: {
      id: config.jobId,
      name: config.jobName,
      topic: config.topic,
      stateKey: config.stateKey,
      group: config.group,
    },
    messages,
    unacknowledged: countUnacknowledged(ledgers),
    throughput: computeThroughput(checks),
    latencyMs: metrics.latencyMs(countOwn(checks)),
    durationMs: {
      startup: host.startupMs,
      produce: produceMs(checks),
      endToEnd: endToEndMs(checks),
      validation: host.validationMs ?? checks?.durationMs ?? null,
      total: (host.finishedAtUs - host.startedAtUs) / 1000,
    },
    timesUs: {
      hostStart: host.startedAtUs,
      firstAssignment: host.firstAssignedAtUs ?? null,
      firstSend: checks?.firstSendAtUs ?? null,
      lastAcknowledgement: checks?.lastAckAtUs ?? null,
      lastEffect: checks?.lastEffectAtUs ?? null,
    },
    taskManagers: host.taskManagers.map(({ id, pid, partitions, restarts }) => ({
      id,
      pid,
      partitions,
      ...describeUse(id, checks, metrics),
      ...(config.engine === "flink" ? describeFlinkUse(id, host) : {}),
      restarts,
    })),
    partitions: checks?.partitions ?? [],
    applies: metrics.applies(),
    checkpoints: host.checkpoints,
    resources: { ...host.resources, observer: sumObserver(host.resources.byProcess, metrics) },
    checks: all,
    scenarios: buildScenarios(all),
    samples: checks?.samples ?? { first: [], last: [] },
    faults: host.faults,
    faultsDropped: host.faultsDropped ?? 0,
  };
}

/** Processes that carry no message: all they do is to observe and to coordinate. */
const OBSERVERS: readonly string[] = ["host", "jobmanager", "flink-job-simulator", "sql-gateway"];

function sumObserver(byProcess: readonly ProcessUse[], metrics: MetricsMerge): ObserverCost | null {
  const sum = (uses: readonly ProcessUse[]) => uses.reduce((total, { loadCpuMs }) => total + (loadCpuMs ?? 0), 0);
  const totalCpuMs = sum(byProcess);
  if (totalCpuMs === 0) return null;
  const cpuMs = Math.round(sum(byProcess.filter(({ name }) => OBSERVERS.includes(name))) + metrics.observerCpuMs());
  return { cpuMs, totalCpuMs, percent: (100 * cpuMs) / totalCpuMs };
}

/** The share that Redis holds; when it could not be read, what the TaskManager last said. */
function describeUse(id: string, checks: ChecksFile | null, metrics: MetricsMerge) {
  const { processed, ...use } = metrics.use(id);
  return { processed: checks === null ? processed : (checks.byTaskManager[id] ?? 0), ...use };
}

/** A TaskManager of Flink says nothing to this host, which looks at its process as at any other. */
function describeFlinkUse(id: string, { resources }: HostFacts) {
  const use = resources.byProcess.find(({ name }) => name === id);
  return { processed: null, cpuMs: use?.cpuMs ?? 0, rssBytesMax: use?.rssBytesMax ?? 0 };
}

function countMessages(host: HostFacts, checks: ChecksFile | null, ledgers: readonly Ledger[]): Report["messages"] {
  const requested = host.rounds.reduce((sum, { messages }) => sum + messages, 0);
  if (checks !== null) return { ...checks.messages, requested };
  const acknowledged = ledgers.reduce((sum, ledger) => sum + ledger.acknowledged, 0);
  const unknown = { inKafka: null, processed: null, rejected: null, unprocessed: null, notCounted: null };
  return { requested, acknowledged, ...unknown, lost: null, duplicated: null, outOfOrder: null };
}

/** What was processed in this run, and not before a savepoint; null when that is not known. */
function countOwn(checks: ChecksFile | null): number | null {
  const processed = checks?.messages.processed ?? null;
  return processed === null ? null : processed - (checks?.restored ?? 0);
}

function countUnacknowledged(ledgers: readonly Ledger[]): Report["unacknowledged"] {
  if (ledgers.length === 0) return null;
  const sum = (count: (ledger: Ledger) => number) => ledgers.reduce((total, ledger) => total + count(ledger), 0);
  return {
    unknown: sum(({ unknown }) => unknown),
    refused: sum(({ refused }) => refused),
    unsent: sum(({ unsent }) => unsent),
  };
}

function computeThroughput(checks: ChecksFile | null): Report["throughput"] {
  const perSecond = (messages: number | null | undefined, ms: number | null) =>
    messages === null || messages === undefined || ms === null || ms <= 0 ? null : messages / (ms / 1000);
  return {
    producePerSecond: perSecond(checks?.messages.acknowledged, produceMs(checks)),
    endToEndPerSecond: perSecond(countOwn(checks), endToEndMs(checks)),
  };
}

const toIso = (us: number): string => new Date(us / 1000).toISOString();
