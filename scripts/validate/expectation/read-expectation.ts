/**
 * Loads a user's expectation, and reads both topics again for it.
 *
 *   load → (input → output), once for each slice of `pairing.ts` → the expected records of what is named
 *
 * X1 Only committed records count. A transaction that is open at the end of the output is waited for, since Flink commits
 *    a little after the checkpoint; one that stays open leaves the answer unknown. Of a run that was cut short nothing is
 *    waited for: what is committed is held against the expectation.
 * X2 What cannot be read, or loaded, is a fact that leaves the answer unknown, and no difference.
 */
import { pathToFileURL } from "node:url";
import type { ValidatorTask } from "../../../simulator/common/contract/child/tasks.ts";
import {
  type Expectation,
  type ExpectationDefinition,
  refuseExpectation,
  type TopicRecord,
} from "../../../simulator/common/contract/expectation.ts";
import { sleep } from "../../../simulator/common/foundation/deadline.ts";
import { describeError, isAppError } from "../../../simulator/common/foundation/errors.ts";
import type { KafkaAccess } from "../../../simulator/common/foundation/kafka-security.ts";
import type { Log } from "../../../simulator/common/foundation/log.ts";
import type { TopicAnswer } from "../facts.ts";
import { TopicClient } from "../topic-client.ts";
import { DELETED, rereadTopic } from "../topic-reread.ts";
import { createPartitionTally, type PartitionTally, skipUnread } from "../topic-tally.ts";
import type { Difference } from "./differences.ts";
import type { ExpectationFacts } from "./expectation-facts.ts";
import { countSlices, Pairing } from "./pairing.ts";
import { RecordReader, type TakeRecord } from "./record-reader.ts";
import { Totals } from "./totals.ts";

const ASK_INTERVAL_MS = 200;

export interface ExpectationReadOptions {
  readonly path: string;
  readonly inputTopic: string;
  readonly outputTopic: string;
  /** What Kafka holds of the input. */
  readonly input: TopicAnswer;
  /** By partition: the first offset that the job was to read; null: 0. */
  readonly inputStarts: readonly number[] | null;
  /** Why what came of it cannot be told as a whole. */
  readonly unread: readonly string[];
  readonly mode: ValidatorTask["mode"];
  readonly kafka: KafkaAccess;
  readonly clientId: string;
  readonly settleMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string, done: number, total: number) => void;
}

export async function readExpectation(options: ExpectationReadOptions): Promise<ExpectationFacts> {
  const { path, kafka, clientId, outputTopic, log, signal } = options;
  let expectation: Expectation;
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    const refusal = refuseExpectation(loaded.default);
    if (refusal !== null) return { kind: "unread", reason: `${path} ${refusal}` };
    ({ expectation } = loaded.default as ExpectationDefinition);
  } catch (error) {
    return { kind: "unread", reason: `${path} cannot be loaded: ${describeError(error)}` };
  }
  const client = await TopicClient.open({ ...kafka, clientId, topic: outputTopic, log, signal });
  try {
    return await new ExpectationRead(expectation, client, options).read();
  } catch (error) {
    if (!isAppError(error) || signal.aborted) throw error;
    return { kind: "unread", reason: describeError(error) };
  } finally {
    client.close();
  }
}

class ExpectationRead {
  readonly #expectation: Expectation;
  readonly #client: TopicClient;
  readonly #options: ExpectationReadOptions;
  readonly #unread: string[];
  #isFirst = true;

  constructor(expectation: Expectation, client: TopicClient, options: ExpectationReadOptions) {
    this.#expectation = expectation;
    this.#client = client;
    this.#options = options;
    this.#unread = [...options.unread];
  }

