/**
 * EVAL, EVALSHA and SCRIPT. The job's own scripts have native twins, which is what the runs of the job go through; every
 * other one runs on Lua, which is loaded when the first of them comes.
 */
import { createHash } from "node:crypto";
import { SCRIPT_SHA } from "../../../common/contract/state/redis-script-text.ts";
import type { ScriptName } from "../../../common/contract/state/redis-scripts.ts";
import { CommandError, notAnInteger, unknownSubcommand, wrongArity } from "../command-error.ts";
import { OK, type Reply } from "../reply.ts";
import { runScriptTwin } from "../script-twins.ts";
import type { Command, CommandContext, CommandTable } from "./command.ts";

const TWIN_OF_SHA: ReadonlyMap<string, ScriptName> = new Map(
  Object.entries(SCRIPT_SHA).map(([name, sha]) => [sha, name as ScriptName]),
);

const SHA_LENGTH = 40;
const noScript = (): CommandError => new CommandError("NOSCRIPT No matching script. Please use EVAL.");

export const scriptCommands: CommandTable = {
  EVAL: evaluating({ by: "text", readOnly: false }),
  EVALSHA: evaluating({ by: "sha", readOnly: false }),
  EVAL_RO: evaluating({ by: "text", readOnly: true }),
  EVALSHA_RO: evaluating({ by: "sha", readOnly: true }),
  SCRIPT: { arity: -2, subcommands: ["LOAD", "EXISTS", "FLUSH", "KILL"], run: runScriptCommand },
};

function evaluating({ by, readOnly }: { by: "text" | "sha"; readOnly: boolean }): Command {
  return {
    arity: -3,
    run(context, [given, countText, ...args]: readonly [string, string, ...string[]]) {
      // What is no hash is refused before anything else is looked at, as in Redis.
      if (by === "sha" && given.length !== SHA_LENGTH) throw noScript();
      if (!/^-?\d{1,9}$/.test(countText)) throw notAnInteger();
      const count = Number(countText);
      if (count > args.length) throw new CommandError("ERR Number of keys can't be greater than number of args");
      if (count < 0) throw new CommandError("ERR Number of keys can't be negative");
      const sha = by === "text" ? shaOf(given) : given.toLowerCase();
      const [keys, argv] = [args.slice(0, count), args.slice(count)];
      const twin = TWIN_OF_SHA.get(sha);
      if (twin !== undefined && !readOnly) {
        context.requireRoom();
        return runScriptTwin(twin, keys, argv, context.keyspace);
      }
      const { scripts } = context.server;
      const text = by === "text" ? given : scripts.find(sha);
      if (text === undefined) throw noScript();
      if (by === "text") scripts.add({ sha, text });
      return scripts.run({ sha, text }, { keys, args: argv, readOnly, caller: context });
    },
  };
}

/** The twins are always there: EXISTS says so without a LOAD, and FLUSH does not remove them. */
function runScriptCommand({ server }: CommandContext, args: readonly string[]): Reply {
  const [subcommand, ...rest] = args as [string, ...string[]];
  const { scripts } = server;
  switch (subcommand.toUpperCase()) {
    case "LOAD": {
      const [text] = rest;
      if (text === undefined || rest.length > 1) throw wrongArity("script|load");
      const sha = shaOf(text);
      if (!TWIN_OF_SHA.has(sha)) scripts.add({ sha, text });
      return sha;
    }
    case "EXISTS":
      if (rest.length === 0) throw wrongArity("script|exists");
      return rest.map((sha) => {
        const known = sha.toLowerCase();
        return TWIN_OF_SHA.has(known) || scripts.find(known) !== undefined ? 1 : 0;
      });
    case "FLUSH":
      if (rest.length > 1 || (rest[0] !== undefined && !/^(a?sync)$/i.test(rest[0]))) {
        throw new CommandError("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
      }
      scripts.flush();
      return OK;
    // A script runs in one turn of the event loop and ends itself at its deadline: none is ever found running.
    case "KILL":
      throw new CommandError("NOTBUSY No scripts in execution right now.");
    default:
      throw unknownSubcommand("SCRIPT", subcommand);
  }
}

function shaOf(text: string): string {
  return createHash("sha1").update(Buffer.from(text, "latin1")).digest("hex");
}
