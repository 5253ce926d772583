/**
 * Runs the scripts of EVAL, one at a time, each in one turn of the event loop: nothing comes between its commands.
 *
 * R1 A script that runs longer than its deadline is ended, wherever it is; what it has written stays, as in Redis.
 * R2 No script can change what the next one sees (`sandbox.ts`); only its functions are kept, at most FUNCTIONS_MAX.
 * R3 After R1, a failure of the machine or much memory used the machine is reset; there is never a second one.
 */
import { CommandError } from "../command-error.ts";
import type { MemoryUse } from "../keyspace.ts";
import type { Reply } from "../reply.ts";
import { createLibraries, type ScriptRun } from "./libraries.ts";
import { LuaFailure, LuaMachine } from "./machine.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { pushValue, replyOfTop, TYPE, tableOf } from "./values.ts";
import { RuntimeError } from "./webassembly.ts";

const FUNCTIONS_MAX = 1_000;
const HOOK_INSTRUCTIONS = 100_000;
/** What one script may leave to the next one. */
const USED_KEPT_BYTES_MAX = 16_777_216;
/** Redis gives it this name in every message. */
const CHUNK_NAME = "@user_script";

export interface Script {
  readonly sha: string;
  readonly text: string;
}

interface Loaded {
  readonly machine: LuaMachine;
  readonly sandbox: Sandbox;
  /** Where the function of each script is kept, by its hash. */
  readonly functions: Map<string, number>;
}

class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

export class ScriptRuntime {
  readonly #deadlineMs: number;
  readonly #nowMs: () => number;
  readonly #memory: MemoryUse;
  #loaded: Loaded | undefined;
  #run: ScriptRun | undefined;

  constructor(options: { deadlineMs: number; nowMs: () => number; memory: MemoryUse }) {
    this.#deadlineMs = options.deadlineMs;
    this.#nowMs = options.nowMs;
    this.#memory = options.memory;
  }

  /** Throws CommandError when the text is no script. */
  compile(script: Script): void {
    this.#guard(() => this.#pushFunction(this.#load(), script));
  }

  run(script: Script, keys: readonly string[], args: readonly string[], call: ScriptRun["call"]): Reply {
    return this.#guard(() => {
      const { machine, sandbox } = this.#load();
      const { api, main } = machine;
      const endMs = this.#nowMs() + this.#deadlineMs;
      const checkDeadline = (): void => {
        if (this.#nowMs() > endMs) throw new DeadlineError();
      };
      machine.setHook(HOOK_INSTRUCTIONS, checkDeadline);
      machine.pushKept(sandbox.contents);
      for (const [name, texts] of [
        ["KEYS", keys],
        ["ARGV", args],
      ] as const) {
        machine.pushText(main, name);
        pushValue(machine, main, tableOf(texts));
        api.lua_rawset(main, -3);
      }
      machine.pushKept(sandbox.onError);
      this.#pushFunction(this.#load(), script);
      this.#run = { call, protocol: 2 };
      const failed = api.lua_pcall(main, 0, 1, -2) !== 0;
      return failed ? { error: this.#readError(machine, script) } : replyOfTop(machine, main, checkDeadline);
    });
  }

  /** Forgets all scripts, and whatever they left. */
  flush(): void {
    this.#loaded?.machine.reset();
    this.#loaded?.functions.clear();
  }

  #load(): Loaded {
    if (this.#loaded !== undefined) return this.#loaded;
    const machine = new LuaMachine(this.#memory);
    const libraries = createLibraries(machine, () => {
      if (this.#run === undefined) throw new Error("a script calls only while it runs");
      return this.#run;
    });
    const sandbox = createSandbox(machine, libraries);
    machine.mark();
    this.#loaded = { machine, sandbox, functions: new Map() };
    return this.#loaded;
  }

  #pushFunction({ machine, functions }: Loaded, { sha, text }: Script): void {
    const kept = functions.get(sha);
    if (kept !== undefined) {
      machine.pushKept(kept);
      return;
    }
    const failure = machine.compile(text, CHUNK_NAME);
    if (failure !== undefined) {
      throw new CommandError(`ERR Error compiling script (new function): ${failure.error}`);
    }
    machine.api.lua_pushvalue(machine.main, -1);
    functions.set(sha, machine.keep());
  }

  /** Leaves the stack empty, and turns the end of a machine into an error of the script. */
  #guard<R>(use: () => R): R {
    try {
      const result = use();
      this.#tidy();
      return result;
    } catch (error) {
      if (error instanceof CommandError) {
        this.#tidy();
        throw error;
      }
      this.flush();
      if (error instanceof DeadlineError) {
        throw new CommandError(
          `BUSY the script ran for more than ${this.#deadlineMs} ms and was ended; what it wrote stays: let it do less at once`,
        );
      }
      // A trap of WebAssembly (its C stack overflows) and too deep a recursion are the script's doing.
      if (error instanceof LuaFailure || error instanceof RuntimeError || error instanceof RangeError) {
        throw new CommandError(`ERR the script ended the embedded Redis' Lua: ${error.message}`);
      }
      throw error;
    } finally {
      this.#run = undefined;
    }
  }

  #tidy(): void {
    if (this.#loaded === undefined) return;
    const { machine, functions } = this.#loaded;
    machine.api.lua_settop(machine.main, 0);
    if (functions.size > FUNCTIONS_MAX || machine.usedBytes > USED_KEPT_BYTES_MAX) this.flush();
  }

  /** The table that the sandbox's handler made; Lua's own messages (out of memory) come as a text. */
  #readError(machine: LuaMachine, { sha }: Script): string {
    const { api, main } = machine;
    if (api.lua_type(main, -1) !== TYPE.table) {
      return `ERR Error running script ${sha}, ${machine.readText(main, -1) ?? "execution failure"}`;
    }
    const read = (name: string): string | undefined => {
      machine.pushText(main, name);
      api.lua_rawget(main, -2);
      const text = machine.readText(main, -1);
      api.lua_settop(main, -2);
      return text;
    };
    const message = read("err") ?? "ERR unknown error";
    const [source, line] = [read("source"), read("line")];
    return source === undefined || line === undefined ? message : `${message} script: ${sha}, on ${source}:${line}.`;
  }
}
