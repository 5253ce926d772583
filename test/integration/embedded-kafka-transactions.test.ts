/** Transactions of the embedded Kafka over its socket: what each request is answered, in old and in new versions. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addOffsetsToTxnApi } from "../../simulator/clients/kafka/wire/apis/add-offsets-to-txn.ts";
import { addPartitionsToTxnApi } from "../../simulator/clients/kafka/wire/apis/add-partitions-to-txn.ts";
import { deleteTopicsApi } from "../../simulator/clients/kafka/wire/apis/delete-topics.ts";
import { describeProducersApi } from "../../simulator/clients/kafka/wire/apis/describe-producers.ts";
import { describeTransactionsApi } from "../../simulator/clients/kafka/wire/apis/describe-transactions.ts";
import { endTxnApi } from "../../simulator/clients/kafka/wire/apis/end-txn.ts";
import { findCoordinatorApi } from "../../simulator/clients/kafka/wire/apis/find-coordinator.ts";
import { initProducerIdApi } from "../../simulator/clients/kafka/wire/apis/init-producer-id.ts";
import { listOffsetsApi } from "../../simulator/clients/kafka/wire/apis/list-offsets.ts";
import { listTransactionsApi } from "../../simulator/clients/kafka/wire/apis/list-transactions.ts";
import { offsetFetchApi } from "../../simulator/clients/kafka/wire/apis/offset-fetch.ts";
import { txnOffsetCommitApi } from "../../simulator/clients/kafka/wire/apis/txn-offset-commit.ts";
import { ErrorCode } from "../../simulator/clients/kafka/wire/error-codes.ts";
import { ATTRIBUTE } from "../../simulator/clients/kafka/wire/record-batch.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import {
  batchOf,
  createTopic,
  fetchRecords,
  fetchRequest,
  Peer,
  produceBatch,
  startTestBroker,
  type TestBroker,
} from "./embedded-kafka-peer.ts";

let broker: TestBroker;
const peers: Peer[] = [];

beforeAll(async () => {
  broker = await startTestBroker();
});

afterAll(async () => {
  for (const peer of peers) peer.close();
  await broker.close();
});

function connectPeer(): Peer {
  const peer = new Peer(broker.port);
  peers.push(peer);
  return peer;
}

/** One transactional producer, with the versions of a client of some age. */
class TransactionalPeer {
  readonly peer = connectPeer();
  readonly transactionalId: string;
  readonly #version: number;
  #identity = { producerId: -1, producerEpoch: -1 };
  /** The next sequence, by partition. */
  readonly #sequences = new Map<number, number>();

  constructor(transactionalId: string, version = 3) {
    this.transactionalId = transactionalId;
    this.#version = version;
  }