  async read(): Promise<ExpectationFacts> {
    const { mode, input, inputStarts, inputTopic, outputTopic } = this.#options;
    const { eachOnce, mapping } = this.#expectation;
    const isPartial = mode === "prefix";
    const output = await this.#askOutput();
    const inputs = countOffsets(input);
    const pairing =
      eachOnce === undefined && mapping === undefined ? null : new Pairing(this.#expectation, { inputs, isPartial });
    const totals = this.#expectation.totals === undefined ? null : new Totals(this.#expectation.totals);
    let [inputRecords, outputRecords] = [0, 0];
    do {
      const first = this.#isFirst ? totals : null;
      [inputRecords, outputRecords] = [0, 0];
      await this.#reread(inputTopic, { ...input, starts: inputStarts }, "the input", (record) => {
        inputRecords += 1;
        pairing?.takeInput(record);
        first?.takeInput(record);
      });
      await this.#reread(outputTopic, { ...output, starts: null }, "the output", (record) => {
        outputRecords += 1;
        pairing?.takeOutput(record);
        first?.takeOutput(record);
      });
      this.#isFirst = false;
    } while (pairing?.nextSlice() === true);
    totals?.settle();
    return {
      kind: "read",
      inputRecords,
      outputRecords,
      unread: this.#unread,
      pairing: pairing && {
        byIdentity: eachOnce !== undefined,
        hasMapping: mapping !== undefined,
        inputs: pairing.inputs,
        outputs: pairing.outputs,
        missing: pairing.missing,
        repeated: pairing.repeated,
        readings: countSlices(inputs),
        once: { count: pairing.once.count, first: await this.#explainAll(pairing, pairing.once.first) },
        mapped: { count: pairing.mapped.count, first: await this.#explainAll(pairing, pairing.mapped.first) },
      },
      totals: totals && {
        keys: totals.keys,
        unknown: totals.unknown,
        differences: { count: totals.differences.count, first: totals.differences.first.map(({ text }) => text) },
      },
    };
  }

  /** X1. */
  async #askOutput(): Promise<TopicAnswer> {
    const { settleMs, signal, outputTopic, mode } = this.#options;
    const endsAtMs = performance.now() + settleMs;
    for (;;) {
      const answer = await this.#client.ask(0);
      const open = answer.high.findIndex((high, p) => high > (answer.ends[p] ?? 0));
      if (open < 0 || mode === "prefix") return answer;
      if (performance.now() >= endsAtMs) {
        const from = answer.ends[open] ?? 0;
        this.#unread.push(`partition ${open} of ${outputTopic} has an open transaction from offset ${from} on`);
        return answer;
      }
      await sleep(ASK_INTERVAL_MS, signal);
    }
  }

  async #reread(
    topic: string,
    answer: TopicAnswer & { readonly starts: readonly number[] | null },
    name: string,
    take: TakeRecord,
  ): Promise<void> {
    const partitions = answer.ends.map((end, p) => {
      const start = answer.starts?.[p] ?? 0;
      const tally = createPartitionTally({ p, start, end: Math.max(start, end), cut: start });
      skipUnread(tally, answer.earliest[p] ?? 0, DELETED);
      return tally;
    });
    const onProgress = (done: number, total: number) =>
      this.#options.onProgress(`holding ${name} against the expectation`, done, total);
    await this.#readInto(topic, partitions, take, onProgress);
    if (!this.#isFirst) return;
    for (const { p, unread } of partitions) {
      const [gap] = unread;
      if (gap === undefined) continue;
      this.#unread.push(
        `offsets ${gap.from} to ${gap.to - 1} of partition ${p} of ${topic} could not be read: ${gap.why}`,
      );
    }
  }

  async #readInto(
    topic: string,
    partitions: readonly PartitionTally[],
    take: TakeRecord,
    onProgress: (done: number, total: number) => void,
  ): Promise<void> {
    const { cluster } = this.#client;
    await cluster.topic(topic);
    const tally = new RecordReader(topic, take);
    await rereadTopic({ cluster, topic, tally, partitions, signal: this.#options.signal, onProgress });
  }

  /** The few inputs that are named are read once more, since of an expected record only a digest was kept. */
  async #explainAll(pairing: Pairing, differences: readonly Difference[]): Promise<string[]> {
    const texts: string[] = [];
    for (const { text, expectedOf } of differences) {
      let input: TopicRecord | null = null;
      if (expectedOf !== undefined) {
        const { p, offset } = expectedOf;
        const tally = createPartitionTally({ p, start: offset, end: offset + 1, cut: 0 });
        const take = (record: TopicRecord) => {
          input = record;
        };
        await this.#readInto(this.#options.inputTopic, [tally], take, () => undefined);
      }
      texts.push(input === null ? text : `${text}; expected ${pairing.explain(input)}`);
    }
    return texts;
  }
}

const countOffsets = ({ earliest, ends }: TopicAnswer): number =>
  ends.reduce((sum, end, p) => sum + Math.max(0, end - (earliest[p] ?? 0)), 0);
