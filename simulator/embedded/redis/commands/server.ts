/** Commands about the server itself. */
import { CommandError, type Reply, wrongArity } from "../reply.ts";
import { formatInfo } from "../server-facts.ts";
import { type CommandContext, type CommandTable, compileGlob } from "./command.ts";

export const serverCommands: CommandTable = {
  PING: {
    arity: -1,
    run(_context, args) {
      if (args.length > 1) throw wrongArity("ping");
      return args[0] ?? { simple: "PONG" };
    },
  },
  ECHO: { arity: 2, run: (_context, [text]) => text as string },
  TIME: {
    arity: 1,
    run({ nowMs }) {
      const ms = nowMs();
      return [String(Math.floor(ms / 1_000)), String(Math.floor((ms % 1_000) * 1_000))];
    },
  },
  INFO: {
    arity: -1,
    run: ({ facts, keyspace, nowMs }, sections) =>
      formatInfo(facts, { nowMs: nowMs(), keys: keyspace.listKeys().length, usedBytes: keyspace.usedBytes }, sections),
  },
  CONFIG: { arity: -2, run: config },
  COMMAND: { arity: -1, run: describeCommands },
};

function config({ facts }: CommandContext, [subcommand, ...patterns]: readonly string[]): Reply {
  if (subcommand?.toUpperCase() !== "GET") {
    throw new CommandError("ERR the embedded Redis of flink-apphost has no settings to change: only CONFIG GET");
  }
  if (patterns.length === 0) throw wrongArity("config|get");
  const settings: Record<string, string> = {
    appendonly: "no",
    bind: "127.0.0.1",
    databases: "1",
    maxmemory: String(facts.memoryBytesMax),
    "maxmemory-policy": "noeviction",
    port: String(facts.port),
    save: "",
  };
  const matchers = patterns.map((pattern) => compileGlob(pattern.toLowerCase()));
  return Object.entries(settings)
    .filter(([name]) => matchers.some((matches) => matches(name)))
    .flat();
}

/** Clients ask for the list to learn arities and hints; an empty one means "nothing known", which all accept. */
function describeCommands(_context: CommandContext, [subcommand = "LIST"]: readonly string[]): Reply {
  switch (subcommand.toUpperCase()) {
    case "DOCS":
    case "INFO":
    case "LIST":
      return [];
    case "COUNT":
      return 0;
    default:
      throw new CommandError(`ERR unknown subcommand '${subcommand.slice(0, 128)}'. Try COMMAND DOCS or COUNT.`);
  }
}
