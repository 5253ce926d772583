/** EVAL, EVALSHA and SCRIPT: there is no Lua here, only the native twins of the job's own scripts. */
import { createHash } from "node:crypto";
import { SCRIPT_SHA } from "../../../common/contract/state/redis-script-text.ts";
import type { ScriptName } from "../../../common/contract/state/redis-scripts.ts";
import { CommandError, notAnInteger, unknownSubcommand } from "../command-error.ts";
import { OK, type Reply } from "../reply.ts";
import { runScriptTwin } from "../script-twins.ts";
import type { CommandContext, CommandTable } from "./command.ts";

const SCRIPT_OF_SHA: ReadonlyMap<string, ScriptName> = new Map(
  Object.entries(SCRIPT_SHA).map(([name, sha]) => [sha, name as ScriptName]),
);

const LIMIT =
  "ERR the embedded Redis of flink-apphost runs only the job's own scripts; use --infra native or docker for any other";

export const scriptCommands: CommandTable = {
  EVAL: {
    arity: -3,
    grows: true,
    run: (context, [text, ...rest]: readonly [string, ...string[]]) => runByText(context, text, rest),
  },
  EVALSHA: {
    arity: -3,
    grows: true,
    run: (context, [sha, ...rest]: readonly [string, ...string[]]) => runBySha(context, sha, rest),
  },
  SCRIPT: {
    arity: -2,
    subcommands: ["LOAD", "EXISTS", "FLUSH"],
    run: (_context, [subcommand, ...args]: readonly [string, ...string[]]) => runScriptCommand(subcommand, args),
  },
};

function runByText(context: CommandContext, text: string, rest: readonly string[]): Reply {
  const script = SCRIPT_OF_SHA.get(shaOf(text));
  if (script === undefined) throw new CommandError(LIMIT);
  return runScript(context, script, rest);
}

function runBySha(context: CommandContext, sha: string, rest: readonly string[]): Reply {
  const script = SCRIPT_OF_SHA.get(sha.toLowerCase());
  if (script === undefined) throw new CommandError("NOSCRIPT No matching script. Please use EVAL.");
  return runScript(context, script, rest);
}

function runScript({ keyspace }: CommandContext, script: ScriptName, rest: readonly string[]): Reply {
  const [countText, ...args] = rest;
  if (countText === undefined || !/^-?\d{1,9}$/.test(countText)) throw notAnInteger();
  const count = Number(countText);
  if (count < 0) throw new CommandError("ERR Number of keys can't be negative");
  if (count > args.length) throw new CommandError("ERR Number of keys can't be greater than number of args");
  return runScriptTwin(script, args.slice(0, count), args.slice(count), keyspace);
}

/** The twins are always there: EXISTS says so without a LOAD, and FLUSH removes nothing. */
function runScriptCommand(subcommand: string, args: readonly string[]): Reply {
  switch (subcommand.toUpperCase()) {
    case "LOAD": {
      const sha = shaOf(args[0] ?? "");
      if (!SCRIPT_OF_SHA.has(sha)) throw new CommandError(LIMIT);
      return sha;
    }
    case "EXISTS":
      return args.map((sha) => (SCRIPT_OF_SHA.has(sha.toLowerCase()) ? 1 : 0));
    case "FLUSH":
      return OK;
    default:
      throw unknownSubcommand("SCRIPT", subcommand);
  }
}

function shaOf(text: string): string {
  return createHash("sha1").update(Buffer.from(text, "latin1")).digest("hex");
}
