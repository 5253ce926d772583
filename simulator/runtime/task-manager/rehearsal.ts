/**
 * What a TaskManager does while it waits for what it depends on: it passes made-up records through a partition of its
 * own, from the decoder to the answer of an APPLY, until the compiler has seen all of that code. Without it the first
 * 80,000 records of each of twenty processes are read by slow code, and compiling takes the CPU when the job wants it.
 *
 * Nothing of it is seen outside: store, log, counters and sums are the rehearsal's own.
 *
 * The compiler throws code away when it meets a number or an object of another form, so all are like those of a run:
 * ids in the millions (their sums are beyond 31 bits), stamps of now, offsets that go on. A test counts such returns.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { FetchedRecords } from "../../clients/kafka/assigned-partition.ts";
import { batchBaseOffset, batchNextOffset, placeBatch } from "../../clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch } from "../../clients/kafka/wire/records.ts";
import { formatMessage } from "../../common/contract/message.ts";
import { assert } from "../../common/foundation/assert.ts";
import { startRunClock } from "../../common/foundation/clock.ts";
import { createOperatorChain } from "../operators/registry.ts";
import { FlinkKafkaConsumerGroup } from "../source/flink-kafka-consumer-group.ts";
import { RecordSetDecoder } from "../source/record-set-decoder.ts";
import type { PartitionContext } from "./partition-context.ts";
import { PartitionTask } from "./partition-task.ts";
import { createTaskCounters, type TaskCounters } from "./task-counters.ts";

/** Short batches and many of them, so that whole functions are compiled, and not the inside of one loop. */
const RECORDS = 500;
/**
 * The first partition only lets the compiler learn which numbers and objects there are: what it knows of the later one's
 * is then final. That one's passes are enough for the last tier of the compiler.
 */
const PASSES = [6, 102] as const;
/** So many batches come before an APPLY has its answer, so that some are merged. It divides the passes. */
const PASSES_PER_ANSWER = 3;
/** Alive to the end: with its last object the collector would take an object's form, and the code compiled for it. */
const kept: PartitionTask[] = [];
const FIRST_ID = 5_000_000;
const MESSAGE_BYTES = 100;

/** Takes about 50 ms of CPU. Returns how many records reached the store. */
export async function rehearse(): Promise<number> {
  const counters = createTaskCounters();
  const batch = makeBatch();
  for (const passes of PASSES) await passThrough(batch, passes, counters);
  return counters.processed;
}

async function passThrough(batch: Buffer, passes: number, counters: TaskCounters): Promise<void> {
  const partition = new PartitionTask(0, createContext(counters));
  kept.push(partition);
  partition.assign({ life: "rehearsal", g: 1 });
  await nextTurn();
  for (let pass = 0; pass < passes; pass += 1) {
    placeBatch(batch, 0, pass * RECORDS, 0);
    partition.receive(makeFetched(batch));
    if (pass % PASSES_PER_ANSWER === PASSES_PER_ANSWER - 1) await nextTurn();
  }
}

/** The order of the names, and where the numbers come from, are as in the reader: one form for both. */
function makeFetched(buffer: Buffer): FetchedRecords {
  const nextOffset = batchNextOffset(buffer, 0);
  return {
    p: 0,
    buffer,
    start: 0,
    end: buffer.length,
    fetchOffset: batchBaseOffset(buffer, 0),
    nextOffset,
    lastStableOffset: nextOffset,
    highWatermark: nextOffset,
    abortedTransactions: [],
  };
}

function createContext(counters: TaskCounters): PartitionContext {
  const nothing = () => undefined;
  const never = (what: string) => () => assert(false, `${what} in the rehearsal`);
  return {
    tm: "rehearsal",
    store: {
      acquire: () => Promise.resolve({ kind: "acquired", offset: 0, lastId: 0, last: null }),
      apply: ({ prev }) => Promise.resolve({ kind: "ok", base: prev }),
    },
    appliedLog: { append: nothing },
    source: new FlinkKafkaConsumerGroup({
      reader: { assign: nothing, release: nothing, pause: nothing, resume: nothing },
      commitOffsets: () => Promise.resolve(),
      onCommitFailed: nothing,
      log: { info: nothing, warn: nothing, error: nothing },
    }),
    counters,
    clock: startRunClock(),
    decoder: new RecordSetDecoder({
      topic: "rehearsal",
      operate: createOperatorChain([]),
      onRejected: never("a rejected message"),
    }),
    report: nothing,
    onStoreLost: never("a lost store"),
    onFailed: (error) => {
      throw error;
    },
  };
}

/** The stamps of two sends, as where batches are merged; the last one is that of the batch that follows, too. */
function makeBatch(): Buffer {
  const nowUs = startRunClock().nowUs();
  const records = Array.from({ length: RECORDS }, (_, i) => {
    const isMiddle = i > RECORDS / 3 && i < RECORDS / 2;
    const value = formatMessage(FIRST_ID + i, isMiddle ? nowUs + 1_000 : nowUs, MESSAGE_BYTES);
    return { value: Buffer.from(value, "latin1") };
  });
  return encodeRecordBatch({ records, timestampMs: 0 });
}
