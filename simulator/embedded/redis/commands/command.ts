/** What a command is, and the argument forms that several share. */
import type { Client } from "../client.ts";
import { CommandError, syntaxError } from "../command-error.ts";
import { compileGlob } from "../glob.ts";
import type { Keyspace, MemoryUse } from "../keyspace.ts";
import type { MemoryGuard } from "../memory-guard.ts";
import { parseIndex, readInteger } from "../numbers/integer.ts";
import type { Listener, PubSub } from "../pubsub.ts";
import type { Reply, Wait } from "../reply.ts";
import type { ScriptStore } from "../script-store.ts";
import type { ServerFacts } from "../server-facts.ts";

/** What all clients of a server share. */
export interface ServerState {
  readonly databases: readonly Keyspace[];
  readonly memory: MemoryUse;
  readonly guard: MemoryGuard;
  readonly pubSub: PubSub;
  readonly monitors: Set<Listener>;
  readonly clients: Set<Client>;
  readonly scripts: ScriptStore;
  readonly facts: ServerFacts;
  readonly commandNames: readonly string[];
  /** A client that has been silent for so long is closed; 0: none is. */
  readonly idleTimeout: { readonly seconds: number; set(seconds: number): void };
  readonly nowMs: () => number;
  readonly onShutdown: () => void;
}

export interface CommandContext {
  readonly server: ServerState;
  readonly client: Client;
  /** The database that the client selected. */
  readonly keyspace: Keyspace;
  readonly nowMs: () => number;
  /** Throws OOM when the memory is used up, or has no room for so many bytes more. */
  requireRoom(bytes?: number): void;
  /** A command of a script; what it answers, an error too, goes to the script. */
  callFromScript(request: readonly string[], readOnly: boolean): Reply;
}

export interface Command {
  /** As Redis counts: with the command's name; negative means at least so many. */
  readonly arity: number;
  /** Of a command that has them; another first argument is an error even before MULTI queues it. */
  readonly subcommands?: readonly string[];
  /** Of those subcommands that are held to it even before MULTI queues them; counted with both names. */
  readonly subcommandArity?: Readonly<Record<string, number>>;
  /** It may need more memory, so it is refused when the memory is used up. */
  readonly grows?: true;
  /** Carried out although the client has not authenticated. */
  readonly beforeAuth?: true;
  /** Carried out in RESP2 although the client has subscribed to something. */
  readonly whileSubscribed?: true;
  /** What MULTI does with it; without this it is queued. */
  readonly inTransaction?: "at once" | "refused";
  /** `args` are without the name, and as many as `arity` says. Throws CommandError. */
  run(context: CommandContext, args: readonly string[]): Reply | Wait;
}

export type CommandTable = Readonly<Record<string, Command>>;

/** A bound on how many elements one command may make up: a negative COUNT asks for repetitions without end. */
export const RANDOM_COUNT_MAX = 1_000_000;

/** Replies of SCAN and its kin: all of it at once, with the cursor that says "complete". COUNT is only a hint. */
export function parseScanOptions(
  args: readonly string[],
  allowed: readonly string[],
): { matches: (text: string) => boolean; type: string | undefined } {
  let matches = (_text: string) => true;
  let type: string | undefined;
  for (let i = 0; i < args.length; i += 2) {
    const option = (args[i] as string).toUpperCase();
    const value = args[i + 1];
    if (!allowed.includes(option) || value === undefined) throw syntaxError();
    if (option === "MATCH") matches = compileGlob(value);
    else if (option === "TYPE") type = value.toLowerCase();
    else if (parseIndex(value) < 1) throw syntaxError();
  }
  return { matches, type };
}

/** What HSCAN, SSCAN or ZSCAN gives for one element: its name, and what stands beside it. */
type ScanElement = readonly [name: string, ...beside: Reply[]];

/** HSCAN and its kin. Of a key that is not there the options are not even looked at, as in Redis. */
export function scanning(list: (keyspace: Keyspace, key: string) => readonly ScanElement[] | undefined): Command {
  return {
    arity: -3,
    run({ keyspace }, [key, cursor, ...options]: readonly [string, string, ...string[]]) {
      checkCursor(cursor);
      const elements = list(keyspace, key);
      if (elements === undefined) return ["0", []];
      const { matches } = parseScanOptions(options, ["MATCH", "COUNT"]);
      return ["0", elements.filter(([name]) => matches(name)).flat()];
    },
  };
}

export function checkCursor(text: string): void {
  if (!/^\d{1,20}$/.test(text)) throw new CommandError("ERR invalid cursor");
}

/** A count of at least one, whose error names it. */
export function parsePositive(text: string | undefined, what: string): number {
  const count = readInteger(text);
  if (count === undefined || count < 1n) throw new CommandError(`ERR ${what} should be greater than 0`);
  return Number(count);
}

/** A number of none or more, whose error names it. */
export function parseNotNegative(text: string | undefined, what: string): number {
  const count = readInteger(text);
  if (count === undefined || count < 0n) throw new CommandError(`ERR ${what} can't be negative`);
  return Number(count);
}

/** `numkeys key [key …] rest`, as EVAL, ZUNION and LMPOP have it. */
export function splitKeys(
  countText: string | undefined,
  args: readonly string[],
): { keys: readonly string[]; rest: readonly string[] } {
  const count = parsePositive(countText, "numkeys");
  if (count > args.length) throw syntaxError();
  return { keys: args.slice(0, count), rest: args.slice(count) };
}
