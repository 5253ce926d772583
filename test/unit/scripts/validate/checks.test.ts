import { describe, expect, it } from "vitest";
import { evaluateFacts, runChecks } from "../../../../scripts/validate/evaluate.ts";
import { addTo, FIRST_SEND_US, makeRun, message, type SyntheticRun, toFacts } from "./synthetic-run.ts";

const failedIds = (run: SyntheticRun): string[] =>
  runChecks(toFacts(run))
    .filter(({ status }) => status === "failed")
    .map(({ id }) => id);
const check = (run: SyntheticRun, id: string) => runChecks(toFacts(run)).find((one) => one.id === id);

/** Each mutation seeds one violation; the checks named are exactly those that must notice it. */
const MUTATIONS: readonly [name: string, mutate: (run: SyntheticRun) => void, failed: readonly string[]][] = [
  [
    "an apply row is lost",
    (run) => run.applies.splice(4, 1),
    ["by-task-manager-rows", "I5-ordered-ids", "I5-offset-ranges"],
  ],
  [
    "a row with other ordered ids for the same offsets",
    (run) => run.applies.push({ ...row(run, 4), base: 99 }),
    ["by-task-manager-rows", "I5-ordered-ids", "I5-offset-ranges"],
  ],
  ["a row of another TaskManager", (run) => set(row(run, 0), { tm: "taskmanager-09" }), ["by-task-manager-rows"]],
  ["a row that cannot be read", (run) => set(run, { brokenLines: 1 }), ["applied-log"]],
  [
    "all logs are lost",
    (run) => set(run, { applies: [], acquires: [] }),
    ["by-task-manager-rows", "applied-log", "I5-ordered-ids", "I5-offset-ranges", "I7-fencing"],
  ],
  ["a life that no recovery names", (run) => set(row(run, 0), { life: "life-x" }), ["applied-log"]],
  [
    "an apply under an older fence",
    (run) => run.acquires.push({ kind: "acquire", life: "life-1", p: 1, g: 2_000_000, offset: 7 }),
    ["I7-fencing"],
  ],
  ["no acquire row", (run) => set(run, { acquires: [] }), ["I7-fencing"]],
  [
    "one record more is counted",
    (run) => addTo(run, "count:0", 1),
    ["I1-partition-arithmetic", "I2-total", "I3-acknowledged", "I4-redis-vs-topic", "I5-offset-ranges"],
  ],
  ["a checksum differs", (run) => addTo(run, "idSum:1", 3), ["I4-redis-vs-topic"]],
  ["a mixed checksum differs", (run) => addTo(run, "idMix:1", 1), ["I4-redis-vs-topic"]],
  [
    "the total differs",
    (run) => addTo(run, "total", 1),
    ["I2-total", "I9-by-task-manager", "published-keys", "I5-ordered-ids"],
  ],
  ["a share differs", (run) => addTo(run, "by:taskmanager-01", -1), ["I9-by-task-manager", "by-task-manager-rows"]],
  ["ids out of order", (run) => addTo(run, "disorder:2", 2), ["I6-order"]],
  ["a published key is behind", (run) => set(run, { counter: "99" }), ["published-keys"]],
  ["a published key is missing", (run) => set(run, { sequence: null }), ["published-keys"]],
  [
    "a partition is not drained",
    (run) => run.topic[0]?.push(message(103)),
    ["I3-drained", "I3-acknowledged", "topic-ids", "I4-ledger-vs-topic"],
  ],
  [
    "offsets were skipped",
    (run) => {
      addTo(run, "skipped:0", 1);
      addTo(run, "rejected:0", -0);
    },
    ["I1-partition-arithmetic", "I3-drained", "I4-redis-vs-topic"],
  ],
  [
    "a message of the topic is no message",
    (run) => run.topic[1]?.splice(5, 1, "{}"),
    ["I4-redis-vs-topic", "topic-ids", "I4-ledger-vs-topic"],
  ],
  [
    "a message of the topic is replaced by another's repeat",
    (run) => run.topic[1]?.splice(5, 1, message(2)),
    ["I4-redis-vs-topic", "topic-ids", "I4-ledger-vs-topic"],
  ],
  [
    "the topic lost its newest record",
    (run) => run.topic[2]?.pop(),
    ["I3-drained", "I3-acknowledged", "I4-redis-vs-topic", "topic-ids", "I4-ledger-vs-topic"],
  ],
  [
    "the ledger is removed",
    (run) => run.ledgers.splice(0, 1, undefined),
    ["I3-acknowledged", "topic-ids", "ledger-complete", "I4-ledger-vs-topic", "foreign-records"],
  ],
  ["the ledger has another sum", (run) => set(part(run, 0), { idSum: 1 }), ["I4-ledger-vs-topic"]],
  [
    "the ledger has no end offset",
    (run) => set(part(run, 1), { endOffset: null }),
    ["ledger-complete", "I4-ledger-vs-topic"],
  ],
  ["the ledger is not finished", (run) => set(ledger(run), { outcome: "running" }), ["ledger-complete"]],
  [
    "a foreign record was noted",
    (run) => set(ledger(run), { foreign: [{ p: 1, expected: 4, actual: 5 }], foreignCount: 1 }),
    ["foreign-records"],
  ],
  [
    "the hash is missing",
    (run) => set(run, { hash: {} }),
    [
      "store-state",
      "I1-partition-arithmetic",
      "I2-total",
      "I6-order",
      "I9-by-task-manager",
      "by-task-manager-rows",
      "published-keys",
      "rejected",
      "I3-drained",
      "I3-acknowledged",
      "I4-redis-vs-topic",
      "I5-ordered-ids",
      "I5-offset-ranges",
    ],
  ],
];

