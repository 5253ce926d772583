/** What a command is, and the argument forms that several share. */
import type { Keyspace } from "../keyspace.ts";
import { CommandError, notAnInteger, type Reply } from "../reply.ts";
import type { ServerFacts } from "../server-facts.ts";

export interface CommandContext {
  readonly keyspace: Keyspace;
  readonly facts: ServerFacts;
  readonly nowMs: () => number;
}

export interface Command {
  /** As Redis counts: with the command's name; negative means at least so many. */
  readonly arity: number;
  /** It may need more memory, so it is refused when the memory is used up. */
  readonly grows?: true;
  /** `args` are without the name. Throws CommandError. */
  readonly run: (context: CommandContext, args: readonly string[]) => Reply;
}

export type CommandTable = Readonly<Record<string, Command>>;

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** A signed 64-bit number in canonical form. Throws ERR otherwise. */
export function parseInteger(text: string | undefined): bigint {
  if (text === undefined || !/^(0|-?[1-9]\d{0,18})$/.test(text)) throw notAnInteger();
  const value = BigInt(text);
  if (value > INT64_MAX || value < INT64_MIN) throw notAnInteger();
  return value;
}

export function addIntegers(a: bigint, b: bigint): bigint {
  const sum = a + b;
  if (sum > INT64_MAX || sum < INT64_MIN) throw new CommandError("ERR increment or decrement would overflow");
  return sum;
}

/** A time span in ms from now, as EX, PX and EXPIRE give it. */
export function parseSpanMs(text: string | undefined, unitMs: number, command: string): number {
  const span = Number(parseInteger(text)) * unitMs;
  if (!Number.isSafeInteger(span)) throw new CommandError(`ERR invalid expire time in '${command}' command`);
  return span;
}

/** `h?llo`, `h*llo`, `h[a-e]llo`, `\` escapes: the patterns of KEYS, SCAN and CONFIG GET. */
export function compileGlob(pattern: string): (text: string) => boolean {
  let source = "";
  for (let i = 0; i < pattern.length; i += 1) {
    const char = pattern[i] as string;
    const classEnd = char === "[" ? pattern.indexOf("]", i + 1) : -1;
    if (char === "*") source += source.endsWith(".*") ? "" : ".*";
    else if (char === "?") source += ".";
    else if (classEnd !== -1) {
      source += classSource(pattern.slice(i + 1, classEnd));
      i = classEnd;
    } else if (char === "\\" && i + 1 < pattern.length) {
      i += 1;
      source += escapeLiteral(pattern[i] as string);
    } else source += escapeLiteral(char);
  }
  // A range such as [z-a] is no valid class for the engine; Redis matches nothing with it, and so do we.
  try {
    const expression = new RegExp(`^${source}$`, "s");
    return (text) => expression.test(text);
  } catch {
    return () => false;
  }
}

function classSource(body: string): string {
  const negated = body.startsWith("^");
  const members = (negated ? body.slice(1) : body).replace(/[\\\]^]/g, "\\$&");
  if (members === "") return negated ? "." : "(?!)";
  return `[${negated ? "^" : ""}${members}]`;
}

const escapeLiteral = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** Replies of SCAN and HSCAN: all of it at once, with the cursor that says "complete". COUNT is only a hint. */
export function parseScanOptions(
  args: readonly string[],
  allowed: readonly string[],
): { matches: (text: string) => boolean; type: string | undefined } {
  let matches = (_text: string) => true;
  let type: string | undefined;
  for (let i = 0; i < args.length; i += 2) {
    const option = (args[i] as string).toUpperCase();
    const value = args[i + 1];
    if (!allowed.includes(option) || value === undefined) throw new CommandError("ERR syntax error");
    if (option === "MATCH") matches = compileGlob(value);
    else if (option === "TYPE") type = value.toLowerCase();
    else if (parseInteger(value) < 1n) throw new CommandError("ERR syntax error");
  }
  return { matches, type };
}

export function checkCursor(text: string | undefined): void {
  if (text === undefined || !/^\d{1,20}$/.test(text)) throw new CommandError("ERR invalid cursor");
}
