/** The independent reader's judgement: each kind of fault is found, and each kind of wrong verdict is called wrong. */
import { describe, expect, it } from "vitest";
import { mix32 } from "../../../simulator/common/contract/message.ts";
import { MESSAGE_VECTORS } from "../../../simulator/common/contract/message-vectors.ts";
import type { Evidence } from "../../support/independent/evidence.ts";
import { judge } from "../../support/independent/judgement.ts";
import { idOf, mixOf, type Tally } from "../../support/independent/message-tally.ts";
import { ruleOn } from "../../support/independent/ruling.ts";
import { createRandom } from "../../support/script-walk.ts";

const IDS = [
  [1, 3, 5],
  [2, 4],
] as const;
const MESSAGES = 5;

const tallyOf = (ids: readonly number[], rejected = 0): Tally => ({
  messages: ids.length,
  rejected,
  idSum: ids.reduce((sum, id) => sum + id, 0),
  idMix: ids.reduce((sum, id) => sum + mixOf(id), 0),
  disorder: ids.filter((id, i) => i > 0 && id <= (ids[i - 1] as number)).length,
});

/** Five messages in two partitions, all of them applied. */
function exactEvidence(): Evidence {
  const hash: Record<string, string> = {
    phase: "stopped",
    total: "5",
    "by:taskmanager-01": "2",
    "by:taskmanager-02": "3",
  };
  for (const [p, ids] of IDS.entries()) {
    const { idSum, idMix } = tallyOf(ids);
    const fields = {
      start: 0,
      offset: ids.length,
      count: ids.length,
      rejected: 0,
      skipped: 0,
      idSum,
      idMix,
      disorder: 0,
    };
    for (const [field, value] of Object.entries(fields)) hash[`${field}:${p}`] = String(value);
  }
  const parts = IDS.map((ids, p) => {
    const tally = tallyOf(ids);
    return { p, earliest: 0, end: ids.length, all: tally, applied: tally, acknowledged: tally, holes: 0 };
  });
  return {
    requested: MESSAGES,
    topic: { partitions: parts, distinct: MESSAGES, repeated: 0, beyond: 0 },
    job: { hash, published: { own: "5", counter: "5" } },
    ledger: {
      isFinished: true,
      requested: MESSAGES,
      acknowledged: MESSAGES,
      partitions: IDS.map((ids, p) => {
        const { messages, idSum, idMix } = tallyOf(ids);
        return { p, acknowledged: messages, idSum, idMix, endOffset: ids.length };
      }),
    },
  };
}

const exact = exactEvidence();
const withHash = (changed: Readonly<Record<string, string>>): Evidence => ({
  ...exact,
  job: { ...exact.job, hash: { ...exact.job.hash, ...changed } },
});
const withTopic = (changed: Partial<Evidence["topic"]>): Evidence => ({
  ...exact,
  topic: { ...exact.topic, ...changed },
});
const withLedger = (changed: Partial<NonNullable<Evidence["ledger"]>>): Evidence => ({
  ...exact,
  ledger: { ...(exact.ledger as NonNullable<Evidence["ledger"]>), ...changed },
});

/** The job stopped at offset 1 of partition 0, and has published that. */
const unfinished: Evidence = (() => {
  const { idSum, idMix } = tallyOf([1]);
  const applied = { "offset:0": "1", "count:0": "1", "idSum:0": String(idSum), "idMix:0": String(idMix) };
  const evidence = withHash({ ...applied, total: "3", "by:taskmanager-02": "1" });
  const [first, second] = evidence.topic.partitions;
  if (first === undefined || second === undefined) throw new Error("there are two partitions");
  return {
    ...evidence,
    job: { ...evidence.job, published: { own: "3", counter: "3" } },
    topic: { ...evidence.topic, partitions: [{ ...first, applied: tallyOf([1]) }, second] },
  };
})();

