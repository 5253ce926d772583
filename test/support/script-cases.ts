/**
 * Cases for the scripts; `large-script-cases.ts` has those of the largest states, `script-walk.ts` random walks. The same ones run against the native twins, the embedded server and a real
 * Redis, which must agree in every answer and in the whole hash afterwards.
 */

import {
  encodeAcquire,
  encodeApply,
  encodeFenceAll,
  encodeInit,
  encodePublish,
  encodeRecover,
  initialFields,
} from "../../simulator/common/contract/state/redis-script-codec.ts";
import type { ApplyArguments, ScriptName } from "../../simulator/common/contract/state/redis-scripts.ts";

export const STATE_KEY = "{0123456789abcdef}:state";
export const PUBLISHED_KEY = "{0123456789abcdef}:published";
export const COUNTER_KEY = "test:counter";
export const SEQUENCE_KEY = "test:sequence";
export const STATE_KEYS = [STATE_KEY];
export const VIEW_KEYS = [STATE_KEY, PUBLISHED_KEY, COUNTER_KEY, SEQUENCE_KEY];

export type Hash = Readonly<Record<string, string>>;

export interface ScriptCase {
  readonly name: string;
  /** The hash before; empty = the key does not exist. */
  readonly before: Hash;
  readonly script: ScriptName;
  readonly keys: readonly string[];
  readonly argv: readonly string[];
  readonly answer: readonly string[];
  /** Fields that differ afterwards; all others must not. */
  readonly changes: Hash;
}

const G = 1_000_002;
const START = { epoch: 1, life: "L1", redisRunId: "r1", startOffsets: [100, 200] };
const FRESH: Hash = initialFields(START);
const OWNED: Hash = { ...FRESH, "fence:0": String(G) };
const APPLY: ApplyArguments = {
  life: "L1",
  p: 0,
  g: G,
  tm: "taskmanager-07",
  prev: 100,
  next: 110,
  n: 7,
  rejected: 2,
  skipped: 1,
  idSum: 1_000,
  idMix: 2_000,
  lastId: 41,
  disorder: 3,
  sentAtUs: 1_795_360_719_696_123,
};
const LAST = `100:110:7:0:${G}:taskmanager-07:1795360719696123`;
const APPLIED: Hash = {
  ...OWNED,
  "offset:0": "110",
  "count:0": "7",
  "rejected:0": "2",
  "skipped:0": "1",
  "idSum:0": "1000",
  "idMix:0": "2000",
  "lastId:0": "41",
  "disorder:0": "3",
  "last:0": LAST,
  total: "7",
  "by:taskmanager-07": "7",
};

const without = (hash: Hash, field: string): Hash =>
  Object.fromEntries(Object.entries(hash).filter(([name]) => name !== field));

const difference = (before: Hash, after: Hash): Hash =>
  Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));

const applyCase = (name: string, before: Hash, a: Partial<ApplyArguments>, answer: string[], changes: Hash = {}) => ({
  name: `APPLY: ${name}`,
  before,
  script: "APPLY" as const,
  keys: STATE_KEYS,
  argv: encodeApply({ ...APPLY, ...a }),
  answer,
  changes,
});

const APPLY_FIELDS = [
  "fence",
  "offset",
  "last",
  "count",
  "rejected",
  "skipped",
  "idSum",
  "idMix",
  "disorder",
  "lastId",
];

