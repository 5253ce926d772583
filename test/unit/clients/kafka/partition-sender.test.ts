/**
 * PartitionSender against a model of a broker's partition, under every failure: refusals, answers that are lost after
 * or before the append, a broker that knows nothing of the producer. The log must hold each batch once, in order.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Fate,
  IN_FLIGHT_MAX,
  PartitionSender,
  type SendEntry,
} from "../../../../simulator/clients/kafka/partition-sender.ts";
import { createError } from "../../../../simulator/common/foundation/errors.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

type Answer = { kind: "ok"; baseOffset: number } | { kind: "refused" };

/** Kafka's rules for one producer and one partition (ProducerStateManager). */
class BrokerPartition {
  readonly log: SendEntry[] = [];
  endOffset = 0;
  #recent: { firstSequence: number; baseOffset: number }[] = [];
  #nextSequence: number | undefined;

  append(entry: SendEntry): Answer {
    const repeat = this.#recent.find((known) => known.firstSequence === entry.firstSequence);
    if (repeat !== undefined) return { kind: "ok", baseOffset: repeat.baseOffset };
    // A broker without state for the producer takes any first sequence: the trap that S3 is about.
    if (this.#nextSequence !== undefined && this.#nextSequence !== entry.firstSequence) return { kind: "refused" };
    const baseOffset = this.endOffset;
    this.log.push(entry);
    this.endOffset += entry.records;
    this.#nextSequence = entry.firstSequence + entry.records;
    this.#recent = [...this.#recent, { firstSequence: entry.firstSequence, baseOffset }].slice(-IN_FLIGHT_MAX);
    return { kind: "ok", baseOffset };
  }
}

type Step = "send" | "answer" | "refuse" | "appendUnsaid" | "loseAnswers" | "loseRequests" | "retry";

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>("send") },
    { weight: 8, arbitrary: fc.constant<Step>("answer") },
    { weight: 2, arbitrary: fc.constant<Step>("refuse") },
    // It lost its office, or the patience for its replicas, behind the append.
    { weight: 2, arbitrary: fc.constant<Step>("appendUnsaid") },
    { weight: 1, arbitrary: fc.constant<Step>("loseAnswers") },
    { weight: 1, arbitrary: fc.constant<Step>("loseRequests") },
    { weight: 4, arbitrary: fc.constant<Step>("retry") },
  ),
  { minLength: 1, maxLength: 200 },
);

function createEntry(i: number, settled: Map<number, number | string>): SendEntry {
  const records = 1 + (i % 3);
  return {
    batch: Buffer.alloc(0),
    records,
    firstSequence: Array.from({ length: i }, (_, k) => 1 + (k % 3)).reduce((sum, n) => sum + n, 0),
    resolve: ({ baseOffset }) => {
      expect(settled.has(i)).toBe(false);
      settled.set(i, baseOffset);
    },
    reject: (error) => {
      expect(settled.has(i)).toBe(false);
      settled.set(i, error.code);
    },
  };
}

