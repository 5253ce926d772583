import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../../../../simulator/clients/kafka/wire/error-codes.ts";
import { type ProducerClaim, Transaction } from "../../../../../simulator/embedded/kafka/transactions/transaction.ts";

const EPOCH_MAX = 2 ** 15 - 1;

function setUp() {
  let lastId = 100;
  const issue = () => (lastId += 1);
  const transaction = new Transaction("tx", issue());
  const init = (claim?: ProducerClaim) => {
    const refused = transaction.checkInit(claim);
    if (refused === ErrorCode.NONE) transaction.init(claim, 1_000, issue);
    return refused === ErrorCode.NONE ? claimOf(transaction) : refused;
  };
  return { transaction, init };
}

const claimOf = ({ producerId, producerEpoch }: Transaction): ProducerClaim => ({ producerId, producerEpoch });

describe("the producer of a transactional id", () => {
  test("E1: each new one has the next epoch, and fences the one before it", () => {
    const { transaction, init } = setUp();
    const first = init() as ProducerClaim;
    expect(first).toEqual({ producerId: 101, producerEpoch: 0 });
    expect(transaction.check(first)).toBe(ErrorCode.NONE);
    expect(init()).toEqual({ producerId: 101, producerEpoch: 1 });
    expect(transaction.check(first)).toBe(ErrorCode.PRODUCER_FENCED);
    expect(init(first)).toBe(ErrorCode.PRODUCER_FENCED);
    expect(transaction.check({ producerId: 7, producerEpoch: 1 })).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  });

  test("one that says who it was has the next epoch, once, however often it asks", () => {
    const { init } = setUp();
    const first = init() as ProducerClaim;
    expect(init(first)).toEqual({ producerId: 101, producerEpoch: 1 });
    expect(init(first)).toEqual({ producerId: 101, producerEpoch: 1 });
    expect(init({ producerId: 101, producerEpoch: 1 })).toEqual({ producerId: 101, producerEpoch: 2 });
    expect(init(first)).toBe(ErrorCode.PRODUCER_FENCED);
  });

  test("E1: a fenced producer does not come back by saying who it was", () => {
    const { transaction, init } = setUp();
    const first = init() as ProducerClaim;
    transaction.fence();
    expect(init(first)).toBe(ErrorCode.PRODUCER_FENCED);
  });

  test("what a new id's first producer says of itself is not asked", () => {
    const { init } = setUp();
    expect(init({ producerId: 5, producerEpoch: 9 })).toEqual({ producerId: 101, producerEpoch: 0 });
  });

  test("E2: after the last epoch comes a new producer id, and a lost answer is given again", () => {
    const { transaction, init } = setUp();
    for (let i = 0; i < EPOCH_MAX; i += 1) init();
    const last = claimOf(transaction);
    expect(last).toEqual({ producerId: 101, producerEpoch: EPOCH_MAX - 1 });
    expect(init(last)).toEqual({ producerId: 102, producerEpoch: 0 });
    expect(init(last)).toEqual({ producerId: 102, producerEpoch: 0 });
    expect(transaction.check(last)).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  });

  test("E2: one that has the last epoch can be fenced all the same", () => {
    const { transaction, init } = setUp();
    for (let i = 0; i < EPOCH_MAX; i += 1) init();
    const last = claimOf(transaction);
    transaction.fence();
    expect(transaction.check(last)).toBe(ErrorCode.PRODUCER_FENCED);
    expect(init()).toEqual({ producerId: 102, producerEpoch: 0 });
  });

  test("an end is repeated by its like alone", () => {
    const { transaction, init } = setUp();
    init();
    expect(transaction.checkRepeatedEnd(true)).toBe(ErrorCode.INVALID_TXN_STATE);
    transaction.state = { kind: "CompleteCommit", startTimeMs: 1 };
    expect(transaction.checkRepeatedEnd(true)).toBe(ErrorCode.NONE);
    expect(transaction.checkRepeatedEnd(false)).toBe(ErrorCode.INVALID_TXN_STATE);
  });
});
