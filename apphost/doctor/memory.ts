/** Memory: what a run with these options takes, beside what is available to this process. */
import { freemem } from "node:os";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { formatAmount } from "../../simulator/common/foundation/figures.ts";
import type { InfrastructureMode } from "../drivers/driver.ts";
import type { HostOptions } from "../options.ts";
import { topicBytes } from "../topic-size.ts";
import { type MemoryRoom, readCgroupMemory, type TextReader } from "./cgroup.ts";
import { type CheckPlan, type Finding, failed, ok, warning } from "./check.ts";
import type { ServerModes } from "./lookups.ts";
import { formatBytes } from "./room.ts";

const MEBIBYTE = 1_048_576;
/** Largest resident sizes seen, in MiB: 2 and 10 million messages, 20 TaskManagers. */
const PROCESS_MIB = { host: 120, jobManager: 75, taskManager: 72, client: 65, producer: 101 } as const;
/** Of that, code of Node and of ours that all processes share. */
const SHARED_MIB = 47;
/** The JVM may use all of its heap; what an embedded broker holds comes on top of its own size. */
const KAFKA_MIB = { native: 1_024, embedded: 65 } as const;
const REDIS_MIB = { docker: 20, native: 20, embedded: 65, external: 0 } as const;

export function planMemoryChecks(context: {
  readonly options: HostOptions;
  readonly modes: () => Promise<ServerModes>;
  readonly readText: TextReader;
}): CheckPlan[] {
  const { options, readText } = context;
  return [
    {
      id: "memory",
      title: "Memory",
      neededFor: "every run",
      isAskedInfrastructure: false,
      async examine() {
        const [modes, available] = await Promise.all([context.modes(), readAvailableMemory(readText)]);
        return judgeMemory(available, { options, modes });
      },
    },
    {
      id: "embedded-memory",
      title: "Embedded Kafka",
      neededFor: "an embedded Kafka",
      isAskedInfrastructure: options.infra === "embedded",
      examine: async () => judgeEmbeddedMemory(options, (await context.modes()).kafka),
    },
  ];
}

export interface AvailableMemory {
  /** Of the whole machine. */
  readonly machineBytes: number;
  readonly swapBytes: number;
  /** null: no control group limits this process. */
  readonly group: MemoryRoom | null;
}

export async function readAvailableMemory(readText: TextReader): Promise<AvailableMemory> {
  const [memory = "", group] = await Promise.all([readText("/proc/meminfo"), readCgroupMemory(readText)]);
  return {
    machineBytes: readKibibytes(memory, "MemAvailable") ?? freemem(),
    swapBytes: readKibibytes(memory, "SwapFree") ?? 0,
    group,
  };
}

function readKibibytes(text: string, name: string): number | undefined {
  const match = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text);
  return match === null ? undefined : Number(match[1]) * 1_024;
}

export interface NeededMemory {
  /** The sum of what each process holds; code that they share counts for each. */
  readonly residentBytes: number;
  /** That code counted once, and half of a broker's heap, which is what a fresh one takes: less was not seen to work. */
  readonly ownBytes: number;
}

export function neededMemory(run: { readonly options: HostOptions; readonly modes: ServerModes }): NeededMemory {
  const { options, modes } = run;
  const { host, jobManager, taskManager, client, producer } = PROCESS_MIB;
  const ours = host + jobManager + taskManager * options.taskManagers + client + producer;
  const residentBytes = (ours + REDIS_MIB[modes.redis]) * MEBIBYTE + kafkaBytes(options, modes.kafka);
  const embedded = [modes.kafka, modes.redis].filter((mode) => mode === "embedded").length;
  // Host, JobManager, client and producer, besides the TaskManagers.
  const processes = options.taskManagers + 4 + embedded;
  const unusedBytes = modes.kafka === "native" || modes.kafka === "docker" ? kafkaBytes(options, modes.kafka) / 2 : 0;
  return { residentBytes, ownBytes: residentBytes - (processes - 1) * SHARED_MIB * MEBIBYTE - unusedBytes };
}

function kafkaBytes(options: HostOptions, mode: InfrastructureMode): number {
  switch (mode) {
    case "docker":
      return options.kafkaHeapBytes;
    case "native":
      return KAFKA_MIB.native * MEBIBYTE;
    case "embedded":
      return KAFKA_MIB.embedded * MEBIBYTE + topicBytes(options, options.messages);
    case "external":
      return 0;
    default:
      return unreachable(mode);
  }
}

export function judgeMemory(
  available: AvailableMemory,
  run: { readonly options: HostOptions; readonly modes: ServerModes },
): Finding {
  const { residentBytes, ownBytes } = neededMemory(run);
  const { machineBytes, swapBytes, group } = available;
  const isGroupNarrower = group !== null && group.availableBytes < machineBytes;
  const roomBytes = isGroupNarrower ? group.availableBytes : machineBytes;
  const limit = isGroupNarrower ? ` below the control group's limit of ${formatBytes(group.limitBytes)}` : "";
  const kafka = run.modes.kafka === "external" ? "" : ` and Kafka ${run.modes.kafka}`;
  const purpose = `${run.options.taskManagers} TaskManagers${kafka}`;
  const found = `${formatBytes(roomBytes)} available${limit}, up to ${formatBytes(residentBytes)} for ${purpose}`;
  const fix = "end other programs, or use fewer --task-managers";
  if (residentBytes <= roomBytes) return ok(found);
  const least = `at least ${formatBytes(ownBytes)} are needed`;
  if (ownBytes <= roomBytes)
    return warning(found, `it fits only as far as processes share code and leave memory unused: ${least}`, fix);
  // Outside a control group's limit a machine that has swap gets slow first; inside one the kernel kills.
  const isSwapEnough = !isGroupNarrower && ownBytes <= roomBytes + swapBytes;
  if (isSwapEnough) return warning(found, `${least}: the machine would swap, and the run would be slow`, fix);
  return failed(found, `${least}: the kernel would kill processes of the run`, fix);
}

/** null: another Kafka is used. */
export function judgeEmbeddedMemory(options: HostOptions, mode: InfrastructureMode): Finding | null {
  if (mode !== "embedded") return null;
  const neededBytes = topicBytes(options, options.messages);
  const bound = formatBytes(options.embeddedMemoryBytes);
  const found = `${formatAmount(options.messages, "message")} take ${formatBytes(neededBytes)} of --embedded-memory ${bound}`;
  if (neededBytes <= options.embeddedMemoryBytes) return ok(found);
  const fix =
    "give fewer or smaller messages, more --embedded-memory, or a Kafka with a disk (--infra native, --kafka)";
  return failed(found, "the run is refused: the embedded Kafka keeps everything in memory", fix);
}
