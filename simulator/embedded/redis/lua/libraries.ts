/** What a script finds beside Lua's own libraries: the tables `redis`, `cjson`, `cmsgpack` and `bit`. */
import { createHash } from "node:crypto";
import { formatDouble } from "../numbers/double.ts";
import type { Protocol, Reply } from "../reply.ts";
import { REDIS_VERSION } from "../server-facts.ts";
import { CodecError, decodeJson, encodeJson } from "./json-text.ts";
import type { HostFunction, LuaMachine, Thread } from "./machine.ts";
import { packMessage, unpackMessages } from "./message-pack.ts";
import { JSON_NULL, type LuaValue, pushValue, readValue, TYPE, valueOfReply } from "./values.ts";

/** What the script that runs may do; another one with each run. */
export interface ScriptRun {
  readonly call: (request: readonly string[]) => Reply;
  /** The form in which it wants the replies of its calls: `redis.setresp`. */
  protocol: Protocol;
}

type Library = Readonly<Record<string, HostFunction | LuaValue>>;

export function createLibraries(machine: LuaMachine, currentRun: () => ScriptRun): Readonly<Record<string, Library>> {
  return {
    redis: redisLibrary(machine, currentRun),
    cjson: jsonLibrary(machine),
    cmsgpack: messagePackLibrary(machine),
    bit: bitLibrary(machine),
  };
}

/** Pushes a table of the library's functions and values. */
export function pushLibrary(machine: LuaMachine, thread: Thread, library: Library): void {
  machine.api.lua_createtable(thread, 0, Object.keys(library).length);
  for (const [name, member] of Object.entries(library)) {
    machine.pushText(thread, name);
    if (typeof member === "function") machine.pushFunction(thread, member);
    else pushValue(machine, thread, member);
    machine.api.lua_rawset(thread, -3);
  }
}

function redisLibrary(machine: LuaMachine, currentRun: () => ScriptRun): Library {
  const { api } = machine;
  const call = (thread: Thread): LuaValue => {
    const run = currentRun();
    const request = readRequest(machine, thread);
    return valueOfReply(typeof request === "string" ? { error: request } : run.call(request), run.protocol);
  };
  const isError = (value: LuaValue) => value instanceof Map && value.has("err");
  const returnValue = (thread: Thread, value: LuaValue): number => {
    pushValue(machine, thread, value);
    return 1;
  };
  const readOnlyText = (thread: Thread): string | undefined =>
    api.lua_gettop(thread) === 1 && api.lua_type(thread, 1) === TYPE.text ? machine.readText(thread, 1) : undefined;
  const wrongArguments = new Map([["err", "ERR wrong number or type of arguments"]]);
  return {
    call(thread) {
      const value = call(thread);
      pushValue(machine, thread, value);
      return isError(value) ? machine.raiseTop(thread) : 1;
    },
    pcall: (thread) => returnValue(thread, call(thread)),
    error_reply(thread) {
      const text = readOnlyText(thread);
      return returnValue(thread, text === undefined ? wrongArguments : new Map([["err", withErrorCode(text)]]));
    },
    status_reply(thread) {
      const text = readOnlyText(thread);
      return returnValue(thread, text === undefined ? wrongArguments : new Map([["ok", text]]));
    },
    sha1hex(thread) {
      if (api.lua_gettop(thread) !== 1) machine.raise(thread, "wrong number of arguments");
      const text = machine.readText(thread, 1) ?? "";
      return returnValue(thread, createHash("sha1").update(text, "latin1").digest("hex"));
    },
    setresp(thread) {
      const version = api.lua_tonumber(thread, 1);
      if (api.lua_gettop(thread) !== 1) machine.raise(thread, "redis.setresp() requires one argument.");
      if (version !== 2 && version !== 3) machine.raise(thread, "RESP version must be 2 or 3.");
      currentRun().protocol = version === 3 ? 3 : 2;
      return 0;
    },
    // There is neither a log of scripts nor a replica here: what concerns them has no effect.
    log: () => 0,
    replicate_commands: (thread) => returnValue(thread, true),
    set_repl: () => 0,
    LOG_DEBUG: 0,
    LOG_VERBOSE: 1,
    LOG_NOTICE: 2,
    LOG_WARNING: 3,
    REPL_NONE: 0,
    REPL_AOF: 1,
    REPL_SLAVE: 2,
    REPL_REPLICA: 2,
    REPL_ALL: 3,
    REDIS_VERSION,
    REDIS_VERSION_NUM: REDIS_VERSION.split(".").reduce((number, part) => number * 256 + Number(part), 0),
  };
}

