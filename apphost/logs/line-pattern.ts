/**
 * What a person searches for in logs: a text, or a regular expression between slashes, `/lag \d{4,}/` or `/lag/i`. Pure.
 *
 * A text without a capital letter is found whatever the case; one with a capital letter as it stands. A line is searched as
 * it is seen: colours and other escape sequences in it do not count, the time before it does.
 *
 * An expression may take longer than anybody lives, `/(a+)+$/` on a line of a's. So one is tried within a time, which Node
 * offers for a script: it stops an expression that is still at work. A text cannot take long, and is tried without.
 */
import { createContext, Script } from "node:vm";
import { stripSequences } from "./terminal-text.ts";

export interface LinePattern {
  /** As it was written. */
  readonly text: string;
  /** Whether each line has it; null when that takes too long. */
  testAll(lines: readonly string[]): readonly boolean[] | null;
  /** Where it stands in a text, from start to before end, at most RANGES_MAX times. */
  findAll(text: string): readonly { readonly start: number; readonly end: number }[];
}

export type PatternReading =
  | { readonly kind: "pattern"; readonly pattern: LinePattern }
  | { readonly kind: "wrong"; readonly reason: string };

const RANGES_MAX = 200;
const EXPRESSION = /^\/(.+)\/(i?)$/su;
const SYNTAX = /[\\^$.*+?()[\]{}|/]/gu;
const CAPITAL = /\p{Lu}/u;
/** For the lines of one block; usually it takes a few. Nothing else runs in the meantime. */
const BLOCK_MS_MAX = 500;

export function readPattern(text: string): PatternReading {
  const parts = EXPRESSION.exec(text);
  if (parts === null) return { kind: "pattern", pattern: createTextPattern(text) };
  try {
    const expression = new RegExp(parts[1] as string, `gu${parts[2]}`);
    return { kind: "pattern", pattern: createExpressionPattern(text, expression) };
  } catch (error) {
    return { kind: "wrong", reason: (error as SyntaxError).message };
  }
}

function createTextPattern(text: string): LinePattern {
  const isExact = CAPITAL.test(text);
  const expression = new RegExp(text.replace(SYNTAX, "\\$&"), isExact ? "gu" : "giu");
  const single = new RegExp(expression.source, isExact ? "u" : "iu");
  const has = isExact ? (line: string) => line.includes(text) : (line: string) => single.test(line);
  return {
    text,
    testAll: (lines) => lines.map((line) => has(stripSequences(line))),
    findAll: (shown) => findRanges(expression, shown),
  };
}

function createExpressionPattern(text: string, expression: RegExp): LinePattern {
  const single = new RegExp(expression.source, expression.flags.replace("g", ""));
  const runWithin = createTimeLimit(BLOCK_MS_MAX);
  return {
    text,
    testAll: (lines) => runWithin(() => lines.map((line) => single.test(stripSequences(line)))),
    findAll: (shown) => runWithin(() => findRanges(expression, shown)) ?? [],
  };
}

const CALL = new Script("run()");

/** null for what takes longer, and for everything after that: it would only take its time once more. */
function createTimeLimit(timeoutMs: number): <T>(run: () => T) => T | null {
  const context = createContext({ run: () => undefined });
  let isOver = false;
  return (run) => {
    if (isOver) return null;
    let result: ReturnType<typeof run> | null = null;
    context["run"] = () => {
      result = run();
    };
    try {
      CALL.runInContext(context, { timeout: timeoutMs });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      isOver = true;
    }
    return result;
  };
}

function findRanges(expression: RegExp, text: string): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (const match of text.matchAll(expression)) {
    if (match[0].length > 0) ranges.push({ start: match.index, end: match.index + match[0].length });
    if (ranges.length >= RANGES_MAX) break;
  }
  return ranges;
}
