/** Commands about the server itself. */

import { CommandError, syntaxError, unknownSubcommand, wrongArity } from "../command-error.ts";
import { compileGlob } from "../glob.ts";
import { parseInteger, readInteger } from "../numbers/integer.ts";
import { OK, type Reply } from "../reply.ts";
import { formatInfo } from "../server-facts.ts";
import type { Command, CommandContext, CommandTable } from "./command.ts";

export const serverCommands: CommandTable = {
  TIME: {
    arity: 1,
    run({ nowMs }) {
      const ms = nowMs();
      return [String(Math.floor(ms / 1_000)), String(Math.floor((ms % 1_000) * 1_000))];
    },
  },
  INFO: {
    arity: -1,
    run: ({ server, nowMs }, sections) => ({ verbatim: formatInfo(server, nowMs(), sections) }),
  },
  ROLE: { arity: 1, run: () => ["master", 0, []] },
  DBSIZE: { arity: 1, run: ({ keyspace }) => keyspace.countKeys() },
  MEMORY: { arity: -2, subcommands: ["USAGE"], subcommandArity: { USAGE: -3 }, run: tellUsage },
  FLUSHDB: flushing(({ keyspace }) => keyspace.clear()),
  FLUSHALL: flushing(({ server }) => {
    for (const keyspace of server.databases) keyspace.clear();
  }),
  CONFIG: { arity: -2, subcommands: ["GET", "SET", "RESETSTAT"], run: config },
  COMMAND: { arity: -1, subcommands: ["DOCS", "INFO", "LIST", "COUNT"], run: describeCommands },
  MONITOR: {
    arity: 1,
    inTransaction: "refused",
    run({ server, client }) {
      server.monitors.add(client);
      return OK;
    },
  },
  SHUTDOWN: {
    arity: -1,
    inTransaction: "refused",
    run({ server, client }, [mode]) {
      if (mode !== undefined && mode.toUpperCase() !== "NOSAVE") {
        throw new CommandError("ERR the embedded Redis of flink-apphost keeps nothing on disk: only SHUTDOWN NOSAVE");
      }
      client.ended = true;
      server.onShutdown();
      return OK;
    },
  },
};

/** MEMORY USAGE key [SAMPLES count]: what the key counts against `maxmemory`. */
function tellUsage({ keyspace }: CommandContext, args: readonly string[]): Reply {
  const [, key, option, samples, ...rest] = args as [string, string, ...string[]];
  if (option !== undefined && (option.toUpperCase() !== "SAMPLES" || samples === undefined || rest.length > 0)) {
    throw syntaxError();
  }
  if (samples !== undefined && parseInteger(samples) < 0n) throw syntaxError();
  return keyspace.bytesOf(key) ?? null;
}

function flushing(flush: (context: CommandContext) => void): Command {
  return {
    arity: -1,
    run(context, [mode, ...rest]) {
      if (rest.length > 0 || (mode !== undefined && !/^(a?sync)$/i.test(mode))) throw syntaxError();
      flush(context);
      return OK;
    },
  };
}

function config({ server }: CommandContext, [subcommand, ...args]: readonly string[]): Reply {
  switch (subcommand?.toUpperCase()) {
    case "GET":
      return readSettings(server, args);
    case "SET":
      return changeSettings(server, args);
    case "RESETSTAT":
      if (args.length > 0) throw wrongArity("config|resetstat");
      server.facts.commandsProcessed = 0;
      server.facts.connectionsReceived = 0;
      return OK;
    default:
      throw unknownSubcommand("CONFIG", subcommand ?? "");
  }
}

function readSettings(
  { facts, databases, memory, idleTimeout }: CommandContext["server"],
  patterns: readonly string[],
): Reply {
  if (patterns.length === 0) throw wrongArity("config|get");
  const settings: Record<string, string> = {
    appendonly: "no",
    bind: "127.0.0.1",
    databases: String(databases.length),
    maxmemory: String(memory.bytesMax),
    "maxmemory-policy": "noeviction",
    port: String(facts.port),
    save: "",
    timeout: String(idleTimeout.seconds),
  };
  const matchers = patterns.map((pattern) => compileGlob(pattern.toLowerCase()));
  return {
    pairs: Object.entries(settings)
      .filter(([name]) => matchers.some((matches) => matches(name)))
      .flat(),
  };
}

/** Only what has an effect here may be set. */
function changeSettings({ idleTimeout }: CommandContext["server"], args: readonly string[]): Reply {
  const [name, text, ...rest] = args;
  if (name === undefined || text === undefined || rest.length > 0) throw wrongArity("config|set");
  if (name.toLowerCase() !== "timeout") {
    throw new CommandError(
      `ERR the embedded Redis of flink-apphost has only the setting timeout to change, not '${name.slice(0, 128)}': use --infra native or docker`,
    );
  }
  const seconds = readInteger(text);
  if (seconds === undefined || seconds < 0n || seconds > 2_147_483_647n) {
    throw new CommandError(
      "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument must be between 0 and 2147483647 inclusive",
    );
  }
  idleTimeout.set(Number(seconds));
  return OK;
}

/** Clients ask for the details to learn arities and hints; none at all means "nothing known", which all accept. */
function describeCommands({ server }: CommandContext, [subcommand = "INFO", ...args]: readonly string[]): Reply {
  switch (subcommand.toUpperCase()) {
    case "DOCS":
      return { pairs: [] };
    case "INFO":
      return [];
    case "LIST":
      if (args.length > 0) throw syntaxError();
      return server.commandNames.map((name) => name.toLowerCase());
    case "COUNT":
      if (args.length > 0) throw wrongArity("command|count");
      return server.commandNames.length;
    default:
      throw unknownSubcommand("COMMAND", subcommand);
  }
}