/** The command with its arguments, or what is wrong with them. */
function readRequest(machine: LuaMachine, thread: Thread): string[] | string {
  const { api } = machine;
  const count = api.lua_gettop(thread);
  if (count === 0) return "ERR Please specify at least one argument for this redis lib call";
  const request: string[] = [];
  for (let i = 1; i <= count; i += 1) {
    const type = api.lua_type(thread, i);
    if (type === TYPE.number) request.push(formatDouble(api.lua_tonumber(thread, i)));
    else if (type === TYPE.text) request.push(machine.readText(thread, i) ?? "");
    else return "ERR Lua redis lib command arguments must be strings or integers";
  }
  return request;
}

/** An error begins with a word that names its kind; a single word is no kind. */
function withErrorCode(text: string): string {
  const message = text.startsWith("-") ? text.slice(1) : text;
  return message.includes(" ") ? message : `ERR ${message}`;
}

function jsonLibrary(machine: LuaMachine): Library {
  return {
    encode: coded(machine, (value) => [encodeJson(value)]),
    decode: coded(machine, (value) => [decodeJson(asText(value))]),
    null: JSON_NULL,
  };
}

function messagePackLibrary(machine: LuaMachine): Library {
  return {
    pack: coded(machine, (...values) => [values.map((value) => packMessage(value)).join("")]),
    unpack: coded(machine, (value) => unpackMessages(asText(value))),
  };
}

function asText(value: LuaValue): string {
  if (typeof value === "number") return formatDouble(value, 14);
  if (typeof value !== "string") throw new CodecError("bad argument #1 (string expected)");
  return value;
}

/** A function of Lua from one of TypeScript; what this throws for a wrong value becomes an error of Lua. */
function coded(machine: LuaMachine, convert: (...values: LuaValue[]) => LuaValue[]): HostFunction {
  return (thread) => {
    const results = attempt(() => {
      const count = machine.api.lua_gettop(thread);
      return convert(...Array.from({ length: count }, (_, i) => readValue(machine, thread, i + 1)));
    });
    if (results instanceof Error) return machine.raise(thread, results.message);
    if (machine.api.lua_checkstack(thread, results.length) === 0) machine.raise(thread, "reached lua stack limit");
    for (const result of results) pushValue(machine, thread, result);
    return results.length;
  };
}

function attempt(run: () => LuaValue[]): LuaValue[] | Error {
  try {
    return run();
  } catch (error) {
    if (error instanceof CodecError) return error;
    if (error instanceof RangeError) return new CodecError(`Cannot serialise, ${error.message}`);
    throw error;
  }
}

function bitLibrary(machine: LuaMachine): Library {
  const { api } = machine;
  /** Numbers are taken modulo 2^32, as the module does. */
  const read = (thread: Thread, index: number): number => {
    if (api.lua_type(thread, index) !== TYPE.number && api.lua_type(thread, index) !== TYPE.text)
      machine.raise(thread, `bad argument #${index} (number expected)`);
    return Number(BigInt.asIntN(32, BigInt(Math.round(api.lua_tonumber(thread, index)) || 0)));
  };
  const returnNumber = (thread: Thread, value: number): number => {
    api.lua_pushnumber(thread, value | 0);
    return 1;
  };
  const fold = (combine: (a: number, b: number) => number) => (thread: Thread) => {
    let value = read(thread, 1);
    for (let i = 2; i <= api.lua_gettop(thread); i += 1) value = combine(value, read(thread, i));
    return returnNumber(thread, value);
  };
  const shift = (move: (value: number, by: number) => number) => (thread: Thread) =>
    returnNumber(thread, move(read(thread, 1), read(thread, 2) & 31));
  return {
    tobit: (thread) => returnNumber(thread, read(thread, 1)),
    bnot: (thread) => returnNumber(thread, ~read(thread, 1)),
    band: fold((a, b) => a & b),
    bor: fold((a, b) => a | b),
    bxor: fold((a, b) => a ^ b),
    lshift: shift((value, by) => value << by),
    rshift: shift((value, by) => value >>> by),
    arshift: shift((value, by) => value >> by),
    rol: shift((value, by) => (value << by) | (value >>> (32 - by))),
    ror: shift((value, by) => (value >>> by) | (value << (32 - by))),
    bswap(thread) {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(read(thread, 1));
      return returnNumber(thread, bytes.readInt32BE());
    },
    tohex(thread) {
      const digits = api.lua_gettop(thread) > 1 ? read(thread, 2) : 8;
      const text = (read(thread, 1) >>> 0)
        .toString(16)
        .padStart(8, "0")
        .slice(-Math.min(8, Math.abs(digits)));
      machine.pushText(thread, digits < 0 ? text.toUpperCase() : text);
      return 1;
    },
  };
}