  get claim() {
    return { transactionalId: this.transactionalId, ...this.#identity };
  }

  async init(timeoutMs = 60_000, version = 4): Promise<number> {
    const { transactionalId } = this;
    const asked = { transactionalId, transactionTimeoutMs: timeoutMs, producerId: -1, producerEpoch: -1 };
    const { errorCode, producerId, producerEpoch } = await this.peer.request(initProducerIdApi, version, asked);
    this.#identity = { producerId, producerEpoch };
    this.#sequences.clear();
    return errorCode;
  }

  async add(topic: string, partitions: number[], verifyOnly = false, version = this.#version): Promise<number[]> {
    const transactions = [{ ...this.claim, verifyOnly, topics: [{ name: topic, partitions }] }];
    const answer = await this.peer.request(addPartitionsToTxnApi, version, { transactions });
    return answer.transactions.flatMap((each) => each.topics.flatMap((t) => t.partitions.map((p) => p.errorCode)));
  }

  async send(topic: string, p: number, records: number, version = 8): Promise<number> {
    const baseSequence = this.#sequences.get(p) ?? 0;
    const batch = batchOf(records, 5, { ...this.#identity, baseSequence, attributes: ATTRIBUTE.transactional });
    const { transactionalId } = this;
    const { errorCode } = await produceBatch(this.peer, { topic, p, batch, transactionalId, version });
    if (errorCode === ErrorCode.NONE) this.#sequences.set(p, baseSequence + records);
    return errorCode;
  }

  async addGroup(group: string): Promise<number> {
    return (await this.peer.request(addOffsetsToTxnApi, this.#version, { ...this.claim, group })).errorCode;
  }

  async commitOffset(group: string, topic: string, offset: number, member = {}, version = this.#version) {
    const topics = [{ name: topic, partitions: [{ p: 0, offset, leaderEpoch: -1, metadata: null }] }];
    const request = { ...this.claim, group, generation: -1, memberId: "", instanceId: null, ...member, topics };
    const answer = await this.peer.request(txnOffsetCommitApi, version, request);
    return answer.topics[0]?.partitions[0]?.errorCode;
  }

  async end(committed: boolean): Promise<number> {
    return (await this.peer.request(endTxnApi, this.#version, { ...this.claim, committed })).errorCode;
  }
}

const fetchCommitted = (peer: Peer, topic: string, fetchOffset: number, limits = {}) =>
  fetchRecords(peer, { ...fetchRequest(topic, [{ p: 0, fetchOffset }], limits), isolationLevel: 1 });

async function committedOffset(peer: Peer, group: string, topic: string, requireStable: boolean) {
  const topics = [{ name: topic, partitions: [0] }];
  const groups = [{ group, memberId: null, generation: -1, topics }];
  const answer = await peer.request(offsetFetchApi, 8, { groups, requireStable });
  const { offset, errorCode } = answer.groups[0]?.topics[0]?.partitions[0] ?? {};
  return { offset, errorCode };
}

describe("reading", () => {
  test("committed records end at the last stable offset, and aborted transactions are listed", async () => {
    const [first, second] = [new TransactionalPeer("r1"), new TransactionalPeer("r2")];
    await createTopic(first.peer, "r");
    for (const producer of [first, second]) {
      expect(await producer.init()).toBe(ErrorCode.NONE);
      expect(await producer.add("r", [0])).toEqual([ErrorCode.NONE]);
    }
    await first.send("r", 0, 10);
    await second.send("r", 0, 10);
    await produceBatch(first.peer, { topic: "r", p: 0, batch: batchOf(10, 5) });
    const open = await fetchCommitted(first.peer, "r", 0);
    expect(open.partitions[0]).toMatchObject({ highWatermark: 30, lastStableOffset: 0, abortedTransactions: [] });
    expect(open.partitions[0]?.records).toHaveLength(0);
    const all = await fetchRecords(first.peer, fetchRequest("r", [{ p: 0, fetchOffset: 0 }]));
    expect(all.partitions[0]).toMatchObject({ highWatermark: 30, abortedTransactions: null });
    expect(await first.end(true)).toBe(ErrorCode.NONE);
    const half = await fetchCommitted(first.peer, "r", 0);
    expect(half.partitions[0]).toMatchObject({ highWatermark: 31, lastStableOffset: 10, abortedTransactions: [] });
    expect(half.partitions[0]?.records).toHaveLength(batchOf(10, 5).length);
    expect(await second.end(false)).toBe(ErrorCode.NONE);
    const aborted = [{ producerId: second.claim.producerId, firstOffset: 10 }];
    const whole = await fetchCommitted(first.peer, "r", 0);
    expect(whole.partitions[0]).toMatchObject({ lastStableOffset: 32, abortedTransactions: aborted });
    // From the middle of it on, and after it.
    expect((await fetchCommitted(first.peer, "r", 25)).partitions[0]?.abortedTransactions).toEqual(aborted);
    expect((await fetchCommitted(first.peer, "r", 32)).partitions[0]?.abortedTransactions).toEqual([]);
  });

  test("the latest offset, and offsets by time, end there too", async () => {
    const producer = new TransactionalPeer("lo");
    await createTopic(producer.peer, "lo");
    await producer.init();
    await produceBatch(producer.peer, { topic: "lo", p: 0, batch: batchOf(3, 5) });
    await producer.add("lo", [0]);
    await producer.send("lo", 0, 4);
    const offsetOf = async (isolationLevel: number, timestampMs: number) => {
      const topics = [{ name: "lo", partitions: [{ p: 0, currentLeaderEpoch: -1, timestampMs }] }];
      const listed = await producer.peer.request(listOffsetsApi, 7, { isolationLevel, topics });
      return listed.topics[0]?.partitions[0]?.offset;
    };
    expect(await offsetOf(0, -1)).toBe(7);
    expect(await offsetOf(1, -1)).toBe(3);
    expect(await offsetOf(1, 1)).toBe(0);
    await producer.end(true);
    expect(await offsetOf(1, -1)).toBe(8);
    // The marker is younger than the records, which are of 1970, and is found by those who read all or committed ones.
    const now = Date.now() - 60_000;
    expect(await offsetOf(1, now)).toBe(7);
    await producer.add("lo", [0]);
    await producer.send("lo", 0, 1);
    await producer.end(true);
    expect(await offsetOf(0, now)).toBe(7);
  });

  test("F3: a long poll for committed records sleeps through an open transaction, and wakes with its end", async () => {
    const producer = new TransactionalPeer("lp");
    const reader = connectPeer();
    await createTopic(producer.peer, "lp");
    await producer.init();
    await producer.add("lp", [0]);
    const answered: string[] = [];
    const poll = fetchCommitted(reader, "lp", 0, { maxWaitMs: 20_000 }).then((fetched) => {
      answered.push("fetch");
      return fetched;
    });
    const waiting = () => (broker.state.topics.waiters.waiting > 0 ? true : undefined);
    await waitUntil(waiting, { what: "the fetch waits", deadlineMs: 60_000 });
    await producer.send("lp", 0, 100);
    answered.push("sent");
    await producer.end(true);
    expect((await poll).partitions[0]).toMatchObject({ lastStableOffset: 101 });
    expect(answered).toEqual(["sent", "fetch"]);
  });
});

describe("writing", () => {
  test("only what was added to an open transaction of this producer is taken", async () => {
    const producer = new TransactionalPeer("w");
    await createTopic(producer.peer, "w", 2);
    await producer.init();
    expect(await producer.send("w", 0, 1, 8)).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(await producer.send("w", 0, 1, 11)).toBe(ErrorCode.TRANSACTION_ABORTABLE);
    expect(await producer.add("w", [0, 7])).toEqual([
      ErrorCode.OPERATION_NOT_ATTEMPTED,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
    expect(await producer.add("w", [0])).toEqual([ErrorCode.NONE]);
    expect(await producer.send("w", 0, 1)).toBe(ErrorCode.NONE);
    expect(await producer.send("w", 1, 1)).toBe(ErrorCode.INVALID_TXN_STATE);
    // Beside its transaction it writes nothing; others do.
    const { producerId, producerEpoch } = producer.claim;
    const plain = batchOf(1, 1, { producerId, producerEpoch, baseSequence: 1 });
    expect(await produceBatch(producer.peer, { topic: "w", p: 0, batch: plain })).toMatchObject({
      errorCode: ErrorCode.INVALID_TXN_STATE,
    });
    const other = batchOf(1, 1, { producerId: 1, producerEpoch: 0, baseSequence: 0 });
    expect(await produceBatch(producer.peer, { topic: "w", p: 0, batch: other })).toMatchObject({ errorCode: 0 });
    expect(await producer.add("w", [0, 1], true, 5)).toEqual([ErrorCode.NONE, ErrorCode.TRANSACTION_ABORTABLE]);
    expect(await producer.end(true)).toBe(ErrorCode.NONE);
    expect(await producer.end(true)).toBe(ErrorCode.NONE);
    expect(await producer.end(false)).toBe(ErrorCode.INVALID_TXN_STATE);
  });

  test.each([
    ["an old client", 1, 1, ErrorCode.INVALID_PRODUCER_EPOCH],
    ["a newer client", 3, 4, ErrorCode.PRODUCER_FENCED],
  ])("%s that is fenced is told so in everything it does", async (_, version, initVersion, code) => {
    const zombie = new TransactionalPeer(`z${version}`, version);
    const successor = new TransactionalPeer(`z${version}`);
    const topic = `z${version}`;
    await createTopic(zombie.peer, topic);
    await zombie.init(60_000, initVersion);
    await zombie.add(topic, [0]);
    await zombie.addGroup("g-z");
    await zombie.send(topic, 0, 5);
    expect(await successor.init()).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
    expect(await successor.init()).toBe(ErrorCode.NONE);
    expect(await zombie.send(topic, 0, 5)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(await zombie.add(topic, [0])).toEqual([code]);
    expect(await zombie.addGroup("g-z")).toBe(code);
    expect(await zombie.commitOffset("g-z", topic, 1)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(await zombie.end(true)).toBe(code);
    const { partitions } = await fetchCommitted(zombie.peer, topic, 0);
    expect(partitions[0]).toMatchObject({ lastStableOffset: 6, abortedTransactions: [{ firstOffset: 0 }] });
  });

  test("C3: the broker aborts a transaction whose time is over", async () => {
    const producer = new TransactionalPeer("to");
    await createTopic(producer.peer, "to");
    await producer.init(200);
    await producer.add("to", [0]);
    await producer.send("to", 0, 5);
    const ended = () => (broker.state.transactions.find("to")?.state.kind === "CompleteAbort" ? true : undefined);
    await waitUntil(ended, { what: "the time-out", deadlineMs: 60_000 });
    expect(await producer.end(true)).toBe(ErrorCode.PRODUCER_FENCED);
    const { partitions } = await fetchCommitted(producer.peer, "to", 0);
    expect(partitions[0]).toMatchObject({ lastStableOffset: 6, abortedTransactions: [{ firstOffset: 0 }] });
  });

  test("unknown ids, empty ids, and impossible time-outs have their errors", async () => {
    const producer = new TransactionalPeer("never");
    await createTopic(producer.peer, "u");
    expect(await producer.add("u", [0])).toEqual([ErrorCode.INVALID_PRODUCER_ID_MAPPING]);
    expect(await producer.end(true)).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
    expect(await producer.init(900_001)).toBe(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
    expect(await new TransactionalPeer("").init()).toBe(ErrorCode.INVALID_REQUEST);
    const asked = { keys: ["never"], keyType: 1 };
    const { coordinators } = await producer.peer.request(findCoordinatorApi, 6, asked);
    expect(coordinators).toMatchObject([{ errorCode: ErrorCode.NONE, port: broker.port }]);
  });
});

describe("positions in a transaction", () => {
  test("they count from the commit on, and a stable reader is told to ask again until then", async () => {
    const producer = new TransactionalPeer("p", 3);
    await createTopic(producer.peer, "p");
    await producer.init();
    expect(await producer.commitOffset("g-p", "p", 3)).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(await producer.commitOffset("g-p", "p", 3, {}, 4)).toBe(ErrorCode.TRANSACTION_ABORTABLE);
    const run = async (offset: number, committed: boolean) => {
      expect(await producer.addGroup("g-p")).toBe(ErrorCode.NONE);
      expect(await producer.commitOffset("g-p", "p", offset)).toBe(ErrorCode.NONE);
      const pending = await committedOffset(producer.peer, "g-p", "p", true);
      expect(pending).toEqual({ offset: -1, errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT });
      const before = await committedOffset(producer.peer, "g-p", "p", false);
      expect(await producer.end(committed)).toBe(ErrorCode.NONE);
      return { before, after: await committedOffset(producer.peer, "g-p", "p", true) };
    };
    const at = (offset: number) => ({ offset, errorCode: ErrorCode.NONE });
    expect(await run(3, true)).toEqual({ before: at(-1), after: at(3) });
    expect(await run(9, false)).toEqual({ before: at(3), after: at(3) });
  });

  test("a member that the group does not know commits none", async () => {
    const producer = new TransactionalPeer("pm");
    await createTopic(producer.peer, "pm");
    await producer.init();
    await producer.addGroup("g-pm");
    const stranger = { generation: 4, memberId: "stranger" };
    expect(await producer.commitOffset("g-pm", "pm", 1, stranger)).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(await producer.commitOffset("g-pm", "nowhere", 1)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await producer.end(false)).toBe(ErrorCode.NONE);
  });
});

describe("administrators", () => {
  test("see who has which transaction, since where, and what became of it", async () => {
    const producer = new TransactionalPeer("a");
    const { peer } = producer;
    await createTopic(peer, "a", 2);
    await producer.init();
    const describeOne = async (transactionalId: string) =>
      (await peer.request(describeTransactionsApi, 0, { transactionalIds: [transactionalId] })).transactions[0];
    expect(await describeOne("a")).toMatchObject({ errorCode: 0, state: "Empty", startTimeMs: -1, timeoutMs: 60_000 });
    await produceBatch(peer, { topic: "a", p: 0, batch: batchOf(2, 1) });
    await producer.add("a", [0, 1]);
    await producer.send("a", 0, 3);
    expect(await describeOne("a")).toMatchObject({ state: "Ongoing", topics: [{ name: "a", partitions: [0, 1] }] });
    expect(await describeOne("nobody")).toMatchObject({ errorCode: ErrorCode.TRANSACTIONAL_ID_NOT_FOUND });
    const { producerId } = producer.claim;
    const producers = async (p: number) => {
      const asked = { topics: [{ name: "a", partitions: [p] }] };
      return (await peer.request(describeProducersApi, 0, asked)).topics[0]?.partitions[0];
    };
    expect((await producers(0))?.producers).toMatchObject([{ producerId, lastSequence: 2, transactionStartOffset: 2 }]);
    expect(await producers(9)).toMatchObject({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
    const list = async (filter: { states?: string[]; producerIds?: number[]; durationMs?: number }) => {
      const asked = { states: [], producerIds: [], durationMs: -1, ...filter };
      const { transactions, unknownStates } = await peer.request(listTransactionsApi, 1, asked);
      return { ids: transactions.map(({ transactionalId }) => transactionalId), unknownStates };
    };
    expect(await list({ states: ["Ongoing", "Odd"] })).toEqual({ ids: ["a"], unknownStates: ["Odd"] });
    expect((await list({ producerIds: [producerId] })).ids).toEqual(["a"]);
    expect((await list({ durationMs: 3_600_000 })).ids).toEqual([]);
    const openForOneMs = async () => ((await list({ durationMs: 1 })).ids.includes("a") ? true : undefined);
    await waitUntil(openForOneMs, { what: "a transaction open for more than a millisecond", deadlineMs: 60_000 });
    await producer.end(false);
    expect(await describeOne("a")).toMatchObject({ state: "CompleteAbort", topics: [] });
    expect((await producers(0))?.producers).toMatchObject([{ transactionStartOffset: -1 }]);
  });

  test("may delete a topic amid a transaction, which ends all the same", async () => {
    const producer = new TransactionalPeer("d");
    await createTopic(producer.peer, "d");
    await producer.init();
    await producer.add("d", [0]);
    await producer.send("d", 0, 1_000);
    const usedBefore = broker.state.topics.budget.bytesUsed;
    await producer.peer.request(deleteTopicsApi, 3, { names: ["d"], timeoutMs: 1_000 });
    expect(broker.state.topics.budget.bytesUsed).toBeLessThan(usedBefore);
    await createTopic(producer.peer, "d");
    expect(await producer.end(true)).toBe(ErrorCode.NONE);
    const { partitions } = await fetchCommitted(producer.peer, "d", 0);
    expect(partitions[0]).toMatchObject({ highWatermark: 0, lastStableOffset: 0 });
  });
});