const applyCases: ScriptCase[] = [
  applyCase("applies, and its ids start behind the total", OWNED, {}, ["OK", "0"], difference(OWNED, APPLIED)),
  applyCase("my own retry is recognised, with the same base", APPLIED, {}, ["DUP", "0"]),
  applyCase(
    "the retry of somebody else's batch is no retry of mine",
    { ...APPLIED, "last:0": LAST.replace(`${G}`, "1") },
    {},
    ["SEEK", "110"],
  ),
  applyCase("another end than the last batch's is no retry", APPLIED, { next: 111 }, ["SEEK", "110"]),
  applyCase("the store is ahead", { ...APPLIED, "offset:0": "500" }, { prev: 300, next: 400 }, ["SEEK", "500"]),
  applyCase("the store is behind", OWNED, { prev: 300, next: 400 }, ["SEEK", "100"]),
  applyCase("a newer fence stands", { ...OWNED, "fence:0": "1000003" }, {}, ["FENCED", "1000003"]),
  applyCase("an older fence stands: I never acquired", FRESH, {}, ["FENCED", "0"]),
  applyCase("fenced goes before seek", { ...APPLIED, "fence:0": "1000003" }, { prev: 300, next: 400 }, [
    "FENCED",
    "1000003",
  ]),
  applyCase("fenced goes before my own retry", { ...APPLIED, "fence:0": "1000003" }, {}, ["FENCED", "1000003"]),
  applyCase("another life", { ...OWNED, life: "L9" }, {}, ["STORE_LOST", "L9"]),
  applyCase("no hash at all", {}, {}, ["STORE_LOST", ""]),
  applyCase("the life is gone", without(OWNED, "life"), {}, ["STORE_LOST", ""]),
  applyCase("a partition that does not exist", OWNED, { p: 2 }, ["STORE_LOST", "L1"]),
  ...[...APPLY_FIELDS.map((field) => `${field}:0`), "total"].map((field) =>
    applyCase(`${field} is gone, and is not read as zero`, without(APPLIED, field), { prev: 110, next: 120 }, [
      "STORE_LOST",
      "L1",
    ]),
  ),
  ...["", "-1", "1e3", "0x10", " 7", "7 ", "9007199254740992", "99999999999999999", "nan", "7\n"].map((value) =>
    applyCase(`a count of ${JSON.stringify(value)} is no number`, { ...OWNED, "count:0": value }, {}, [
      "STORE_LOST",
      "L1",
    ]),
  ),
  applyCase("a damaged by: field is no number", { ...OWNED, "by:taskmanager-07": "x" }, {}, ["STORE_LOST", "L1"]),
  applyCase(
    "no records: offsets move, ids do not",
    APPLIED,
    { prev: 110, next: 113, n: 0, rejected: 0, skipped: 3, idSum: 0, idMix: 0, disorder: 0 },
    ["OK", "7"],
    {
      "offset:0": "113",
      "skipped:0": "4",
      "last:0": `110:113:0:7:${G}:taskmanager-07:1795360719696123`,
    },
  ),
  applyCase(
    "sums wrap at 2^48",
    { ...OWNED, "idSum:0": "281474976710655", "idMix:0": "281474976710000" },
    { idSum: 2 ** 48 - 1, idMix: 656, rejected: 0, skipped: 0, disorder: 0 },
    ["OK", "0"],
    {
      ...difference(OWNED, { ...APPLIED, "rejected:0": "0", "skipped:0": "0", "disorder:0": "0" }),
      "idSum:0": "281474976710654",
      "idMix:0": "0",
    },
  ),
  applyCase(
    "numbers near 2^53 keep all their digits",
    {
      ...OWNED,
      "offset:0": "9007199254740980",
      "count:0": "9007199254740970",
      total: "9007199254740971",
      "by:taskmanager-07": "1",
    },
    {
      prev: 9_007_199_254_740_980,
      next: Number.MAX_SAFE_INTEGER,
      rejected: 0,
      skipped: 0,
      disorder: 0,
      lastId: 2 ** 48 - 1,
    },
    ["OK", "9007199254740971"],
    {
      "offset:0": "9007199254740991",
      "count:0": "9007199254740977",
      total: "9007199254740978",
      "by:taskmanager-07": "8",
      "idSum:0": "1000",
      "idMix:0": "2000",
      "lastId:0": "281474976710655",
      "last:0": `9007199254740980:9007199254740991:7:9007199254740971:${G}:taskmanager-07:1795360719696123`,
    },
  ),
  applyCase(
    "another TaskManager's batch counts for it alone",
    APPLIED,
    { tm: "taskmanager-01", prev: 110, next: 120, rejected: 0, skipped: 3, disorder: 0 },
    ["OK", "7"],
    {
      "offset:0": "120",
      "count:0": "14",
      "skipped:0": "4",
      "idSum:0": "2000",
      "idMix:0": "4000",
      "last:0": `110:120:7:7:${G}:taskmanager-01:1795360719696123`,
      total: "14",
      "by:taskmanager-01": "7",
    },
  ),
];

