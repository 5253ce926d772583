/**
 * This runtime beside Apache Flink, on the same topic settings and the same load, each run with a Kafka and a Redis of its
 * own that have just been started and warmed: at full speed, and with the same faults at a steady rate. Flink in its best
 * shape, one TaskManager with a slot for each partition, and in the shape of this runtime, 20 processes.
 */
import type { HostEvent, ResourceKind } from "../../../simulator/common/contract/events.ts";
import { findJava, findProgram } from "../../../simulator/common/foundation/program.ts";
import { describeKills, FaultScript, KILLS } from "../fault-script.ts";
import { findFlinkVersion, findKafkaLibs, MissingPart } from "../parts.ts";
import { readPssBytes } from "../process-sampler.ts";
import { type ProductRun, type RunSpec, runProduct } from "../product-run.ts";
import { describeRun } from "../run-figures.ts";
import type { BenchCase, BenchContext, BenchSuite, CaseResult, Figures } from "../suite.ts";

interface Shape {
  readonly id: string;
  readonly title: string;
  readonly engine: "apphost" | "flink";
  readonly taskManagers: number;
  /** Enough for four faults of this engine on a machine that has nothing else to do, and no more. */
  readonly faultsLoadMs: number;
}

const own: Shape = {
  id: "apphost",
  title: "this runtime, 20 TaskManagers",
  engine: "apphost",
  taskManagers: 20,
  faultsLoadMs: 90_000,
};
const best: Shape = {
  id: "flink-1",
  title: "Flink, 1 TaskManager, 20 slots",
  engine: "flink",
  taskManagers: 1,
  faultsLoadMs: 90_000,
};
const many: Shape = {
  id: "flink-20",
  title: "Flink, 20 TaskManagers",
  engine: "flink",
  taskManagers: 20,
  faultsLoadMs: 240_000,
};
const SHAPES = [own, best, many];

const MESSAGE_SIZE = 100;
const PARTITIONS = 20;
/** A broker that has just started takes two to three times the CPU, and so would say more of itself than of the engine. */
const WARM_UP = "5s";
/** The rate of each load with faults, which every engine keeps up with while it is whole. */
const FAULTS_PER_SECOND_MAX = 10_000;
/** `--messages` are sent in this time where that is slower: a short bench has short loads. */
const FAULTS_PACE_MS = 90_000;

/** What an engine consists of: all but the servers, the producer, the host, and what proves. */
const ENGINE_KINDS: readonly ResourceKind[] = [
  "jobmanager",
  "taskmanager",
  "flink-job-simulator",
  "sql-gateway",
  "mirror",
];
const ENGINE_GROUPS = ["taskManagers", "jobManager", "other"] as const;

/** Proportional memory of all processes of the engine when the round is drained, and so at its largest. */
class EngineMemory {
  #bytes: number | null = null;
  readonly #pids = new Map<string, number>();

  take(event: HostEvent): void {
    if (event.type === "resource" && ENGINE_KINDS.includes(event.kind)) {
      if (event.pid === null) this.#pids.delete(event.name);
      else this.#pids.set(event.name, event.pid);
    }
    if (event.type === "phase" && event.phase === "validating") this.#bytes = this.#sum();
  }

  get bytes(): number | null {
    return this.#bytes;
  }

  /** Of those that have not ended. */
  #sum(): number | null {
    const all = [...this.#pids.values()].flatMap((pid) => readPssBytes(pid) ?? []);
    return all.length === 0 ? null : all.reduce((sum, bytes) => sum + bytes, 0);
  }
}

const specOf = (shape: Shape, messages: number): RunSpec => ({
  name: shape.title,
  messages,
  messageSize: MESSAGE_SIZE,
  infra: "native",
  kafka: null,
  redis: null,
  engine: shape.engine,
  taskManagers: shape.taskManagers,
  partitions: PARTITIONS,
});

async function measureLive(context: BenchContext, shape: Shape): Promise<CaseResult> {
  requireParts(shape);
  const memory = new EngineMemory();
  const run = await runProduct(context, {
    ...specOf(shape, context.options.messages),
    warmUp: WARM_UP,
    onEvent: (event) => memory.take(event),
  });
  const result = describeRun(run, { engineBytes: memory.bytes });
  return { ...result, figures: { ...result.figures, ...sumCpu(result.cpuUsPerMessage) } };
}

