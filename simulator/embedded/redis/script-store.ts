/**
 * The texts of the scripts that came by EVAL and SCRIPT LOAD, and their way to Lua.
 *
 * Q1 The texts count against the memory of the data, until SCRIPT FLUSH.
 * Q2 A script that cannot be compiled is not kept.
 */

import type { Client } from "./client.ts";
import { CommandError } from "./command-error.ts";
import { type MemoryUse, outOfMemory } from "./keyspace.ts";
import { type Script, ScriptRuntime } from "./lua/runtime.ts";
import type { Reply } from "./reply.ts";

const ENTRY_OVERHEAD_BYTES = 96;
const FLAGS = new Set(["no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"]);

/** Who asked for the script, and what it may call in that one's name. */
interface ScriptCaller {
  readonly client: Client;
  callFromScript(request: readonly string[], readOnly: boolean): Reply;
}

interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly readOnly: boolean;
  readonly caller: ScriptCaller;
}

interface StoredScript extends Script {
  readonly given: string;
  /** It says `#!lua flags=no-writes` of itself. */
  readonly readOnly: boolean;
}

export class ScriptStore {
  readonly #memory: MemoryUse;
  readonly #runtime: ScriptRuntime;
  readonly #scripts = new Map<string, StoredScript>();

  constructor(memory: MemoryUse, options: { deadlineMs: number; nowMs: () => number }) {
    this.#memory = memory;
    this.#runtime = new ScriptRuntime({ ...options, memory });
  }

  /** The text as it was given. */
  find(sha: string): string | undefined {
    return this.#scripts.get(sha)?.given;
  }

  add({ sha, text: given }: Script): void {
    if (this.#scripts.has(sha)) return;
    const bytes = given.length + ENTRY_OVERHEAD_BYTES;
    if (this.#memory.bytes + bytes > this.#memory.bytesMax) throw outOfMemory();
    const script = { sha, given, ...readShebang(given) };
    this.#runtime.compile(script);
    this.#scripts.set(sha, script);
    this.#memory.bytes += bytes;
  }

  run({ sha }: Script, { keys, args, readOnly, caller }: ScriptCall): Reply {
    const script = this.#scripts.get(sha);
    if (script === undefined) throw new CommandError("NOSCRIPT No matching script. Please use EVAL.");
    const { client } = caller;
    const { database, protocol } = client;
    // Its commands answer in RESP2, and what it selects is its own, as with a client of its own.
    client.protocol = 2;
    try {
      return this.#runtime.run(script, keys, args, (request) =>
        caller.callFromScript(request, readOnly || script.readOnly),
      );
    } finally {
      client.database = database;
      client.protocol = protocol;
    }
  }

  flush(): void {
    for (const { given } of this.#scripts.values()) this.#memory.bytes -= given.length + ENTRY_OVERHEAD_BYTES;
    this.#scripts.clear();
    this.#runtime.flush();
  }
}

/** `#!lua flags=no-writes,…` in the first line, which is no Lua; the line itself stays, so that numbers of lines are right. */
function readShebang(given: string): { text: string; readOnly: boolean } {
  if (!given.startsWith("#!")) return { text: given, readOnly: false };
  const end = given.indexOf("\n");
  if (end === -1) throw new CommandError("ERR Invalid script shebang");
  const [engine, ...options] = given.slice(0, end).trim().split(/\s+/);
  if (engine !== "#!lua") throw new CommandError(`ERR Unexpected engine in script shebang: ${engine}`);
  const flags = options.flatMap((option) => {
    if (!option.startsWith("flags=")) throw new CommandError(`ERR Unknown lua shebang option: ${option}`);
    return option.slice("flags=".length).split(",");
  });
  const unknown = flags.find((flag) => flag !== "" && !FLAGS.has(flag));
  if (unknown !== undefined) throw new CommandError(`ERR Unexpected flag in script shebang: ${unknown}`);
  return { text: given.slice(end), readOnly: flags.includes("no-writes") };
}