describe("PartitionSender", () => {
  it("appends each batch once and in order, whatever fails", () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const broker = new BrokerPartition();
        const sender = new PartitionSender();
        const settled = new Map<number, number | string>();
        const entries: SendEntry[] = [];
        const wire: SendEntry[] = [];
        const pump = () => {
          for (let entry = sender.next(); entry !== undefined; entry = sender.next()) wire.push(entry);
          expect(wire.length).toBeLessThanOrEqual(IN_FLIGHT_MAX);
        };
        const run = (step: Step) => {
          if (step === "send" && sender.unsettled < 20) {
            const entry = createEntry(entries.length, settled);
            entries.push(entry);
            sender.add(entry);
          } else if (step === "answer") {
            const entry = wire.shift();
            if (entry !== undefined) {
              const answer = broker.append(entry);
              if (answer.kind === "ok") sender.acknowledged(entry, answer.baseOffset);
              else sender.unsettledAgain(entry, "refused");
            }
          } else if (step === "refuse") {
            const entry = wire.shift();
            if (entry !== undefined) sender.unsettledAgain(entry, "refused");
          } else if (step === "appendUnsaid") {
            const entry = wire.shift();
            if (entry !== undefined) {
              broker.append(entry);
              sender.unsettledAgain(entry, "unknown");
            }
          } else if (step === "loseAnswers" || step === "loseRequests") {
            // The connection goes. The broker appended a part of what was on it, or nothing.
            const lost = wire.splice(0);
            if (step === "loseAnswers") for (const entry of lost) broker.append(entry);
            for (const entry of lost) sender.unsettledAgain(entry, "unknown");
          } else if (step === "retry") sender.retry();
          pump();
        };
        for (const step of plan) run(step);
        for (let i = 0; sender.unsettled > 0 && i < 2_000; i += 1) run(i % 2 === 0 ? "retry" : "answer");
        expect(broker.log).toEqual(entries);
        // S5: also in the order in which they were settled.
        expect([...settled.entries()]).toEqual(entries.map((entry, i) => [i, entry.firstSequence]));
      }),
      { numRuns: 500, ...seed },
    );
  });

  it("given up, tells the fate of each batch, and never that the log has not what it has", () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const broker = new BrokerPartition();
        const sender = new PartitionSender();
        const fates = new Map<SendEntry, Fate | "acknowledged">();
        const entries: SendEntry[] = [];
        const wire: SendEntry[] = [];
        const wentOut = new Set<SendEntry>();
        const mayBeInLog = new Set<SendEntry>();
        const endFlight = (entry: SendEntry | undefined, ended: Fate) => {
          if (entry === undefined) return;
          if (ended === "unknown") mayBeInLog.add(entry);
          sender.unsettledAgain(entry, ended);
        };
        for (const step of plan) {
          if (step === "send" && sender.unsettled < 20) {
            const entry: SendEntry = {
              ...createEntry(entries.length, new Map()),
              resolve: () => fates.set(entry, "acknowledged"),
              reject: (_, fate) => fates.set(entry, fate),
            };
            entries.push(entry);
            sender.add(entry);
          } else if (step === "answer") {
            const entry = wire.shift();
            const answer = entry === undefined ? undefined : broker.append(entry);
            if (entry !== undefined && answer?.kind === "ok") {
              // S5: unless one before it is given up.
              mayBeInLog.add(entry);
              sender.acknowledged(entry, answer.baseOffset);
            } else endFlight(entry, "refused");
          } else if (step === "appendUnsaid") {
            const [entry] = wire;
            if (entry !== undefined) broker.append(entry);
            endFlight(wire.shift(), "unknown");
          } else if (step === "refuse") endFlight(wire.shift(), "refused");
          else if (step === "loseAnswers" || step === "loseRequests") {
            if (step === "loseAnswers") for (const lost of wire) broker.append(lost);
            for (const lost of wire.splice(0)) endFlight(lost, "unknown");
          } else sender.retry();
          for (let entry = sender.next(); entry !== undefined; entry = sender.next()) {
            wire.push(entry);
            wentOut.add(entry);
          }
        }
        for (const lost of wire.splice(0)) endFlight(lost, "unknown");
        const open = (["unsent", "refused", "unknown"] as const).map((fate) => sender.countRecords(fate));
        sender.giveUp(createError("KAFKA_CLOSED", { what: "the test" }));
        const rejected = { unsent: 0, refused: 0, unknown: 0 };
        for (const entry of entries) {
          const fate = fates.get(entry);
          if (fate === undefined || fate === "acknowledged") {
            expect(fate).toBe("acknowledged");
            continue;
          }
          rejected[fate] += entry.records;
          expect(fate).toBe(wentOut.has(entry) ? (mayBeInLog.has(entry) ? "unknown" : "refused") : "unsent");
          if (fate !== "unknown") expect(broker.log).not.toContain(entry);
        }
        expect(open).toEqual(Object.values(rejected));
        const isAcknowledged = entries.map((entry) => fates.get(entry) === "acknowledged");
        expect(isAcknowledged.lastIndexOf(true)).toBe(isAcknowledged.filter(Boolean).length - 1);
      }),
      { numRuns: 500, ...seed },
    );
  });

  it("sends one batch until the first acknowledgement, then up to five", () => {
    const sender = new PartitionSender();
    const settled = new Map<number, number | string>();
    for (let i = 0; i < 10; i += 1) sender.add(createEntry(i, settled));
    const first = sender.next();
    expect(first).toBeDefined();
    expect(sender.next()).toBeUndefined();
    sender.acknowledged(first as SendEntry, 0);
    const inFlight = Array.from({ length: 9 }, () => sender.next()).filter((entry) => entry !== undefined);
    expect(inFlight).toHaveLength(IN_FLIGHT_MAX);
  });

  it("given up, waits for what is in flight, then rejects the rest and all that comes later", () => {
    const sender = new PartitionSender();
    const settled = new Map<number, number | string>();
    for (let i = 0; i < 3; i += 1) sender.add(createEntry(i, settled));
    sender.acknowledged(sender.next() as SendEntry, 0);
    const second = sender.next() as SendEntry;
    const third = sender.next() as SendEntry;
    sender.giveUp(createError("KAFKA_CLOSED", { what: "the test" }));
    expect(settled.size).toBe(1);
    sender.acknowledged(second, 1);
    sender.unsettledAgain(third, "unknown");
    sender.add(createEntry(3, settled));
    expect([...settled.values()]).toEqual([0, 1, "KAFKA_CLOSED", "KAFKA_CLOSED"]);
  });
});
