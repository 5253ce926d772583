import { describe, expect, it } from "vitest";
import { RoundLedger } from "../../../producer/ledger.ts";
import { splitRound, sumIds } from "../../../producer/load-profile.ts";
import { type BatchSender, SendLoop } from "../../../producer/send-loop.ts";
import { batchRecordCount, verifyBatchCrc } from "../../../simulator/clients/kafka/wire/record-batch.ts";
import { indexRecords, RECORD_FIELDS } from "../../../simulator/clients/kafka/wire/records.ts";
import { idOfIndex } from "../../../simulator/common/contract/message.ts";

const producer = { topic: "t", producerId: 1, producerEpoch: 0 };
const nowUs = () => Math.round(performance.now() * 1000) + 1_795_360_719_000_000;

/** A broker in memory: appends what it gets, answers later, and can fail. */
class FakeBroker implements BatchSender {
  readonly logs: string[][];
  inFlightMax = 0;
  private readonly inFlight: number[];
  private readonly fail: (p: number, endOffset: number) => boolean;

  constructor(partitions: number, fail: (p: number, endOffset: number) => boolean = () => false) {
    this.logs = Array.from({ length: partitions }, () => []);
    this.inFlight = this.logs.map(() => 0);
    this.fail = fail;
  }

  async send(p: number, { batch, records, firstSequence }: { batch: Buffer; records: number; firstSequence: number }) {
    const log = this.logs[p] as string[];
    this.inFlight[p] = (this.inFlight[p] ?? 0) + 1;
    this.inFlightMax = Math.max(this.inFlightMax, this.inFlight[p] ?? 0);
    const baseOffset = log.length;
    if (this.fail(p, baseOffset)) throw new Error(`partition ${p} is gone`);
    // `firstSequence` is the index in the partition; a foreign record in between moves offsets, not sequences.
    expect(firstSequence).toBe(log.filter((value) => value !== "foreign").length);
    const copy = Buffer.from(batch);
    await new Promise(setImmediate);
    expect(copy.equals(batch)).toBe(true);
    expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true);
    const index = new Int32Array(batchRecordCount(batch, 0) * RECORD_FIELDS);
    expect(indexRecords(batch, 0, batch.length, index)).toBe(records);
    for (let i = 0; i < records; i += 1) {
      const at = index[i * RECORD_FIELDS + 3] as number;
      log.push(batch.toString("latin1", at, at + (index[i * RECORD_FIELDS + 4] as number)));
    }
    this.inFlight[p] = (this.inFlight[p] ?? 0) - 1;
    return { baseOffset };
  }
}

function createRound(messages: number, partitions: number, { firstId = 1, stickyIds = 1 } = {}) {
  const task = { round: 1, firstId, messages };
  const layout = { partitions, stickyIds };
  const ledger = new RoundLedger({ ...task, messageSize: 64, producer }, layout, splitRound(task, layout));
  return { layout, ledger, firstId, lastId: firstId + messages - 1 };
}

function createLoop(round: ReturnType<typeof createRound>, sender: BatchSender, ratePerSecond = 0): SendLoop {
  return new SendLoop({ ...round, sender, producer, messageSize: 64, ratePerSecond, nowUs });
}

/** Answers of one partition must come in order, so the fake gets one batch of a partition at a time. */
function answerInOrder(broker: FakeBroker): BatchSender {
  const turns = broker.logs.map(() => Promise.resolve());
  return {
    send: (p, batch) => {
      const answer = (turns[p] as Promise<void>).then(() => broker.send(p, batch));
      turns[p] = answer.then(() => undefined);
      return answer;
    },
  };
}

const idsOf = (broker: FakeBroker) => broker.logs.flat().map((value) => Number(value.slice(7, 19)));
const running = new AbortController().signal;

describe("SendLoop", () => {
  it("sends each message of the round once, in order, with at most two batches of a partition in flight", async () => {
    const round = createRound(50_003, 3);
    const { ledger } = round;
    const broker = new FakeBroker(3);
    ledger.begin([0, 0, 0]);
    ledger.startClock(nowUs());
    const loop = createLoop(round, answerInOrder(broker));
    await loop.run(running);
    expect([loop.sent, ledger.acknowledged, loop.failure]).toEqual([50_003, 50_003, undefined]);
    expect(idsOf(broker).sort((a, b) => a - b)).toEqual(Array.from({ length: 50_003 }, (_, i) => i + 1));
    expect(broker.inFlightMax).toBeLessThanOrEqual(2);
    ledger.finish(broker.logs.map((log) => log.length));
    const file = ledger.toFile();
    expect(file).toMatchObject({ outcome: "finished", acknowledged: 50_003, unknown: 0, foreignCount: 0 });
    for (const partition of file.partitions) {
      expect(partition).toMatchObject(sumIds(partition.p, 0, partition.acknowledged, round.layout));
    }
    expect(file.acknowledgeMs.p50).not.toBeNull();
  });

  it("leaves partitions without messages alone when there are fewer messages than partitions", async () => {
    const round = createRound(2, 5);
    const { ledger } = round;
    const broker = new FakeBroker(5);
    ledger.begin([0, 0, 0, 0, 0]);
    await createLoop(round, broker).run(running);
    expect(broker.logs.map((log) => log.length)).toEqual([1, 1, 0, 0, 0]);
    expect(ledger.toFile().partitions.map(({ acknowledged }) => acknowledged)).toEqual([1, 1, 0, 0, 0]);
  });

  it("stops at the first failure, and counts what is unknown", async () => {
    const round = createRound(40_000, 4);
    const { ledger } = round;
    const broker = new FakeBroker(4, (p) => p === 2);
    ledger.begin([0, 0, 0, 0]);
    const loop = createLoop(round, broker);
    await loop.run(running);
    expect(String(loop.failure)).toContain("partition 2 is gone");
    expect(loop.unknown).toBeGreaterThan(0);
    expect(ledger.acknowledged + loop.unknown).toBe(loop.sent);
    expect(loop.sent).toBeLessThan(40_000);
  });

  it("ends a stopped run only when nothing is in flight", async () => {
    const round = createRound(400_000, 4);
    const { ledger } = round;
    const stopping = new AbortController();
    const broker = new FakeBroker(4);
    ledger.begin([0, 0, 0, 0]);
    const loop = createLoop(round, broker);
    const ended = loop.run(stopping.signal);
    stopping.abort(new Error("asked to stop"));
    await ended;
    expect(ledger.acknowledged).toBe(loop.sent);
    expect(loop.sent).toBeLessThan(400_000);
  });

  it("stamps records with their intended times when there is a rate", async () => {
    const round = createRound(200, 4);
    const { ledger } = round;
    const broker = new FakeBroker(4);
    ledger.begin([0, 0, 0, 0]);
    ledger.startClock(nowUs());
    await createLoop(round, answerInOrder(broker), 2_000).run(running);
    const stamps = broker.logs
      .flat()
      .map((value) => ({ id: Number(value.slice(7, 19)), ts: Number(value.slice(27, 43)) }));
    expect(stamps).toHaveLength(200);
    for (const { id, ts } of stamps) expect(ts).toBe(ledger.firstSendAtUs + (id - 1) * 500);
    expect(nowUs() - ledger.firstSendAtUs).toBeGreaterThanOrEqual(199 * 500);
  });
});

