/**
 * Values of Lua on the stack and in TypeScript, and replies of Redis as values of Lua.
 *
 *   reply, RESP2       value of Lua               value of Lua             reply
 *   "text"             the text                   text                     "text"
 *   7                  the number                 number                   its whole part
 *   null               false                      true, false, nil         1, null, null
 *   OK                 { ok = "OK" }              { ok = "…" }             +…
 *   { error }          { err = "ERR …" }          { err = "ERR …" }        -ERR …
 *   [a, b]             a table                    another table            its elements up to the first nil
 */
import { CommandError } from "../command-error.ts";
import { formatDouble } from "../numbers/double.ts";
import type { Protocol, Reply } from "../reply.ts";
import type { LuaMachine, Thread } from "./machine.ts";

/** Nested deeper than this is refused: a table can contain itself. */
export const DEPTH_MAX = 1_000;
/** A small table can hold itself many times over: what a script answers has at most so many elements in all. */
const REPLY_ELEMENTS_MAX = 1_000_000;
const DEADLINE_CHECK_ELEMENTS = 1_000;
const INT64_MIN = -(2n ** 63n);

export const TYPE = { nil: 0, boolean: 1, lightUserdata: 2, number: 3, text: 4, table: 5 } as const;

/** What `cjson.null` is. */
export const JSON_NULL = Symbol("cjson.null");

export type LuaValue = undefined | boolean | number | string | typeof JSON_NULL | LuaTable;
/** In the order in which Lua gives the entries. */
export type LuaTable = Map<LuaValue, LuaValue>;

/** Undefined for what has no value outside of Lua: functions and threads. Throws RangeError when it is too deep. */
export function readValue(machine: LuaMachine, thread: Thread, index: number, depth = 0): LuaValue {
  const { api } = machine;
  switch (api.lua_type(thread, index)) {
    case TYPE.boolean:
      return api.lua_toboolean(thread, index) !== 0;
    case TYPE.lightUserdata:
      return JSON_NULL;
    case TYPE.number:
      return api.lua_tonumber(thread, index);
    case TYPE.text:
      return machine.readText(thread, index);
    case TYPE.table: {
      if (depth >= DEPTH_MAX || api.lua_checkstack(thread, 4) === 0) throw new RangeError("too deep");
      const table: LuaTable = new Map();
      const at = index < 0 ? api.lua_gettop(thread) + index + 1 : index;
      api.lua_pushnil(thread);
      while (api.lua_next(thread, at) !== 0) {
        // Of a copy: reading a number as a text would change the key, and lua_next would lose its way.
        api.lua_pushvalue(thread, -2);
        const key = readValue(machine, thread, -1, depth + 1);
        api.lua_settop(thread, -2);
        table.set(key, readValue(machine, thread, -1, depth + 1));
        api.lua_settop(thread, -2);
      }
      return table;
    }
    default:
      return undefined;
  }
}

export function pushValue(machine: LuaMachine, thread: Thread, value: LuaValue): void {
  const { api } = machine;
  if (api.lua_checkstack(thread, 4) === 0) machine.raise(thread, "reached lua stack limit");
  if (value === undefined) api.lua_pushnil(thread);
  else if (typeof value === "boolean") api.lua_pushboolean(thread, Number(value));
  else if (typeof value === "number") api.lua_pushnumber(thread, value);
  else if (typeof value === "string") machine.pushText(thread, value);
  else if (value === JSON_NULL) api.lua_pushlightuserdata(thread, 0);
  else {
    api.lua_createtable(thread, 0, value.size);
    for (const [key, element] of value) {
      pushValue(machine, thread, key);
      pushValue(machine, thread, element);
      api.lua_rawset(thread, -3);
    }
  }
}

export function tableOf(elements: readonly LuaValue[]): LuaTable {
  return new Map(elements.map((element, i) => [i + 1, element]));
}

/** A reply as `redis.call` gives it. `protocol` is what the script asked for by `redis.setresp`. */
export function valueOfReply(reply: Reply, protocol: Protocol): LuaValue {
  if (reply === null) return protocol === 3 ? undefined : false;
  if (typeof reply === "string") return reply;
  if (typeof reply === "number" || typeof reply === "bigint") return Number(reply);
  const table = (elements: readonly Reply[]) => tableOf(elements.map((element) => valueOfReply(element, protocol)));
  if ("length" in reply) return table(reply);
  if ("simple" in reply) return new Map([["ok", reply.simple]]);
  if ("error" in reply) return new Map([["err", reply.error]]);
  if ("nullArray" in reply) return protocol === 3 ? undefined : false;
  if ("several" in reply) return table(reply.several);
  if ("push" in reply) return table(reply.push);
  if ("verbatim" in reply) {
    if (protocol === 2) return reply.verbatim;
    const verbatim: LuaTable = new Map<LuaValue, LuaValue>([["format", "txt"]]).set("string", reply.verbatim);
    return new Map([["verbatim_string", verbatim]]);
  }
  if ("double" in reply) return protocol === 3 ? new Map([["double", reply.double]]) : formatDouble(reply.double);
  if ("set" in reply) {
    if (protocol === 2) return table(reply.set);
    const members = reply.set.map((member) => [valueOfReply(member, protocol), true] as const);
    return new Map([["set", new Map<LuaValue, LuaValue>(members)]]);
  }
  if (protocol === 2) return table(reply.pairs);
  const map: LuaTable = new Map();
  for (let i = 0; i < reply.pairs.length; i += 2) {
    map.set(valueOfReply(reply.pairs[i] as Reply, protocol), valueOfReply(reply.pairs[i + 1] as Reply, protocol));
  }
  return new Map([["map", map]]);
}