const acquireCase = (name: string, before: Hash, g: number, answer: string[], changes: Hash = {}): ScriptCase => ({
  name: `ACQUIRE: ${name}`,
  before,
  script: "ACQUIRE",
  keys: STATE_KEYS,
  argv: encodeAcquire({ life: "L1", p: 0, g }),
  answer,
  changes,
});

const acquireCases: ScriptCase[] = [
  acquireCase("a higher generation takes the fence", FRESH, G, ["ACQUIRED", "100", "0", ""], { "fence:0": String(G) }),
  acquireCase("the same generation is the owner's own retry", APPLIED, G, ["ACQUIRED", "110", "41", LAST]),
  acquireCase("a lower generation is fenced", APPLIED, G - 1, ["FENCED", String(G)]),
  acquireCase(
    "10 is above 9: fences are numbers, not words",
    { ...FRESH, "fence:0": "9" },
    10,
    ["ACQUIRED", "100", "0", ""],
    { "fence:0": "10" },
  ),
  acquireCase("another life", { ...FRESH, life: "L2" }, G, ["STORE_LOST", "L2"]),
  acquireCase("no hash", {}, G, ["STORE_LOST", ""]),
  ...["fence:0", "offset:0", "lastId:0", "last:0"].map((field) =>
    acquireCase(`${field} is gone`, without(FRESH, field), G, ["STORE_LOST", "L1"]),
  ),
];

const initArguments = (a: Partial<typeof START>) => encodeInit({ ...START, ...a });
const initCase = (
  name: string,
  before: Hash,
  a: Partial<typeof START>,
  answer: string[],
  changes: Hash = {},
): ScriptCase => ({
  name: `INIT: ${name}`,
  before,
  script: "INIT",
  keys: STATE_KEYS,
  argv: initArguments(a),
  answer,
  changes,
});

const initCases: ScriptCase[] = [
  initCase("creates all fields", {}, {}, ["CREATED"], FRESH),
  initCase("its own retry finds its own life", FRESH, {}, ["CREATED"]),
  initCase(
    "an existing hash keeps its life, and stores the higher epoch",
    APPLIED,
    { epoch: 2, life: "L2", redisRunId: "r2" },
    ["EXISTS", "L1", "r1", "running"],
    { epoch: "2" },
  ),
  initCase("a stopped job says so", { ...APPLIED, phase: "stopped" }, { life: "L2" }, [
    "EXISTS",
    "L1",
    "r1",
    "stopped",
  ]),
  initCase("a lower epoch is refused", { ...APPLIED, epoch: "10" }, { epoch: 9, life: "L2" }, ["REFUSED", "10"]),
  initCase(
    "an incomplete hash has no identity",
    without(APPLIED, "idMix:1"),
    { epoch: 3, life: "L2" },
    ["EXISTS", "", "", ""],
    { epoch: "3" },
  ),
  initCase(
    "350 partitions fit one write",
    {},
    { startOffsets: Array.from({ length: 350 }, () => 0) },
    ["CREATED"],
    initialFields({ ...START, startOffsets: Array.from({ length: 350 }, () => 0) }),
  ),
];

const epochCase = (
  script: "PUBLISH" | "FENCE_ALL",
  name: string,
  before: Hash,
  argv: string[],
  answer: string[],
  changes: Hash = {},
): ScriptCase => ({
  name: `${script}: ${name}`,
  before,
  script,
  keys: script === "PUBLISH" ? VIEW_KEYS : STATE_KEYS,
  argv,
  answer,
  changes,
});

