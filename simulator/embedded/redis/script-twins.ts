/**
 * The six scripts in TypeScript: the same answers and the same hash, bit for bit, as the Lua text of
 * `contract/redis-script-text.ts` on a real Redis. One set of cases and one random walk test both.
 *
 * A twin runs in one turn of the event loop, so it is atomic like a script. Numbers in the hash are compared as text
 * where Lua does so.
 */
import { SUM_MODULUS } from "../../common/contract/message.ts";
import {
  parseAcquire,
  parseApply,
  parseFenceAll,
  parsePublish,
  parseWhole,
  parseWholeHash,
  SCRIPT_KEYS,
  type WholeHashArguments,
} from "../../common/contract/state/redis-script-codec.ts";
import type { AcquireArguments, ApplyArguments, ScriptName } from "../../common/contract/state/redis-scripts.ts";
import { unreachable } from "../../common/foundation/assert.ts";
import { CommandError } from "./command-error.ts";
import type { Keyspace } from "./keyspace.ts";

export type TwinAnswer = string[];

/** Runs the twin. Throws CommandError when keys or arguments do not have the script's form. */
export function runScriptTwin(script: ScriptName, keys: string[], argv: string[], keyspace: Keyspace): TwinAnswer {
  if (keys.length !== SCRIPT_KEYS[script]) throw malformed(script);
  const [key, ...views] = keys as [string, ...string[]];
  switch (script) {
    case "INIT":
      return init(keyspace, key, required(script, parseWholeHash(argv)));
    case "ACQUIRE":
      return acquire(keyspace, key, required(script, parseAcquire(argv)));
    case "APPLY":
      return apply(keyspace, key, required(script, parseApply(argv)));
    case "PUBLISH":
      return publish(keyspace, key, views, required(script, parsePublish(argv)));
    case "FENCE_ALL":
      return fenceAll(keyspace, key, required(script, parseFenceAll(argv)));
    case "RECOVER":
      return recover(keyspace, key, required(script, parseWholeHash(argv)));
    default:
      return unreachable(script);
  }
}

function init(keyspace: Keyspace, key: string, a: WholeHashArguments): TwinAnswer {
  if (!keyspace.has(key)) {
    for (const [field, value] of a.fields) keyspace.setField(key, field, value);
    return ["CREATED"];
  }
  const hash = readFields(keyspace, key);
  const complete = a.fields.every(([field]) => hash.has(field));
  const epochText = hash.get("epoch");
  const epoch = parseWhole(epochText);
  if (epochText !== undefined && epoch !== undefined && epoch > a.epoch) return ["REFUSED", epochText];
  keyspace.setField(key, "epoch", String(a.epoch));
  if (!complete) return ["EXISTS", "", "", ""];
  if (hash.get("life") === a.life) return ["CREATED"];
  return ["EXISTS", hash.get("life") ?? "", hash.get("redisRunId") ?? "", hash.get("phase") ?? ""];
}

function acquire(keyspace: Keyspace, key: string, a: AcquireArguments): TwinAnswer {
  const hash = readFields(keyspace, key);
  const life = hash.get("life");
  if (life !== a.life) return ["STORE_LOST", life ?? ""];
  const fenceText = hash.get(`fence:${a.p}`);
  const fence = parseWhole(fenceText);
  const offset = hash.get(`offset:${a.p}`);
  const lastId = hash.get(`lastId:${a.p}`);
  const last = hash.get(`last:${a.p}`);
  if (fenceText === undefined || fence === undefined || last === undefined) return ["STORE_LOST", life];
  if (offset === undefined || lastId === undefined) return ["STORE_LOST", life];
  if (parseWhole(offset) === undefined || parseWhole(lastId) === undefined) return ["STORE_LOST", life];
  if (a.g < fence) return ["FENCED", fenceText];
  keyspace.setField(key, `fence:${a.p}`, String(a.g));
  return ["ACQUIRED", offset, lastId, last];
}

/** The numbers of a partition that APPLY adds to; undefined when one of them is missing or no number. */
interface Tallies {
  readonly total: number;
  readonly count: number;
  readonly rejected: number;
  readonly skipped: number;
  readonly idSum: number;
  readonly idMix: number;
  readonly disorder: number;
  readonly by: number;
}

function readTallies(hash: ReadonlyMap<string, string>, p: number, tm: string): Tallies | undefined {
  const byText = hash.get(`by:${tm}`);
  const tallies = {
    total: parseWhole(hash.get("total")),
    count: parseWhole(hash.get(`count:${p}`)),
    rejected: parseWhole(hash.get(`rejected:${p}`)),
    skipped: parseWhole(hash.get(`skipped:${p}`)),
    idSum: parseWhole(hash.get(`idSum:${p}`)),
    idMix: parseWhole(hash.get(`idMix:${p}`)),
    disorder: parseWhole(hash.get(`disorder:${p}`)),
    // The only field that APPLY creates.
    by: byText === undefined ? 0 : parseWhole(byText),
  };
  const complete = Object.values(tallies).every((value) => value !== undefined);
  const readable = ["fence", "offset", "lastId"].every((name) => parseWhole(hash.get(`${name}:${p}`)) !== undefined);
  return complete && readable ? (tallies as Tallies) : undefined;
}