/** What an honest report says of the evidence. */
function reportOn(evidence: Evidence, claims: Readonly<Record<string, unknown>> = {}): string {
  const { counts, states } = judge(evidence);
  const partitions = states.map(({ disorder: _disorder, offset: _offset, ...state }) => ({
    ...state,
    end: evidence.topic.partitions[state.p]?.end,
  }));
  return JSON.stringify({
    verdict: "passed",
    exitCode: 0,
    reasons: [],
    messages: counts,
    partitions,
    checks: [],
    ...claims,
  });
}

const failed = (exitCode: number, ...ids: readonly string[]) => ({
  verdict: "failed",
  exitCode,
  reasons: ["it says why"],
  checks: ids.map((id) => ({ id, status: "failed", reason: "it says what" })),
});

describe("its own grammar", () => {
  it.each(MESSAGE_VECTORS)("reads %j", (vector) => {
    expect(idOf(vector.value)).toBe("id" in vector ? vector.id : null);
  });

  it("mixes as murmur3 does, and as the product does", () => {
    // The published hashes of an empty input with these seeds are the finalizer alone.
    expect([mixOf(0), mixOf(1), mixOf(0xffffffff)]).toEqual([0, 0x514e28b7, 0x81f16f39]);
    const below = createRandom(7);
    const ids = Array.from({ length: 1_000 }, () => below(2 ** 16) * 2 ** 32 + below(2 ** 32));
    expect(ids.map(mixOf)).toEqual(ids.map(mix32));
  });
});

describe("its judgement", () => {
  it("finds nothing where everything is exact", () => {
    expect(judge(exact)).toMatchObject({
      finding: { kind: "exact" },
      violations: [],
      counts: { requested: 5, acknowledged: 5, inKafka: 5, processed: 5, unprocessed: 0, lost: 0, duplicated: 0 },
    });
  });

  it.each([
    ["a message that was not counted", withHash({ "count:0": "2" }), { lost: 1, duplicated: 0 }, "effect"],
    ["a message that was counted twice", withHash({ "count:1": "3" }), { lost: 0, duplicated: 1 }, "effect"],
    ["another message in the place of one", withHash({ "idSum:0": "10" }), { lost: 1, duplicated: 1 }, "effect"],
    ["an acknowledged message that Kafka lost", withTopic({ distinct: 4 }), { lost: 1, duplicated: 0 }, "topicLost"],
    ["a message that is in the topic twice", withTopic({ repeated: 1 }), { lost: 0, duplicated: 1 }, "topicRepeated"],
    ["somebody else's message", withTopic({ beyond: 1 }), { lost: 0, duplicated: 0 }, "topicForeign"],
    ["an offset without a record", withHash({ "skipped:0": "1" }), { lost: 0 }, "arithmetic"],
    ["an offset beyond the end", withHash({ "offset:0": "4" }), { lost: 0 }, "ahead"],
    ["ids that did not rise", withHash({ "disorder:0": "1" }), { outOfOrder: 1 }, "disorder"],
    ["a wrong total", withHash({ total: "6" }), { processed: 5 }, "total"],
    ["a wrong share", withHash({ "by:taskmanager-01": "3" }), { processed: 5 }, "shares"],
    [
      "a view that shows something else",
      { ...exact, job: { ...exact.job, published: { own: "5", counter: "4" } } },
      { lost: 0 },
      "published",
    ],
    ["a ledger with other sums", withLedger({ partitions: [] }), { lost: 0 }, "ledgerDiffers"],
    [
      "records in a partition of which the job knows nothing",
      withTopic({
        partitions: [
          ...exact.topic.partitions,
          { ...(exact.topic.partitions[1] as Evidence["topic"]["partitions"][number]), p: 2 },
        ],
      }),
      { lost: 0, inKafka: 7 },
      "unseen",
    ],
  ] as const)("finds %s", (_title, evidence, counts, kind) => {
    const judgement = judge(evidence);
    expect(judgement.finding.kind).toBe("violated");
    expect(judgement.counts).toMatchObject(counts);
    expect(judgement.violations.map((violation) => violation.kind)).toContain(kind);
  });

  it("tells what is not done from what is wrong", () => {
    expect(judge(unfinished)).toMatchObject({
      finding: { kind: "unfinished" },
      counts: { processed: 3, unprocessed: 2, lost: 0, duplicated: 0 },
    });
  });

  it.each([
    ["no hash", { ...exact, job: { hash: {}, published: {} } }],
    ["a hash without a field", withHash({ "count:1": "" })],
  ])("knows that it does not know: %s", (_title, evidence) => {
    expect(judge(evidence)).toMatchObject({ finding: { kind: "unknown" }, counts: { processed: null, lost: null } });
  });
});