/** What may still be read of an answer: the hook that ends a script does not see this. */
interface ReplyBudget {
  elements: number;
  readonly checkDeadline: () => void;
}

/** What the script returned, which is on top of the stack, as its reply. Throws CommandError when it is too large. */
export function replyOfTop(machine: LuaMachine, thread: Thread, checkDeadline: () => void): Reply {
  return readReply(machine, thread, 0, { elements: REPLY_ELEMENTS_MAX, checkDeadline });
}

function readReply(machine: LuaMachine, thread: Thread, depth: number, left: ReplyBudget): Reply {
  const { api } = machine;
  left.elements -= 1;
  if (left.elements % DEADLINE_CHECK_ELEMENTS === 0) left.checkDeadline();
  if (left.elements < 0) throw new CommandError(`ERR a script answers at most ${REPLY_ELEMENTS_MAX} elements`);
  switch (api.lua_type(thread, -1)) {
    case TYPE.boolean:
      return api.lua_toboolean(thread, -1) === 0 ? null : 1;
    case TYPE.number:
      return wholePart(api.lua_tonumber(thread, -1));
    case TYPE.text:
      return machine.readText(thread, -1) ?? null;
    case TYPE.table:
      if (depth >= DEPTH_MAX || api.lua_checkstack(thread, 4) === 0) return { error: "ERR reached lua stack limit" };
      return readTaggedTable(machine, thread, depth, left) ?? readElements(machine, thread, depth, left);
    default:
      return null;
  }
}

/** A table with one field that says which kind of reply it is. */
function readTaggedTable(machine: LuaMachine, thread: Thread, depth: number, left: ReplyBudget): Reply | undefined {
  const { api } = machine;
  const field = <R>(name: string, type: number, read: () => R): R | undefined => {
    machine.pushText(thread, name);
    api.lua_rawget(thread, -2);
    const value = api.lua_type(thread, -1) === type ? read() : undefined;
    api.lua_settop(thread, -2);
    return value;
  };
  const text = (name: string) => field(name, TYPE.text, () => machine.readText(thread, -1) ?? "");
  const error = text("err");
  if (error !== undefined) return { error };
  const status = text("ok");
  if (status !== undefined) return { simple: status.replace(/[\r\n]/g, " ") };
  const double = field("double", TYPE.number, () => api.lua_tonumber(thread, -1));
  if (double !== undefined) return { double };
  const pairs = field("map", TYPE.table, () => readPairs(machine, thread, depth, left));
  if (pairs !== undefined) return { pairs: pairs.flat() };
  const members = field("set", TYPE.table, () => readPairs(machine, thread, depth, left));
  return members === undefined ? undefined : { set: members.map(([member]) => member) };
}

function readPairs(machine: LuaMachine, thread: Thread, depth: number, left: ReplyBudget): (readonly [Reply, Reply])[] {
  const { api } = machine;
  const pairs: (readonly [Reply, Reply])[] = [];
  api.lua_pushnil(thread);
  while (api.lua_next(thread, -2) !== 0) {
    const value = readReply(machine, thread, depth + 1, left);
    api.lua_pushvalue(thread, -2);
    pairs.push([readReply(machine, thread, depth + 1, left), value]);
    api.lua_settop(thread, -3);
  }
  return pairs;
}

/** Up to the first nil. */
function readElements(machine: LuaMachine, thread: Thread, depth: number, left: ReplyBudget): Reply[] {
  const { api } = machine;
  const elements: Reply[] = [];
  for (let i = 1; ; i += 1) {
    api.lua_rawgeti(thread, -1, i);
    if (api.lua_type(thread, -1) === TYPE.nil) break;
    elements.push(readReply(machine, thread, depth + 1, left));
    api.lua_settop(thread, -2);
  }
  api.lua_settop(thread, -2);
  return elements;
}

/** As C casts a double to a long. */
function wholePart(value: number): number | bigint {
  if (Number.isSafeInteger(Math.trunc(value))) return Math.trunc(value);
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 63) return INT64_MIN;
  return BigInt(value);
}