const set = <T extends object>(target: T, change: Partial<T>): T => Object.assign(target, change);
const row = (run: SyntheticRun, i: number) => run.applies[i] as SyntheticRun["applies"][number];
const ledger = (run: SyntheticRun) => run.ledgers[0] as Exclude<SyntheticRun["ledgers"][number], undefined>;
const part = (run: SyntheticRun, p: number) =>
  ledger(run).partitions[p] as ReturnType<typeof ledger>["partitions"][number];

describe("the checks of a drained run", () => {
  it.each([
    ["one round", makeRun([100])],
    ["three rounds", makeRun([50, 1, 23])],
    ["fewer messages than partitions", makeRun([2], 5)],
  ])("all pass on %s without a fault", (_, run) => {
    const checks = runChecks(toFacts(run));
    expect(checks.filter(({ status }) => status !== "passed")).toEqual([]);
    for (const { id, examined, reason } of checks) expect([id, examined > 0, reason !== ""]).toEqual([id, true, true]);
  });

  it.each(MUTATIONS)("notice it when %s", (_, mutate, expected) => {
    const run = makeRun([100]);
    mutate(run);
    expect(failedIds(run).sort()).toEqual([...expected].sort());
  });

  it("name the partition and both values", () => {
    const run = makeRun([100]);
    addTo(run, "idSum:1", 3);
    const sum = Number(run.hash["idSum:1"]);
    expect(check(run, "I4-redis-vs-topic")?.reason).toBe(`partition 1: idSum is ${sum}, expected ${sum - 3}`);
  });

  it("fail on an empty topic: nothing examined proves nothing", () => {
    const run = makeRun([]);
    run.config.ownTopic = false;
    expect(failedIds(run)).toContain("I4-redis-vs-topic");
    expect(check(run, "I4-redis-vs-topic")?.reason).toContain("nothing was examined");
  });

  it("do not ask somebody else's topic for ledgers, order or distinct ids", () => {
    const run = makeRun([100]);
    run.config.ownTopic = false;
    run.task.rounds = 0;
    run.task.endOffsets = [34, 33, 33];
    run.ledgers = [];
    // Another writer goes on, and repeats an id.
    run.topic[0]?.push(message(1));
    addTo(run, "disorder:0", 5);
    const checks = runChecks(toFacts(run));
    expect(checks.filter(({ status }) => status === "failed")).toEqual([]);
    const skipped = checks.filter(({ status }) => status === "notApplicable").map(({ id }) => id);
    expect(skipped).toEqual([
      "I6-order",
      "I3-acknowledged",
      "topic-ids",
      "ledger-complete",
      "I4-ledger-vs-topic",
      "foreign-records",
    ]);
  });

  it("lift only the rejected check by --allow-rejected", () => {
    const run = makeRun([100]);
    run.config.ownTopic = false;
    run.topic[0]?.push("no message");
    addTo(run, "offset:0", 1);
    addTo(run, "rejected:0", 1);
    run.applies.push({ ...row(run, 0), prev: 34, next: 35, n: 0, base: 100 });
    expect(failedIds(run)).toEqual(["rejected"]);
    run.config.allowRejected = true;
    expect(failedIds(run)).toEqual([]);
  });
});

describe("the applied log's union", () => {
  it("voids rows above a recovery's cut and keeps those below it", () => {
    const run = makeRun([100]);
    // Redis lost what life-1 applied above offset 21 of partition 0; life-2 applied it again, in another division.
    const lost = run.applies.filter(({ p, next }) => p === 0 && next > 21);
    for (const one of run.applies) if (!lost.includes(one) && one.next > 21) one.life = "life-2";
    for (const one of lost) run.applies.push({ ...one, life: "life-2" });
    for (const one of lost) set(one, { base: one.base + 1_000, next: one.next + 1 });
    run.recoveries.push({ life: "life-2", atUs: 1, from: "redis", reason: "", offsets: [21, 21, 21] });
    run.hash["life"] = "life-2";
    expect(failedIds(run)).toEqual([]);
    const without = { ...run, recoveries: [] };
    expect(failedIds(without)).toContain("I5-ordered-ids");
  });

  it("takes the last batch of a killed TaskManager from the hash, once", () => {
    const run = makeRun([100]);
    run.applies.pop();
    expect(failedIds(run)).toEqual([]);
    const last = row(run, run.applies.length - 1);
    run.applies.push({ ...last, appliedAtUs: 0 });
    expect(failedIds(run)).toEqual([]);
  });
});

