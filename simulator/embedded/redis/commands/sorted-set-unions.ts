/** Unions, intersections and differences of sorted sets; plain sets count with a score of 1. */

import { CommandError, syntaxError, wrongType } from "../command-error.ts";
import type { Keyspace } from "../keyspace.ts";
import { readDouble } from "../numbers/double.ts";
import { parseIndex } from "../numbers/integer.ts";
import type { Reply } from "../reply.ts";
import type { Scored } from "../values/sorted-set.ts";
import { type Command, type CommandTable, parseNotNegative } from "./command.ts";
import { scoredReply, storeEntries } from "./sorted-set-ranges.ts";

type Combination = "union" | "inter" | "diff";
type Aggregate = (a: number, b: number) => number;

export const unionCommands: CommandTable = {
  ZUNION: combining("union"),
  ZINTER: combining("inter"),
  ZDIFF: combining("diff"),
  ZUNIONSTORE: storing("union"),
  ZINTERSTORE: storing("inter"),
  ZDIFFSTORE: storing("diff"),
  ZINTERCARD: {
    arity: -3,
    run({ keyspace }, args) {
      const { inputs, rest } = readInputs(keyspace, "zintercard", args);
      let limit = 0;
      if (rest.length > 0) {
        if (rest.length !== 2 || rest[0]?.toUpperCase() !== "LIMIT") throw syntaxError();
        limit = parseNotNegative(rest[1], "LIMIT");
      }
      const size = combine("inter", { inputs, weights: inputs.map(() => 1), aggregate: addScores }).length;
      return limit === 0 ? size : Math.min(limit, size);
    },
  },
};

function combining(how: Combination): Command {
  return {
    arity: -3,
    run({ keyspace, client }, args) {
      const request = parseRequest(keyspace, args, { how, command: `z${how}`, mayHaveScores: true });
      const entries = combine(how, request);
      return request.withScores ? scoredReply(entries, client.protocol) : entries.map(({ member }) => member);
    },
  };
}

function storing(how: Combination): Command {
  return {
    arity: -4,
    grows: true,
    run({ keyspace }, [to, ...args]: readonly [string, ...string[]]): Reply {
      const entries = combine(
        how,
        parseRequest(keyspace, args, { how, command: `z${how}store`, mayHaveScores: false }),
      );
      storeEntries(keyspace, to, entries);
      return entries.length;
    },
  };
}

type Scores = ReadonlyMap<string, number>;

interface Request {
  readonly inputs: readonly Scores[];
  readonly weights: readonly number[];
  readonly aggregate: Aggregate;
  readonly withScores: boolean;
}

/** numkeys key [key …]; a key of the wrong type is an error before one in the options is. */
function readInputs(
  keyspace: Keyspace,
  command: string,
  [countText, ...args]: readonly string[],
): { inputs: Scores[]; rest: readonly string[] } {
  const count = parseIndex(countText);
  if (count < 1) throw new CommandError(`ERR at least 1 input key is needed for '${command}' command`);
  if (count > args.length) throw syntaxError();
  return { inputs: args.slice(0, count).map((key) => readScores(keyspace, key)), rest: args.slice(count) };
}

/** numkeys key [key …] [WEIGHTS weight …] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES] */
function parseRequest(
  keyspace: Keyspace,
  args: readonly string[],
  { how, command, mayHaveScores }: { how: Combination; command: string; mayHaveScores: boolean },
): Request {
  const { inputs, rest } = readInputs(keyspace, command, args);
  let weights = inputs.map(() => 1);
  let aggregate = addScores;
  let withScores = false;
  for (let i = 0; i < rest.length; ) {
    const option = (rest[i] as string).toUpperCase();
    if (how !== "diff" && option === "WEIGHTS" && rest.length - i > inputs.length) {
      weights = rest.slice(i + 1, i + 1 + inputs.length).map(parseWeight);
      i += 1 + inputs.length;
    } else if (how !== "diff" && option === "AGGREGATE" && i + 1 < rest.length) {
      aggregate = parseAggregate(rest[i + 1] as string);
      i += 2;
    } else if (mayHaveScores && option === "WITHSCORES") {
      withScores = true;
      i += 1;
    } else throw syntaxError();
  }
  return { inputs, weights, aggregate, withScores };
}

function parseWeight(text: string): number {
  const weight = readDouble(text);
  if (weight === undefined) throw new CommandError("ERR weight value is not a float");
  return weight;
}

function parseAggregate(text: string): Aggregate {
  switch (text.toUpperCase()) {
    case "SUM":
      return addScores;
    case "MIN":
      return Math.min;
    case "MAX":
      return Math.max;
    default:
      throw syntaxError();
  }
}

/** Infinity minus infinity counts as 0, as in Redis. */
function addScores(a: number, b: number): number {
  const sum = a + b;
  return Number.isNaN(sum) ? 0 : sum;
}

function readScores(keyspace: Keyspace, key: string): Scores {
  const value = keyspace.readAny(key);
  switch (value?.kind) {
    case undefined:
      return new Map();
    case "set":
      return new Map(value.members.map((member) => [member, 1]));
    case "zset":
      return new Map(value.ordered.map(({ member, score }) => [member, score]));
    default:
      throw wrongType();
  }
}

function combine(how: Combination, { inputs, weights, aggregate }: Omit<Request, "withScores">): Scored[] {
  const weigh = (score: number, i: number) => {
    const weighed = score * (weights[i] as number);
    return Number.isNaN(weighed) ? 0 : weighed;
  };
  const scores = new Map<string, number>();
  for (const [i, input] of inputs.entries()) {
    for (const [member, score] of how === "diff" && i > 0 ? [] : input) {
      const before = scores.get(member);
      scores.set(member, before === undefined ? weigh(score, i) : aggregate(before, weigh(score, i)));
    }
  }
  const kept = [...scores].filter(([member]) => {
    if (how === "inter") return inputs.every((input) => input.has(member));
    return how === "union" || inputs.slice(1).every((input) => !input.has(member));
  });
  return kept
    .map(([member, score]) => ({ member, score }))
    .toSorted((a, b) => a.score - b.score || (a.member < b.member ? -1 : 1));
}