function apply(keyspace: Keyspace, key: string, a: ApplyArguments): TwinAnswer {
  const hash = readFields(keyspace, key);
  const life = hash.get("life");
  if (life !== a.life) return ["STORE_LOST", life ?? ""];
  const tallies = readTallies(hash, a.p, a.tm);
  const last = hash.get(`last:${a.p}`);
  if (tallies === undefined || last === undefined) return ["STORE_LOST", life];
  const fence = hash.get(`fence:${a.p}`) ?? "";
  if (fence !== String(a.g)) return ["FENCED", fence];
  const offset = hash.get(`offset:${a.p}`) ?? "";
  if (offset !== String(a.prev)) {
    const found = /^(\d+):(\d+):\d+:(\d+):(\d+):/.exec(last);
    const mine = found?.[1] === String(a.prev) && found[2] === String(a.next) && found[4] === String(a.g);
    return mine ? ["DUP", found?.[3] ?? ""] : ["SEEK", offset];
  }
  const { p, tm, n } = a;
  const base = format(tallies.total);
  const set = (field: string, value: string) => keyspace.setField(key, field, value);
  set(`offset:${p}`, String(a.next));
  set(`count:${p}`, format(tallies.count + n));
  set(`rejected:${p}`, format(tallies.rejected + a.rejected));
  set(`skipped:${p}`, format(tallies.skipped + a.skipped));
  set(`idSum:${p}`, format((tallies.idSum + a.idSum) % SUM_MODULUS));
  set(`idMix:${p}`, format((tallies.idMix + a.idMix) % SUM_MODULUS));
  set(`lastId:${p}`, String(a.lastId));
  set(`disorder:${p}`, format(tallies.disorder + a.disorder));
  set(`last:${p}`, `${a.prev}:${a.next}:${n}:${base}:${a.g}:${tm}:${a.sentAtUs}`);
  set("total", format(tallies.total + n));
  set(`by:${tm}`, format(tallies.by + n));
  return ["OK", base];
}

function publish(keyspace: Keyspace, key: string, views: readonly string[], a: { epoch: number }): TwinAnswer {
  const hash = readFields(keyspace, key);
  const epoch = hash.get("epoch");
  const total = hash.get("total");
  if (epoch === undefined || total === undefined) return ["STORE_LOST"];
  if (parseWhole(epoch) === undefined || parseWhole(total) === undefined) return ["STORE_LOST"];
  if (Number(epoch) > a.epoch) return ["REFUSED", epoch];
  for (const view of views) keyspace.setString(view, total, null);
  return ["PUBLISHED", total];
}

function fenceAll(keyspace: Keyspace, key: string, a: { epoch: number; g: number }): TwinAnswer {
  const hash = readFields(keyspace, key);
  const epoch = hash.get("epoch");
  const total = hash.get("total");
  if (epoch === undefined || total === undefined) return ["STORE_LOST"];
  if (parseWhole(epoch) === undefined || parseWhole(total) === undefined) return ["STORE_LOST"];
  if (Number(epoch) > a.epoch) return ["REFUSED", epoch];
  const fences = [...hash.keys()].filter((field) => /^fence:\d+$/.test(field));
  const offsets = [...hash.keys()].filter((field) => /^offset:\d+$/.test(field));
  if (fences.length === 0 || fences.length !== offsets.length) return ["STORE_LOST"];
  keyspace.setField(key, "phase", "stopped");
  keyspace.setField(key, "epoch", String(a.epoch));
  for (const field of fences) keyspace.setField(key, field, String(a.g));
  return ["FENCED", total];
}

function recover(keyspace: Keyspace, key: string, a: WholeHashArguments): TwinAnswer {
  const hash = readFields(keyspace, key);
  const epochText = hash.get("epoch");
  const epoch = parseWhole(epochText);
  if (epochText !== undefined && epoch !== undefined && epoch > a.epoch) return ["REFUSED", epochText];
  if (hash.get("life") === a.life) return ["RECOVERED"];
  const given = new Set(a.fields.map(([field]) => field));
  const strangers = [...hash.keys()].filter((field) => field.startsWith("by:") && !given.has(field));
  for (const [field, value] of a.fields) keyspace.setField(key, field, value);
  for (const field of strangers) keyspace.setField(key, field, "0");
  return ["RECOVERED"];
}

const NO_FIELDS: ReadonlyMap<string, string> = new Map();

function readFields(keyspace: Keyspace, key: string): ReadonlyMap<string, string> {
  return keyspace.readHash(key) ?? NO_FIELDS;
}

/** Exact decimal digits, as '%.0f' of Lua writes them; String() may round the last ones above 2^53. */
function format(value: number): string {
  return value.toFixed(0);
}

function required<T>(script: ScriptName, parsed: T | undefined): T {
  if (parsed === undefined) throw malformed(script);
  return parsed;
}

function malformed(script: ScriptName): CommandError {
  return new CommandError(`ERR the keys or arguments of ${script} do not have the script's form`);
}
