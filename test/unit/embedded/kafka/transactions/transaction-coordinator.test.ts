import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ErrorCode } from "../../../../../simulator/clients/kafka/wire/error-codes.ts";
import { verifyBatchCrc } from "../../../../../simulator/clients/kafka/wire/record-batch.ts";
import { OffsetStore } from "../../../../../simulator/embedded/kafka/offset-store.ts";
import { TopicConfig } from "../../../../../simulator/embedded/kafka/topic-config.ts";
import { Topics } from "../../../../../simulator/embedded/kafka/topics.ts";
import { encodeMarker, MARKER_BYTES } from "../../../../../simulator/embedded/kafka/transactions/markers.ts";
import {
  type TransactionalClaim,
  TransactionCoordinator,
} from "../../../../../simulator/embedded/kafka/transactions/transaction-coordinator.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => vi.useRealTimers());

const TIMEOUT_MS = 5_000;
const IDS_MAX = 10_000;

function setUp(bytesMax = 10_000) {
  const topics = new Topics(bytesMax);
  const offsets = new OffsetStore();
  let lastId = 0;
  const issueProducerId = () => (lastId += 1);
  const coordinator = new TransactionCoordinator({ topics, offsets, issueProducerId, nowMs: () => 77 });
  const topic = topics.create("t", 3, new TopicConfig(new Map()));
  const places = topic.partitions.map((partition, p) => ({ partition, topic: "t", p }));
  const begin = (transactionalId = "tx"): TransactionalClaim => {
    const { errorCode, ...producer } = coordinator.init(transactionalId, TIMEOUT_MS, undefined);
    expect(errorCode).toBe(ErrorCode.NONE);
    return { transactionalId, ...producer };
  };
  const endOffsets = () => topic.partitions.map(({ log }) => log.endOffset);
  const hold = (claim: TransactionalClaim, offset: number) => {
    coordinator.addGroup(claim, "g");
    const committed = { offset, leaderEpoch: -1, metadata: null };
    return coordinator.holdOffset(claim.transactionalId, { group: "g", topic: "t", p: 0, committed });
  };
  return { topics, offsets, coordinator, topic, places, begin, endOffsets, hold };
}

