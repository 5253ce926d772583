/** Random walks over the scripts: seeded, so that a printed seed repeats a failure exactly. */
import {
  encodeAcquire,
  encodeApply,
  encodeFenceAll,
  encodeInit,
  encodePublish,
  encodeRecover,
} from "../../simulator/common/contract/state/redis-script-codec.ts";
import type { ApplyArguments, ScriptName } from "../../simulator/common/contract/state/redis-scripts.ts";
import { type Hash, STATE_KEYS, VIEW_KEYS } from "./script-cases.ts";

/** One step of a random walk: a script, or damage as FLUSHALL, HDEL and a stray HSET do it. */
export type WalkStep =
  | {
      readonly kind: "script";
      readonly script: ScriptName;
      readonly keys: readonly string[];
      readonly argv: readonly string[];
    }
  | { readonly kind: "delete" }
  | { readonly kind: "deleteField"; readonly field: string }
  | { readonly kind: "setField"; readonly field: string; readonly value: string };

/** TEST_SEED, or a new one; print it in the test's name. */
export function walkSeed(): number {
  const given = process.env["TEST_SEED"];
  return given === undefined || given === "" ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}

/** mulberry32: small, and the same everywhere. Returns whole numbers below `below`. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/**
 * A walk that mostly makes sense, so that it gets far: it follows the hash as it knows it from `readHash`, and sometimes
 * uses an old generation, a wrong offset, another life, or damages a field.
 */
export function nextStep(random: (below: number) => number, hash: Hash): WalkStep {
  const p = random(3);
  const life = random(20) === 0 ? "L9" : (hash["life"] ?? "L1");
  const fence = Number(hash[`fence:${p}`] ?? 0) || 0;
  const epoch = Math.max(1, asArgument((Number(hash["epoch"] ?? 1) || 1) + (random(4) === 0 ? random(3) - 1 : 0)));
  const script = (name: ScriptName, argv: string[]): WalkStep => ({
    kind: "script",
    script: name,
    keys: name === "PUBLISH" ? VIEW_KEYS : STATE_KEYS,
    argv,
  });
  const dice = random(100);
  if (Object.keys(hash).length === 0 || dice < 3) {
    const startOffsets = [random(1_000), random(2) * 9_007_199_254_000_000, random(5)];
    return script("INIT", encodeInit({ epoch, life: `L${random(3)}`, redisRunId: "r1", startOffsets }));
  }
  if (dice < 20) return script("ACQUIRE", encodeAcquire({ life, p, g: asArgument(fence + random(4) - 1) }));
  if (dice < 82) return script("APPLY", encodeApply(randomApply(random, hash, { life, p, fence })));
  if (dice < 88) return script("PUBLISH", encodePublish({ epoch }));
  if (dice < 90)
    return script("FENCE_ALL", encodeFenceAll({ epoch, g: asArgument(epoch * 1_000_000 + random(1_000)) }));
  if (dice < 94) return script("RECOVER", encodeRecover({ epoch, fields: { ...hash, life: `L${random(5)}` } }));
  if (dice < 95) return { kind: "delete" };
  const names = Object.keys(hash).toSorted();
  const field = names[random(names.length)] as string;
  if (dice < 97) return { kind: "deleteField", field };
  const values = ["", "x", "-5", "007", "281474976710655", "9007199254740991", "9007199254740993", "1e3"];
  return { kind: "setField", field, value: values[random(values.length)] as string };
}

/** The walk may have put anything into a field; what a caller makes of it is a whole number from 0 to 2^53−1 all the same. */
function asArgument(value: number): number {
  return Math.min(Math.max(0, Math.floor(value)), Number.MAX_SAFE_INTEGER);
}

function randomApply(
  random: (below: number) => number,
  hash: Hash,
  { life, p, fence }: { life: string; p: number; fence: number },
): ApplyArguments {
  const last = /^(\d+):(\d+):/.exec(hash[`last:${p}`] ?? "");
  const repeat = last !== null && random(5) === 0;
  const stored = Number(hash[`offset:${p}`] ?? 0);
  const prev = repeat
    ? Number(last[1])
    : (Number.isSafeInteger(stored) && stored >= 0 ? stored : 0) + (random(10) === 0 ? 1 : 0);
  const safePrev = Math.min(prev, Number.MAX_SAFE_INTEGER - 1_000);
  return {
    life,
    p,
    g: asArgument(random(8) === 0 ? fence - 1 : fence),
    tm: `taskmanager-0${1 + random(3)}`,
    prev: safePrev,
    next: repeat && Number(last[2]) > safePrev ? Number(last[2]) : safePrev + 1 + random(900),
    n: random(1_000),
    rejected: random(3),
    skipped: random(3),
    idSum: random(2 ** 31) * 131_071 + random(100),
    idMix: 2 ** 48 - 1 - random(2 ** 31),
    lastId: random(2 ** 31),
    disorder: random(2),
    sentAtUs: 1_795_360_719_696_123 + random(1_000_000),
  };
}
