/** What transactional producers and administrators of transactions say, in every version. */
import fc from "fast-check";
import { addOffsetsToTxnApi } from "../../../../../simulator/clients/kafka/wire/apis/add-offsets-to-txn.ts";
import { addPartitionsToTxnApi } from "../../../../../simulator/clients/kafka/wire/apis/add-partitions-to-txn.ts";
import { describeProducersApi } from "../../../../../simulator/clients/kafka/wire/apis/describe-producers.ts";
import { describeTransactionsApi } from "../../../../../simulator/clients/kafka/wire/apis/describe-transactions.ts";
import { endTxnApi } from "../../../../../simulator/clients/kafka/wire/apis/end-txn.ts";
import { listTransactionsApi } from "../../../../../simulator/clients/kafka/wire/apis/list-transactions.ts";
import { txnOffsetCommitApi } from "../../../../../simulator/clients/kafka/wire/apis/txn-offset-commit.ts";
import { few, int16, int32, int64, name, nullableName, topicOf } from "./codec-support.ts";
import { roundTrips } from "./round-trips.ts";

const claim = { transactionalId: name, producerId: int64, producerEpoch: int16 };
const erring = topicOf(fc.record({ p: int32, errorCode: int16 }));
const answer = { arbitrary: fc.record({ throttleTimeMs: int32, errorCode: int16 }) };
/** Below v4 there is exactly one transaction, which is not only verified and which the answer does not name. */
const one = <T>(element: fc.Arbitrary<T>) => fc.array(element, { minLength: 1, maxLength: 1 });

roundTrips(
  addPartitionsToTxnApi,
  {
    arbitrary: fc.record({
      transactions: one(fc.record({ ...claim, verifyOnly: fc.boolean(), topics: topicOf(int32) })),
    }),
    seenBy: ({ transactions }, version) => ({
      transactions: transactions.map((each) => ({ ...each, verifyOnly: version >= 4 && each.verifyOnly })),
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      errorCode: int16,
      transactions: one(fc.record({ transactionalId: name, topics: erring })),
    }),
    seenBy: (s, version) =>
      version >= 4
        ? s
        : { ...s, errorCode: 0, transactions: s.transactions.map((each) => ({ ...each, transactionalId: "" })) },
  },
);

roundTrips(addOffsetsToTxnApi, { arbitrary: fc.record({ ...claim, group: name }) }, answer);
roundTrips(endTxnApi, { arbitrary: fc.record({ ...claim, committed: fc.boolean() }) }, answer);

roundTrips(
  txnOffsetCommitApi,
  {
    arbitrary: fc.record({
      ...claim,
      group: name,
      generation: int32,
      memberId: name,
      instanceId: nullableName,
      topics: topicOf(fc.record({ p: int32, offset: int64, leaderEpoch: int32, metadata: nullableName })),
    }),
    seenBy: (q, version) => ({
      ...q,
      generation: version >= 3 ? q.generation : -1,
      memberId: version >= 3 ? q.memberId : "",
      instanceId: version >= 3 ? q.instanceId : null,
      topics: q.topics.map((topic) => ({
        ...topic,
        partitions: topic.partitions.map((each) => (version >= 2 ? each : { ...each, leaderEpoch: -1 })),
      })),
    }),
  },
  { arbitrary: fc.record({ throttleTimeMs: int32, topics: erring }) },
);

const producer = fc.record({
  producerId: int64,
  producerEpoch: int32,
  lastSequence: int32,
  lastTimestampMs: int64,
  coordinatorEpoch: int32,
  transactionStartOffset: int64,
});

roundTrips(
  describeProducersApi,
  { arbitrary: fc.record({ topics: topicOf(int32) }) },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      topics: topicOf(fc.record({ p: int32, errorCode: int16, errorMessage: nullableName, producers: few(producer) })),
    }),
  },
);

roundTrips(
  describeTransactionsApi,
  { arbitrary: fc.record({ transactionalIds: few(name) }) },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      transactions: few(
        fc.record({
          ...claim,
          errorCode: int16,
          state: name,
          timeoutMs: int32,
          startTimeMs: int64,
          topics: topicOf(int32),
        }),
      ),
    }),
  },
);

roundTrips(
  listTransactionsApi,
  {
    arbitrary: fc.record({ states: few(name), producerIds: few(int64), durationMs: int64 }),
    seenBy: (q, version) => ({ ...q, durationMs: version >= 1 ? q.durationMs : -1 }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      errorCode: int16,
      unknownStates: few(name),
      transactions: few(fc.record({ transactionalId: name, producerId: int64, state: name })),
    }),
  },
);