describe("its ruling", () => {
  const lost = withHash({ "count:0": "2", total: "4", "by:taskmanager-02": "2" });
  const rule = (evidence: Evidence, exitCode: number | null, reportText: string | null) =>
    ruleOn({ exitCode, reportText }, evidence).wrongs.join("\n");

  it.each([
    ["a pass", exact, 0, reportOn(exact)],
    ["a loss that is one", lost, 4, reportOn(lost, failed(4, "I4-redis-vs-topic"))],
    ["a failed job", unfinished, 6, reportOn(unfinished, failed(6))],
    ["a missed budget", unfinished, 5, reportOn(unfinished, failed(5, "max-time"))],
    [
      "what nobody can know",
      exact,
      3,
      reportOn(exact, { ...failed(3), verdict: "unknown", messages: emptyMessages(), partitions: [] }),
    ],
  ])("lets stand: %s", (_title, evidence, exitCode, reportText) => {
    expect(rule(evidence, exitCode, reportText)).toBe("");
  });

  it.each([
    ["a pass with a loss", lost, 0, reportOn(lost), /FALSE PASS.*partition 0/],
    ["a pass of a part", unfinished, 0, reportOn(unfinished), /FALSE PASS.*applied to 1/],
    ["a loss that is none", exact, 4, reportOn(exact, failed(4, "I4-redis-vs-topic")), /FALSE FAILURE/],
    [
      "a run that is not done, called a loss",
      unfinished,
      4,
      reportOn(unfinished, failed(4, "published-keys")),
      /FALSE FAIL/,
    ],
    ["another loss than there is", lost, 4, reportOn(lost, failed(4, "I6-order")), /not confirmed: I6-order/],
    ["a claim beside a failed job", unfinished, 6, reportOn(unfinished, failed(6, "topic-ids")), /claims topic-ids/],
    [
      "a failure without a reason",
      unfinished,
      6,
      reportOn(unfinished, { ...failed(6), reasons: [] }),
      /without a reason/,
    ],
    ["an unexpected error", exact, 1, reportOn(exact, failed(1)), /nobody asked for/],
    ["another exit code than the report's", exact, 0, reportOn(exact, failed(3)), /the report says exit code 3/],
    ["no report", exact, 3, null, /without a report/],
    ["an end by a signal", exact, null, reportOn(exact), /it was null/],
    [
      "a wrong number, whatever the end",
      unfinished,
      3,
      reportOn(unfinished, { ...failed(3), messages: { ...emptyMessages(), lost: 2 } }),
      /the report says lost 2, the reader 0/,
    ],
  ])("calls wrong: %s", (_title, evidence, exitCode, reportText, what) => {
    expect(rule(evidence, exitCode, reportText)).toMatch(what);
  });

  it("notes what went on after the report, where something could go on", () => {
    const running: Evidence = {
      ...withHash({ phase: "running" }),
      ledger: { ...withLedger({ isFinished: false }).ledger } as never,
    };
    const before = { ...emptyMessages(), inKafka: 4, processed: 3, unprocessed: 1 };
    const ruling = ruleOn({ exitCode: 3, reportText: reportOn(running, { ...failed(3), messages: before }) }, running);
    expect(ruling.wrongs).toEqual([]);
    expect(ruling.notes).toHaveLength(3);
    const stopped = rule(exact, 3, reportOn(exact, { ...failed(3), messages: before }));
    expect(stopped).toMatch(/processed 3, the reader 5/);
  });
});

function emptyMessages(): Record<string, null> {
  return Object.fromEntries(Object.keys(judge(exact).counts).map((name) => [name, null]));
}
