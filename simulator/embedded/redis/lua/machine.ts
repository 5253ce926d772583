/**
 * Lua 5.1 in WebAssembly: the C API of the original, whose compiled code the package `wasmoon-lua5.1` brings, and the
 * little that this code asks of its host. Of Node it gets nothing: no files, no clock, no environment. The package's own
 * JavaScript is not used: it loads asynchronously, reads texts as UTF-8 and cannot bound the memory.
 *
 * L1 Its memory ends at HEAP_BYTES_MAX, and earlier where the data leave less: an allocation beyond it fails as in C, and
 *    Lua raises "not enough memory". What it grew counts as data and stays, for WebAssembly gives no memory back.
 * L2 A machine through which a JavaScript error went is broken, for its C stack was left in the middle: `reset` puts it
 *    back to its mark. A new one each time would leave the memory of the old ones to the collector, who lets it pile up.
 * L3 Texts are latin1, one character a byte, as everywhere in the embedded Redis.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { assert } from "../../../common/foundation/assert.ts";
import type { MemoryUse } from "../keyspace.ts";
import { Instance, Module, type WasmImports, type WasmMemory, type WasmModule, type WasmTable } from "./webassembly.ts";

const PAGE_BYTES = 65_536;
const HEAP_BYTES_MAX = 67_108_864;
const REGISTRY_INDEX = -10_000;
const GLOBALS_INDEX = -10_002;
const MASK_COUNT = 8;
const GC_COUNT = 3;

/** Pointers and indexes of the stack are plain numbers, as in C. */
export type Thread = number;
/** Takes its arguments from the stack, leaves its results there, and returns how many. */
export type HostFunction = (thread: Thread) => number;

/** What is used of the C API; https://www.lua.org/manual/5.1/manual.html#3 describes each function. */
interface LuaApi {
  luaL_newstate(): Thread;
  luaL_openlibs(thread: Thread): void;
  luaL_loadbuffer(thread: Thread, text: number, size: number, name: number): number;
  luaL_ref(thread: Thread, table: number): number;
  luaL_where(thread: Thread, level: number): void;
  lua_checkstack(thread: Thread, extra: number): number;
  lua_concat(thread: Thread, count: number): void;
  lua_createtable(thread: Thread, elements: number, fields: number): void;
  lua_error(thread: Thread): number;
  lua_gc(thread: Thread, what: number, data: number): number;
  lua_gettop(thread: Thread): number;
  lua_next(thread: Thread, index: number): number;
  lua_objlen(thread: Thread, index: number): number;
  lua_pcall(thread: Thread, args: number, results: number, handler: number): number;
  lua_pushboolean(thread: Thread, value: number): void;
  lua_pushcclosure(thread: Thread, pointer: number, upvalues: number): void;
  lua_pushlightuserdata(thread: Thread, pointer: number): void;
  lua_pushlstring(thread: Thread, text: number, size: number): void;
  lua_pushnil(thread: Thread): void;
  lua_pushnumber(thread: Thread, value: number): void;
  lua_pushvalue(thread: Thread, index: number): void;
  lua_rawget(thread: Thread, index: number): void;
  lua_rawgeti(thread: Thread, index: number, n: number): void;
  lua_rawset(thread: Thread, index: number): void;
  lua_rawseti(thread: Thread, index: number, n: number): void;
  lua_sethook(thread: Thread, pointer: number, mask: number, count: number): number;
  lua_settop(thread: Thread, index: number): void;
  lua_toboolean(thread: Thread, index: number): number;
  lua_tolstring(thread: Thread, index: number, size: number): number;
  lua_tonumber(thread: Thread, index: number): number;
  lua_topointer(thread: Thread, index: number): number;
  lua_type(thread: Thread, index: number): number;
}

interface LuaExports extends LuaApi {
  readonly memory: WasmMemory;
  readonly __indirect_function_table: WasmTable;
  __wasm_call_ctors(): void;
  emscripten_stack_init(): void;
  stackSave(): number;
  stackRestore(pointer: number): void;
  setThrew(threw: number, value: number): void;
  malloc(size: number): number;
  free(pointer: number): void;
}

/** The machine cannot go on; its message says why. */
export class LuaFailure extends Error {
  override readonly name = "LuaFailure";
}

let compiled: WasmModule | undefined;

