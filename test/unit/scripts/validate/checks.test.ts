import { describe, expect, it } from "vitest";
import { runChecks } from "../../../../scripts/validate/evaluate.ts";
import { mix32 } from "../../../../simulator/common/contract/message.ts";
import {
  acquire,
  addTo,
  check,
  commit,
  describeLast,
  failedIds,
  lastRow,
  ledger,
  part,
  round,
  row,
  set,
  setFences,
} from "./run-changes.ts";
import { makeRun, message, type SyntheticRun, toFacts } from "./synthetic-run.ts";

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
    "an apply under an older fence, whose newer ACQUIRE has no row",
    (run) => set(lastRow(run, 1), { g: 1_000_000 }) && set(acquire(run, 1), { g: 1_000_000 }),
    ["I7-fencing"],
  ],
  ["a row above the fence that Redis has", (run) => setFences(run, 1_000_002), ["I7-fencing"]],
  [
    "a last batch above the fence that Redis has",
    (run) => set(run.hash, { "last:0": String(run.hash["last:0"]).replace("1000001", "9000001") }),
    ["I7-fencing"],
  ],
  ["a partition acquired after the stop", (run) => addTo(run, "fence:1", 1), ["I7-fencing"]],
  ["an apply under a fence that nobody acquired", (run) => set(acquire(run, 2), { g: 1_000_009 }), ["I7-fencing"]],
  [
    "one record more is counted",
    (run) => addTo(run, "count:0", 1),
    ["I1-partition-arithmetic", "I2-total", "I3-acknowledged", "I4-redis-vs-topic", "I5-offset-ranges"],
  ],
  [
    "one record more is counted, in all that Redis and the log have of it",
    (run) => {
      for (const field of ["count:0", "total", "by:taskmanager-01"]) addTo(run, field, 1);
      set(run, { published: "101", counter: "101", sequence: "101" });
      const last = lastRow(run, 0);
      for (const one of run.applies) if (one.base > last.base) one.base += 1;
      last.n += 1;
      for (const p of [0, 1, 2]) run.hash[`last:${p}`] = describeLast(lastRow(run, p));
    },
    ["I1-partition-arithmetic", "I3-acknowledged", "I4-redis-vs-topic", "published-keys"],
  ],
  ["the last id differs", (run) => addTo(run, "lastId:1", 3), ["I4-redis-vs-topic"]],
  [
    "the job began behind the first offset",
    (run) => {
      addTo(run, "start:0", 1);
      addTo(run, "count:0", -1);
    },
    ["store-state", "I2-total", "I3-acknowledged", "I4-redis-vs-topic", "I5-offset-ranges"],
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
  [
    "ids out of order in the topic, which the sink did not see",
    (run) => run.topic[1]?.splice(5, 2, message(20), message(17)),
    ["I6-order"],
  ],
  [
    "ids out of order that the sink saw, too",
    (run) => {
      run.topic[1]?.splice(5, 2, message(20), message(17));
      addTo(run, "disorder:1", 1);
    },
    ["I6-order"],
  ],
  ["the job's own published key is behind", (run) => set(run, { published: "99" }), ["published-keys"]],
  ["a published key is missing", (run) => set(run, { published: null }), ["published-keys"]],
  ["a shared key differs on a Redis of our own", (run) => set(run, { counter: "99" }), ["published-keys"]],
  ["a shared key is missing on a Redis of our own", (run) => set(run, { sequence: null }), ["published-keys"]],
  [
    "a partition is not drained",
    (run) => run.topic[0]?.push(message(103)),
    ["I3-drained", "I3-acknowledged", "topic-ids", "I4-plan-vs-topic", "I4-ledger-vs-topic"],
  ],
  [
    "a partition was added, and records lie in it",
    (run) => {
      run.topic.push([message(7), message(8)]);
      run.strangers.add("3:0").add("3:1");
    },
    ["topic-partitions", "I3-acknowledged", "topic-ids", "foreign-records"],
  ],
  ["a partition is gone", (run) => void run.topic.pop(), ["topic-partitions", "acknowledged-kept"]],
  [
    "a record of another producer is in the topic, as it should be otherwise",
    (run) => run.strangers.add("1:9"),
    ["foreign-records"],
  ],
  [
    "a transaction of somebody else is open behind the last record",
    (run) => set(run, { high: [34, 33, 35] }),
    ["foreign-records"],
  ],
  ["more is committed than was applied", (run) => commit(run, 1, 34), ["committed-offsets"]],
  [
    "more is committed than was checkpointed",
    (run) => set(run.checkpoint?.state ?? {}, { "offset:1": "30" }),
    ["committed-offsets"],
  ],
  ["nothing is committed, though a checkpoint completed", (run) => commit(run, 2, -1), ["committed-offsets"]],
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
    ["I4-redis-vs-topic", "topic-ids", "I4-plan-vs-topic", "I4-ledger-vs-topic", "rejected", "published-keys"],
  ],
  [
    "a message of the topic is replaced by another's repeat",
    (run) => run.topic[1]?.splice(5, 1, message(2)),
    ["I4-redis-vs-topic", "topic-ids", "I4-plan-vs-topic", "I4-ledger-vs-topic", "I6-order"],
  ],
  [
    "two messages of the topic changed partitions, and sink and ledger with them",
    (run) => {
      run.topic[0]?.splice(33, 1, message(99));
      run.topic[2]?.splice(32, 1, message(100));
      for (const [p, delta] of [
        [0, -1],
        [2, 1],
      ] as const) {
        for (const field of ["idSum", "idMix"] as const) {
          const step = field === "idSum" ? delta : delta * (mix32(100) - mix32(99));
          addTo(run, `${field}:${p}`, step);
          part(run, p)[field] += step;
        }
        addTo(run, `lastId:${p}`, delta);
      }
    },
    ["I4-plan-vs-topic"],
  ],
  ["the topic lost its newest record", (run) => run.topic[2]?.pop(), ["acknowledged-kept"]],
  [
    "the ledger is removed",
    (run) => run.ledgers.splice(0, 1, undefined),
    ["I3-acknowledged", "ledger-complete", "I4-ledger-vs-topic", "acknowledged-kept", "foreign-records"],
  ],
  [
    "the ledger is of another round",
    (run) => set(round(run), { messages: 101 }),
    ["ledger-complete", "topic-ids", "I4-plan-vs-topic"],
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
      "I7-fencing",
      "committed-offsets",
    ],
  ],
];

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

  it("are each failed by one of these: a check that cannot fail proves nothing", () => {
    const failed = new Set(MUTATIONS.flatMap(([, , ids]) => ids));
    const made = runChecks(toFacts(makeRun([100]))).map(({ id }) => id);
    expect(made.filter((id) => !failed.has(id))).toEqual([]);
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

  describe("of somebody else's topic", () => {
    it("do not ask for ledgers or distinct ids, and name what was not counted", () => {
      const run = makeForeign();
      // Another writer goes on, and repeats an id; a partition is added, too.
      run.topic[0]?.push(message(1));
      run.topic.push([message(8), message(9)]);
      const checks = runChecks(toFacts(run));
      expect(checks.filter(({ status }) => status === "failed" || status === "unknown")).toEqual([]);
      const skipped = checks.filter(({ status }) => status === "notApplicable").map(({ id }) => id);
      expect(skipped).toEqual([
        "I3-acknowledged",
        "topic-ids",
        "I4-plan-vs-topic",
        "ledger-complete",
        "I4-ledger-vs-topic",
        "acknowledged-kept",
        "foreign-records",
      ]);
      const reason = check(run, "I3-drained")?.reason;
      expect(reason).toContain("3 offsets of topic topic were not counted");
      expect(reason).toContain("offsets 34 to 34 of partition 0");
      expect(check(run, "topic-partitions")?.reason).toContain("not counted: 3 (offsets 0 to 1)");
    });

    it("compare exactly what the job has applied, beyond the end at the start, too", () => {
      const run = makeForeign();
      run.task.endOffsets = [30, 30, 30];
      expect(failedIds(run)).toEqual([]);
      addTo(run, "idSum:0", 1);
      expect(failedIds(run)).toEqual(["I4-redis-vs-topic"]);
    });

    it("want the disorder that the topic has, whatever it is", () => {
      const run = makeForeign();
      run.topic[1]?.splice(5, 2, message(20), message(17));
      expect(failedIds(run)).toEqual(["I6-order"]);
      addTo(run, "disorder:1", 1);
      expect(failedIds(run)).toEqual([]);
    });

    it("notice that counting began behind what Kafka holds", () => {
      const run = makeForeign();
      for (const [field, delta] of [
        ["start:0", 7],
        ["count:0", -7],
        ["total", -7],
      ] as const)
        addTo(run, field, delta);
      expect(failedIds(run)).toContain("store-state");
    });

    it("bear with others who write while the job runs", () => {
      const run = makeForeign();
      run.hash["phase"] = "running";
      setFences(run, 1_000_009);
      // Rows, fences and the published view that came after the state was read, or before it.
      run.applies.push({ ...row(run, 0), g: 1_000_020, prev: 34, next: 41, n: 7, base: 100 });
      run.acquires.push({ kind: "acquire", life: "life-1", p: 0, g: 1_000_020, offset: 34 });
      set(run, { published: "93", counter: "93", sequence: "93" });
      expect(failedIds(run)).toEqual([]);
    });
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

function makeForeign(): SyntheticRun {
  const run = makeRun([100]);
  run.config.ownTopic = false;
  set(run.task, { rounds: [], endOffsets: [34, 33, 33] });
  run.ledgers = [];
  return run;
}

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
