import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addOffsetsToTxnApi } from "../../../../simulator/clients/kafka/wire/apis/add-offsets-to-txn.ts";
import { addPartitionsToTxnApi } from "../../../../simulator/clients/kafka/wire/apis/add-partitions-to-txn.ts";
import { apiVersionsApi } from "../../../../simulator/clients/kafka/wire/apis/api-versions.ts";
import { createTopicsApi } from "../../../../simulator/clients/kafka/wire/apis/create-topics.ts";
import { endTxnApi } from "../../../../simulator/clients/kafka/wire/apis/end-txn.ts";
import { fetchApi } from "../../../../simulator/clients/kafka/wire/apis/fetch.ts";
import { initProducerIdApi } from "../../../../simulator/clients/kafka/wire/apis/init-producer-id.ts";
import { listGroupsApi } from "../../../../simulator/clients/kafka/wire/apis/list-groups.ts";
import { listOffsetsApi } from "../../../../simulator/clients/kafka/wire/apis/list-offsets.ts";
import { metadataApi } from "../../../../simulator/clients/kafka/wire/apis/metadata.ts";
import { offsetCommitApi } from "../../../../simulator/clients/kafka/wire/apis/offset-commit.ts";
import { produceApi } from "../../../../simulator/clients/kafka/wire/apis/produce.ts";
import { txnOffsetCommitApi } from "../../../../simulator/clients/kafka/wire/apis/txn-offset-commit.ts";
import { type Api, encodeRequestFrame, isFlexible } from "../../../../simulator/clients/kafka/wire/frame.ts";
import { Reader } from "../../../../simulator/clients/kafka/wire/reader.ts";
import { sealBatch } from "../../../../simulator/clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch } from "../../../../simulator/clients/kafka/wire/records.ts";
import type { Writer } from "../../../../simulator/clients/kafka/wire/writer.ts";
import { isAppError } from "../../../../simulator/common/foundation/errors.ts";
import { BrokerState } from "../../../../simulator/embedded/kafka/broker-state.ts";
import type { Outcome } from "../../../../simulator/embedded/kafka/outcome.ts";
import { handleRequest } from "../../../../simulator/embedded/kafka/request-router.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

function newState(): BrokerState {
  const identity = { host: "127.0.0.1", port: 9, clusterId: "c", firstProducerId: 1 };
  return new BrokerState(identity, 1_000_000, () => undefined);
}

/** A request frame without its size. */
function frameOf<Q, S, DQ, DS>(api: Api<Q, S, DQ, DS>, apiVersion: number, request: Q): Buffer {
  const header = { apiKey: api.key, apiVersion, correlationId: 7, clientId: "c" };
  const writeBody = (w: Writer) => api.encodeRequest(w, apiVersion, request);
  return Buffer.concat(encodeRequestFrame(header, writeBody, isFlexible(api, apiVersion))).subarray(4);
}

function handle(state: BrokerState, frame: Buffer): Outcome {
  return handleRequest(state, frame, 0, frame.length);
}

const topic = { name: "t", partitions: 2, replicationFactor: 1, assignments: [], configs: [] };
const create = frameOf(createTopicsApi, 3, { topics: [topic], timeoutMs: 1, validateOnly: false });
const batch = encodeRecordBatch({
  records: [{ value: Buffer.from("one") }, { value: Buffer.from("two") }],
  timestampMs: 1_000,
  producerId: 5,
  producerEpoch: 0,
  baseSequence: 0,
});
const produceFrame = (records: Buffer) =>
  frameOf(produceApi, 8, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1,
    topics: [{ name: "t", partitions: [{ p: 0, records: [records] }] }],
  });