/** Read and compiled once, when the first script comes. */
function loadModule(): WasmModule {
  const require = createRequire(import.meta.url);
  compiled ??= new Module(readFileSync(require.resolve("wasmoon-lua5.1/dist/liblua5.1.wasm")));
  return compiled;
}

export class LuaMachine {
  readonly api: LuaApi;
  readonly main: Thread;
  readonly #exports: LuaExports;
  readonly #functions: HostFunction[] = [];
  readonly #callPointer: number;
  readonly #sizePointer: number;
  #onHook: () => void = () => undefined;
  readonly #hookPointer: number;
  readonly #memoryUse: MemoryUse;
  #mark: { readonly contents: Buffer; readonly stack: number } | undefined;

  constructor(memoryUse: MemoryUse) {
    this.#memoryUse = memoryUse;
    const module = loadModule();
    const instance = new Instance(module, this.#createImports(module));
    const exports = instance.exports as unknown as LuaExports;
    this.#exports = exports;
    this.api = exports;
    exports.emscripten_stack_init();
    exports.__wasm_call_ctors();
    this.#callPointer = this.#addToTable(CALL_SIGNATURE, (thread) => this.#callHost(thread));
    this.#hookPointer = this.#addToTable(HOOK_SIGNATURE, () => this.#onHook());
    this.#sizePointer = exports.malloc(4);
    this.main = exports.luaL_newstate();
    exports.luaL_openlibs(this.main);
  }

  /** What Lua's values take, garbage included. */
  get usedBytes(): number {
    return this.api.lua_gc(this.main, GC_COUNT, 0) * 1_024;
  }

  /** Everything as it is now is what `reset` goes back to: to be called once, outside of every call of Lua. */
  mark(): void {
    const view = this.#view();
    let end = view.length;
    while (end > 0 && view[end - 1] === 0) end -= 1;
    this.#mark = { contents: Buffer.from(view.subarray(0, end)), stack: this.#exports.stackSave() };
  }

  /** All of its state is the memory and the C stack's pointer. C's allocator takes what it has not used yet for zeros. */
  reset(): void {
    assert(this.#mark !== undefined, "a machine is marked when it is complete");
    const view = this.#view();
    this.#mark.contents.copy(view);
    view.fill(0, this.#mark.contents.length);
    this.#exports.stackRestore(this.#mark.stack);
    this.#exports.setThrew(0, 0);
  }

  /** Calls `onHook` whenever so many instructions were carried out; what it throws ends the machine (L2). */
  setHook(instructions: number, onHook: () => void): void {
    this.#onHook = onHook;
    this.api.lua_sethook(this.main, this.#hookPointer, MASK_COUNT, instructions);
  }

  pushFunction(thread: Thread, run: HostFunction): void {
    this.api.lua_pushnumber(thread, this.#functions.push(run) - 1);
    this.api.lua_pushcclosure(thread, this.#callPointer, 1);
  }

  pushText(thread: Thread, text: string): void {
    this.#withText(text, (pointer) => this.api.lua_pushlstring(thread, pointer, text.length));
  }

  /** Of a text or a number, which becomes a text where it stands; undefined of anything else. */
  readText(thread: Thread, index: number): string | undefined {
    const pointer = this.api.lua_tolstring(thread, index, this.#sizePointer);
    if (pointer === 0) return undefined;
    const size = this.#view().readUInt32LE(this.#sizePointer);
    return this.#view().toString("latin1", pointer, pointer + size);
  }

  /** Leaves the function on the stack, or throws the message of the compiler, as a text. */
  compile(text: string, name: string): { readonly error: string } | undefined {
    const { api, main } = this;
    // Compiled code could do what no text can.
    if (text.startsWith("\x1b")) return { error: "a script is a text, not compiled code" };
    const status = this.#withText(`${name}\0`, (namePointer) =>
      this.#withText(text, (pointer) => api.luaL_loadbuffer(main, pointer, text.length, namePointer)),
    );
    if (status === 0) return undefined;
    const error = this.readText(main, -1) ?? "";
    api.lua_settop(main, -2);
    return { error };
  }

  /** Takes the value on top and keeps it; `pushKept` gives it back. */
  keep(): number {
    return this.api.luaL_ref(this.main, REGISTRY_INDEX);
  }

  pushKept(kept: number): void {
    this.api.lua_rawgeti(this.main, REGISTRY_INDEX, kept);
  }

  /** Raises an error of Lua, with the place of the script in front. */
  raise(thread: Thread, message: string): never {
    this.api.luaL_where(thread, 1);
    this.pushText(thread, message);
    this.api.lua_concat(thread, 2);
    return this.raiseTop(thread);
  }

  /** Raises what is on top of the stack. */
  raiseTop(thread: Thread): never {
    this.api.lua_error(thread);
    throw new LuaFailure("lua_error returned");
  }

  #callHost(thread: Thread): number {
    const run = this.#functions[this.api.lua_tonumber(thread, GLOBALS_INDEX - 1)];
    assert(run !== undefined, "a closure of the host carries the number of its function");
    return run(thread);
  }

  #withText<R>(text: string, use: (pointer: number) => R): R {
    const pointer = this.#exports.malloc(Math.max(1, text.length));
    if (pointer === 0) throw new LuaFailure("not enough memory");
    try {
      this.#view().write(text, pointer, "latin1");
      return use(pointer);
    } finally {
      this.#exports.free(pointer);
    }
  }

  /** The memory moves when it grows, so it is looked up each time. */
  #view(): Buffer<ArrayBuffer> {
    return Buffer.from(this.#exports.memory.buffer);
  }

  #addToTable(signature: readonly number[], run: (thread: Thread) => unknown): number {
    const module = new Module(Uint8Array.from([...signature, ...REST_OF_TRAMPOLINE]));
    const { f } = new Instance(module, { e: { f: run as (...args: number[]) => unknown } }).exports;
    const table = this.#exports.__indirect_function_table;
    const at = table.grow(1);
    table.set(at, f);
    return at;
  }

  /** What Lua was compiled to ask of its host. Whatever is not named here (files, clocks) answers "not supported". */
  #createImports(module: WasmModule): WasmImports {
    const NOT_SUPPORTED = 52;
    const given: Record<string, (...args: number[]) => number> = {
      exit: () => {
        throw new LuaFailure("not enough memory");
      },
      environ_sizes_get: () => 0,
      environ_get: () => 0,
      emscripten_memcpy_js: (to, from, size) => {
        this.#view().copyWithin(to as number, from as number, (from as number) + (size as number));
        return 0;
      },
      emscripten_resize_heap: (bytes) => this.#growHeap((bytes as number) >>> 0),
      // C's setjmp and longjmp: a throw of one value, which only its own catch takes.
      _emscripten_throw_longjmp: () => {
        throw LONG_JUMP;
      },
      invoke_vii: (index, a, b) => this.#invoke(index as number, a as number, b as number),
    };
    const imports: WasmImports = {};
    for (const { module: group, name } of Module.imports(module)) {
      imports[group] ??= {};
      imports[group][name] = given[name] ?? (() => (name.startsWith("fd_") ? NOT_SUPPORTED : -NOT_SUPPORTED));
    }
    return imports;
  }

  #invoke(index: number, a: number, b: number): number {
    const exports = this.#exports;
    const stack = exports.stackSave();
    try {
      exports.__indirect_function_table.get(index)(a, b);
    } catch (error) {
      if (error !== LONG_JUMP) throw error;
      exports.stackRestore(stack);
      exports.setThrew(1, 0);
    }
    return 0;
  }

  #growHeap(bytes: number): number {
    const { memory } = this.#exports;
    const before = memory.buffer.byteLength;
    const use = this.#memoryUse;
    const bytesMax = Math.min(HEAP_BYTES_MAX, before + Math.max(0, use.bytesMax - use.bytes));
    if (bytes > bytesMax) return 0;
    const wanted = Math.min(bytesMax, Math.max(bytes, before * 1.5));
    memory.grow(Math.ceil((wanted - before) / PAGE_BYTES));
    use.bytes += memory.buffer.byteLength - before;
    return 1;
  }
}

const LONG_JUMP = Number.POSITIVE_INFINITY;

/**
 * C calls functions by their place in a table that takes only functions of WebAssembly, so a module of a few bytes wraps
 * one of JavaScript: it imports `e.f` and exports it as `f`. The two differ in the type that they declare.
 */
const WASM_MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const I32 = 0x7f;
const CALL_SIGNATURE = [...WASM_MAGIC, 1, 6, 1, 0x60, 1, I32, 1, I32];
const HOOK_SIGNATURE = [...WASM_MAGIC, 1, 6, 1, 0x60, 2, I32, I32, 0];
const REST_OF_TRAMPOLINE = [2, 7, 1, 1, 0x65, 1, 0x66, 0, 0, 7, 5, 1, 1, 0x66, 0, 0];