const publishCases: ScriptCase[] = [
  epochCase(
    "PUBLISH",
    "publishes the hash's own total",
    { ...APPLIED, total: "9007199254740991" },
    encodePublish({ epoch: 1 }),
    ["PUBLISHED", "9007199254740991"],
  ),
  epochCase("PUBLISH", "a lower epoch is refused", { ...APPLIED, epoch: "2" }, encodePublish({ epoch: 1 }), [
    "REFUSED",
    "2",
  ]),
  epochCase("PUBLISH", "no hash", {}, encodePublish({ epoch: 1 }), ["STORE_LOST"]),
  epochCase("PUBLISH", "the total is gone", without(APPLIED, "total"), encodePublish({ epoch: 1 }), ["STORE_LOST"]),
  epochCase("PUBLISH", "the epoch is gone", without(APPLIED, "epoch"), encodePublish({ epoch: 1 }), ["STORE_LOST"]),
];

const FENCED = { phase: "stopped", epoch: "2", "fence:0": "2000009", "fence:1": "2000009" };
const fenceCases: ScriptCase[] = [
  epochCase(
    "FENCE_ALL",
    "sets every fence and stops",
    APPLIED,
    encodeFenceAll({ epoch: 2, g: 2_000_009 }),
    ["FENCED", "7"],
    FENCED,
  ),
  epochCase("FENCE_ALL", "its own retry", { ...APPLIED, ...FENCED }, encodeFenceAll({ epoch: 2, g: 2_000_009 }), [
    "FENCED",
    "7",
  ]),
  epochCase(
    "FENCE_ALL",
    "a lower epoch is refused",
    { ...APPLIED, epoch: "2" },
    encodeFenceAll({ epoch: 1, g: 1_000_009 }),
    ["REFUSED", "2"],
  ),
  epochCase("FENCE_ALL", "no hash", {}, encodeFenceAll({ epoch: 1, g: 1 }), ["STORE_LOST"]),
  epochCase("FENCE_ALL", "a fence is gone", without(APPLIED, "fence:1"), encodeFenceAll({ epoch: 1, g: 1_000_009 }), [
    "STORE_LOST",
  ]),
  epochCase("FENCE_ALL", "the total is gone", without(APPLIED, "total"), encodeFenceAll({ epoch: 1, g: 1_000_009 }), [
    "STORE_LOST",
  ]),
];

const RESTORED: Hash = { ...FRESH, life: "L5", redisRunId: "r5", "fence:0": "2000001", "by:taskmanager-07": "0" };
const recoverCase = (name: string, before: Hash, epoch: number, answer: string[], changes: Hash = {}): ScriptCase => ({
  name: `RECOVER: ${name}`,
  before,
  script: "RECOVER",
  keys: STATE_KEYS,
  argv: encodeRecover({ epoch, fields: RESTORED }),
  answer,
  changes,
});

const recoverCases: ScriptCase[] = [
  recoverCase("into an empty Redis", {}, 2, ["RECOVERED"], { ...RESTORED, epoch: "2" }),
  recoverCase(
    "over what is there: a TaskManager that the restored state does not know counts zero",
    { ...APPLIED, "by:taskmanager-20": "5" },
    2,
    ["RECOVERED"],
    { ...difference(APPLIED, { ...RESTORED, epoch: "2" }), "by:taskmanager-20": "0" },
  ),
  recoverCase("a lower epoch is refused", { ...APPLIED, epoch: "3" }, 2, ["REFUSED", "3"]),
  recoverCase("a late second copy rolls nothing back", { ...APPLIED, life: "L5", epoch: "2" }, 2, ["RECOVERED"]),
];

export const SCRIPT_CASES: readonly ScriptCase[] = [
  ...initCases,
  ...acquireCases,
  ...applyCases,
  ...publishCases,
  ...fenceCases,
  ...recoverCases,
];