const partition = { p: 0, currentLeaderEpoch: -1, fetchOffset: 0, maxBytes: 100_000 };
/** The first producer of a broker. */
const transactional = { transactionalId: "tx", producerId: 1, producerEpoch: 0 };
const frames = [
  create,
  produceFrame(batch),
  frameOf(apiVersionsApi, 2, {}),
  frameOf(metadataApi, 7, { topics: ["t", "u"], allowAutoTopicCreation: true }),
  frameOf(fetchApi, 11, {
    maxWaitMs: 100,
    minBytes: 1,
    maxBytes: 100_000,
    isolationLevel: 1,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name: "t", partitions: [partition, { ...partition, p: 1 }] }],
  }),
  frameOf(listOffsetsApi, 5, {
    isolationLevel: 0,
    topics: [{ name: "t", partitions: [{ p: 0, currentLeaderEpoch: 0, timestampMs: 500 }] }],
  }),
  frameOf(offsetCommitApi, 5, {
    group: "g",
    generation: -1,
    memberId: "",
    instanceId: null,
    topics: [{ name: "t", partitions: [{ p: 0, offset: 1, leaderEpoch: -1, metadata: null }] }],
  }),
  frameOf(initProducerIdApi, 1, { ...transactional, transactionTimeoutMs: 1_000 }),
  frameOf(addPartitionsToTxnApi, 2, {
    transactions: [{ ...transactional, verifyOnly: false, topics: [{ name: "t", partitions: [0, 1] }] }],
  }),
  frameOf(addOffsetsToTxnApi, 2, { ...transactional, group: "g" }),
  frameOf(txnOffsetCommitApi, 2, {
    ...transactional,
    group: "g",
    generation: -1,
    memberId: "",
    instanceId: null,
    topics: [{ name: "t", partitions: [{ p: 0, offset: 1, leaderEpoch: -1, metadata: null }] }],
  }),
  frameOf(endTxnApi, 2, { ...transactional, committed: true }),
];

describe("the request router", () => {
  test("Q1: every advertised version of every API is known, Produce 0-2 by name only", () => {
    const outcome = handle(newState(), frameOf(apiVersionsApi, 2, {}));
    if (outcome.kind !== "answer") throw new Error(outcome.kind);
    const { apis } = apiVersionsApi.decodeResponse(new Reader(Buffer.concat(outcome.frame), 8), 2);
    expect(apis.length).toBeGreaterThanOrEqual(12);
    for (const { apiKey, minVersion, maxVersion } of apis) {
      for (const version of [minVersion - 1, minVersion, maxVersion, maxVersion + 1]) {
        const frame = frameOf(withoutBody(apiKey), version, {});
        const served = version >= (apiKey === produceApi.key ? 3 : minVersion) && version <= maxVersion;
        const listsGroups = apiKey === listGroupsApi.key && version >= 0 && version <= 2;
        if ((apiKey === apiVersionsApi.key && !(served && version >= 3)) || listsGroups) {
          expect(handle(newState(), frame).kind).toBe("answer");
        }
        // Any other served version goes on to read the body, which is missing here.
        else if (served) expect(() => handle(newState(), frame)).toThrow(/malformed/);
        else expect(handle(newState(), frame)).toMatchObject({ kind: "close" });
      }
    }
  });

  test("a damaged request is answered, waits, or ends its connection; it never fails otherwise", () => {
    const damage = fc.array(fc.record({ at: fc.nat(400), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.nat(frames.length - 1), damage, (which, changes) => {
        const state = newState();
        handle(state, create);
        handle(state, produceFrame(batch));
        state.transactions.init("tx", 60_000, undefined);
        const frame = Buffer.from(frames[which] as Buffer);
        for (const { at, byte } of changes) frame[at % frame.length] = byte;
        expectControlled(() => handle(state, frame));
        state.close();
      }),
      { numRuns: 1_000, ...seed },
    );
  });

  test("a batch with any header and a right checksum does no harm to who reads it", () => {
    const damage = fc.array(fc.record({ at: fc.integer({ min: 21, max: 76 }), byte: fc.nat(255) }), { maxLength: 10 });
    fc.assert(
      fc.property(damage, (changes) => {
        const state = newState();
        handle(state, create);
        const strange = Buffer.from(batch);
        for (const { at, byte } of changes) strange[at] = byte;
        sealBatch(strange, 0, strange.length);
        expect(handle(state, produceFrame(strange)).kind).toBe("answer");
        // Fetch, and ListOffsets by time, read the stored batch.
        for (const frame of frames.slice(4, 6)) expect(["answer", "wait"]).toContain(handle(state, frame).kind);
      }),
      { numRuns: 500, ...seed },
    );
  });
});

/** A request of this API with a rigid header and nothing behind it. */
function withoutBody(key: number): Api<unknown, unknown> {
  const { flexibleFrom: _, ...api } = apiVersionsApi;
  return { ...api, key, encodeRequest: () => undefined };
}

function expectControlled(run: () => Outcome): void {
  try {
    const outcome = run();
    if (outcome.kind === "wait") outcome.finish();
  } catch (error) {
    if (!isAppError(error) || error.code !== "KAFKA_MALFORMED") throw error;
  }
}