describe("a run that was ended early", () => {
  function makePrefix(): SyntheticRun {
    const run = makeRun([100]);
    run.task.mode = "prefix";
    run.hash["phase"] = "running";
    // 30 messages more are in Kafka; the producer's process was killed before its ledger said so.
    for (let id = 101; id <= 130; id += 1) run.topic[(id - 1) % 3]?.push(message(id));
    set(ledger(run), { messages: 500, outcome: "running" });
    return run;
  }

  it("passes on the part below the applied offsets; what lies above is unprocessed, never lost", () => {
    const run = makePrefix();
    expect(failedIds(run)).toEqual([]);
    const { messages } = evaluateFacts(toFacts(run), 1);
    expect(messages).toMatchObject({
      requested: 500,
      inKafka: 130,
      processed: 100,
      unprocessed: 30,
      lost: 0,
      duplicated: 0,
    });
    expect(check(run, "I3-drained")?.status).toBe("notApplicable");
  });

  it("ignores rows that are ahead of the state that was read, but only while the job runs", () => {
    const run = makePrefix();
    run.applies.push({ ...row(run, 0), prev: 34, next: 40, n: 6, base: 100 });
    expect(failedIds(run)).toEqual([]);
    run.hash["phase"] = "stopped";
    expect(failedIds(run)).toEqual(expect.arrayContaining(["I5-ordered-ids", "I5-offset-ranges"]));
  });

  it("still notices a wrong count, and acknowledged messages that Kafka does not have", () => {
    const run = makePrefix();
    addTo(run, "count:1", -1);
    expect(failedIds(run)).toContain("I4-redis-vs-topic");
    const lossy = makePrefix();
    lossy.topic[0]?.splice(30);
    expect(failedIds(lossy)).toEqual(expect.arrayContaining(["topic-ids", "I4-ledger-vs-topic", "I4-redis-vs-topic"]));
  });

  it("lets the published view lag behind, never run ahead", () => {
    const run = makePrefix();
    run.counter = "60";
    expect(failedIds(run)).toEqual([]);
    run.counter = "101";
    expect(failedIds(run)).toEqual(["published-keys"]);
  });

  it("has nothing to fail when it ended before the job and the producer began", () => {
    const run = makeRun([100]);
    set(run, { hash: {}, topic: [[], [], []], applies: [], acquires: [], jobBegan: false, producerBegan: false });
    run.ledgers = [undefined];
    run.task.mode = "prefix";
    const checks = runChecks(toFacts(run));
    expect(checks.filter(({ status }) => status === "failed")).toEqual([]);
    expect(checks.filter(({ status }) => status === "passed")).toEqual([]);
    run.jobBegan = true;
    expect(failedIds(run)).toContain("store-state");
  });
});

describe("evaluateFacts", () => {
  it("counts what was lost and repeated on both sides", () => {
    const run = makeRun([100]);
    addTo(run, "count:0", -2);
    addTo(run, "count:1", 3);
    addTo(run, "idMix:2", 1);
    run.topic[2]?.splice(32, 1, message(96));
    const { messages } = evaluateFacts(toFacts(run), 1);
    // Effects: 2 lost, 3 repeated, one of each by checksum; topic: id 99 replaced by a repeat of 96.
    expect(messages).toMatchObject({ lost: 4, duplicated: 5, processed: 101, inKafka: 100, acknowledged: 100 });
  });

  it("does not know numbers whose facts are missing", () => {
    const run = makeRun([100]);
    run.hash = {};
    const { messages, partitions } = evaluateFacts(toFacts(run), 1);
    expect(messages).toMatchObject({ processed: null, lost: null, unprocessed: null, inKafka: 100 });
    expect(partitions).toEqual([]);
  });

  it("joins the first and last messages with the applied log", () => {
    const { samples } = evaluateFacts(toFacts(makeRun([100])), 1);
    expect(samples.first.map((sample) => sample.redis_ordered_id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(samples.last.map((sample) => sample.redis_ordered_id)).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
    // Ordered ids 1 to 7 are the first batch of partition 0, 8 to 10 begin partition 1.
    expect(samples.first[8]).toEqual({
      redis_ordered_id: 9,
      timestamp: new Date((FIRST_SEND_US + 5) / 1000).toISOString(),
      job_id: "00000000000000000000000000000001",
      task_id: "taskmanager-02",
      kafka_partition: 1,
      kafka_offset: 1,
      processing_stage: "source->map->sink",
      payload: "sample-data-000000000005",
    });
  });

  it("gives each round its own last effect", () => {
    const run = makeRun([50, 50]);
    const { rounds, lastEffectAtUs } = evaluateFacts(toFacts(run), 1);
    const firstRound = run.applies.filter(({ p, next }) => next <= (run.ledgers[0]?.partitions[p]?.endOffset ?? 0));
    expect(rounds.map((round) => round.lastEffectAtUs)).toEqual([
      Math.max(...firstRound.map(({ appliedAtUs }) => appliedAtUs)),
      Math.max(...run.applies.map(({ appliedAtUs }) => appliedAtUs)),
    ]);
    expect(lastEffectAtUs).toBe(rounds[1]?.lastEffectAtUs);
  });
});