describe("SendLoop with a rate and turns", () => {
  it("sends whole turns to one partition after the other, and what is left of the round at its end", async () => {
    const round = createRound(210, 4, { firstId: 7, stickyIds: 20 });
    const { ledger, layout } = round;
    const broker = new FakeBroker(4);
    const inOrder = answerInOrder(broker);
    const sizes: number[] = [];
    const sender: BatchSender = {
      send: (p, batch) => {
        sizes.push(batch.records);
        return inOrder.send(p, batch);
      },
    };
    // Ids 1 … 6 were the round before.
    broker.logs[0]?.push(...new Array<string>(6).fill("before"));
    ledger.begin([6, 0, 0, 0]);
    ledger.startClock(nowUs());
    await createLoop(round, sender, 4_000).run(running);
    expect(sizes).toEqual([14, ...new Array<number>(9).fill(20), 16]);
    for (const [p, log] of broker.logs.entries()) {
      for (const [index, value] of log.entries()) {
        if (value === "before") continue;
        const id = idOfIndex(p, index, layout);
        expect(value.slice(7, 19)).toBe(String(id).padStart(12, "0"));
        expect(Number(value.slice(27, 43))).toBe(ledger.firstSendAtUs + (id - 7) * 250);
      }
    }
    for (const { p, acknowledged, idSum, idMix, firstIndex } of ledger.toFile().partitions) {
      expect({ idSum, idMix }).toEqual(sumIds(p, firstIndex, firstIndex + acknowledged, layout));
    }
  });
});

describe("RoundLedger", () => {
  it("notes a foreign record by the offset that moved, and goes on", async () => {
    const round = createRound(20, 2);
    const { ledger } = round;
    const broker = new FakeBroker(2);
    ledger.begin([0, 0]);
    broker.logs[1]?.push("foreign", "foreign");
    await createLoop(round, broker).run(running);
    ledger.finish([10, 13]);
    const file = ledger.toFile();
    expect(file.acknowledged).toBe(20);
    expect(file.foreignCount).toBe(2);
    expect(file.foreign).toEqual([
      { p: 1, expected: 0, actual: 2 },
      { p: 1, expected: 12, actual: 13 },
    ]);
  });

  it("continues a round at the end offsets after its process was lost", async () => {
    const first = createRound(1_000, 2);
    first.ledger.begin([0, 0]);
    first.ledger.startClock(4_711);
    first.ledger.acknowledgeBatch(0, { records: 100, baseOffset: 0, sentAtUs: 5_000, nowUs: 6_000 });
    const second = createRound(1_000, 2);
    // 40 more of partition 0 and 7 of partition 1 reached Kafka; their acknowledgements died with the process.
    second.ledger.resume(first.ledger.toFile(), [140, 7], 9_000);
    second.ledger.startClock(10_000);
    expect(second.ledger.toFile()).toMatchObject({
      acknowledged: 147,
      restarts: 1,
      firstSendAtUs: 4_711,
      foreignCount: 0,
      partitions: [
        { p: 0, acknowledged: 140, resumed: 40 },
        { p: 1, acknowledged: 7, resumed: 7 },
      ],
    });
    const broker = new FakeBroker(2);
    broker.logs[0]?.push(...new Array<string>(140).fill("ours"));
    broker.logs[1]?.push(...new Array<string>(7).fill("ours"));
    await createLoop(second, broker).run(running);
    second.ledger.finish(broker.logs.map((log) => log.length));
    const file = second.ledger.toFile();
    expect([file.acknowledged, file.foreignCount]).toEqual([1_000, 0]);
    for (const partition of file.partitions)
      expect(partition).toMatchObject(sumIds(partition.p, 0, 500, second.layout));
  });

  it("refuses to go on when Kafka stands below what was acknowledged", () => {
    const round = createRound(10, 2, { firstId: 11 });
    const { ledger } = round;
    expect(() => ledger.begin([5, 4])).toThrow("t-1 stands at offset 4 where our next record must get 5");
  });
});
