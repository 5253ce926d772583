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
  return new SendLoop({ ...round, sender, producer, messageSize: 64, compress: null, ratePerSecond, nowUs });
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
const noneOpen = { unknown: 0, refused: 0 };

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
    const file = ledger.toFile(noneOpen);
    expect(file).toMatchObject({ outcome: "finished", acknowledged: 50_003, unsent: 0, foreignCount: 0 });
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
    expect(ledger.toFile(noneOpen).partitions.map(({ acknowledged }) => acknowledged)).toEqual([1, 1, 0, 0, 0]);
  });

  it("stops at the first failure", async () => {
    const round = createRound(40_000, 4);
    const { ledger } = round;
    const broker = new FakeBroker(4, (p) => p === 2);
    ledger.begin([0, 0, 0, 0]);
    const loop = createLoop(round, broker);
    await loop.run(running);
    expect(String(loop.failure)).toContain("partition 2 is gone");
    expect(ledger.acknowledged).toBeGreaterThan(0);
    expect(ledger.acknowledged).toBeLessThan(loop.sent);
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
    for (const { p, acknowledged, idSum, idMix, firstIndex } of ledger.toFile(noneOpen).partitions) {
      expect({ idSum, idMix }).toEqual(sumIds(p, firstIndex, firstIndex + acknowledged, layout));
    }
  });
});

describe("SendLoop in a restarted process", () => {
  /** Sends the round from these indexes on, at times that differ from run to run, and tells where each batch ends. */
  async function listBatches(round: ReturnType<typeof createRound>, ratePerSecond: number, startedUs: number) {
    const batches: string[] = [];
    const sender: BatchSender = {
      send: async (p, { records, firstSequence }) => {
        batches.push(`${p}: ${firstSequence} to ${firstSequence + records - 1}`);
        await new Promise(setImmediate);
        return { baseOffset: firstSequence };
      },
    };
    round.ledger.startClock(startedUs);
    await createLoop(round, sender, ratePerSecond).run(running);
    return batches;
  }

  it.each([
    ["at full speed", 240_000, 1, 0],
    ["with single records", 120, 1, 2_000],
    ["with few records per turn", 2_000, 1, 20_000],
    ["in turns of one partition", 2_000, 50, 20_000],
  ])("fills the batches that the lost one filled, %s", async (_, messages, stickyIds, ratePerSecond) => {
    const first = createRound(messages, 3, { stickyIds });
    first.ledger.begin([0, 0, 0]);
    const lost = await listBatches(first, ratePerSecond, nowUs());
    const second = createRound(messages, 3, { stickyIds });
    second.ledger.begin([0, 0, 0]);
    for (const p of [0, 1]) {
      // It goes on after some whole batch of each partition.
      const ours = lost.filter((batch) => batch.startsWith(`${p}:`));
      const records = Number(ours[Math.floor(ours.length / 2)]?.split(" to ")[1]) + 1;
      second.ledger.resumeBatch(p, { firstIndex: 0, records, baseOffset: 0 }, 1);
    }
    // Long after they were due, so all are due at once.
    const again = await listBatches(second, ratePerSecond, nowUs() - 60_000_000);
    expect(again.length).toBeGreaterThan(3);
    expect(lost).toEqual(expect.arrayContaining(again));
  });
});