/** Of the engine alone, and of everything with its servers, the producer and the host. */
function sumCpu(byGroup: Figures | null): Figures {
  if (byGroup === null) return { engineCpuUs: null, allCpuUs: null };
  const sum = (groups: readonly string[]) => groups.reduce((total, group) => total + (byGroup[group] ?? 0), 0);
  return { engineCpuUs: sum(ENGINE_GROUPS), allCpuUs: sum(Object.keys(byGroup)) };
}

async function measureFaults(context: BenchContext, shape: Shape): Promise<CaseResult> {
  requireParts(shape);
  const rate = Math.max(
    1,
    Math.min(FAULTS_PER_SECOND_MAX, Math.round((context.options.messages * 1_000) / FAULTS_PACE_MS)),
  );
  const messages = Math.max(1, Math.round((rate * shape.faultsLoadMs) / 1_000));
  const script = new FaultScript(messages, (pid) => process.kill(pid, "SIGKILL"));
  const run: ProductRun = await runProduct(context, {
    ...specOf(shape, messages),
    rate,
    onEvent: (event) => script.take(event),
  });
  const result = describeRun(run);
  const { killed, missed } = script;
  if (missed.length > 0) context.say(`  over before ${missed.join(", ")} could be killed: nothing is known of that`);
  return {
    ...result,
    // Rate and CPU of a run with faults are no figures of the engine.
    figures: describeKills(killed),
    cpuUsPerMessage: null,
    raw: { ...result.raw, killed, missed, faults: run.report.faults },
  };
}

function requireParts({ engine }: Shape): void {
  if (engine === "flink" && findFlinkVersion() === undefined) {
    throw new MissingPart(
      "FLINK_HOME names no folder with Flink's jars in lib/: scripts/real-parts/fetch-flink makes one",
    );
  }
  const isHere = findKafkaLibs() !== undefined && findJava() !== undefined && findProgram("redis-server") !== undefined;
  if (!isHere) throw new MissingPart("Kafka's jars (KAFKA_HOME), java or redis-server are not here");
}

const liveCase = (shape: Shape): BenchCase => ({
  id: `engines/${shape.id}`,
  title: shape.title,
  usesBroker: false,
  isPeer: shape.engine === "flink",
  measure: (context) => measureLive(context, shape),
});

const faultsCase = (shape: Shape): BenchCase => ({
  id: `engines/${shape.id}-faults`,
  title: `${shape.title}, faults`,
  usesBroker: false,
  isPeer: shape.engine === "flink",
  measure: (context) => measureFaults(context, shape),
});

const overFlink = (flink: Shape, title: string, figure: string) => ({
  title: `${title}: this runtime / ${flink.title}`,
  over: { case: `engines/${own.id}`, figure },
  under: { case: `engines/${flink.id}`, figure },
});

export const enginesSuite: BenchSuite = {
  name: "engines",
  title:
    "this runtime and Apache Flink, 100-byte messages, 20 partitions; back: the report's recovery time; applied: until more " +
    "messages are applied than were in Kafka at the kill",
  cases: [...SHAPES.map(liveCase), ...SHAPES.map(faultsCase)],
  columns: [
    { figure: "endToEndPerSecond", title: "end to end", form: "rate" },
    { figure: "engineCpuUs", title: "CPU of engine, µs", form: "us" },
    { figure: "allCpuUs", title: "of all, µs", form: "us" },
    { figure: "engineBytes", title: "memory of engine", form: "mebibytes" },
    { figure: "startupMs", title: "start", form: "ms" },
    ...KILLS.flatMap(({ target }) => {
      const name = target.split("-", 1)[0] ?? target;
      return [
        { figure: `${name}RecoveredMs`, title: `${name} back`, form: "ms" },
        { figure: `${name}AppliedMs`, title: `${name} applied`, form: "ms" },
      ] as const;
    }),
  ],
  ratios: [best, many].flatMap((flink) => [
    overFlink(flink, "end to end", "endToEndPerSecond"),
    overFlink(flink, "CPU of engine", "engineCpuUs"),
    overFlink(flink, "memory of engine", "engineBytes"),
  ]),
  showsCpu: true,
};