describe("the transactions of a broker", () => {
  test("a marker has the bytes that are reserved for it, and its checksum", () => {
    const marker = encodeMarker({ producerId: 2 ** 40, producerEpoch: 9, committed: true, timestampMs: 1 });
    expect(marker).toHaveLength(MARKER_BYTES);
    expect(verifyBatchCrc(marker, 0, marker.length)).toBe(true);
  });

  test("C1: an end writes a marker to each partition, and positions where it is a commit", () => {
    const { coordinator, offsets, places, begin, endOffsets, hold } = setUp();
    const claim = begin();
    expect(coordinator.addPartitions(claim, places.slice(0, 2))).toBe(ErrorCode.NONE);
    expect(hold(claim, 5)).toBe(ErrorCode.NONE);
    expect(coordinator.isOffsetPending("g", "t", 0)).toBe(true);
    expect(offsets.find("g", "t", 0)).toBeUndefined();
    expect(coordinator.end(claim, true)).toBe(ErrorCode.NONE);
    expect(endOffsets()).toEqual([1, 1, 0]);
    expect(offsets.find("g", "t", 0)?.offset).toBe(5);
    expect(coordinator.isOffsetPending("g", "t", 0)).toBe(false);
    hold(claim, 9);
    expect(coordinator.end(claim, false)).toBe(ErrorCode.NONE);
    expect(offsets.find("g", "t", 0)?.offset).toBe(5);
    expect(coordinator.end(claim, true)).toBe(ErrorCode.INVALID_TXN_STATE);
  });

  test("C2: a partition is refused whose marker would not fit, and none of its request is added", () => {
    const { coordinator, topics, places, begin, endOffsets } = setUp(2 * MARKER_BYTES);
    const claim = begin();
    expect(coordinator.addPartitions(claim, places)).toBe(ErrorCode.POLICY_VIOLATION);
    expect(topics.budget.bytesUsed).toBe(0);
    expect(coordinator.addPartitions(claim, places.slice(0, 2))).toBe(ErrorCode.NONE);
    // Those that are in it already need no more.
    expect(coordinator.addPartitions(claim, places.slice(0, 2))).toBe(ErrorCode.NONE);
    expect(coordinator.end(claim, true)).toBe(ErrorCode.NONE);
    expect(endOffsets()).toEqual([1, 1, 0]);
    expect(topics.budget.bytesUsed).toBe(2 * MARKER_BYTES);
  });

  test("C3: a time-out aborts, and fences the producer", () => {
    const { coordinator, places, begin, endOffsets } = setUp();
    const claim = begin();
    coordinator.addPartitions(claim, places.slice(0, 1));
    vi.advanceTimersByTime(TIMEOUT_MS - 1);
    expect(endOffsets()).toEqual([0, 0, 0]);
    vi.advanceTimersByTime(1);
    expect(endOffsets()).toEqual([1, 0, 0]);
    expect(coordinator.find("tx")?.state).toEqual({ kind: "CompleteAbort", startTimeMs: 77 });
    expect(coordinator.end(claim, true)).toBe(ErrorCode.PRODUCER_FENCED);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("C3: the next producer of the id waits for the end of what the one before left open", () => {
    const { coordinator, places, begin, endOffsets } = setUp();
    const claim = begin();
    coordinator.addPartitions(claim, places.slice(0, 1));
    const answer = coordinator.init("tx", TIMEOUT_MS, undefined);
    expect(answer.errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
    expect(begin()).toEqual({ ...claim, producerEpoch: claim.producerEpoch + 2 });
    expect(endOffsets()).toEqual([1, 0, 0]);
    expect(coordinator.end(claim, true)).toBe(ErrorCode.PRODUCER_FENCED);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("C4: the id without a transaction that was initialised longest ago goes", () => {
    const { coordinator, places, begin } = setUp();
    const busy = begin("busy");
    coordinator.addPartitions(busy, places.slice(0, 1));
    for (let i = 1; i < IDS_MAX; i += 1) begin(`id-${i}`);
    begin("id-1");
    begin("one more");
    expect(coordinator.list()).toHaveLength(IDS_MAX);
    expect(coordinator.find("id-2")).toBeUndefined();
    expect(coordinator.find("id-1")).toBeDefined();
    expect(coordinator.end(busy, true)).toBe(ErrorCode.NONE);
  });

  test("a deleted topic takes its markers and positions with it, a deleted group its positions", () => {
    const { coordinator, topics, offsets, places, begin, hold } = setUp();
    const claim = begin();
    coordinator.addPartitions(claim, places);
    hold(claim, 5);
    topics.delete("t");
    coordinator.forgetTopic("t");
    expect(topics.budget.bytesUsed).toBe(0);
    expect(coordinator.end(claim, true)).toBe(ErrorCode.NONE);
    expect(offsets.find("g", "t", 0)).toBeUndefined();
    hold(claim, 6);
    coordinator.forgetGroup("g");
    expect(coordinator.isOffsetPending("g", "t", 0)).toBe(false);
    coordinator.end(claim, true);
    expect(offsets.find("g", "t", 0)).toBeUndefined();
  });

  test("positions of many groups are held up to a bound, and there is room again after the end", () => {
    const { coordinator, begin } = setUp();
    const claim = begin();
    const fill = () => {
      for (let i = 0; ; i += 1) if (coordinator.addGroup(claim, `g${i}`) !== ErrorCode.NONE) return i;
    };
    const held = fill();
    expect(held).toBe(100_000);
    coordinator.end(claim, false);
    expect(fill()).toBe(held);
    coordinator.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([0, -1, 900_001])("a time-out of %d ms is refused", (timeoutMs) => {
    expect(setUp().coordinator.init("tx", timeoutMs, undefined).errorCode).toBe(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
  });

  test("only the producer of the id writes, and only to what is in its transaction", () => {
    const { coordinator, places, begin } = setUp();
    const claim = begin();
    const [first, second] = places.map(({ partition }) => partition);
    if (first === undefined || second === undefined) throw new Error("expected partitions");
    expect(coordinator.checkWrite("tx", claim, first)).toBe("notInTransaction");
    coordinator.addPartitions(claim, places.slice(0, 1));
    expect(coordinator.checkWrite("tx", claim, first)).toBe("allowed");
    expect(coordinator.checkWrite("tx", claim, second)).toBe("notInTransaction");
    expect(coordinator.checkWrite("other", claim, first)).toBe("unknownProducer");
    expect(coordinator.checkWrite("tx", { ...claim, producerEpoch: claim.producerEpoch - 1 }, first)).toBe("fenced");
    coordinator.end(claim, true);
    expect(coordinator.checkWrite("tx", claim, first)).toBe("notInTransaction");
  });
});
